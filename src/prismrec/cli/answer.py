"""`prismrec answer`: what answers this question?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from prismrec.cli.options import AsJson, Prism
from prismrec.cli.output import errors, out, print_json

__all__ = ["answer"]


def answer(
    collection: Prism,
    question: Annotated[str, typer.Argument(help="What somebody asks.")] = "",
    learn: Annotated[
        str, typer.Option(help="First learn from a table of question, item_id and solved (0 or 1).")
    ] = "",
    least: Annotated[
        float, typer.Option(min=0, max=1, help="Below this confidence no stored answer goes out.")
    ] = 0.5,
    json: AsJson = False,
) -> None:
    """Answer a question from a collection whose items are answers (title: the question,
    description: the answer): with one of them, with sentences of several, each with its source, or
    by handing over to a person."""
    from prismrec.collection import Collection
    from prismrec.data.answered import read_answered
    from prismrec.learning.answers import Desk, Told

    with Collection.open(collection) as opened:
        desk = Desk(opened, least=least)
        if learn:
            found = desk.learn([Told(*row) for row in read_answered(learn)])
            errors.print(f"Learned from {found.examples} answers.", style="dim")
        if not question:
            return
        reply = desk.ask(question)
    told: dict[str, Any] = {
        "kind": reply.kind,
        "handed_over": reply.handed_over,
        "confidence": reply.confidence,
        "item_id": reply.item_id,
        "sentences": [vars(one) for one in reply.sentences],
    }
    if json:
        print_json(told)
        return
    for one in reply.sentences:
        out.print(f"{one.text} [{one.source}]", markup=False)
    if reply.handed_over:
        out.print(f"A person should answer ({reply.kind}); nearest: {reply.item_id}", markup=False)
