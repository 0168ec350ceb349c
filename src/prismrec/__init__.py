"""PrismRec: search and recommendation on language models.

>>> import prismrec as pr                                               # doctest: +SKIP
>>> shop = pr.fit("data/", out="shop.prism")                            # doctest: +SKIP
>>> slate = shop.recommend("user-42", n=10)                             # doctest: +SKIP
>>> slate = shop.search("waterproof jacket", user="user-42")            # doctest: +SKIP
>>> shop.observe(pr.Event(user_id="user-42", item_id=slate[0].item_id, event="purchase"))
...                                                                     # doctest: +SKIP
>>> shop = pr.open("shop.prism")                                        # doctest: +SKIP

Importing the package loads nothing heavy; the first call that needs a library does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prismrec.core import Event, Filters, Item, PrismError, Query, Relation, Slate, User

if TYPE_CHECKING:
    from pathlib import Path

    from prismrec.collection import Collection

__version__ = "0.1.0"

__all__ = [
    "Event",
    "Filters",
    "Item",
    "PrismError",
    "Query",
    "Relation",
    "Slate",
    "User",
    "__version__",
    "fit",
    "open",
]


def fit(data: Any, out: str | Path, **more: Any) -> Collection:
    """Learn from `data` and open the result as a collection at `out`; see `learning.fit`."""
    from prismrec.learning import fit as learn

    return learn(data, out, **more)


def open(path: str | Path, **more: Any) -> Collection:
    """Open the collection at `path`; see `Collection.open`."""
    from prismrec.collection import Collection

    return Collection.open(path, **more)
