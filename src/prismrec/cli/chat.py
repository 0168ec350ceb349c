"""`prismrec chat`: talk with a collection."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from prismrec.cli.options import AsJson, Prism, User
from prismrec.cli.output import errors, out, print_json
from prismrec.cli.service import Service, reached

__all__ = ["chat"]


def chat(
    collection: Prism,
    say: Annotated[
        list[str] | None, typer.Argument(help="Turns, one after the other; none: ask for them.")
    ] = None,
    user: User = "",
    n: Annotated[int, typer.Option("-n", min=1, max=20, help="How many items an answer has.")] = 5,
    json: AsJson = False,
) -> None:
    """Talk: say what you look for, then "cheaper", "not that brand", "like the second but red".

    English or Chinese. Turns come from the command line, else from standard input, a line each.
    """
    with reached(collection) as service:
        told = list(_answers(service, say, user, n, quiet=json))
    if json:
        print_json(told)


def _answers(
    service: Service, say: list[str] | None, user: str, n: int, *, quiet: bool
) -> Iterator[dict[str, Any]]:
    conversation = ""
    for text in say or _typed():
        body = {"text": text, "conversation_id": conversation, "user_id": user, "n": n}
        answer = service.post("chat", body)
        conversation = answer["conversation_id"]
        if not quiet:
            out.print(answer["text"], markup=False, highlight=False)
            out.print()
        yield answer


def _typed() -> Iterator[str]:
    """Lines of standard input, with a prompt where a person types them."""
    person = sys.stdin.isatty()
    while True:
        if person:
            errors.print("[bold]>[/] ", end="")
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()
