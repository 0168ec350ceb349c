"""Errors as RFC 9457 problem documents: what went wrong, and what to change."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from prismrec.core import Busy, PrismError

__all__ = ["Problem", "install", "problem"]

log = logging.getLogger("prismrec.serving")


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

    @app.exception_handler(PrismError)
    async def on_prism_error(request: Request, error: PrismError) -> JSONResponse:
        headers = (
            {"Retry-After": str(max(1, round(error.retry_after)))}
            if isinstance(error, Busy)
            else None
        )
        if error.status >= 500 and not isinstance(error, Busy):
            log.error("%s: %s", error.title, error.message)
        return problem(
            error.status,
            error.title,
            error.message,
            hint=error.hint,
            headers=headers,
            instance=request.url.path,
        )

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> JSONResponse:
        rows = [
            {"where": ".".join(map(str, row["loc"])), "what": row["msg"]} for row in error.errors()
        ]
        first = f"{rows[0]['where']}: {rows[0]['what']}" if rows else "The request is not valid."
        return problem(
            422,
            "Bad request",
            first,
            hint="Compare the request with the OpenAPI document at /docs.",
            instance=request.url.path,
            errors=rows,
        )

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(
            error.status_code,
            str(error.detail),
            f"{request.method} {request.url.path}: {error.detail}.",
            headers=dict(error.headers or {}),
            instance=request.url.path,
        )

    @app.exception_handler(Exception)
    async def on_anything(request: Request, error: Exception) -> JSONResponse:
        log.exception("unexpected error in %s %s", request.method, request.url.path)
        return problem(
            500,
            "Unexpected error",
            "Something went wrong inside PrismRec.",
            hint="The server's log has the details.",
            instance=request.url.path,
        )
