"""Curating: rules that pin, bury or block items in the searches for a text. Every change leaves a
line in the audit trail."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Literal

from fastapi import Request
from pydantic import Field

from prismrec.core import BadInput, Rule
from prismrec.serving.answers import RuleOut
from prismrec.serving.requests import Id, IdInPath, Name, Strict, Time
from prismrec.serving.strict import Shop, Who, guarded

__all__ = ["router"]

router = guarded("curate", "admin")


class RuleIn(Strict):
    """What the shop decides about a search: which items come first, last, or never."""

    rule_id: Name = Field("", description="Made by the server where empty.")
    query: Id
    match: Literal["exact", "contains"] = Field(
        "exact", description="Whether the whole text is meant, or any that has these words."
    )
    pin: list[Id] = Field(default_factory=list, max_length=50, description="First, in this order.")
    bury: list[Id] = Field(default_factory=list, max_length=500, description="Last.")
    block: list[Id] = Field(default_factory=list, max_length=500, description="Never.")
    starts_at: Time | None = None
    ends_at: Time | None = None
    note: Name = ""

    def rule(self, rule_id: str) -> Rule:
        """The rule as the engine knows it."""
        given = self.model_dump()
        lists = {name: tuple(given[name]) for name in ("pin", "bury", "block")}
        return Rule(**(given | lists | {"rule_id": rule_id}))


@router.get("/rules")
async def rules(shop: Shop, request: Request) -> list[RuleOut]:
    """Every rule there is, whether it holds now or not."""
    found = await request.app.state.pool.run(shop.store.rules.list)
    return [RuleOut(**asdict(rule)) for rule in found]


@router.post("/rules")
async def put_rule(asked: RuleIn, shop: Shop, request: Request, who: Who) -> RuleOut:
    """Add a rule, or replace the one with this `rule_id`; the next search follows it. Items that
    are not in the catalogue are refused."""
    rule = asked.rule(asked.rule_id or f"rule-{secrets.token_hex(6)}")
    known = shop.snapshot.catalogue
    unknown = [i for i in (*rule.pin, *rule.bury, *rule.block) if known.position(i) < 0]
    if unknown:
        raise BadInput(f"There is no item {unknown[0]!r}.", hint="Add it first, or check its id.")
    await request.app.state.writers.run(lambda: shop.curate(rule, by=who))
    return RuleOut(**asdict(rule))


@router.delete("/rules/{rule_id:path}")
async def remove_rule(rule_id: IdInPath, shop: Shop, request: Request, who: Who) -> dict[str, str]:
    """Take a rule away; the next search no longer follows it."""
    await request.app.state.writers.run(lambda: shop.uncurate(rule_id, by=who))
    return {"removed": rule_id}
