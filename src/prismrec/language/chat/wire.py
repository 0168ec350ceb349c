"""One request over one connection to a pinned address; every step looks at the deadline."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore

from prismrec.core import ChatRefused
from prismrec.language.chat.addresses import Place
from prismrec.language.chat.source import Failed
from prismrec.language.chat.time_limit import TimeLimit

__all__ = ["Answer", "post"]

_CHUNK = 65_536


@dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def post(
    place: Place,
    addresses: Sequence[str],
    body: bytes,
    headers: Mapping[str, str],
    limit: TimeLimit,
    most: int,
) -> Answer:
    """POST `body` to the first of `addresses` that takes the connection.

    TLS is checked against the name in `place`. Neither redirects nor proxies of the environment are
    followed, and no more than `most` bytes are read. Raises `Failed`, or `ChatRefused` when the
    time is over, however slowly the other side speaks.
    """
    network = _Pinned(addresses, limit)
    scheme = b"https" if place.secure else b"http"
    origin = httpcore.Origin(scheme, place.host.encode(), place.port)
    context = _trust() if place.secure else None
    connection = httpcore.HTTPConnection(origin, ssl_context=context, network_backend=network)
    request = httpcore.Request(
        "POST",
        httpcore.URL(
            scheme=scheme,
            host=place.host.encode(),
            port=place.port,
            target=(place.path or "/").encode(),
        ),
        headers=[(b"Host", _host(place)), *((k.encode(), v.encode()) for k, v in headers.items())],
        content=body,
    )
    try:
        with connection:
            return _read(connection.handle_request(request), most)
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        OSError,
    ) as error:
        if network.connected and isinstance(error, (httpcore.TimeoutException, TimeoutError)):
            raise ChatRefused("deadline", "The language model did not answer in time.") from None
        raise Failed(
            "unreachable",
            f"The connection to the language model failed ({type(error).__name__}).",
            again=True,
            free=not network.connected,
        ) from None


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that this machine trusts; reading them takes long enough to do it once."""
    return ssl.create_default_context()


def _host(place: Place) -> bytes:
    host = f"[{place.host}]" if ":" in place.host else place.host
    usual = 443 if place.secure else 80
    return (host if place.port == usual else f"{host}:{place.port}").encode("idna")


def _read(response: httpcore.Response, most: int) -> Answer:
    try:
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > most:
                raise Failed("too-large", f"The answer is larger than {most} bytes.")
    finally:
        response.close()
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }
    return Answer(response.status, headers, bytes(body))


class _Pinned(httpcore.NetworkBackend):
    """Connects to the addresses that were looked up, whatever name is asked for."""

    def __init__(self, addresses: Sequence[str], limit: TimeLimit) -> None:
        self._addresses, self._limit = addresses, limit
        self.connected = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        problem: OSError = OSError("no address")
        for others, address in zip(range(len(self._addresses))[::-1], self._addresses, strict=True):
            try:
                share = self._limit.left() / (others + 1)  # a silent one leaves time for the rest
                found = socket.create_connection((address, port), share)
            except OSError as error:
                problem = error
                continue
            self.connected = True
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            return _Stream(found, self._limit)
        raise problem


class _Stream(httpcore.NetworkStream):
    """A socket whose every step gets the time that is left, never a time of its own."""

    def __init__(self, connected: socket.socket, limit: TimeLimit) -> None:
        self._socket, self._limit = connected, limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(self._limit.left())
        return self._socket.recv(min(max_bytes, _CHUNK))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        while rest:
            self._socket.settimeout(self._limit.left())
            try:
                rest = rest[self._socket.send(rest) :]
            except (BrokenPipeError, ConnectionResetError):
                # It may have answered before it read all, which is then still to be read.
                raise httpcore.WriteError from None

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            self._socket.settimeout(self._limit.left())
            wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return _Stream(wrapped, self._limit)
