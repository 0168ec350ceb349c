"""`prismrec answer`: what answers this question?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prismrec.cli.options import AsJson, Prism
from prismrec.cli.output import errors, out, print_json

if TYPE_CHECKING:
    from prismrec.cli.service import Service

__all__ = ["answer"]

ROWS = 500


def answer(
    collection: Prism,
    question: Annotated[str, typer.Argument(help="What somebody asks.")] = "",
    learn: Annotated[
        str,
        typer.Option(
            help="First keep the verdicts of a table of question, item_id and solved (0 or 1), and "
            "learn from all that are known."
        ),
    ] = "",
    refresh: Annotated[
        bool, typer.Option("--refresh", help="First learn from all verdicts that came in so far.")
    ] = False,
    least: Annotated[
        float, typer.Option(min=0, max=1, help="Below this confidence no stored answer goes out.")
    ] = 0.5,
    json: AsJson = False,
) -> None:
    """Answer a question from a collection whose items are answers (title: the question,
    description: the answer): with one of them, with sentences of several, each with its source, or
    by handing over to a person."""
    from prismrec.cli.service import reached

    with reached(collection) as service:
        if learn:
            _tell(service, learn)
        if learn or refresh:
            found = service.post("answer/learn")
            errors.print(
                f"Learned from {found['examples']} answers, {found['verdicts']} verdicts among "
                "what taught them.",
                style="dim",
            )
        if not question:
            return
        told: dict[str, Any] = service.post("answer", {"question": question, "least": least})
    if json:
        print_json(told)
        return
    for one in told["sentences"]:
        out.print(f"{one['text']} [{one['source']}]", markup=False)
    if told["handed_over"]:
        nearest = f"nearest: {told['item_id']}"
        out.print(f"A person should answer ({told['kind']}); {nearest}", markup=False)


def _tell(service: Service, table: str) -> None:
    """Keep the verdicts of a table; a row that was told before changes nothing."""
    from prismrec.data.answered import read_answered

    rows = [
        {"question": q, "item_id": i, "solved": s, "feedback_id": _id(q, i, s)}
        for q, i, s in read_answered(table)
    ]
    for at in range(0, len(rows), ROWS):
        service.post("answer/feedback", {"feedback": rows[at : at + ROWS]})


def _id(*row: object) -> str:
    return "table-" + hashlib.sha256(repr(row).encode()).hexdigest()[:32]
