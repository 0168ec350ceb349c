"""`prismrec recommend`: what's for this user?"""

from __future__ import annotations

from prismrec.cli.options import AsJson, Count, Prism, User
from prismrec.cli.output import print_slate
from prismrec.cli.service import reached

__all__ = ["recommend"]


def recommend(collection: Prism, user: User = "", n: Count = 10, json: AsJson = False) -> None:
    """Recommend items to a user; without one, to somebody new."""
    with reached(collection) as service:
        slate = service.post("recommend", {"user_id": user, "n": n})
    print_slate(slate, as_json=json, title=f"For {user or 'somebody new'}")
