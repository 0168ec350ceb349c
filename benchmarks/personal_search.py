"""Searches of a person: what their own taste gives, where what they truly prefer is known.

    prismrec bench personal_search [--seeds 1,2] [--people 400] [--folder FOLDER] [--json]

The simulator's marketplace (synthetic) of each seed is fitted with the default settings (kept in
FOLDER, where one is given). After its end, each of some people with five events or more searches
once for a category they care for. Among the products of that category the true preference is

    affinity + 1.5 where the brand asked for is its own

and the gain of a product is `choice`, the exponential of it (how many times likelier it would be
chosen), or `click`, its chance to be clicked when it is looked at, as the simulator has it (a
sigmoid, flat among what is liked). Others have no gain. Reported is nDCG@10 of the same engine:

- `alone`: the same search without the person
- `taste`: with their history
- `noise`: with a history as long as theirs, of items drawn at random, of a person not known
- `zero`: with their history and `retrieval.personal_weight = 0`

with the difference from `alone`, relative and with its 95% interval, paired by search. Weights were
chosen on seed 101.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import prismrec as pr
from prismrec.core import Event, Exposure, Query, generator
from prismrec.core.arrays import Floats
from prismrec.engine import Engine
from prismrec.evaluation.significance import paired
from prismrec.evaluation.simulator import Marketplace, SimulatorSettings, simulate
from prismrec.evaluation.simulator.searches import Search, search_for
from prismrec.evaluation.simulator.words import words
from prismrec.snapshot import Snapshot
from prismrec.threads import one_thread_each

SETTINGS = SimulatorSettings(items=1_500, users=1_500, events=40_000)
FEWEST = 5
GAINS = ("choice", "click")
DISCOUNT = 1 / np.log2(np.arange(2, 12))


@dataclass(frozen=True)
class Asked:
    """One search: whose, their past and a random one, and the gains (2, n) of all items."""

    user: str
    text: str
    past: tuple[Event, ...]
    noise: tuple[Event, ...]
    gains: Floats


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--people", type=int, default=400, help="of each seed")
    parser.add_argument("--folder", type=Path, help="keeps what was fitted")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        seeds = [int(seed) for seed in asked.seeds.split(",")]
        parts = [measured(folder, seed, asked.people) for seed in seeds]
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    rows = [row(values, name, g) for g in range(len(GAINS)) for name in values]
    if asked.json:
        print(json.dumps({"benchmark": "personal_search", "seeds": seeds, "rows": rows}))
    else:
        for told in rows:
            print("  ".join(f"{name} {value}" for name, value in told.items()))
    return 0


def measured(folder: Path, seed: int, people: int) -> dict[str, Floats]:
    """nDCG@10 (searches, 2) of every way to search one marketplace."""
    made = simulate(SETTINGS, seed)
    out = folder / f"personal-{seed}.prism"
    if not out.exists():
        pr.fit(made.write(folder / f"personal-{seed}"), out, seed=seed).close()
    one_thread_each()
    with pr.open(out) as shop:
        seen = shop.snapshot
        cases = list(searches(made, seen, people))
    off = replace(seen.settings.retrieval, personal_weight=0.0)
    without = replace(seen, settings=replace(seen.settings, retrieval=off))
    return {
        "alone": ranked(seen, made, [(case, "", ()) for case in cases]),
        "taste": ranked(seen, made, [(case, case.user, case.past) for case in cases]),
        "noise": ranked(seen, made, [(case, "", case.noise) for case in cases]),
        "zero": ranked(without, made, [(case, case.user, case.past) for case in cases]),
    }


def searches(made: Marketplace, seen: Snapshot, people: int) -> Iterator[Asked]:
    """A search of each of `people` users, and what they would truly prefer."""
    rng, end = generator(made.seed, "personal", "searches"), made.settings.end
    past: dict[str, list[Event]] = {}
    for event in made.events:
        past.setdefault(event.user_id, []).append(event)
    known = [user for user, events in past.items() if len(events) >= FEWEST]
    week, said, ids = made.truth.week(end), words(made.settings.language), list(made.truth.items)
    for chosen in rng.permutation(len(known))[:people]:
        user = known[int(chosen)]
        u = made.truth.users.position(user)
        cared = np.cumsum(made.truth.preferences[week, u])
        category = int(np.searchsorted(cared, rng.random() * cared[-1]))
        search = search_for(category, made.truth.styles[week, u], said, rng)
        random = [ids[int(i)] for i in rng.integers(len(ids), size=len(past[user]))]
        noise = tuple(replace(e, item_id=i) for e, i in zip(past[user], random, strict=True))
        gains = np.zeros((2, len(seen.catalogue)))
        gains[:, [seen.catalogue.position(i) for i in ids]] = preferred(
            made, u, week, category, search
        )
        yield Asked(user, search.text, tuple(past[user]), noise, gains)


def preferred(made: Marketplace, u: int, week: int, category: int, search: Search) -> Floats:
    """(2, n) the gains of every product for one search, by `GAINS`."""
    told = made.truth.products
    fits = told.category == category
    worth = made.truth.row(u, week) + 1.5 * ((search.brand >= 0) & (told.brand == search.brand))
    return np.stack([np.exp(worth) * fits, fits / (1.0 + np.exp(0.5 - worth))])


def ranked(
    seen: Snapshot, made: Marketplace, cases: Sequence[tuple[Asked, str, tuple[Event, ...]]]
) -> Floats:
    """(searches, 2) nDCG@10 of the slates for searches by somebody with a past."""
    engine = Engine(seen, _Nobody(), _forget)
    out = np.zeros((len(cases), 2))
    for row, (case, user, past) in enumerate(cases):
        query = Query(
            text=case.text, user_id=user, history=past, at=made.settings.end, seed=0, explore=False
        )
        places = [seen.catalogue.position(item_id) for item_id in engine.answer(query).ids]
        best = -np.sort(-case.gains, axis=1)[:, :10]
        found = case.gains[:, places]
        out[row] = found @ DISCOUNT[: found.shape[1]] / (best @ DISCOUNT[: best.shape[1]])
    return out


def row(values: dict[str, Floats], name: str, gain: int) -> dict[str, object]:
    """One line of the table."""
    own, alone = values[name][:, gain], values["alone"][:, gain]
    rng = generator(0, "personal", name)
    difference = paired(own, alone, np.arange(len(own), dtype=np.int32), rng)
    relative = [part / alone.mean() for part in (difference.mean, difference.low, difference.high)]
    return {
        "gain": GAINS[gain],
        "search": name,
        "searches": len(own),
        "ndcg@10": round(float(own.mean()), 4),
        "from alone": [round(float(part), 4) for part in relative],
    }


class _Nobody:
    """Pasts are given with the query."""

    def history(self, person: str, limit: int, *, before: int | None = None) -> list[Event]:
        return []


def _forget(exposure: Exposure) -> None:
    """Nothing is logged."""


if __name__ == "__main__":
    sys.exit(main())
