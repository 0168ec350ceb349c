"""The engine around a model that was just fitted, for the protocol `system`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from prismrec.config import Settings
from prismrec.core import Event, Scorer, Storable
from prismrec.evaluation.protocols import System
from prismrec.language import encoder_reference

if TYPE_CHECKING:
    from prismrec.evaluation.evaluate import Prepared

__all__ = ["engine_around"]


def engine_around(
    ready: Prepared, settings: Settings, cache: Path | None = None
) -> Callable[[Scorer], System]:
    """Builds the engine that would serve a scorer: written as a release and read back, with the
    retrieval, rules, diversity and policy of `settings`."""

    def build(scorer: Scorer) -> System:
        from prismrec.assembly import assemble
        from prismrec.engine import Engine
        from prismrec.release import Release

        train, rule = ready.exam.train, ready.exam.rule
        release = Release(
            scorer=cast(Storable, scorer).state(),
            encoder=None if ready.encoder is None else encoder_reference(ready.encoder),
            vocabulary=ready.catalogue.vocabulary,
            event_types=train.event_types,
            consumed=ready.consumed,
            has_clock=train.has_clock,
            repeats=rule.repeats,
            n_items=train.n_items,
            last_seq=0,
            language="en",
            report={},
        )
        snapshot = assemble(release, ready.catalogue, settings, cache)
        return Engine(snapshot, _NoHistories(), lambda exposure: None)

    return build


class _NoHistories:
    """Queries of an evaluation bring their histories."""

    def history(self, person: str, limit: int, *, before: int | None = None) -> list[Event]:
        return []
