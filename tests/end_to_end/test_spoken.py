"""A language model brings candidates to a catalogue that is too large to score whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import prismrec as pr
from end_to_end.worlds import light, marketplace
from prismrec.language.chat import ChatSettings
from unit.language.chat.conftest import TITLES, make_causal


def test_names_and_wishes_become_candidates_and_follow_the_catalogue(tmp_path: Path) -> None:
    data = marketplace(tmp_path)
    folder = make_causal(tmp_path / "tiny", TITLES)
    plain = light()
    settings = replace(
        plain,
        chat=ChatSettings(model=str(folder), deadline_s=60, answer_tokens=40),
        models=replace(plain.models, experts=("popularity", "text_knn", "language_model")),
        retrieval=replace(plain.retrieval, exact_below=10, candidates=20, wished="ideal"),
    )
    with pr.fit(data, tmp_path / "shop.prism", settings=settings) as shop:
        sources = {source.name for source in shop.snapshot.recommenders}
        assert "ideal" in sources
        known = {item.item_id for item in shop.store.catalogue.load().items}
        asked = pr.Query(user_id="someone", history=_took(sorted(known)[:3]), n=10)
        before = {shown.item_id for shown in shop.ask(asked)}
        shop.upsert([pr.Item("fresh", title="A fresh thing")])
        after = {shown.item_id for shown in shop.ask(asked)}
    assert before <= known
    assert after <= known | {"fresh"}
    assert len(before) == len(after) == 10


def _took(ids: list[str]) -> tuple[pr.Event, ...]:
    return tuple(
        pr.Event(user_id="someone", item_id=one, event="view", timestamp=n)
        for n, one in enumerate(ids)
    )
