"""All that judgments taught the ranking of searches, as a release keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from prismrec.core import State
from prismrec.ranking.lambdamart import LambdaMart
from prismrec.ranking.reading import Learned

__all__ = ["Taught"]

KIND, TREES, READING = "search", "trees", "reading"


@dataclass(frozen=True)
class Taught:
    """Trees, a reader of queries and titles, both, or neither."""

    trees: LambdaMart | None = None
    reading: Learned | None = None

    def state(self) -> State | None:
        """What a release keeps of it, `None` where nothing was taught."""
        if self.reading is None:
            return None if self.trees is None else self.trees.state()
        children = {READING: self.reading.state()}
        if self.trees is not None:
            children[TREES] = self.trees.state()
        return State(KIND, {}, {}, children)

    @staticmethod
    def from_state(state: State | None) -> Taught:
        """What `state` described; releases from before there was a reader hold trees alone."""
        if state is None:
            return Taught()
        if state.kind != KIND:
            return Taught(LambdaMart.from_state(state))
        trees = state.children.get(TREES)
        return Taught(
            None if trees is None else LambdaMart.from_state(trees),
            Learned.from_state(state.children[READING]),
        )
