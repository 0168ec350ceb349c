"""The OpenAPI document: what FastAPI finds in the routes, with the errors as they are answered."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

__all__ = ["described"]

PROBLEM = "application/problem+json"


def described(app: FastAPI) -> None:
    """Make `app.openapi()` say that errors are problem documents."""
    found = app.openapi

    def openapi() -> dict[str, Any]:
        document = found()
        for methods in document["paths"].values():
            for operation in methods.values():
                for status, answer in operation["responses"].items():
                    content = answer.get("content", {})
                    if status >= "400" and "application/json" in content:
                        answer["content"] = {PROBLEM: content["application/json"]}
        return document

    app.openapi = openapi  # type: ignore[method-assign]
