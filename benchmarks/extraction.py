"""How well brand, category and attributes are read from texts, beside TF-IDF peers.

    python -m benchmarks.extraction [DATA] [--sets beauty,electronics-search] [--part test]
                                    [--cache DIR] [--seed 0] [--lift]

Brand, categories and attributes are withheld on a random half of the items; of these, one half was
there to choose by (`--part dev`), the other is reported. The category of `beauty` is the last of an
item's path; `electronics-search` has none, so its attribute `type` stands for it where that names
a kind of product (not `Original`, `Compatible` and kinds of service). "by name" knows the
paths of the categories and no labelled item; "few" knows five items of each. Peers in the same run:
the nearest item by TF-IDF, a linear support vector machine on TF-IDF of words and pairs of words,
and, by name, the cosine of TF-IDF of words or of characters. F1 is of pairs of field and value, of
the twenty commonest attributes, over all items of the part. Intervals of 95% resample items.

At the end (`--lift`, alone): what models gain from it; see `benchmarks.extraction_lift`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.extraction_lift import lift
from benchmarks.extraction_peers import (
    by_name,
    fields_of,
    linear,
    linear_fields,
    nearest,
    plain_number,
)
from benchmarks.places import data_folder
from prismrec.core import Item, TextEncoder, generator
from prismrec.core.arrays import Floats
from prismrec.data import Sources, read
from prismrec.evaluation.significance import paired
from prismrec.language import LanguageSettings, choose_encoder
from prismrec.language.knowledge.extract import extract, extract_by_names
from prismrec.language.knowledge.facts import own_text
from prismrec.threads import one_thread_each

FEW = 5
FEWEST = 5
"""Items of a kind, of those in electronics, that make it a category here."""
NO_KIND = ("Original", "Compatible", "On-site", "Pick-up&return")
CONFIDENCE = 0.3
"""At which F1 is taken; chosen on the dev items."""
ATTRIBUTES = 20
"""The attributes that most items have, of those that are read."""


@dataclass(frozen=True)
class Task:
    """`labelled` items as they are; `asked` ones without what is to be read; `truth` of them."""

    labelled: tuple[Item, ...]
    asked: tuple[Item, ...]
    truth: tuple[Item, ...]
    encoder: TextEncoder
    seed: int


def main(argv: Sequence[str] | None = None) -> int:
    """Print the rows of each set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default="beauty,electronics-search")
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--cache", type=Path, help="keep encoded texts here")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lift", action="store_true", help="only what models gain from it")
    asked = parser.parse_args(argv)
    one_thread_each()
    if asked.lift:
        lift(asked.data / "beauty", asked.cache, asked.seed)
        return 0
    for name in asked.sets.split(","):
        task = task_of(asked.data / name, asked.part, asked.cache, asked.seed)
        print(f"{name}: {len(task.labelled)} items have all, {len(task.asked)} are asked")
        zero_shot(task)
        for field in ("brand", "category"):
            seen(task, field, task.labelled, "all")
            few = some_of_each(task.labelled, field)
            seen(task, field, few, "few")
        attributes(task)
    lift(asked.data / "beauty", asked.cache, asked.seed)
    return 0


def task_of(path: Path, part: str, cache: Path | None, seed: int) -> Task:
    """The items of a set, divided."""
    items = tuple(with_category(read(Sources(items=path / "items.parquet")).iter_items()))
    order = generator(seed, "extraction", path.name).permutation(len(items))
    half = len(items) // 2
    rest = np.array_split(order[half:], 2)[part == "test"]
    truth = tuple(items[i] for i in rest.tolist())
    bare = tuple(replace(item, brand="", categories=(), attributes={}) for item in truth)
    encoder = choose_encoder(list(map(own_text, items)), LanguageSettings(), cache=cache).encoder
    return Task(tuple(items[i] for i in order[:half].tolist()), bare, truth, encoder, seed)


