"""A shop in forty lines: two small files, a recommendation, a search, and what a purchase changes.

Run it with: python examples/quick_start.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import prismrec as pr

ITEMS = """item_id,title,brand,categories,price
p1,Red waterproof rain jacket,Northway,Outdoor|Jackets,89
p2,Blue waterproof rain jacket,Northway,Outdoor|Jackets,85
p3,Light hiking boots,Trailfox,Outdoor|Shoes,120
p4,Merino hiking socks,Trailfox,Outdoor|Socks,15
p5,Espresso machine,Cremona,Kitchen|Coffee,240
p6,Burr coffee grinder,Cremona,Kitchen|Coffee,95
p7,Single origin coffee beans,Alta,Kitchen|Coffee,18
"""
EVENTS = """user_id,item_id,event,timestamp
ann,p1,purchase,2026-01-05T10:00:00Z
ann,p3,purchase,2026-01-06T10:00:00Z
bob,p1,view,2026-01-07T10:00:00Z
bob,p3,purchase,2026-01-08T10:00:00Z
bob,p4,purchase,2026-01-09T10:00:00Z
cem,p5,purchase,2026-01-10T10:00:00Z
cem,p6,purchase,2026-01-11T10:00:00Z
dee,p5,purchase,2026-01-12T10:00:00Z
dee,p7,purchase,2026-01-13T10:00:00Z
"""


def main() -> None:
    """Fit a tiny shop and ask it a few questions."""
    folder = Path(tempfile.mkdtemp())
    (folder / "items.csv").write_text(ITEMS)
    (folder / "events.csv").write_text(EVENTS)
    with pr.fit(folder, out=folder / "shop.prism") as shop:
        print("For ann:", shop.recommend("ann", n=3).ids)
        print("Found:", shop.search("waterproof jacket", n=2).ids)
        shop.observe(pr.Event(user_id="ann", item_id="p5", event="purchase"))
        slate = shop.recommend("ann", n=3)
        print("After an espresso machine:", slate.ids)
        print("Because:", slate[0].reason)


if __name__ == "__main__":
    main()
