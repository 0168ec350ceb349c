"""Starting the server: one process that owns its collections, and refuses an open door."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import uvicorn

from prismrec.collection import Collection
from prismrec.config import ServingSettings
from prismrec.core import BadSettings
from prismrec.folder import settings_of
from prismrec.language.chat import shared_chat_model
from prismrec.serving import logs
from prismrec.serving.app import create_app
from prismrec.serving.auth import refuse_open_door
from prismrec.threads import one_thread_each

__all__ = ["serve"]

log = logging.getLogger("prismrec.serving")

KEEP_ALIVE = 75
"""Seconds that an idle connection stays open: longer than the minute after which proxies drop
theirs, so that none sends a request into a connection that is just being closed."""


def serve(
    paths: Sequence[Path], settings: ServingSettings | None = None, *, store_url: str | None = None
) -> None:
    """Open the collections at `paths` and answer HTTP until stopped by SIGINT or SIGTERM.

    `store_url` names the database of the durable state, instead of the one in the settings.
    Raises `BadSettings` where the address is taken, or beyond loopback without an API key.
    """
    settings = settings or settings_of(paths[0]).serving
    logs.set_up()
    one_thread_each()
    with ExitStack() as stack:
        listening = stack.enter_context(_listening(settings))
        url = f"http://{_shown(settings.host)}:{settings.port}"
        collections = [
            stack.enter_context(Collection.open(path, url=url, store_url=store_url))
            for path in paths
        ]
        refuse_open_door(settings.host, collections)
        for collection in collections:
            # What is wrong with these is said now.
            shared_chat_model(collection.settings.chat)
            collection.opinions.ready()
        log.info("serving %s on %s", ", ".join(c.name for c in collections), url)
        config = uvicorn.Config(
            create_app(collections, settings),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=10,
        )
        _favour_answers()
        with _closing_on_signals():
            uvicorn.Server(config).run(sockets=[listening])


def _favour_answers() -> None:
    """Short turns for threads, so that the event loop waits less for those that compute; and what
    was loaded at the start is left alone by the garbage collector, which else stops all of them to
    walk through a catalogue that never goes away."""
    sys.setswitchinterval(0.001)
    gc.collect()
    gc.freeze()


@contextmanager
def _closing_on_signals() -> Iterator[None]:
    """The web server raises the signal that stopped it once more when it is done: then what is
    queued must still be written and the store be let go, so it must not end the process there."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    except KeyboardInterrupt:
        log.info("stopped")
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _listening(settings: ServingSettings) -> Iterator[socket.socket]:
    """The bound socket, before anything slow: whether the address is free is known at once.

    It listens only when the server runs, so nobody connects to one that cannot answer yet.
    """
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends small answers at once; else they wait 40 ms for an ACK.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, settings.port))
        except (OSError, OverflowError) as error:
            raise BadSettings(
                f"Cannot listen on {settings.host}:{settings.port}: {error}.",
                hint="Choose another address with --host and --port.",
            ) from None
        yield listening


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
