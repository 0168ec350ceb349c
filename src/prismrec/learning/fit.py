"""`fit`: from tables to a collection that answers."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from prismrec.collection import Collection
from prismrec.config import Settings, read_settings
from prismrec.core import BadInput
from prismrec.data import Dataset, Sources, read
from prismrec.data.catalogue import Catalogue
from prismrec.data.judgments import read_judgments
from prismrec.data.sources import Source
from prismrec.descent.clock import Deadline, until
from prismrec.evaluation.evaluate import is_synthetic
from prismrec.folder import create_folder, database_of, key_of
from prismrec.learning.extraction import with_read_values
from prismrec.learning.judged_search import taught
from prismrec.learning.training import gather, train
from prismrec.models.budget import seconds_in
from prismrec.release import Release, save_release
from prismrec.store import Releases, Store, open_store

__all__ = ["fit"]


def fit(
    data: str | Path | Sources | Dataset,
    out: str | Path,
    *,
    settings: Settings | None = None,
    config: str | Path | None = None,
    budget: float | str | None = None,
    judgments: Source | None = None,
    seed: int = 0,
) -> Collection:
    """Read `data`, learn from it, and open the result as a collection at `out`.

    `data` is a folder of tables (items, events, users; CSV, JSONL, Parquet, RecBole), `Sources`
    that name them one by one, or a `Dataset`. Settings come from `settings`, else from the TOML
    file `config`, else from the defaults. `budget`, in seconds or as `"10m"`, is how long all of it
    may take (the setting `models.budget`). `judgments` is a table of `query`, `item_id` and `grade`
    from which the ranking of searches learns. Rows that cannot be used are written to
    `out/quarantine.jsonl` (`out/quarantine-judgments.jsonl`) and counted in the release's report.

    Nothing stands at `out` until all of it does: the folder is made beside it and moved in place.
    Raises `BadInput` where a table cannot be used at all, or `out` exists already.
    """
    settings = settings or read_settings(config)
    if budget is not None:
        settings = replace(settings, models=replace(settings.models, budget=seconds_in(budget)))
    out = Path(out)
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise BadInput(
            f"{out} exists already.",
            hint="Choose another --out, or learn from new events with: prismrec refresh",
        )
    seconds = settings.models.budget
    with until(Deadline(seconds) if seconds else None), _draft(out) as draft:
        create_folder(draft, settings)
        dataset = data if isinstance(data, Dataset) else _read(data, settings, draft)
        if settings.language.extract:
            dataset = with_read_values(dataset, settings, draft / "cache")
        material = gather(dataset, settings, cache=draft / "cache")
        database = database_of(draft, settings)
        key = key_of(draft, database) if not settings.store.url else key_of(out, database)
        store = open_store(database, key, settings.store)
        with store:
            last_seq = _fill(store, dataset)
            release = train(material, settings, seed, last_seq=last_seq)
            if judgments is not None:
                release = _taught(release, material.catalogue, judgments, settings, draft, seed)
            told = {"reading": dataset.report.to_dict(), "synthetic": is_synthetic(data)}
            release = replace(release, report={**release.report, **told})
            releases = Releases(draft)
            releases.promote(save_release(release, releases))
            store.audit.append("promote", "fit", {"from": 0, "to": 1})
    return Collection.open(out, settings=settings)


def _read(data: str | Path | Sources, settings: Settings, draft: Path) -> Dataset:
    return read(data, settings.data, quarantine=draft / "quarantine.jsonl")


def _taught(
    release: Release,
    catalogue: Catalogue,
    judgments: Source,
    settings: Settings,
    draft: Path,
    seed: int,
) -> Release:
    """The release with a ranking of searches that learned from `judgments`."""
    aside = draft / "quarantine-judgments.jsonl"
    read = read_judgments(judgments, catalogue.ids, settings.data, quarantine=aside)
    release = taught(release, catalogue, read.judgments, settings, seed=seed, path=draft)
    found = {**release.report["search"], "rows": read.rows, "quarantined": read.quarantined}
    return replace(release, report={**release.report, "search": found})


def _fill(store: Store, dataset: Dataset) -> int:
    """Put the dataset into the store, items at the positions that the dataset has them."""
    store.catalogue.upsert(
        list(dataset.iter_items()), list(dataset.iter_users()), list(dataset.iter_relations())
    )
    if len(dataset.events):
        store.events.load(dataset.events, int(time.time() * 1000))
    return store.events.last_seq()


@contextmanager
def _draft(out: Path) -> Iterator[Path]:
    """A folder that becomes `out` if all goes well, and vanishes if not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield draft
        draft.chmod(0o755)
        if out.is_dir():
            out.rmdir()
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
