"""Starting the server: one process that owns its collections, and refuses an open door."""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import uvicorn

from prismrec.collection import Collection, settings_of
from prismrec.config import ServingSettings
from prismrec.core import BadSettings
from prismrec.serving import logs
from prismrec.serving.app import create_app
from prismrec.serving.auth import refuse_open_door

__all__ = ["serve"]

log = logging.getLogger("prismrec.serving")


def serve(
    paths: Sequence[Path], settings: ServingSettings | None = None, *, store_url: str | None = None
) -> None:
    """Open the collections at `paths` and answer HTTP until stopped.

    `store_url` names the database of the durable state, instead of the one in the settings.
    Raises `BadSettings` where the address is taken, or beyond loopback without an API key.
    """
    settings = settings or settings_of(paths[0]).serving
    logs.set_up()
    one_thread_each()
    with ExitStack() as stack:
        url = f"http://{settings.host}:{settings.port}"
        collections = [
            stack.enter_context(Collection.open(path, url=url, store_url=store_url))
            for path in paths
        ]
        refuse_open_door(settings.host, collections)
        listening = _listen(settings)
        log.info("serving %s on %s", ", ".join(c.name for c in collections), url)
        config = uvicorn.Config(
            create_app(collections, settings),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=10,
        )
        uvicorn.Server(config).run(sockets=[listening])


def one_thread_each() -> None:
    """Torch and faiss on one thread each: requests run side by side, not inside one another."""
    import faiss
    import torch

    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)


def _listen(settings: ServingSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise BadSettings(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.",
            hint="Choose another with --port.",
        ) from None
    listening.set_inheritable(True)
    return listening