def with_category(given: Iterable[Item]) -> list[Item]:
    """The items, the kind of product in their attributes made their category where there is none;
    a brand that is called as a category is a gap that was filled, and taken away."""
    items = list(given)
    kinds = Counter(str(item.attributes.get("type", "")) for item in items)
    usual = {kind for kind, n in kinds.items() if kind and n >= FEWEST and kind not in NO_KIND}
    categories = {name.casefold() for item in items for name in item.categories}
    out = []
    for item in items:
        kind = str(item.attributes.get("type", ""))
        if not item.categories and kind in usual:
            left = {name: value for name, value in item.attributes.items() if name != "type"}
            item = replace(item, categories=(kind,), attributes=left)
        if item.brand.casefold() in categories:
            item = replace(item, brand="")
        out.append(item)
    return out


def zero_shot(task: Task) -> None:
    """The category by the names of all categories."""
    paths: dict[str, tuple[str, ...]] = {}
    for item in (*task.labelled, *task.truth):
        if item.categories:
            known = paths.get(item.categories[-1], ())
            paths[item.categories[-1]] = max(known, item.categories, key=lambda p: (len(p), p))
    names = [" > ".join(path) for _, path in sorted(paths.items())]
    facts = extract_by_names(task.asked, names, task.encoder)
    told = {fact.item_id: fact.value for fact in facts}  # the last of a path stays
    asked = [i for i, item in enumerate(task.truth) if item.categories]
    texts = [own_text(task.asked[i]) for i in asked]
    truth = [task.truth[i].categories[-1] for i in asked]
    leaves = sorted(paths)
    peers = {
        f"TF-IDF of {kind}": [leaves[i] for i in by_name(texts, names, kind)]
        for kind in ("words", "characters")
    }
    ours = [told.get(task.asked[i].item_id, "") for i in asked]
    report(task, f"category by name ({len(names)})", truth, ours, peers)


def seen(task: Task, field: str, labelled: Sequence[Item], tag: str) -> None:
    """A field that some items have: accuracy where an answer is given for every item."""
    had = [item for item in labelled if value_of(item, field)]
    asked = [i for i, item in enumerate(task.truth) if value_of(item, field)]
    plain = [replace(item, attributes={}) for item in had]  # read for nothing here
    items = [*plain, *(task.asked[i] for i in asked)]
    facts = [f for f in extract(items, task.encoder, confidence=0.0) if f.field == field]
    told = {fact.item_id: fact.value for fact in facts}
    train = [own_text(item) for item in had], [value_of(item, field) for item in had]
    texts = [own_text(task.asked[i]) for i in asked]
    peers = {"nearest": nearest(*train, texts), "linear": linear(*train, texts)}
    truth = [value_of(task.truth[i], field) for i in asked]
    ours = [told.get(task.asked[i].item_id, "") for i in asked]
    report(task, f"{field}, {tag} ({len(had)} items)", truth, ours, peers)


def attributes(task: Task) -> None:
    """All attributes in words and numbers with a unit: precision, recall and F1 of the pairs."""
    if not any(item.attributes for item in task.labelled):
        return
    place = {item.item_id: i for i, item in enumerate(task.asked)}
    every = extract([*task.labelled, *task.asked], task.encoder, confidence=0.0)
    read_at_all = {fact.field for fact in every} - NOT_ATTRIBUTES
    have = Counter(name for item in task.labelled for name in fields_of(item))
    fields = [name for name, _ in have.most_common() if name in read_at_all][:ATTRIBUTES]
    truth = [fields_of(item) for item in task.truth]
    asked = [{name: row[name] for name in fields if name in row} for row in truth]
    ours: list[dict[str, str]] = [{} for _ in task.asked]
    for fact in every:
        if fact.item_id in place and fact.field in fields and fact.confidence >= CONFIDENCE:
            ours[place[fact.item_id]][fact.field] = plain_number(fact.value)
    had = [item for item in task.labelled if item.attributes]
    train = [own_text(item) for item in had], [fields_of(item) for item in had]
    texts = list(map(own_text, task.asked))
    answers = {"here": ours}
    copied = nearest([*train[0]], list(range(len(had))), texts)
    answers["nearest"] = [{k: v for k, v in train[1][i].items() if k in fields} for i in copied]
    answers["linear"] = linear_fields(*train, texts, fields)
    print(f"  {len(fields)} attributes, {sum(map(len, asked))} pairs, F1 at {CONFIDENCE}")
    for name, rows in answers.items():
        print(f"    {name:8} " + told_f1(rows, asked), flush=True)
    gap = f1_gap(ours, answers["linear"], asked, task.seed)
    print(f"    here - linear {gap[0]:+.4f} ({gap[1]:+.4f} to {gap[2]:+.4f})", flush=True)


