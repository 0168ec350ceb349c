"""Asking: recommend, search, similar, explain."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from prismrec.collection import Collection
from prismrec.core import Query as Question
from prismrec.core import Slate
from prismrec.retrieval.filters import facet_counts, filter_mask
from prismrec.serving.auth import needs
from prismrec.serving.paging import cursor_of, next_page
from prismrec.serving.schemas import (
    ContributionOut,
    ExplainOut,
    RecommendIn,
    SearchIn,
    SimilarIn,
    SlateItemOut,
    SlateOut,
)

__all__ = ["router", "slate_out"]

router = APIRouter(tags=["ask"], dependencies=[Depends(needs("read"))])
N = Annotated[int, Query(ge=1, le=200)]


@router.post("/recommend")
async def recommend(collection: str, asked: RecommendIn, request: Request) -> SlateOut:
    """What's for this user, session or history? Somebody new gets a sensible slate too."""
    shop: Collection = request.app.state.collection(collection)
    return await request.app.state.pool.run(_answer, shop, asked)


@router.get("/recommend")
async def recommend_user(
    collection: str, request: Request, user_id: str = "", n: N = 10
) -> SlateOut:
    """The same for a stored user, as a link."""
    return await recommend(collection, RecommendIn(user_id=user_id, n=n), request)


@router.post("/search")
async def search(collection: str, asked: SearchIn, request: Request) -> SlateOut:
    """Items for a text: by words, by meaning, and to this person's taste."""
    shop: Collection = request.app.state.collection(collection)
    return await request.app.state.pool.run(_answer, shop, asked)


@router.get("/search")
async def search_text(
    collection: str,
    request: Request,
    q: Annotated[str, Query(min_length=1, max_length=20_000)],
    user_id: str = "",
    n: N = 10,
) -> SlateOut:
    """The same, as a link."""
    return await search(collection, SearchIn(text=q, user_id=user_id, n=n), request)


@router.post("/similar")
async def similar(collection: str, asked: SimilarIn, request: Request) -> SlateOut:
    """More like this item."""
    shop: Collection = request.app.state.collection(collection)
    return await request.app.state.pool.run(_answer, shop, asked)


@router.get("/explain")
async def explain(
    collection: str,
    request: Request,
    item_id: str,
    user_id: str = "",
    session_id: str = "",
    text: str = "",
) -> ExplainOut:
    """Why this item scores what it does for this user: parts, past events, a sentence."""
    shop: Collection = request.app.state.collection(collection)
    question = Question(user_id=user_id, session_id=session_id, text=text, explore=False)
    why = await request.app.state.pool.run(shop.engine.explain, question, item_id)
    return ExplainOut(
        item_id=item_id,
        sentence=why.sentence,
        contributions=[
            ContributionOut(name=c.name, value=c.value, share=c.share) for c in why.contributions
        ],
        influences=[
            {"item_id": i, "title": shop.snapshot.title_of(i), "drop": drop}
            for i, drop in why.influences
        ],
    )


def _answer(shop: Collection, asked: RecommendIn | SearchIn | SimilarIn) -> SlateOut:
    question = question_of(asked)
    if isinstance(asked, RecommendIn) and asked.cursor:
        question = next_page(question, asked.cursor)
    slate = shop.ask(question)
    out = slate_out(shop, slate)
    out.cursor = cursor_of(slate, question)
    if isinstance(asked, SearchIn) and asked.facets:
        snapshot = shop.snapshot
        allowed = snapshot.alive & filter_mask(asked.filters.filters(), snapshot.filters)
        out.facets = facet_counts(snapshot.filters, allowed)
    return out


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
    )


def slate_out(shop: Collection, slate: Slate) -> SlateOut:
    """A slate in the API's shape, with what a page needs to show its items."""
    catalogue = shop.snapshot.catalogue
    rows = []
    for chosen in slate:
        item = catalogue.item(catalogue.position(chosen.item_id))
        rows.append(
            SlateItemOut(
                item_id=chosen.item_id,
                title=item.title or item.item_id,
                brand=item.brand,
                categories=list(item.categories),
                price=item.price,
                score=chosen.score,
                parts=chosen.parts,
                reason=chosen.reason,
                propensity=chosen.propensity,
                sources=list(chosen.sources),
                explored=chosen.explored,
            )
        )
    return SlateOut(
        items=rows,
        exposure_id=slate.exposure_id,
        release=slate.release,
        policy=slate.policy,
        seed=slate.seed,
        at=slate.at,
        notes=list(slate.notes),
    )
