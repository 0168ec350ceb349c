"""What a trained release holds, on disk and in memory.

releases/N/manifest.json     format, versions, SHA-256 of every file
releases/N/release.json      what the models were trained on, and how well they did
releases/N/vocabulary.json   the catalogue's attribute tokens, at the places the models know
releases/N/people.json       how the profiles of people are spelled, where there were any
releases/N/scorer/           the models, as JSON and safetensors
releases/N/ranker/           what judgments taught the ranking of searches, where there were any
releases/N/encoder/          which text encoder, or all of it where it was fitted here
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prismrec.core import State
from prismrec.data.tokens import TokenVocabulary
from prismrec.models.artifacts import content_hash, read_state, write_state
from prismrec.models.calibration import Calibration
from prismrec.store import Releases

__all__ = ["Release", "load_release", "save_release"]


@dataclass(frozen=True)
class Release:
    """A trained engine, apart from the catalogue and the histories it will serve.

    `n_items` is how many positions it knew; `last_seq` the last stored event it learned from;
    `ranker` what judgments taught the ranking of searches; `people` how profiles are spelled;
    `calibration` what its scores say of chances; `report` what `fit` or `refresh` measured.
    `number` is 0 until it is saved.
    """

    scorer: State
    encoder: State | None
    vocabulary: TokenVocabulary
    event_types: tuple[str, ...]
    consumed: tuple[str, ...]
    has_clock: bool
    repeats: bool
    n_items: int
    last_seq: int
    language: str = "en"
    ranker: State | None = None
    people: TokenVocabulary | None = None
    calibration: Calibration = field(default_factory=Calibration)
    report: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0

    @property
    def content_hash(self) -> str:
        """SHA-256 of all that was learned: equal data, settings and seed give equal hashes."""
        if self.ranker is None:
            return content_hash(self.scorer)
        parts = {"scorer": self.scorer, "ranker": self.ranker}
        return content_hash(State("release", {}, {}, parts))


FACTS = ("event_types", "consumed", "has_clock", "repeats", "n_items", "last_seq", "language")


def save_release(release: Release, releases: Releases) -> int:
    """Write a release beside the others and return its number; it is not served by that."""

    def write(folder: Path) -> dict[str, Any]:
        write_state(release.scorer, folder / "scorer")
        if release.encoder is not None:
            write_state(release.encoder, folder / "encoder")
        if release.ranker is not None:
            write_state(release.ranker, folder / "ranker")
        (folder / "vocabulary.json").write_text(
            json.dumps(release.vocabulary.state(), ensure_ascii=False)
        )
        if release.people is not None:
            told = json.dumps(release.people.state(), ensure_ascii=False)
            (folder / "people.json").write_text(told)
        facts = {name: getattr(release, name) for name in FACTS}
        facts |= {"report": release.report, "calibration": release.calibration.to_json()}
        (folder / "release.json").write_text(json.dumps(facts))
        stopped = release.report.get("budget", {}).get("stopped_by_clock")
        return {
            "content_hash": release.content_hash,
            "n_items": release.n_items,
            "last_seq": release.last_seq,
            **({"stopped_by_clock": stopped} if stopped else {}),
        }

    return releases.create(write)


def load_release(folder: Path, number: int) -> Release:
    """Read a release whose files were verified against its manifest."""
    facts = json.loads((folder / "release.json").read_text())
    facts["event_types"] = tuple(facts["event_types"])
    facts["consumed"] = tuple(facts["consumed"])
    if "calibration" in facts:
        facts["calibration"] = Calibration.from_json(facts["calibration"])
    encoder, ranker = folder / "encoder", folder / "ranker"
    people = folder / "people.json"
    return Release(
        scorer=read_state(folder / "scorer"),
        encoder=read_state(encoder) if encoder.is_dir() else None,
        ranker=read_state(ranker) if ranker.is_dir() else None,
        vocabulary=_vocabulary(folder / "vocabulary.json"),
        people=_vocabulary(people) if people.is_file() else None,
        number=number,
        **facts,
    )


def _vocabulary(path: Path) -> TokenVocabulary:
    return TokenVocabulary.from_state(json.loads(path.read_text()))
