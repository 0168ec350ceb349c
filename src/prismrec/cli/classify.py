"""`prismrec classify`: learn labels of texts, or give texts their labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from prismrec.cli.options import AsJson, Seed
from prismrec.cli.output import out, print_json, print_table

__all__ = ["classify"]

FIGURES = ("accuracy", "macro_f1", "calibration_error", "fit_seconds", "encoder")


def classify(
    data: Annotated[
        Path, typer.Argument(help="A folder with train and test, or a table of texts with --using.")
    ],
    into: Annotated[
        Path | None, typer.Option("--out", help="Keep the classifier in this new folder.")
    ] = None,
    using: Annotated[
        Path | None, typer.Option(help="A kept classifier: give the texts of DATA their labels.")
    ] = None,
    mode: Annotated[str, typer.Option(help="auto, words, frozen, lora or full.")] = "auto",
    hand_over: Annotated[
        float, typer.Option(min=0, max=1, help="The share of texts that a person should decide.")
    ] = 0.05,
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Learn a classifier from the tables train and test (and valid) of text and label, and say how
    good it is on test; or, with --using, apply a kept one."""
    if using is not None:
        _apply(data, using, hand_over, json)
        return
    from prismrec.language.classifier.settings import ClassifierSettings
    from prismrec.learning.classification import learn_classifier

    learned = learn_classifier(data, ClassifierSettings(mode=mode), seed=seed)
    if into is not None:
        learned.classifier.save(into)
    if json:
        print_json(learned.report)
        return
    print_table(str(data), ["", "value"], [(name, learned.report[name]) for name in FIGURES])
    handed = learned.report["hand_over"]
    out.print(
        f"With {handed['share']:.0%} of the texts handed to a person, {handed['error_left']:.1%} "
        f"stay wrong of {handed['error']:.1%}.",
        highlight=False,
    )
    if into is not None:
        out.print(f"Apply it with: prismrec classify TEXTS --using {into}", markup=False)


def _apply(table: Path, using: Path, hand_over: float, json: bool) -> None:
    from prismrec.data.labelled import read_texts
    from prismrec.language.classifier.classifier import TextClassifier

    texts = read_texts(table)
    found = TextClassifier.load(using).classify(texts, hand_over=hand_over)
    if json:
        rows: list[dict[str, Any]] = [vars(verdict) for verdict in found]
        print_json({"verdicts": rows})
        return
    columns = ["label", "probability", "person decides", "text"]
    told = [
        (one.label, one.probability, "yes" if one.handed_over else "", text[:80])
        for one, text in zip(found, texts, strict=True)
    ]
    print_table(str(table), columns, told)
