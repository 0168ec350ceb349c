"""Where an endpoint is: its host resolved once, and refused where it is nobody's business."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from prismrec.core import BadSettings
from prismrec.language.chat.source import Failed
from prismrec.language.chat.time_limit import TimeLimit

__all__ = ["Place", "place_of", "resolved"]

_TUNNELS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))
"""Ranges of IPv6 that carry an address of IPv4 to somewhere else."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Place:
    """The parts of an endpoint's address: `path` begins with `/`, without one at its end."""

    secure: bool
    host: str
    port: int
    path: str


def place_of(endpoint: str, private_hosts: Sequence[str]) -> Place:
    """The place that the setting names. Raises `BadSettings` for what is no plain base address, and
    for `http` to a host that is not listed: the key would travel in the clear."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    extras = parts.username is not None or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or extras:
        raise BadSettings(
            "chat.endpoint is not the base address of an endpoint.",
            hint="Write it as https://host/v1, without user, question mark or hash.",
        )
    secure = parts.scheme == "https"
    if not secure and not _listed_host(parts.hostname, private_hosts):
        raise BadSettings(
            "chat.endpoint is plain http.",
            hint="Use https, or list its host in chat.private_hosts if it is your own.",
        )
    port = port or (443 if secure else 80)
    return Place(secure, parts.hostname, port, parts.path.rstrip("/"))


def resolved(place: Place, private_hosts: Sequence[str], limit: TimeLimit) -> tuple[str, ...]:
    """The addresses of the host, every one of them allowed. Raises `Failed`.

    In a thread of its own, because looking up a host name knows no time limit.
    """
    found: list[tuple[str, ...]] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
            found.append(tuple(dict.fromkeys(str(row[4][0]) for row in rows)))
        except (OSError, UnicodeError):
            found.append(())

    thread = threading.Thread(target=ask, name="prismrec-resolve", daemon=True)
    thread.start()
    thread.join(limit.left())
    limit.left()
    addresses = found[0] if found else ()
    if not addresses:
        raise Failed("unreachable", "The host of chat.endpoint is not known.", free=True)
    if not all(_allowed(address, place.host, private_hosts) for address in addresses):
        raise Failed("address", "chat.endpoint has a private address.", free=True)
    return addresses


def _allowed(text: str, host: str, private_hosts: Sequence[str]) -> bool:
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if _listed_host(host, private_hosts) or _listed_address(address, private_hosts):
        return True
    tunnel = isinstance(address, ipaddress.IPv6Address) and any(address in net for net in _TUNNELS)
    return address.is_global and not (address.is_multicast or address.is_reserved or tunnel)


def _listed_host(host: str, private_hosts: Sequence[str]) -> bool:
    if host.lower() in {entry.lower() for entry in private_hosts}:
        return True
    try:
        return _listed_address(ipaddress.ip_address(host), private_hosts)
    except ValueError:
        return False


def _listed_address(address: Address, private_hosts: Sequence[str]) -> bool:
    for entry in private_hosts:
        try:
            if address in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:  # a name, not a network
            continue
    return False
