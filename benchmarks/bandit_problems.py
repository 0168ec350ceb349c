"""Bandit problems: rounds in which one of several candidates is chosen and only its reward is seen.

Two are made from labelled data, three are drawn. Every problem gives the same to everybody: a
vector for the round, a vector for every item, their elementwise product where they are of one
kind, and which item each candidate is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from benchmarks.places import data_folder
from prismrec.core import generator
from prismrec.core.arrays import Floats, Positions

__all__ = ["PROBLEMS", "Problem"]


@dataclass(frozen=True)
class Problem:
    """t rounds with m candidates each.

    `queries` (t, p) and `items` (k, q) are vectors, `candidates` (t, m) items, `rewards` (t, m)
    what each would earn in this round, `values` (t, m) its expectation, by which regret is counted.
    """

    queries: Floats
    items: Floats
    candidates: Positions
    rewards: Floats
    values: Floats


def linear(seed: int, rounds: int = 500) -> Problem:
    """Of 30 items 10 stand for choice; the chance of a click is a bilinear function of the vectors
    of person and item (8 numbers each)."""
    rng = generator(seed, "bandits", "linear")
    queries, items = _unit(rng, rounds, 8), _unit(rng, 30, 8)
    matrix = rng.normal(size=(8, 8)) / np.sqrt(8)
    return _clicks(rng, queries, items, _drawn(rng, rounds, 30, 10), lambda q, a: (q @ matrix) * a)


def nonlinear(seed: int, rounds: int = 500) -> Problem:
    """Of 30 items 10 stand for choice; a person has an ideal point, and the chance of a click falls
    off around it like a bell (4 numbers each)."""
    rng = generator(seed, "bandits", "nonlinear")
    queries, items = rng.normal(size=(rounds, 4)), rng.normal(size=(30, 4))
    candidates = _drawn(rng, rounds, 30, 10)
    apart = ((queries[:, None, :] - items[candidates]) ** 2).sum(axis=2)
    values = 0.05 + 0.85 * np.exp(-apart / 3.0)
    rewards = (rng.random(values.shape) < values).astype(float)
    return Problem(queries, items, candidates, rewards, values)


def drifting(seed: int, rounds: int = 1_000) -> Problem:
    """The linear problem with 20 items, whose taste turns into another every 250 rounds."""
    rng = generator(seed, "bandits", "drifting")
    queries, items = _unit(rng, rounds, 6), _unit(rng, 20, 6)
    matrices = rng.normal(size=(1 + (rounds - 1) // 250, 6, 6)) / np.sqrt(6)
    now = matrices[np.arange(rounds) // 250]
    turned = np.einsum("tp,tpq->tq", queries, now)
    return _clicks(rng, turned, items, _drawn(rng, rounds, 20, 10), np.multiply, queries)


def banking77(seed: int, rounds: int = 600) -> Problem:
    """Which of 77 answers does a customer's question need? 1 for the right one, 0 else. Vectors are
    those of the questions and of the names of the answers, as the encoder of the project reads
    them, on 32 principal axes of other questions."""
    texts, labels, names = _encoded()
    rng = generator(seed, "bandits", "banking77")
    chosen = rng.permutation(len(texts))[:rounds]
    candidates = np.tile(np.arange(77, dtype=np.int32), (rounds, 1))
    right = (candidates == labels[chosen][:, None]).astype(float)
    return Problem(texts[chosen], names, candidates, right, right)


def movielens(seed: int, rounds: int = 500) -> Problem:
    """Which of 5 films that a person rated did she give 4 stars or more? Films are the 60 most
    rated; half of the people teach the vectors (16 numbers), the others play, each with a vector
    from her first ten ratings, in random order."""
    players, items = _films()
    rng = generator(seed, "bandits", "movielens")
    queries, candidates, liked = [], [], []
    for person in rng.integers(0, len(players), rounds):
        vector, films, stars = players[person]
        pick = rng.permutation(len(films))[:5]
        queries.append(vector)
        candidates.append(films[pick])
        liked.append(stars[pick] >= 4.0)
    rewards = np.array(liked, float)
    return Problem(np.array(queries), items, np.array(candidates, np.int32), rewards, rewards)


PROBLEMS: dict[str, Callable[[int], Problem]] = {
    "linear": linear,
    "nonlinear": nonlinear,
    "drifting": drifting,
    "banking77": banking77,
    "movielens-100k": movielens,
}


def _clicks(
    rng: np.random.Generator,
    queries: Floats,
    items: Floats,
    candidates: Positions,
    product: Callable[[Floats, Floats], Floats],
    shown: Floats | None = None,
) -> Problem:
    """Clicks whose chance is 0.4 plus 0.9 times the sum of the product, within [0.02, 0.98]."""
    sums = product(queries[:, None, :], items[candidates]).sum(axis=2)
    values = np.clip(0.4 + 0.9 * sums, 0.02, 0.98)
    rewards = (rng.random(values.shape) < values).astype(float)
    seen = queries if shown is None else shown
    return Problem(seen, items, candidates, rewards, values)


def _unit(rng: np.random.Generator, n: int, d: int) -> Floats:
    vectors = rng.normal(size=(n, d))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float64)


def _drawn(rng: np.random.Generator, rounds: int, items: int, m: int) -> Positions:
    return np.argsort(rng.random((rounds, items)), axis=1)[:, :m].astype(np.int32)


@cache
def _encoded() -> tuple[Floats, np.ndarray, Floats]:
    """Questions (n, 32), their labels (n,), and the names of the answers (77, 32)."""
    from prismrec.language import LanguageSettings, choose_encoder

    folder = data_folder() / "banking77"
    every = pl.read_parquet(folder / "train.parquet")
    names = sorted(every["label"].unique().to_list())
    train = every[generator(0, "bandits", "questions").permutation(len(every))[:2_000].tolist()]
    other = pl.read_parquet(folder / "valid.parquet")["text"].gather_every(3).to_list()
    words = [name.replace("_", " ") for name in names]
    encode = choose_encoder(other, LanguageSettings(hub=False)).encoder.encode
    base = encode(other).astype(np.float64)
    centre = base.mean(axis=0)
    axes = np.linalg.svd(base - centre, full_matrices=False)[2][:32]
    known = {name: number for number, name in enumerate(names)}
    labels = np.array([known[label] for label in train["label"]])

    def seen(texts: list[str]) -> Floats:
        vectors = (encode(texts).astype(np.float64) - centre) @ axes.T
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float64)

    return seen(train["text"].to_list()), labels, seen(words)


@cache
def _films() -> tuple[list[tuple[Floats, Positions, Floats]], Floats]:
    """Those who play (vector, films, stars), and the vectors of the films (60, 16)."""
    events = pl.read_parquet(data_folder() / "movielens-100k" / "events.parquet").sort("timestamp")
    top = events["item_id"].value_counts().sort(["count", "item_id"], descending=True)[:60]
    known = {film: number for number, film in enumerate(sorted(top["item_id"].to_list()))}
    events = events.filter(pl.col("item_id").is_in(list(known)))
    people = {
        user: (
            np.array([known[film] for film in rows["item_id"]]),
            rows["value"].to_numpy().astype(float),
        )
        for (user,), rows in events.group_by(["user_id"], maintain_order=True)
        if len(rows) >= 20
    }
    order = generator(0, "bandits", "people").permutation(sorted(people))
    teachers, players = order[: len(order) // 2], order[len(order) // 2 :]
    table = np.zeros((len(teachers), 60))
    for row, user in enumerate(teachers):
        films, stars = people[user]
        table[row, films] = stars - stars.mean()
    items = np.linalg.svd(table, full_matrices=False)[2][:16].T * np.sqrt(60 / 16)
    return [_player(items, *people[user]) for user in players], items


def _player(items: Floats, films: np.ndarray, stars: Floats) -> tuple[Floats, Positions, Floats]:
    first = stars[:10] - stars[:10].mean()
    vector = first @ items[films[:10]] / np.sqrt(10)
    return vector, films[10:].astype(np.int32), stars[10:]
