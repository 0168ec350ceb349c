"""Managing: releases, erasure, API keys. Every change leaves a line in the audit trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

from prismrec.serving.answers import AuditOut, KeyMade, KeyOut
from prismrec.serving.requests import IdInPath, Name, Strict
from prismrec.serving.strict import Shop, Who, guarded

__all__ = ["router"]

router = guarded("manage", "admin")
After = Annotated[int, Query(ge=0, lt=2**53)]


class PromoteIn(Strict):
    """Which release to serve from the next request on."""

    release: int = Field(ge=1, lt=2**31, strict=True)


class KeyIn(Strict):
    """A new API key: what it may do, and for whom it is."""

    role: str = Field(pattern="^(read|write|admin)$")
    label: Name = ""


@router.post("/releases/promote")
async def promote(asked: PromoteIn, shop: Shop, request: Request, who: Who) -> dict[str, int]:
    """Serve this release from the next request on."""
    await request.app.state.writers.run(lambda: shop.promote(asked.release, by=who))
    return {"release": shop.snapshot.release}


@router.post("/releases/rollback")
async def rollback(shop: Shop, request: Request, who: Who) -> dict[str, int]:
    """Serve the release that was served before this one."""
    return {"release": await request.app.state.writers.run(lambda: shop.rollback(by=who))}


@router.delete("/users/{user_id:path}")
async def erase(user_id: IdInPath, shop: Shop, request: Request, who: Who) -> dict[str, int]:
    """Forget a user: profile, events, exposures, linked sessions, conversations under way. Answers
    what was removed."""
    request.app.state.talk.conversations[shop.name].forget(user_id)
    return await request.app.state.writers.run(lambda: shop.erase(user_id, by=who))


@router.get("/audit")
async def audit(shop: Shop, request: Request, after: After = 0) -> list[AuditOut]:
    """Every promote, rollback, erase and key change after line `after`, up to 1,000 of them,
    newest first."""
    lines = await request.app.state.pool.run(shop.store.audit.lines, after)
    return [
        AuditOut(
            seq=line.seq,
            at=line.at,
            who=line.who,
            action=line.action,
            details=dict(line.details),
            hash=line.hash,
        )
        for line in reversed(lines)
    ]


@router.post("/keys")
async def create_key(asked: KeyIn, shop: Shop, request: Request, who: Who) -> KeyMade:
    """A new API key. It is shown this once; the store keeps only its hash."""
    keys = shop.store.keys
    key = await request.app.state.writers.run(lambda: keys.create(asked.label, asked.role, who=who))
    request.app.state.key_ring.forget()
    return KeyMade(key=key, role=asked.role, label=asked.label)


@router.get("/keys")
async def keys(shop: Shop, request: Request) -> list[KeyOut]:
    """The keys there are and were, without their secrets."""
    return [
        KeyOut(
            key_id=key.key_id,
            role=key.role,
            label=key.name,
            created_at=key.created_at,
            revoked=key.revoked_at is not None,
        )
        for key in await request.app.state.pool.run(shop.store.keys.list)
    ]


@router.delete("/keys/{key_id}")
async def revoke_key(key_id: IdInPath, shop: Shop, request: Request, who: Who) -> dict[str, str]:
    """Revoke an API key at once."""
    await request.app.state.writers.run(lambda: shop.store.keys.revoke(key_id, who=who))
    request.app.state.key_ring.forget()
    return {"revoked": key_id}
