"""Managing: releases, erasure, API keys. Every change leaves a line in the audit trail."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from prismrec.collection import Collection
from prismrec.serving.auth import needs
from prismrec.serving.schemas import KeyIn, PromoteIn

__all__ = ["router"]

router = APIRouter(tags=["manage"])
Admin = Annotated[str, Depends(needs("admin"))]


@router.post("/releases/promote")
async def promote(
    collection: str, asked: PromoteIn, request: Request, admin: Admin
) -> dict[str, int]:
    """Serve this release from the next request on."""
    shop: Collection = request.app.state.collection(collection)
    await request.app.state.writers.run(lambda: shop.promote(asked.release, by=admin))
    return {"release": shop.snapshot.release}


@router.post("/releases/rollback")
async def rollback(collection: str, request: Request, admin: Admin) -> dict[str, int]:
    """Serve the release that was served before this one."""
    shop: Collection = request.app.state.collection(collection)
    return {"release": await request.app.state.writers.run(lambda: shop.rollback(by=admin))}


@router.delete("/users/{user_id}")
async def erase(collection: str, user_id: str, request: Request, admin: Admin) -> dict[str, int]:
    """Forget a user: profile, events, exposures, linked sessions."""
    shop: Collection = request.app.state.collection(collection)
    return await request.app.state.writers.run(lambda: shop.erase(user_id, by=admin))


@router.get("/audit")
async def audit(collection: str, request: Request, admin: Admin) -> list[dict[str, Any]]:
    """Every promote, rollback, erase and key change, newest first."""
    shop: Collection = request.app.state.collection(collection)
    lines = await request.app.state.pool.run(shop.store.audit.lines)
    return [
        {"seq": x.seq, "at": x.at, "who": x.who, "action": x.action, "details": dict(x.details)}
        for x in reversed(lines)
    ]


@router.post("/keys")
async def create_key(
    collection: str, asked: KeyIn, request: Request, admin: Admin
) -> dict[str, str]:
    """A new API key. It is shown this once; the store keeps only its hash."""
    shop: Collection = request.app.state.collection(collection)
    key = await request.app.state.writers.run(
        lambda: shop.store.keys.create(asked.label, asked.role, who=admin)
    )
    request.app.state.key_ring.forget()
    return {"key": key, "role": asked.role, "label": asked.label}


@router.get("/keys")
async def keys(collection: str, request: Request, admin: Admin) -> list[dict[str, Any]]:
    """The keys that exist, without their secrets."""
    shop: Collection = request.app.state.collection(collection)
    return [
        {
            "key_id": key.key_id,
            "role": key.role,
            "label": key.name,
            "revoked": key.revoked_at is not None,
        }
        for key in await request.app.state.pool.run(shop.store.keys.list)
    ]


@router.delete("/keys/{key_id}")
async def revoke_key(
    collection: str, key_id: str, request: Request, admin: Admin
) -> dict[str, str]:
    """Revoke an API key at once."""
    shop: Collection = request.app.state.collection(collection)
    await request.app.state.writers.run(lambda: shop.store.keys.revoke(key_id, who=admin))
    request.app.state.key_ring.forget()
    return {"revoked": key_id}
