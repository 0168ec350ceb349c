"""`prismrec label`: which texts should a person judge next?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prismrec.cli.options import AsJson, Seed
from prismrec.cli.output import print_json, print_table

__all__ = ["label"]


def label(
    table: Annotated[str, typer.Argument(help="A table of text and label; open ones are empty.")],
    count: Annotated[int, typer.Option("-n", min=1, help="How many texts.")] = 20,
    using: Annotated[
        Path | None, typer.Option(help="A kept classifier, in place of one learned on the spot.")
    ] = None,
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Choose the texts whose labels would teach a classifier most: those it is in doubt about; at
    first, texts that are typical of many."""
    from prismrec.data.labelled import read_judged
    from prismrec.language.classifier.classifier import TextClassifier
    from prismrec.learning.labelling import texts_to_judge

    read = read_judged(table)
    known = TextClassifier.load(using) if using else None
    found = texts_to_judge(read.texts, read.labels, count, classifier=known, seed=seed)
    if json:
        print_json({"judge": [vars(one) for one in found]})
        return
    rows = [(one.row, one.suggested, one.probability, one.text[:100]) for one in found]
    print_table(f"To judge next: {table}", ["row", "suggested", "probability", "text"], rows)
