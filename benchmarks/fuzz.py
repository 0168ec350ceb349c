"""Thousands of generated requests against the API: none may be answered with 5xx.

    python -m benchmarks.fuzz [--requests 5000] [--hostile 10000] [--seed 1] [--json]

Schemathesis reads the OpenAPI document and makes requests for every operation, right ones and wrong
ones. Each answer must not be 5xx and must have the content type and the shape that the document
promises. With `--hostile`, that many hostile texts are searched for and completed instead (see
`benchmarks.hostile`), each in bounded time. The app runs in this process over a small synthetic
marketplace.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from benchmarks import hostile
from benchmarks.durability import marketplace

__all__ = ["Fuzzed", "fuzz", "main"]

LONGEST = 60_000
"""Characters of a request as an address would carry it; clients refuse to send longer ones."""


@dataclass
class Fuzzed:
    """How many requests were answered how, and which answers were wrong."""

    requests: int = 0
    operations: int = 0
    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    server_errors: int = 0
    faults: list[str] = field(default_factory=list)


def fuzz(app: Any, requests: int, seed: int, collection: str) -> Fuzzed:
    """Send at least `requests` generated requests to `app`, spread over its operations.

    Half of them break the rules of the document on purpose.
    """
    import schemathesis
    from fastapi.testclient import TestClient
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [cast(Any, found).ok() for found in schema.get_all_operations()]
    began = time.perf_counter()
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        fuzzer = _Fuzzer(client, collection)
        found = fuzzer.found
        while found.requests < requests:  # operations without parameters give few each time
            each = max(1, (requests - found.requests) // (2 * len(operations)))
            for operation in operations:
                seed += 1
                fuzzer.ask(operation, GenerationMode.POSITIVE, each, seed)
                fuzzer.ask(operation, GenerationMode.NEGATIVE, each, seed)
    found.operations = len(operations)
    found.seconds = round(time.perf_counter() - began, 1)
    found.statuses = dict(sorted(found.statuses.items()))
    return found


class _Fuzzer:
    """Sends generated requests through one client and keeps count."""

    def __init__(self, client: Any, collection: str) -> None:
        self.client = client
        self.collection = collection
        self.found = Fuzzed()

    def ask(self, operation: Any, mode: Any, count: int, seed: int) -> None:
        """`count` requests of one operation; fewer where there are no more different ones."""
        from hypothesis import HealthCheck, Phase, given, settings
        from hypothesis import seed as seeded
        from hypothesis.errors import Unsatisfiable

        quiet = settings(
            max_examples=count,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        run = seeded(seed)(quiet(given(case=operation.as_strategy(generation_mode=mode))(self.one)))
        # An operation without parameters cannot be asked wrongly.
        with contextlib.suppress(Unsatisfiable):
            run()

    def one(self, case: Any) -> None:
        """Send one request and look at its answer."""
        found = self.found
        if "collection" in case.path_parameters and found.requests % 20:
            case.path_parameters["collection"] = self.collection
        request = _request(case)
        if len(quote(str(request))) > LONGEST:
            return
        answer = self.client.request(**request)
        status = str(answer.status_code)
        found.requests += 1
        found.statuses[status] = found.statuses.get(status, 0) + 1
        found.server_errors += answer.status_code >= 500
        fault = _fault(case, answer)
        if fault and len(found.faults) < 20:
            found.faults.append(f"{case.method} {case.path}: {status}: {fault[:300]}")


def _fault(case: Any, answer: Any) -> str:
    """How the answer breaks what the document promises; empty when it does not."""
    from schemathesis.core.failures import Failure, FailureGroup
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
    )

    try:
        case.validate_response(
            answer, checks=[content_type_conformance, response_schema_conformance]
        )
    except (Failure, FailureGroup) as error:
        return str(error)
    return ""


def _request(case: Any) -> dict[str, Any]:
    """A generated request as the client takes it."""
    given = case.as_transport_kwargs(base_url="http://localhost")
    kept = {name: given.get(name) for name in ("method", "url", "headers", "params", "json")}
    if given.get("data") is not None:
        kept["content"] = given["data"]
    return {name: value for name, value in kept.items() if value is not None}


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; 0 when no answer was 5xx or out of shape."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--hostile", type=int, default=0, help="search for so many hostile texts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        if asked.hostile:
            return hostile.report(marketplace(Path(folder)), asked.hostile, asked.seed, asked.json)
        found = _on_a_marketplace(Path(folder), asked.requests, asked.seed)
    if asked.json:
        print(json.dumps(asdict(found)))
    else:
        print(
            f"{found.requests} requests to {found.operations} operations in {found.seconds} s: "
            f"{found.server_errors} answers of 5xx, {len(found.faults)} out of shape"
        )
        print("answers by status: " + ", ".join(f"{k}: {v}" for k, v in found.statuses.items()))
        for fault in found.faults:
            print(fault)
    return 1 if found.server_errors or found.faults else 0


def _on_a_marketplace(folder: Path, requests: int, seed: int) -> Fuzzed:
    from prismrec.collection import Collection
    from prismrec.serving.app import create_app

    with Collection.open(marketplace(folder)) as shop:
        return fuzz(create_app([shop], trusting=True), requests, seed, shop.name)


if __name__ == "__main__":
    sys.exit(main())
