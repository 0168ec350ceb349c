"""Curating: rules that pin, bury or block items in the searches for a text. Every change leaves a
line in the audit trail."""

from __future__ import annotations

import secrets
from dataclasses import asdict

from fastapi import Request

from prismrec.core import BadInput
from prismrec.serving.answers import RuleOut
from prismrec.serving.requests import IdInPath, RuleIn
from prismrec.serving.strict import Shop, Who, guarded

__all__ = ["router"]

router = guarded("curate", "admin")


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