NOT_ATTRIBUTES = {"brand", "category"}


def counts_of(rows: Sequence[dict[str, str]], truth: Sequence[dict[str, str]]) -> Floats:
    """(items, 3): pairs that are right, that are said, that are true."""
    return np.array(
        [
            (sum(t.get(k) == v for k, v in row.items()), len(row), len(t))
            for row, t in zip(rows, truth, strict=True)
        ],
        np.float64,
    )


def f1(sums: Floats) -> Floats:
    """F1 from sums (..., 3) as `counts_of` gives them."""
    return np.asarray(2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1))


def told_f1(rows: Sequence[dict[str, str]], truth: Sequence[dict[str, str]]) -> str:
    sums = counts_of(rows, truth).sum(axis=0)
    precision, recall = sums[0] / max(sums[1], 1), sums[0] / max(sums[2], 1)
    return f"precision {precision:.4f}, recall {recall:.4f}, F1 {f1(sums):.4f}"


def f1_gap(
    ours: Sequence[dict[str, str]],
    peer: Sequence[dict[str, str]],
    truth: Sequence[dict[str, str]],
    seed: int,
) -> tuple[float, float, float]:
    """The difference of F1 and its interval of 95%, items resampled."""
    a, b = counts_of(ours, truth), counts_of(peer, truth)
    draws = generator(seed, "f1").multinomial(len(a), np.full(len(a), 1 / len(a)), size=1000)
    gaps = f1(draws @ a) - f1(draws @ b)
    low, high = np.quantile(gaps, [0.025, 0.975])
    return float(f1(a.sum(axis=0)) - f1(b.sum(axis=0))), float(low), float(high)


def report(
    task: Task,
    tag: str,
    truth: Sequence[str],
    ours: Sequence[str],
    peers: dict[str, list[str]],
) -> None:
    """One row: accuracy here and of the peers, and the difference from the best of them."""
    right = {name: np.equal(np.array(said, object), truth) for name, said in peers.items()}
    here = np.equal(np.array(ours, object), truth)
    best = max(right.values(), key=np.mean)
    rng = generator(task.seed, "extraction", tag)
    gap = paired(here.astype(float), best.astype(float), np.arange(len(here), dtype=np.int32), rng)
    others = ", ".join(f"{name} {values.mean():.4f}" for name, values in right.items())
    print(f"  {tag}: {here.mean():.4f} of {len(here)}; {others};", end=" ")
    print(f"{gap.mean:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})", flush=True)


def some_of_each(items: Sequence[Item], field: str) -> list[Item]:
    """The first five items of each value."""
    counts: Counter[str] = Counter()
    out = []
    for item in items:
        value = value_of(item, field)
        counts[value] += 1
        if value and counts[value] <= FEW:
            out.append(item)
    return out


def value_of(item: Item, field: str) -> str:
    """The brand of an item, or the last of its categories."""
    return item.brand if field == "brand" else item.categories[-1] if item.categories else ""


if __name__ == "__main__":
    sys.exit(main())
