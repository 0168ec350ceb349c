"""Asking: recommend, search, similar, explain."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Request, Response
from pydantic_core import to_json

from prismrec.collection import Collection
from prismrec.core import BadInput, Slate
from prismrec.core import Query as Question
from prismrec.serving import listing
from prismrec.serving.answers import CompleteOut, ExplainOut, FindingOut, SlateOut
from prismrec.serving.paging import cursor_of, next_page
from prismrec.serving.requests import (
    CompleteIn,
    Count,
    IdInQuery,
    NameInQuery,
    RecommendIn,
    SearchIn,
    SimilarIn,
    TextInQuery,
)
from prismrec.serving.strict import JSON, Shop, guarded

__all__ = ["router"]

router = guarded("ask", "read")


@router.post("/recommend", response_model=SlateOut)
async def recommend(asked: RecommendIn, shop: Shop, request: Request) -> Response:
    """What's for this user, session or history? Somebody new gets a sensible slate too."""
    return await _answered(request, shop, asked)


@router.get("/recommend", response_model=SlateOut)
async def recommend_user(
    shop: Shop, request: Request, user_id: NameInQuery = "", n: Count = 10
) -> Response:
    """The same for a stored user, as a link."""
    return await _answered(request, shop, RecommendIn(user_id=user_id, n=n))


@router.post("/search", response_model=SlateOut)
async def search(asked: SearchIn, shop: Shop, request: Request) -> Response:
    """Items for a text: by words, by meaning, and to this person's taste."""
    return await _answered(request, shop, asked)


@router.get("/search", response_model=SlateOut)
async def search_text(
    shop: Shop,
    request: Request,
    q: TextInQuery,
    user_id: NameInQuery = "",
    n: Count = 10,
    typing: bool = False,
) -> Response:
    """The same, as a link; with `typing`, as one types."""
    if not q:
        raise BadInput("q is empty.", hint="Give a text to look for.")
    asked = SearchIn(text=q, user_id=user_id, n=n, typing=typing)
    return await _answered(request, shop, asked)


@router.post("/complete", response_model=CompleteOut)
async def complete(asked: CompleteIn, shop: Shop, request: Request) -> Response:
    """What somebody who typed this may mean: searches that at least 10 users asked, categories,
    brands, titles of products in stock. One typing error is forgiven; nothing is logged."""
    return await request.app.state.pool.run(_completed, shop, asked.text, asked.n)


@router.get("/complete", response_model=CompleteOut)
async def complete_text(
    shop: Shop, request: Request, q: TextInQuery = "", n: Count = 8
) -> Response:
    """The same, as a link."""
    return await request.app.state.pool.run(_completed, shop, q, n)


@router.post("/similar", response_model=SlateOut)
async def similar(asked: SimilarIn, shop: Shop, request: Request) -> Response:
    """More like this item."""
    return await _answered(request, shop, asked)


@router.get("/explain", response_model=ExplainOut)
async def explain(
    shop: Shop,
    request: Request,
    item_id: IdInQuery,
    user_id: NameInQuery = "",
    session_id: NameInQuery = "",
    text: TextInQuery = "",
) -> Response:
    """Why this item scores what it does for this user: parts, past events, a sentence."""
    question = Question(user_id=user_id, session_id=session_id, text=text, explore=False)
    return await request.app.state.pool.run(_explained, shop, question, item_id)


async def _answered(
    request: Request, shop: Collection, asked: RecommendIn | SearchIn | SimilarIn
) -> Response:
    most = request.app.state.settings.max_n
    if asked.n > most:
        raise BadInput(f"n is {asked.n}, at most {most}.", hint="Ask page by page, with cursor.")
    return await request.app.state.pool.run(_answer, shop, asked)


