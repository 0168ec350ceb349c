"""What models gain from values read of texts, for items that have none.

Brand and categories are withheld on a random half of the items of `beauty`. Models are fitted with
these as they are (`withheld`), with what is read of their titles as `fit` does with
`language.extract` (`extracted`), and, as a bound, with what was withheld (`given`). nDCG@10 of at
most 8,000 validation cases of leave-one-out, on which nothing was chosen but the half-life of the
text neighbours and, on the other half of the people, the weights of the mixture; "lacking" are the
cases whose target is one of the items without. Intervals of 95% resample people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.relations import mixed
from prismrec.config import Settings
from prismrec.core import Cases, Item, Scorer, generator
from prismrec.core.arrays import Bools, Floats
from prismrec.data import Dataset, read
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.significance import paired
from prismrec.language import choose_encoder
from prismrec.language.knowledge.extract import extract
from prismrec.language.knowledge.facts import own_text, with_extracted
from prismrec.models.default import learner_by_name
from prismrec.models.validation import ndcg_of, sampled

__all__ = ["lift"]

EXPERTS = ("text_knn", "popularity", "item_knn", "transitions")
CASES = 8000


def lift(path: Path, cache: Path | None, seed: int) -> None:
    """Print a row for the text neighbours and the mixture of each arm."""
    dataset = read(path)
    items = list(dataset.iter_items())
    lacks = np.zeros(len(items), bool)
    order = generator(seed, "extraction", "lift").permutation(len(items))
    lacks[order[: len(items) // 2]] = True
    bare = [
        replace(item, brand="", categories=(), attributes={}) if lacking else item
        for item, lacking in zip(items, lacks, strict=True)
    ]
    settings = Settings().language
    encoder = choose_encoder(list(map(own_text, items)), settings, cache=cache).encoder
    facts = extract(bare, encoder, confidence=settings.extract_confidence)
    print(f"{path.name}: {len(facts)} values read for {int(lacks.sum())} items without any")
    arms = {"withheld": bare, "extracted": with_extracted(bare, facts), "given": items}
    base: dict[str, Floats] = {}
    for arm, some in arms.items():
        for name, (values, cases) in fitted(dataset, some, cache, seed).items():
            print(f"  {arm:10} {name:9}", told(values, base.get(name), cases, lacks, seed))
            base.setdefault(name, values)


def fitted(
    dataset: Dataset, items: Sequence[Item], cache: Path | None, seed: int
) -> dict[str, tuple[Floats, Cases]]:
    """nDCG@10 of each case, of the text neighbours and of the mixture, and the cases."""
    whole = replace(dataset, given=(tuple(items), ()))
    exam = prepare(whole, Plan(split="leave-one-out", cache=cache), Settings()).exam
    assert exam.validation is not None
    cases = sampled(exam.validation, CASES, generator(seed, "lift"))
    experts: dict[str, Scorer] = {
        name: learner_by_name(name, repeats=False).fit(
            exam.train, generator(seed, "fit", name), validation=exam.validation
        )
        for name in EXPERTS
    }
    alone = ndcg_of(experts["text_knn"], cases, False)
    return {"text_knn": (alone, cases), "mixture": (mixed(experts, cases, False, seed), cases)}


def told(values: Floats, base: Floats | None, cases: Cases, lacks: Bools, seed: int) -> str:
    """The means over all cases and over those of items without, and how far each is from `base`."""
    parts = []
    for name, some in (("all", np.ones(len(values), bool)), ("lacking", lacks[cases.targets])):
        part = f"{name} {values[some].mean():.4f}"
        if base is not None:
            gap = paired(values[some], base[some], cases.clusters[some], generator(seed, "g"))
            part += f" {gap.mean:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})"
        parts.append(part)
    return "; ".join(parts)
