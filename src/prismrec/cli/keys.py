"""`prismrec keys`: who may use the API."""

from __future__ import annotations

from typing import Annotated

import typer

from prismrec.cli.options import AsJson, Prism
from prismrec.cli.output import errors, out, print_json, print_table
from prismrec.cli.service import reached

__all__ = ["app"]

app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)


@app.command()
def create(
    collection: Prism,
    role: Annotated[str, typer.Option(help="read, write or admin.")] = "read",
    label: Annotated[str, typer.Option(help="For whom it is.")] = "",
    json: AsJson = False,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    with reached(collection) as service:
        key = service.post("keys", {"role": role, "label": label})
    if json:
        print_json(key)
        return
    out.print(key["key"], markup=False, highlight=False)
    errors.print("Keep it safe: it is not stored and cannot be shown again.")


@app.command("list")
def list_keys(collection: Prism, json: AsJson = False) -> None:
    """The keys that exist, without their secrets."""
    with reached(collection) as service:
        keys = service.get("keys")
    if json:
        print_json(keys)
    else:
        rows = [(key["key_id"], key["role"], key["label"]) for key in keys]
        print_table("API keys", ["id", "role", "label"], rows)


@app.command()
def revoke(collection: Prism, key_id: Annotated[str, typer.Argument(help="The key's id.")]) -> None:
    """Revoke a key at once."""
    with reached(collection) as service:
        service.delete(f"keys/{key_id}")
    out.print(f"Revoked {key_id}.")
