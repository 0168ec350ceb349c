"""What adapting the text encoder to a catalogue is worth, to neighbours by text alone.

    python -m benchmarks.adaptation [DATA] [--sets beauty,movietweetings]
        [--ways plain,linear,rewhitened,lora,simcse] [--steps 120] [--batch 64] [--mixture] [--json]

`plain` is the encoder as it is; `linear` a matrix on its whitened vectors, learned on pairs of
items that follow each other in training; `rewhitened` a matrix on the vectors as they are, learned
on the same pairs, and what comes out whitened; `lora` the encoder itself tuned on those pairs;
`simcse` tuned on each text with itself. Figures are of validation cases with a history, full
ranking, the history filtered. 5% of the items are hidden from every pair: `cold` are the cases
whose target is one of them, so that nothing but their text speaks for them. The half-life of the
history is chosen for each way by the same rule. `difference` is of nDCG@10 from the first way on
the same cases; intervals of 95% resample users.

With `--mixture`, what the `linear` vectors are worth in a mixture of the quick experts: nothing is
hidden, weights and half-lives are chosen on 3,000 validation cases and measured on another 3,000.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from benchmarks.text_ranker import folder
from prismrec.config import Settings
from prismrec.core import Cases, Interactions, Scorer, generator
from prismrec.core.arrays import Bools, Vectors
from prismrec.core.metrics import Ranks, ndcg, recall
from prismrec.evaluation.evaluate import Plan, Prepared, prepare
from prismrec.evaluation.groups import headline
from prismrec.evaluation.significance import pooled, totals
from prismrec.language.adaptation import Adaptation, TextPairs, adapt_encoder, following_pairs
from prismrec.language.encoder import TransformerEncoder
from prismrec.language.folder import ModelFolder
from prismrec.language.vector_adapter import VectorAdaptation, adapt_vectors
from prismrec.models.default import learner_by_name
from prismrec.models.mixture.fit import fit_mixture
from prismrec.models.neighbours.text_knn import TextKNN, TextKNNScorer
from prismrec.models.neighbours.whitening import Whitening
from prismrec.models.scoring.half_lives import faded
from prismrec.models.validation import CHUNK, ndcg_of, ranks_of
from prismrec.threads import every_core, side_by_side

HIDDEN = 0.05
HALF = 3000
QUICK = ("popularity", "text_knn", "item_knn", "transitions", "user_knn")
GENTLE = VectorAdaptation(passes=5, temperature=0.05, dropout=0.0, learning_rate=2e-3)


@dataclass(frozen=True)
class World:
    """A set, and which of its items no pair tells of."""

    name: str
    ready: Prepared
    cases: Cases
    hidden: Bools
    repeats: bool

    @property
    def train(self) -> Interactions:
        return self.ready.exam.train


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each set and way, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default="beauty,movietweetings")
    parser.add_argument("--ways", default="plain,linear,rewhitened,lora,simcse")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--mixture", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    rows = []
    with every_core():
        for name in asked.sets.split(","):
            world = opened(asked.data, name, asked.seed)
            for row in mixed(world, asked.seed) if asked.mixture else measured(world, asked):
                rows.append(row)
                if not asked.json:
                    print(mixture_line(row) if asked.mixture else line(row), flush=True)
    if asked.json:
        print(json.dumps(rows))
    return 0


def opened(data: Path, name: str, seed: int) -> World:
    """The set, split, and its hidden items."""
    split, repeats = SETS[name]
    ready = prepare(data / name, Plan(split=split, repeats=repeats, seed=seed), Settings())
    cases = ready.exam.validation
    assert cases is not None, "both splits have validation cases"
    cases = cases.take(np.flatnonzero(headline(cases)))
    hidden = np.zeros(ready.exam.train.n_items, bool)
    rng = generator(seed, "hidden")
    hidden[rng.choice(len(hidden), int(len(hidden) * HIDDEN), replace=False)] = True
    return World(name, ready, cases, hidden, repeats == "yes")


def measured(world: World, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row a way; the first is what the others differ from."""
    cases = world.cases
    cold, plain = world.hidden[cases.targets], None
    for way in asked.ways.split(","):
        begun = time.process_time()
        scorer = made(world, way, asked)
        spent = time.process_time() - begun
        ranks = ranked(scorer, world)
        gains, hits = ndcg(ranks, 10), recall(ranks, 10)
        plain = gains if plain is None else plain
        row = {"data": world.name, "way": way, "half_life": scorer.half_life, "cpu_seconds": spent}
        for group, which in (("all", slice(None)), ("cold", cold), ("rest", ~cold)):
            gap = totals((gains - plain)[which], cases.clusters[which])
            found = pooled([gap], generator(asked.seed, "adaptation", world.name, way, group))
            row[group] = {
                "cases": len(gains[which]),
                "recall@10": float(hits[which].mean()),
                "ndcg@10": float(gains[which].mean()),
                "difference": [found.mean, found.low, found.high],
            }
        yield row


