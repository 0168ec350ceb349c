"""How to weigh what is known of a search's candidates: fixed rules, and ways to train.

    prismrec bench search_rules [DATA] [--sets ...] [--queries N] [--folder CACHE] [--json]

Each rule orders the same 200 candidates of every judged query (shop-relevance: its own rows);
figures are nDCG@10 as in benchmarks/search.py. What is trained is out of fold, over five parts of
the queries by chance, the mean of two divisions. These comparisons chose the constants, so they
flatter them; benchmarks/search.py measures the whole path.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.search import Shop, opened, parser
from prismrec.core import generator
from prismrec.core.arrays import Floats, Scores
from prismrec.learning.judged_search import examples_of
from prismrec.learning.judged_ways import FOLDS
from prismrec.ranking.item_facts import numbers_of
from prismrec.ranking.lambdamart import TREES, Examples, fit_lambdamart
from prismrec.ranking.search import SearchRanker
from prismrec.searchers import search_evidence, search_facts
from prismrec.threads import one_thread_each

REPEATS = 2
CANDIDATES = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table, or JSON with `--json`."""
    asked = parser(__doc__ or "").parse_args(argv)
    one_thread_each()
    table: dict[str, dict[str, float]] = {}
    for name in asked.sets.split(","):
        for rule, value in compared(opened(asked, name)):
            table.setdefault(rule, {})[name] = round(value, 4)
            print(f"{name:20} {rule:48} {value:.4f}", file=sys.stderr, flush=True)
    if asked.json:
        print(json.dumps({"benchmark": "search_rules", "rules": table}))
        return 0
    for rule, values in table.items():
        print(f"{rule:48} " + "  ".join(f"{name} {value:.4f}" for name, value in values.items()))
    return 0


def compared(shop: Shop) -> Iterator[tuple[str, float]]:
    """Every rule and way to train, with its mean nDCG@10."""
    facts = search_facts(shop.snapshot, numbers_of(shop.items))
    ranker = SearchRanker(search_evidence(shop.snapshot, facts))
    unjudged = 0 if shop.only_judged else CANDIDATES
    examples = examples_of(shop.snapshot, ranker, shop.judgments, unjudged=unjudged)
    for name, rule in RULES.items():
        yield name, float(examples.ndcg(rule(examples)).mean())
    for name, fit in WAYS.items():
        yield name, float(out_of_fold(examples, fit).mean())


def column(examples: Examples, name: str) -> Scores:
    """(n,) one kind of evidence."""
    return examples.columns[:, examples.names.index(name)]


def by_field(examples: Examples) -> Scores:
    """The sum of each field's own BM25, weighed as the fields are."""
    boosts = {"title": 2.0, "brand": 1.5, "categories": 1.5}
    fields = ("title", "brand", "categories", "attributes", "description", "others")
    found = [boosts.get(f, 1.0) * column(examples, f"words.{f}") for f in fields]
    return np.asarray(sum(found), np.float32)


def plus(weight: float, further: str = "", more: float = 0.0) -> Callable[[Examples], Scores]:
    """words + weight * meaning + more * further."""

    def rule(examples: Examples) -> Scores:
        out = column(examples, "words") + weight * column(examples, "meaning")
        return out + more * column(examples, further) if further else out

    return rule


def standardised(examples: Examples) -> Scores:
    """words + 0.5 * meaning, each with mean 0 and deviation 1 among a query's candidates."""
    owner = np.repeat(np.arange(len(examples.groups)), examples.groups)
    out = np.zeros(len(owner))
    for name, weight in (("words", 1.0), ("meaning", 0.5)):
        values = column(examples, name).astype(np.float64)
        mean = np.bincount(owner, values) / examples.groups
        spread = np.sqrt(np.bincount(owner, (values - mean[owner]) ** 2) / examples.groups)
        out += weight * (values - mean[owner]) / np.maximum(spread[owner], 1e-9)
    return out.astype(np.float32)


