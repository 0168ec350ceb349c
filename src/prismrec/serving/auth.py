"""Who may do what: API keys with roles, a rate limit, and no open door beyond loopback."""

from __future__ import annotations

import hashlib
import ipaddress
import threading
import time
from collections import OrderedDict

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from prismrec.collection import Collection
from prismrec.core import BadSettings, PrismError
from prismrec.serving.guard import host_name
from prismrec.store import Key

__all__ = [
    "Forbidden",
    "KeyRing",
    "RateLimit",
    "TooMany",
    "Unauthorized",
    "admitted",
    "is_loopback",
    "refuse_open_door",
]


class Unauthorized(PrismError):
    """No key, or one that is not known."""

    status = 401
    title = "Unauthorized"


class Forbidden(PrismError):
    """A key whose role does not reach this far."""

    status = 403
    title = "Forbidden"


class TooMany(PrismError):
    """More requests a second than this key or address may send."""

    status = 429
    title = "Too many requests"

    def __init__(self, message: str, *, hint: str = "", retry_after: float = 1.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


def refuse_open_door(host: str, collections: list[Collection]) -> None:
    """Raise `BadSettings` if the server would listen beyond loopback without a key."""
    if is_loopback(host):
        return
    for collection in collections:
        if all(key.revoked_at is not None for key in collection.store.keys.list()):
            raise BadSettings(
                f"Refusing to listen on {host} without an API key for '{collection.name}'.",
                hint=f"Make one with: prismrec keys create {collection.path} --role admin",
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


async def admitted(request: Request, role: str) -> str:
    """Who asks, for the audit trail: the key's label, or "local" where no key was ever made.

    Raises `Unauthorized`, `Forbidden` or `TooMany`. A collection without any key is open to this
    machine alone: the server listens on loopback, and the Host header must name loopback, so that
    a foreign page cannot reach it through a name that it made point here (DNS rebinding).
    """
    collection: Collection = request.app.state.collection(request.path_params["collection"])
    ring: KeyRing = request.app.state.key_ring
    limit: RateLimit = request.app.state.rate_limit
    key = await ring.check(collection, token_of(request))
    limit.spend(key.key_id if key else request.client.host if request.client else "")
    if key is None:
        if not await ring.is_open(collection):
            raise Unauthorized(
                "This collection needs an API key.", hint="Send it in the header X-API-Key."
            )
        if not ring.trusting and not is_loopback(host_name(request.headers.get("host", ""))):
            raise Forbidden(
                "A collection without an API key answers to loopback names only.",
                hint="Ask for localhost, or make a key with: prismrec keys create",
            )
        return "local"
    if not key.allows(role):
        raise Forbidden(
            f"This needs the role '{role}', the key has '{key.role}'.",
            hint=f"Use a key made with --role {role}.",
        )
    return key.name or key.key_id


def token_of(request: Request) -> str:
    """The API key of a request, from either header."""
    bearer = request.headers.get("authorization", "")
    if bearer.lower().startswith("bearer "):
        return bearer[7:].strip()
    return request.headers.get("x-api-key", "")


class KeyRing:
    """Which keys are good, asked of the store at most every `seconds` for each.

    A key that is revoked through this server is refused at once; one that another process revokes,
    within `seconds`. `trusting` is for callers that own the files anyway: nobody needs a key.
    """

    def __init__(self, *, trusting: bool = False, seconds: float = 2.0, most: int = 1_000) -> None:
        self.trusting = trusting
        self._seconds = seconds
        self._most = most
        self._known: dict[tuple[str, str], tuple[float, Key | None]] = {}
        self._open: dict[str, tuple[float, bool]] = {}

    async def check(self, collection: Collection, token: str) -> Key | None:
        """The key that `token` is, if it is a good one."""
        if not token or self.trusting:
            return None
        name = collection.name, hashlib.sha256(token.encode(errors="replace")).hexdigest()
        until, key = self._known.get(name, (0.0, None))
        if time.monotonic() > until:
            known = self._known
            key = await run_in_threadpool(collection.store.keys.check, token)
            if len(known) >= self._most:
                known.clear()
            # Into the dictionary of before: a key revoked meanwhile must not come back.
            known[name] = time.monotonic() + self._seconds, key
        return key

    async def is_open(self, collection: Collection) -> bool:
        """Whether no key was ever made for the collection: the server then listens on loopback."""
        if self.trusting:
            return True
        until, is_open = self._open.get(collection.name, (0.0, False))
        if time.monotonic() > until:
            known = self._open
            is_open = not await run_in_threadpool(collection.store.keys.list)
            known[collection.name] = time.monotonic() + self._seconds, is_open
        return is_open

    def forget(self) -> None:
        """Ask the store anew: a key was made or revoked."""
        self._known, self._open = {}, {}


class RateLimit:
    """A token bucket for each key or address: `rate` requests a second, bursts of twice that."""

    def __init__(self, rate: float, most: int = 10_000) -> None:
        self.rate = rate
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, who: str) -> None:
        """Take one request from `who`'s bucket, or raise `TooMany`."""
        if self.rate <= 0:
            return
        now = time.monotonic()
        burst = max(2 * self.rate, 1.0)
        with self._lock:
            left, then = self._buckets.pop(who, (burst, now))
            left = min(burst, left + (now - then) * self.rate)
            self._buckets[who] = (left - 1 if left >= 1 else left, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        if left < 1:
            raise TooMany(
                f"More than {self.rate:g} requests a second.",
                hint="Wait, then send fewer; events go in batches.",
                retry_after=(1 - left) / self.rate,
            )