def made(world: World, way: str, asked: argparse.Namespace) -> TextKNNScorer:
    """Text neighbours with the vectors of this way."""
    features, texts = world.train.features, world.ready.catalogue.texts()
    vectors = features.text_vectors
    assert vectors is not None, "a set with texts"
    pairs = following_pairs(world.train, texts, world.hidden)
    rng = generator(asked.seed, "linear", world.name)
    if way in ("lora", "simcse"):
        vectors = tuned(pairs if way == "lora" else TextPairs.same(texts), texts, asked)
    elif way == "rewhitened":
        vectors = unit(vectors @ adapt_vectors(vectors, pairs.pairs, rng, GENTLE))
    whitening = Whitening.of(vectors, TextKNN().ridge)
    if way == "linear":
        matrix = adapt_vectors(whitening.apply(vectors), pairs.pairs, rng)
        whitening = Whitening(whitening.mean, (whitening.map @ matrix).astype(np.float32))
    train = replace(world.train, features=replace(features, text_vectors=vectors))
    first = TextKNN(half_life=1.0).fit(train, generator(asked.seed, "fit"))
    assert isinstance(first, TextKNNScorer)

    def with_half_life(half_life: float) -> TextKNNScorer:
        return replace(first, half_life=half_life, whitening=whitening)

    rng = generator(asked.seed, "half-life")
    chosen = faded(with_half_life, None, train, world.cases, None, rng)
    assert isinstance(chosen, TextKNNScorer)
    return chosen


def unit(vectors: Vectors) -> Vectors:
    """Rows of length one; a row of zeros stays one."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), np.float32)


def tuned(pairs: TextPairs, texts: Sequence[str], asked: argparse.Namespace) -> Vectors:
    """The texts as the encoder reads them once it is tuned on `pairs`."""
    with tempfile.TemporaryDirectory() as at:
        out = Path(at) / "encoder"
        how = Adaptation(steps=asked.steps, batch=asked.batch, learning_rate=5e-4, max_tokens=48)
        adapt_encoder(folder(), pairs, out, generator(asked.seed, "adapt"), how)
        return TransformerEncoder(ModelFolder.read(out), "tuned", Settings().language).encode(texts)


def ranked(scorer: TextKNNScorer, world: World) -> Ranks:
    """Where the validation targets stand, over the whole catalogue."""
    cases = world.cases

    def some(start: int) -> Ranks:
        part = cases.take(np.arange(start, min(start + CHUNK, len(cases))))
        return ranks_of(np.array(scorer.score(part.queries)), part, world.repeats)

    return Ranks.joined(list(side_by_side(some, range(0, len(cases), CHUNK))))


def mixed(world: World, seed: int) -> Iterator[dict[str, Any]]:
    """Mixtures with plain text neighbours, adapted ones, neither and both."""
    cases, train = world.ready.exam.validation, world.train
    vectors = train.features.text_vectors
    assert cases is not None, "both splits have validation cases"
    assert vectors is not None, "a set with texts"
    drawn = generator(seed, "half").permutation(len(cases))[: 2 * HALF]
    choice, measure = (cases.take(np.sort(drawn[at : at + HALF])) for at in (0, HALF))
    whitening = Whitening.of(vectors, TextKNN().ridge)
    pairs = following_pairs(train, world.ready.catalogue.texts())
    matrix = adapt_vectors(whitening.apply(vectors), pairs.pairs, generator(seed, "ad"))
    turned = Whitening(whitening.mean, (whitening.map @ matrix).astype(np.float32))
    experts: dict[str, Scorer] = {}
    for name in QUICK:
        made_by = learner_by_name(name, repeats=world.repeats)
        experts[name] = made_by.fit(train, generator(seed, name), validation=choice)
    plain = experts.pop("text_knn")
    assert isinstance(plain, TextKNNScorer)
    tried = [replace(plain, whitening=turned, half_life=h) for h in (1.0, 2.0, 4.0, 8.0, 16.0)]
    some = choice.take(np.arange(min(1500, len(choice))))
    adapted = max(tried, key=lambda s: float(ndcg_of(s, some, world.repeats).mean()))
    for way, more in (
        ("plain", {"text_knn": plain}),
        ("linear", {"text_knn": adapted}),
        ("neither", {}),
        ("both", {"text_knn": plain, "adapted": adapted}),
    ):
        mixture = fit_mixture({**experts, **more}, choice, world.repeats, generator(seed, "mix"))
        gains = ndcg_of(mixture, measure, world.repeats)
        yield {"data": world.name, "way": way, "ndcg@10": float(gains.mean()), "cases": len(gains)}


def mixture_line(row: dict[str, Any]) -> str:
    """A row as text."""
    return f"{row['data']:16} {row['way']:8} nDCG@10 {row['ndcg@10']:.4f} of {row['cases']} cases"


def line(row: dict[str, Any]) -> str:
    """A row as text."""
    told = []
    for group in ("all", "cold", "rest"):
        of = row[group]
        mean, low, high = of["difference"]
        told.append(
            f"{group} {of['recall@10']:.4f}/{of['ndcg@10']:.4f} {mean:+.4f} ({low:+.4f} to"
            f" {high:+.4f})"
        )
    return (
        f"{row['data']:16} {row['way']:8} {'  '.join(told)}  half-life"
        f" {row['half_life']:g}  {row['cpu_seconds']:.0f} s of CPU"
    )


if __name__ == "__main__":
    sys.exit(main())
