"""Logs that off-policy evaluation reads: tables of single choices, and slates with their rewards.

A table has one row a choice: the item, the propensity with which it was chosen, what it earned, and
where there is one its position on the page (the layout of the Open Bandit data: Saito, Aihara,
Matsutani and Narita, "Open Bandit Dataset and Pipeline", NeurIPS Datasets 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from prismrec.core import BadInput, Exposure
from prismrec.core.arrays import Floats, Longs
from prismrec.data.readers import read_table
from prismrec.exploration.diagnostics import check_log
from prismrec.exploration.people import grouped, people_of

__all__ = ["BanditLog", "SlateLog", "read_log", "read_policy", "slate_log"]

ITEM = ("item_id", "item", "action")
POSITION = ("position",)
PERSON = ("user_id", "user", "session_id")
PROPENSITY = ("propensity_score", "propensity", "pscore")
REWARD = ("reward", "click")
CHANCE = ("probability", *PROPENSITY)


@dataclass(frozen=True)
class BanditLog:
    """n choices: `actions` (n,) into `items`, `strata` (n,) into `positions`.

    `rewards` and `propensities` are (n,) float64. Both vocabularies are sorted text. `people` (n,)
    says whose round it was, as `people.grouped` numbers them.
    """

    items: tuple[str, ...]
    positions: tuple[str, ...]
    actions: Longs
    strata: Longs
    rewards: Floats
    propensities: Floats
    people: Longs

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def shape(self) -> tuple[int, int]:
        """How many positions and items there are."""
        return len(self.positions), len(self.items)

    @property
    def seen(self) -> Floats:
        """How often each item was chosen at each position, (positions, items)."""
        counts = np.zeros(self.shape)
        np.add.at(counts, (self.strata, self.actions), 1.0)
        return counts


@dataclass(frozen=True)
class SlateLog:
    """m slates of up to k places; arrays (m, k), with reward 0 and weight 1 beyond a slate's end.

    `propensities` are those of each choice given the places before. `uniform` and `greedy` are the
    probabilities that these policies give the same choices, given the same places before: a uniform
    draw from what is left of the shortlist, and the best score that is left. `people` (m,) says who
    saw each, as `people.grouped` numbers them. `ranks` (m, k) is where each choice stands in its
    shortlist by score, 0 the best, -1 beyond the end, and `sizes` (m,) how long the shortlist is.
    """

    rewards: Floats
    propensities: Floats
    uniform: Floats
    greedy: Floats
    people: Longs
    ranks: Longs
    sizes: Longs


def read_log(path: Path, reward: str = "") -> BanditLog:
    """Read a table of choices from Parquet, CSV, TSV or JSON Lines.

    Columns: `item_id` or `item`; `propensity_score`, `propensity` or `pscore`; the reward column,
    `reward` or `click` where not named; `position` where there is one; `user_id`, `user` or
    `session_id` where the log says whose rounds they are. Raises `BadInput` where one is missing or
    a row holds no usable value, with the first such row; a row without a person is its own.
    """
    frame = _frame(path)
    item = _column(frame, ITEM, path, "the item")
    chance = _column(frame, PROPENSITY, path, "the propensity")
    earned = _column(frame, (reward,) if reward else REWARD, path, "the reward")
    actions, items = _codes(frame, item, path)
    strata, positions = _codes(frame, _optional(frame, POSITION), path)
    rewards, logged = _numbers(frame, earned, path), _numbers(frame, chance, path)
    check_log(rewards, logged)
    people = _people(frame, _optional(frame, PERSON))
    return BanditLog(items, positions, actions, strata, rewards, logged, people)


def read_policy(path: Path, log: BanditLog) -> Floats:
    """A target policy from a table: its probabilities, (positions, items) of `log`.

    Columns: the item, its `probability` (or `propensity`), and `position` where it matters. The
    probabilities of a position must sum to 1; an item that is not named has none, and rows of the
    result sum to less than 1 by what the policy gives to items that the log does not know. A file
    that names an item twice at a position is a log of that policy: its frequencies are taken.
    """
    frame = _frame(path)
    item = _column(frame, ITEM, path, "the item")
    place = _optional(frame, POSITION)
    keys = ["position", "item"]
    frame = frame.with_columns(
        pl.col(item).cast(pl.String).alias("item"),
        (pl.col(place).cast(pl.String) if place else pl.lit("")).alias("position"),
    )
    if frame.select(keys).is_duplicated().any():
        frame = frame.group_by(keys, maintain_order=True).len("chance")
        frame = frame.with_columns(pl.col("chance") / pl.col("chance").sum().over("position"))
    else:
        column = _column(frame, CHANCE, path, "the probability")
        frame = frame.with_columns(pl.Series("chance", _numbers(frame, column, path)))
    table = {(row["position"], row["item"]): row["chance"] for row in frame.iter_rows(named=True)}
    return _policy(table, log, path)


def _policy(table: dict[tuple[str, str], float], log: BanditLog, path: Path) -> Floats:
    where = {position: row for row, position in enumerate(log.positions)}
    what = {item: column for column, item in enumerate(log.items)}
    target = np.zeros((log.shape[0], log.shape[1] + 1))  # the last column: unknown items
    for (position, item), chance in table.items():
        if not np.isfinite(chance) or chance < 0.0:
            raise BadInput(f"{path}: the probability of '{item}' is {chance}.", hint="Give 0 to 1.")
        # A policy without positions is the same at each; positions not in the log do not matter.
        rows = [where[position]] if position in where else [] if position else slice(None)
        target[rows, what.get(item, -1)] += chance
    total = target.sum(axis=1)
    if not np.allclose(total, 1.0, atol=1e-3):
        wrong = int(np.argmax(np.abs(total - 1.0)))
        raise BadInput(
            f"{path}: the probabilities at position '{log.positions[wrong]}' sum to "
            f"{total[wrong]:.4f}, not to 1.",
            hint="Give every position of the log, with probabilities that sum to 1.",
        )
    return np.asarray(target[:, :-1] / total[:, None], np.float64)


def slate_log(exposures: Sequence[Exposure], rewards: Floats) -> SlateLog:
    """The slates of `exposures` with their `rewards` (m, k), as `rewards.join_rewards` gives them.

    Equal scores are in the order of the shortlist. Raises `BadInput` for an empty log, for a
    propensity that is none, and where a slate shows what its shortlist does not have.
    """
    shape = rewards.shape
    logged, uniform, greedy = np.ones(shape), np.ones(shape), np.ones(shape)
    ranks = np.full(shape, -1, np.int64)
    for row, shown in enumerate(exposures):
        left = [shown.shortlist[i] for i in np.argsort(-np.asarray(shown.scores), kind="stable")]
        rank = {item: place for place, item in enumerate(left)}
        for place, item in enumerate(shown.chosen):
            if item not in left:
                raise BadInput(
                    f"Exposure '{shown.exposure_id}' shows '{item}', not from its shortlist.",
                    hint="The log is damaged, or was not written by a policy of this project.",
                )
            ranks[row, place] = rank[item]
            logged[row, place] = shown.propensities[place]
            uniform[row, place] = 1.0 / len(left)
            greedy[row, place] = float(item == left[0])
            left.remove(item)
    check_log(rewards, logged)
    sizes = np.array([len(shown.shortlist) for shown in exposures], np.int64)
    return SlateLog(rewards, logged, uniform, greedy, people_of(exposures), ranks, sizes)


def _frame(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise BadInput(f"{path} is no file.", hint="Give a table such as log.parquet or log.csv.")
    raw = read_table(path)
    if raw.faults:
        fault = raw.faults[0]
        raise BadInput(
            f"{path}, row {fault.row}: {fault.reason}.", hint="Repair or remove the row."
        )
    return raw.frame


def _optional(frame: pl.DataFrame, names: Sequence[str]) -> str:
    return next((name for name in names if name in frame.columns), "")


def _column(frame: pl.DataFrame, names: Sequence[str], path: Path, what: str) -> str:
    found = _optional(frame, names)
    if not found:
        raise BadInput(
            f"{path} has no column for {what}.", hint=f"Name it one of: {', '.join(names)}."
        )
    return found


def _codes(frame: pl.DataFrame, name: str, path: Path) -> tuple[Longs, tuple[str, ...]]:
    """Each value as its place in the sorted vocabulary; one empty word where there is no column."""
    if not name:
        return np.zeros(len(frame), np.int64), ("",)
    texts = frame[name].cast(pl.String)
    _no_nulls(texts, name, path)
    words, codes = np.unique(texts.to_numpy().astype(str), return_inverse=True)
    return codes.astype(np.int64), tuple(words.tolist())


def _people(frame: pl.DataFrame, name: str) -> Longs:
    """Whose each row is, as `people.grouped` numbers them; all different where no column says."""
    if not name:
        return np.arange(len(frame), dtype=np.int64)
    return grouped(frame[name].cast(pl.String).fill_null("").to_list())


def _numbers(frame: pl.DataFrame, name: str, path: Path) -> Floats:
    numbers = frame[name].cast(pl.Float64, strict=False)
    _no_nulls(numbers, name, path)
    return np.asarray(numbers.to_numpy(), np.float64)


def _no_nulls(values: pl.Series, name: str, path: Path) -> None:
    if values.null_count():
        row = int(values.is_null().arg_max() or 0) + 1
        raise BadInput(
            f"{path}, row {row}: '{name}' is missing or of the wrong type.",
            hint="Repair or remove the row.",
        )
