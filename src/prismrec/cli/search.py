"""`prismrec search`: which items fit this text, for this person?"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from prismrec.cli.options import AsJson, Count, Prism, User
from prismrec.cli.output import errors, out, print_json, print_table
from prismrec.cli.service import reached
from prismrec.core import BadInput

__all__ = ["search"]

Filter = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="brand=Acme, category=Shoes, colour=red, price<=50, price>=10, available=any; "
        "given several times, all must hold; values of one attribute are alternatives.",
    ),
]
Sort = Annotated[str, typer.Option(help="relevance, price-asc, price-desc, newest or popularity.")]


def search(
    collection: Prism,
    text: Annotated[str, typer.Argument(help="What to look for; empty to browse.")] = "",
    user: User = "",
    n: Count = 10,
    filter: Filter = None,
    sort: Sort = "relevance",
    facets: Annotated[bool, typer.Option("--facets", help="Count what filters leave.")] = False,
    json: AsJson = False,
) -> None:
    """Search by words and by meaning, to a person's taste."""
    asked = {
        "text": text,
        "user_id": user,
        "n": n,
        "filters": filters_of(filter or []),
        "sort": sort,
        "facets": facets,
        "snippets": True,
    }
    with reached(collection) as service:
        slate = service.post("search", asked)
    if json:
        print_json(slate)
    else:
        show(slate, f"Found for '{text}'" if text else "Everything that passes")


def filters_of(given: list[str]) -> dict[str, Any]:
    """Filters as the API takes them. Raises `BadInput` for one that cannot be read."""
    filters: dict[str, Any] = {"attributes": {}, "categories": []}
    for one in given:
        if one in ("available=any", "available=all"):
            filters["available"] = False
        elif one.startswith(("price<=", "price>=")):
            filters["max_price" if one[5] == "<" else "min_price"] = _number(one)
        else:
            name, equals, value = (part.strip() for part in one.partition("="))
            if not (name and equals and value):
                raise BadInput(f"Not a filter: {one}", hint="Write brand=Acme or price<=50.")
            if name == "category":
                filters["categories"].append(value)
            else:
                filters["attributes"].setdefault(name, []).append(value)
    return filters


def show(slate: dict[str, Any], title: str) -> None:
    """Items with what matches in them, then counts, for people."""
    from rich.table import Table

    total = slate["total"]
    table = Table(
        title=title if total is None else f"{title}: {total}",
        title_justify="left",
        header_style="bold",
    )
    for heading in ("#", "item", "what", "price"):
        table.add_column(heading, justify="right" if heading in "#price" else "left")
    for place, item in enumerate(slate["items"], 1):
        price = "" if item["price"] is None else f"{item['price']:,.2f}"
        table.add_row(str(place), Text(item["item_id"]), _what(item), price)
    out.print(table)
    for name, counts in (slate["facets"] or {}).items():
        print_table(name, ["value", "items"], list(counts.items()))
    ranges = slate["price_ranges"] or []
    if ranges:
        rows = [(f"{one['low']:g} to {one['high']:g}", one["count"]) for one in ranges]
        print_table("price", ["from, to", "items"], rows)
    for note in slate["notes"]:
        errors.print(note, markup=False, style="yellow")


def _what(item: dict[str, Any]) -> Text:
    told = _marked(item["title"], item["marks"], "bold")
    if item["pinned"]:
        told.append(" (pinned)", "dim")
    if item["snippet"]:
        told.append("\n")
        told.append_text(_marked(item["snippet"]["text"], item["snippet"]["marks"], "dim"))
    return told


def _marked(text: str, spans: list[list[int]], style: str) -> Text:
    told = Text(text, style)
    for start, end in spans:
        told.stylize("not dim bold yellow", start, end)
    return told


def _number(one: str) -> float:
    try:
        return float(one[len("price<=") :])
    except ValueError:
        raise BadInput(f"Not a price: {one}", hint="Write price<=50.") from None
