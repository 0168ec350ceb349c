"""Errors as RFC 9457 problem documents: what went wrong, and what to change."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from prismrec.core import PrismError

__all__ = ["Problem", "install", "problem"]

log = logging.getLogger("prismrec.serving")

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MOST_ROWS = 20
"""Faults listed in one answer; a body of a thousand bad rows needs no more to be mended."""


class Problem(BaseModel):
    """A problem document (RFC 9457), `application/problem+json`."""

    type: str = Field(description="A name for this kind of problem.")
    title: str
    status: int
    detail: str
    hint: str = Field("", description="What to change.")
    instance: str = ""
    errors: list[dict[str, Any]] = Field(default_factory=list, description="One entry a bad field.")


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    hint: str = "",
    headers: dict[str, str] | None = None,
    instance: str = "",
    errors: list[dict[str, Any]] | None = None,
) -> JSONResponse:
    """A problem document as a response."""
    document = Problem(
        type=f"urn:prismrec:problem:{title.lower().replace(' ', '-')}",
        title=title,
        status=status,
        detail=detail,
        hint=hint,
        instance=instance,
        errors=errors or [],
    )
    return JSONResponse(
        document.model_dump(),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


def install(app: FastAPI) -> None:
    """Make every error of the app a problem document."""
    app.exception_handler(PrismError)(on_prism_error)
    app.exception_handler(RequestValidationError)(on_validation)
    app.exception_handler(HTTPException)(on_http)


async def on_prism_error(request: Request, error: PrismError) -> JSONResponse:
    if error.status >= 500 and error.status != 503:
        log.error("%s: %s", error.title, error.message)
    return problem(
        error.status,
        error.title,
        error.message,
        hint=error.hint,
        headers=_headers(error),
        instance=request.url.path,
    )


async def on_validation(request: Request, error: RequestValidationError) -> JSONResponse:
    rows = [
        {"where": ".".join(map(str, row["loc"])), "what": row["msg"]}
        for row in error.errors()[:MOST_ROWS]
    ]
    return problem(
        422,
        "Bad request",
        f"{rows[0]['where']}: {rows[0]['what']}" if rows else "The request is not valid.",
        hint="Compare the request with the description at /docs.",
        instance=request.url.path,
        errors=rows,
    )


async def on_http(request: Request, error: HTTPException) -> JSONResponse:
    status, headers = error.status_code, dict(error.headers or {})
    if status == 405:
        allowed = allowed_methods(request)
        headers["Allow"] = ", ".join(allowed)
        status = 405 if allowed else 404
    title = HTTPStatus(status).phrase
    said = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
    return problem(
        status,
        title,
        said or _detail(status, request.method),
        hint=_hint(status, headers),
        headers=headers if headers.get("Allow", "x") else None,
        instance=request.url.path,
    )


def allowed_methods(request: Request) -> list[str]:
    """The methods that the request's path knows; none where there is no such path."""
    found = []
    for method in METHODS:
        scope = {**request.scope, "method": method}
        for route in request.app.router.routes:
            if isinstance(route, Mount):
                continue  # it would take any path
            if route.matches(scope)[0] is Match.FULL:
                found.append(method)
                break
    if not found and not request.url.path.startswith("/v1"):
        found.append("GET")  # a page of the console, or none at all
    return [*found, "HEAD"] if "GET" in found else found


def _headers(error: PrismError) -> dict[str, str] | None:
    if error.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="prismrec"'}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        return {"Retry-After": str(max(1, round(retry_after)))}
    return None


def _detail(status: int, method: str) -> str:
    if status == 404:
        return "There is nothing at this address."
    if status == 405:
        return f"{method} is not known here."
    return f"{HTTPStatus(status).phrase}."


def _hint(status: int, headers: dict[str, str]) -> str:
    if status == 404:
        return "The routes are described at /docs."
    if status == 405:
        return f"Use {headers['Allow']}."
    return ""