def _answer(shop: Collection, asked: RecommendIn | SearchIn | SimilarIn) -> Response:
    """Runs on a thread of the pool, to the last byte: the event loop only passes it on."""
    question = question_of(asked)
    seen = shop.snapshot
    if asked.cursor:
        question = next_page(question, asked.cursor, seen)
    slate = shop.ask(question)
    out = slate_out(shop, slate)
    out["cursor"] = cursor_of(slate, question, seen)
    out |= dict.fromkeys(("facets", "price_ranges", "total"))
    if type(asked) is RecommendIn and not asked.cursor:
        add_chances(out, shop, slate)
    if isinstance(asked, SearchIn):
        listing.add(out, shop, asked, question, slate)
    return Response(to_json(out), media_type=JSON)


def question_of(asked: RecommendIn | SearchIn | SimilarIn) -> Question:
    """The request as the engine's `Query`."""
    history = getattr(asked, "history", None)
    return Question(
        user_id=getattr(asked, "user_id", ""),
        session_id=getattr(asked, "session_id", ""),
        text=getattr(asked, "text", ""),
        item_id=getattr(asked, "item_id", ""),
        history=None if history is None else tuple(event.event_of() for event in history),
        filters=asked.filters.filters(),
        n=asked.n,
        seed=asked.seed,
        context=asked.context,
        explore=asked.explore,
        typing=getattr(asked, "typing", False),
        listing=getattr(asked, "listing", False),
        sort=getattr(asked, "sort", "relevance"),
        ignore=tuple(getattr(asked, "ignore", ())),
    )


def slate_out(shop: Collection, slate: Slate) -> dict[str, Any]:
    """A slate in the shape of `SlateOut`, with what a page needs to show its items."""
    catalogue = shop.snapshot.catalogue
    rows = []
    for chosen in slate:
        item = catalogue.item(catalogue.position(chosen.item_id))
        rows.append(
            {
                "item_id": chosen.item_id,
                "title": item.title or item.item_id,
                "brand": item.brand,
                "categories": item.categories,
                "price": item.price,
                "score": chosen.score,
                "parts": chosen.parts,
                "reason": chosen.reason,
                "propensity": chosen.propensity,
                "sources": chosen.sources,
                "explored": chosen.explored,
                "pinned": chosen.pinned,
                "chances": None,
            }
        )
    facts = ("exposure_id", "release", "policy", "seed", "at", "notes")
    told = {name: getattr(slate, name) for name in facts}
    return {"items": rows, **told, "understood": understood_out(slate)}


def add_chances(out: dict[str, Any], shop: Collection, slate: Slate) -> None:
    """Tell of each item of a first page how likely every outcome is that was learned of."""
    learned = shop.chances(slate)
    for place, row in enumerate(out["items"]):
        row["chances"] = {outcome: found[place] for outcome, found in learned.items()} or None


def understood_out(slate: Slate) -> dict[str, Any] | None:
    """What was read in the text of a search, in the shape of `UnderstoodOut`."""
    read = slate.understood
    if read is None:
        return None
    shown = tuple(FindingOut.model_fields)
    findings = [{name: getattr(one, name) for name in shown} for one in read.findings]
    facts = ("searched", "language", "correction")
    return {**{name: getattr(read, name) for name in facts}, "findings": findings}


def _completed(shop: Collection, typed: str, n: int) -> Response:
    found = [asdict(one) for one in shop.complete(typed, n)]
    return Response(to_json({"completions": found}), media_type=JSON)


def _explained(shop: Collection, question: Question, item_id: str) -> Response:
    why = shop.engine.explain(question, item_id)
    parts = [{"name": c.name, "value": c.value, "share": c.share} for c in why.contributions]
    causes = [
        {"item_id": cause, "title": shop.snapshot.title_of(cause), "drop": float(drop)}
        for cause, drop in why.influences
    ]
    out = {
        "item_id": item_id,
        "sentence": why.sentence,
        "contributions": parts,
        "influences": causes,
    }
    return Response(to_json(out), media_type=JSON)
