"""What reading query and title word against word changes about the best results of a search."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from prismrec.core import State
from prismrec.core.arrays import Scores
from prismrec.language.folder import ModelFolder

if TYPE_CHECKING:
    from prismrec.language.late_interaction import LateInteraction, WordStates

__all__ = ["LIKENESS", "Learned", "TitleReader", "read_correction"]

_REMEMBERED = 4096
"""Titles whose words are kept in memory, about 10 kB each."""


LIKENESS = "likeness"


@dataclass(frozen=True)
class Learned:
    """What judgments taught about reading: the `weights` of the likeness of query and title
    (`LIKENESS`) and of other evidence, in units of the fixed rule's score, and the trained `layers`
    by name."""

    weights: Mapping[str, float]
    layers: Mapping[str, np.ndarray] = field(default_factory=dict)

    def state(self) -> State:
        """What a release keeps of it."""
        return State("reading", {"weights": dict(self.weights)}, dict(self.layers))

    @staticmethod
    def from_state(state: State) -> Learned:
        """What `state` described."""
        return Learned(dict(state.settings["weights"]), dict(state.arrays))


class TitleReader:
    """Reads queries and titles with what was `learned`, for given items. Safe for several threads.

    `folder` holds the text encoder that the layers belong to, `title` gives an item's title by
    position. What was read of a title is remembered: it does not depend on the query.
    """

    def __init__(self, folder: ModelFolder, learned: Learned, title: Callable[[int], str]) -> None:
        from prismrec.language.late_interaction import LateInteraction

        self.learned = learned
        self._title = title
        self._model: LateInteraction = LateInteraction(folder, learned.layers).eval()
        self._titles = _Remembered(self._model)

    def over(self, title: Callable[[int], str]) -> TitleReader:
        """The same reader of a catalogue with other titles."""
        other = TitleReader.__new__(TitleReader)
        other.learned, other._title = self.learned, title
        other._model, other._titles = self._model, self._titles
        return other

    def corrections(
        self, text: str, positions: np.ndarray, columns: Scores, names: Sequence[str]
    ) -> Scores:
        """(n,) what to add to the scores of the items at `positions` (n,) for the query `text`;
        `columns` (n, f) is the other evidence about them, named `names`."""
        import torch

        with torch.inference_mode():
            asked = self._model.upper(self._model.lower([text]))
            items = self._titles.of([self._title(int(place)) for place in positions])
            likeness = self._model.likeness(asked, items).numpy()
        return read_correction(self.learned.weights, likeness, columns, names)


def read_correction(
    weights: Mapping[str, float], likeness: Scores, columns: Scores, names: Sequence[str]
) -> Scores:
    """(n,) float32: the likeness (n,) and the evidence (n, f) named `names`, by their weights."""
    out = np.float32(weights[LIKENESS]) * likeness
    for name, weight in weights.items():
        if name in names:
            out = out + np.float32(weight) * columns[:, names.index(name)]
    return np.asarray(out, np.float32)


class _Remembered:
    """The words of the last titles that were read."""

    def __init__(self, model: LateInteraction) -> None:
        self._model = model
        self._kept: OrderedDict[str, tuple[np.ndarray, np.ndarray]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, titles: Sequence[str]) -> WordStates:
        """The states of `titles`, in that order; all that are not remembered are read together."""
        with self._lock:
            found = {title: self._kept[title] for title in titles if title in self._kept}
            for title in found:
                self._kept.move_to_end(title)
        missing = [title for title in dict.fromkeys(titles) if title not in found]
        if missing:
            found |= self._read(missing)
            with self._lock:
                self._kept.update((title, found[title]) for title in missing)
                while len(self._kept) > _REMEMBERED:
                    self._kept.popitem(last=False)
        return _together([found[title] for title in titles])

    def _read(self, titles: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        states = self._model.upper(self._model.lower(titles))
        words = states.words.half().numpy()
        mask, whole = states.mask.numpy(), states.whole.numpy()
        return {
            title: (words[row, mask[row]].copy(), whole[row].copy())
            for row, title in enumerate(titles)
        }


def _together(found: Sequence[tuple[np.ndarray, np.ndarray]]) -> WordStates:
    import torch

    from prismrec.language.late_interaction import WordStates

    lengths = np.array([len(words) for words, _ in found])
    longest = max(int(lengths.max(initial=0)), 1)
    words = np.zeros((len(found), longest, found[0][1].shape[0]), np.float32)
    for row, (own, _) in enumerate(found):
        words[row, : len(own)] = own
    mask = np.arange(longest) < lengths[:, None]
    whole = np.stack([vector for _, vector in found])
    return WordStates(torch.from_numpy(words), torch.from_numpy(mask), torch.from_numpy(whole))
