"""`prismrec rollback`: serve the release before."""

from __future__ import annotations

from prismrec.cli.options import AsJson, Prism
from prismrec.cli.output import out, print_json
from prismrec.cli.service import reached

__all__ = ["rollback"]


def rollback(collection: Prism, json: AsJson = False) -> None:
    """Serve the release that was served before this one."""
    with reached(collection) as service:
        answer = service.post("releases/rollback")
    if json:
        print_json(answer)
    else:
        out.print(f"Serving release {answer['release']} again.")