RULES: dict[str, Callable[[Examples], Scores]] = {
    "words (BM25F)": plus(0.0),
    "meaning": lambda examples: column(examples, "meaning"),
    "BM25 by field, summed": by_field,
    **{f"words + {weight:g} meaning": plus(weight) for weight in (0.25, 0.5, 0.75, 1.0)},
    "standardised within the query": standardised,
    **{
        f"words + 0.5 meaning + 0.1 {name}": plus(0.5, name, 0.1)
        for name in ("coverage", "phrase", "phrase.title", "title.share", "title.start")
    },
}


def linear(examples: Examples) -> Callable[[Examples], Scores]:
    """A listwise linear model (softmax over a query's candidates) added to the fixed rule, by
    gradient steps with a penalty on its weights."""
    columns = np.nan_to_num(examples.columns.astype(np.float64))
    mean, spread = columns.mean(axis=0), np.maximum(columns.std(axis=0), 1e-9)
    owner = np.repeat(np.arange(len(examples.groups)), examples.groups)
    features = (columns - mean) / spread
    total = np.bincount(owner, examples.grades)
    target = examples.grades / np.maximum(total[owner], 1e-9)
    weights = np.zeros(features.shape[1])
    for _ in range(300):
        scores = 10.0 * examples.base + features @ weights
        top = np.full(len(examples.groups), -np.inf)
        np.maximum.at(top, owner, scores)
        odds = np.exp(scores - top[owner])
        chance = odds / np.bincount(owner, odds)[owner]
        pull = features.T @ ((target - chance) * (total[owner] > 0)) / len(examples.groups)
        weights += 0.2 * (pull - 0.05 * weights)

    def rule(test: Examples) -> Scores:
        found = (np.nan_to_num(test.columns.astype(np.float64)) - mean) / spread @ weights
        return np.asarray(10.0 * test.base + found, np.float32)

    return rule


def boosted(rounds: int, start: float, **changed: float) -> Callable[..., Callable]:
    """LambdaMART with some parameters changed."""

    def fit(examples: Examples) -> Callable[[Examples], Scores]:
        parameters = {**TREES, **changed}
        if start:
            model = fit_lambdamart(examples, 0, rounds=rounds, start=start, trees=parameters)
            return lambda test: test.base + model.correction(test.columns)
        bare = Examples(**{**vars(examples), "base": np.zeros_like(examples.base)})
        model = fit_lambdamart(bare, 0, rounds=rounds, trees=parameters)
        return lambda test: model.correction(test.columns)

    return fit


WAYS: dict[str, Callable[[Examples], Callable[[Examples], Scores]]] = {
    "linear, listwise, from the fixed rule": linear,
    "trees from nothing": boosted(250, 0.0),
    "trees, 250 of 15 leaves, from 15 x the rule": boosted(250, 15.0),
    "trees, 250 of 15 leaves, from 5 x the rule": boosted(250, 5.0),
    "trees, 100 of 15 leaves, from 15 x the rule": boosted(100, 15.0),
    "trees, 250 of 7 leaves, from 15 x the rule": boosted(250, 15.0, num_leaves=7),
    "trees, 250 of 4 leaves, from 15 x the rule": boosted(250, 15.0, num_leaves=4),
}


def out_of_fold(
    examples: Examples, fit: Callable[[Examples], Callable[[Examples], Scores]]
) -> Floats:
    """(q,) nDCG@10 of queries that the trained rule has not seen, the mean of the divisions."""
    queries = len(examples.groups)
    out = np.zeros(queries)
    for repeat in range(REPEATS):
        order = generator(repeat, "search", "rules").permutation(queries)
        for fold in range(FOLDS):
            held = np.sort(order[fold::FOLDS])
            rule = fit(examples.take(np.setdiff1d(order, held)))
            test = examples.take(held)
            out[held] += test.ndcg(rule(test)) / REPEATS
    return out


if __name__ == "__main__":
    sys.exit(main())
