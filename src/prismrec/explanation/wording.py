"""One sentence that says why, in English or Chinese, and claims no more than the numbers carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from prismrec.core import BadInput
from prismrec.explanation.parts import Contribution

__all__ = ["FROM_HISTORY", "LANGUAGES", "aspect", "clause", "reasons_of", "sentence", "spoken_in"]

LANGUAGES = ("en", "zh")
SMALLEST = 1e-6
"""Contributions below this are rounding."""
WORTH_NAMING = 0.25
"""A further reason is named where it weighs at least this much of the first."""


def sentence(
    contributions: Sequence[Contribution],
    language: str,
    *,
    titles: Sequence[str] = (),
    reasons: int = 2,
    history: bool = True,
    said: Mapping[str, str] | None = None,
) -> str:
    """What puts an item ahead of the other candidates, from its largest contributions.

    Parts that say the same thing (two experts on what goes together) are summed first, and only
    aspects with a positive sum are named, at most `reasons`. `titles` are past items that raised
    the score, most influential first; at most two are named. `history` false, for someone without
    one, keeps the sentence from speaking of it. `said` are other words for some aspects
    (`explanation.spoken`). Raises `BadInput` for another language.
    """
    spoken, said = spoken_in(language), said or {}
    words = _WORDS[spoken]
    clauses = [
        said.get(name) or clause(name, spoken, history=history)
        for name in reasons_of(contributions, reasons)
    ]
    clauses = list(dict.fromkeys(clauses))
    told = words["because"].format(words["and"].join(clauses)) if clauses else words["nothing"]
    if titles and history:
        named = words["list"].join(words["quote"].format(title) for title in titles[:2])
        told += words["one past" if len(titles) == 1 else "two past"].format(named)
    return told


@lru_cache(maxsize=1_000)
def aspect(part: str) -> str:
    """What a part is about: its expert, or the view of an expert that has views."""
    expert, _, view = part.partition(".")
    for name in (part, expert, view.rpartition(".")[2]):
        if (kind := name.partition(":")[0]) in _ASPECTS:  # `media:image`, `shown:image`
            return _ASPECTS[kind]
    return part


def spoken_in(language: str) -> str:
    """One of `LANGUAGES`. Raises `BadInput` for another language."""
    spoken = language.split("-")[0].lower()
    if spoken not in LANGUAGES:
        raise BadInput(
            f"There are no explanations in '{language}'.",
            hint=f"Ask for one of: {', '.join(LANGUAGES)}.",
        )
    return spoken


def reasons_of(contributions: Sequence[Contribution], most: int) -> list[str]:
    """The aspects worth naming, largest first."""
    sums: dict[str, float] = {}
    for one in contributions:
        sums[aspect(one.name)] = sums.get(aspect(one.name), 0.0) + one.value
    best = sorted(sums, key=lambda name: -sums[name])[:most]
    floor = max(SMALLEST, WORTH_NAMING * sums[best[0]]) if best else 0.0
    return [name for name in best if sums[name] >= floor]


def clause(name: str, language: str, *, history: bool = True) -> str:
    """What an aspect says, in one of `LANGUAGES`; without a history nothing is said of one."""
    words = _WORDS[language]
    if not history and name in FROM_HISTORY:
        return words["newcomers"]
    return words[name] if name in words else words["other"].format(name)


_ASPECTS = {
    "words": "words",
    "lexical": "words",
    "understood": "wish",
    "meaning": "meaning",
    "shown": "shown",
    "media": "look",
    "learned": "judged",
    "read": "judged",
    "listwise": "asked",
    "text_knn": "text",
    "text": "text",
    "description": "text",
    "follows": "follows",
    "transitions": "follows",
    "similar": "together",
    "item_knn": "together",
    "ease": "together",
    "text_ease": "goes",
    "related": "related",
    "likeness": "likeness",
    "user_knn": "neighbours",
    "als": "pattern",
    "bpr": "pattern",
    "matrix_factorisation": "pattern",
    "identity": "order",
    "two_tower": "pattern",
    "two_tower.identity": "pattern",
    "attributes": "attributes",
    "popularity": "popular",
    "popular": "popular",
    "profile.popularity": "popular",
    "rule.popularity": "popular",
    "personal": "taste",
    "newcomer": "new",
    "recent": "new",
    "rule.freshness": "new",
    "repeat": "again",
    "repeats": "again",
    "rule.boost": "featured",
    "rule.curated": "featured",
    "sorted": "sorted",
    "profile": "profile",
}
"""From the name of a part, an expert or a view to what it is about."""

FROM_HISTORY = {"text", "follows", "together", "neighbours", "pattern", "order", "attributes"} | {
    "goes",
    "look",
    "likeness",
    "related",
    "taste",
    "again",
}

_ENGLISH = {
    "because": "Compared with the other candidates, {}.",
    "and": " and ",
    "list": " and ",
    "quote": "“{}”",
    "one past": " From your history, {} counts most.",
    "two past": " From your history, {} count most.",
    "nothing": "No single reason sets it apart from the other candidates.",
    "words": "its words match your search better",
    "wish": "it is of the kind, brand or property that your search names",
    "meaning": "its meaning is closer to what you look for",
    "shown": "what it shows is closer to what you look for",
    "look": "what it shows is closer to your history",
    "judged": "it is more like what was judged right for such searches",
    "asked": "a language model that compared them put it further up",
    "text": "its description is closer to your history",
    "follows": "it more often follows what is in your history",
    "together": "it more often goes together with what is in your history",
    "goes": "by its description and by who chose it, it goes better with what is in your history",
    "related": "it is known to belong with what is in your history",
    "likeness": "it is most like what fits your history better",
    "neighbours": "people with a history like yours choose it more",
    "pattern": "it fits the pattern of your past choices better",
    "order": "it fits the course of your recent choices better",
    "attributes": "its brand, category or features fit your history better",
    "popular": "it is more popular",
    "taste": "it suits your own taste better",
    "new": "it is newer",
    "again": "you are likelier to come back to it",
    "featured": "the shop features it more",
    "profile": "it fits your profile better",
    "newcomers": "it is a likelier choice for someone new",
    "sorted": "it comes earlier in the order that was asked for",
    "other": "the model “{}” rates it higher",
}

_CHINESE = {
    "because": "与其他候选相比，{}。",
    "and": "，而且",
    "list": "和",
    "quote": "“{}”",
    "one past": "在您的历史中，{}的影响最大。",
    "two past": "在您的历史中，{}的影响最大。",
    "nothing": "与其他候选相比，没有特别突出的理由。",
    "words": "它的字词与您的搜索更相符",
    "wish": "它正是您搜索中提到的品牌、类别或特征",
    "meaning": "它的意思更接近您要找的内容",
    "shown": "它呈现的内容更接近您要找的",
    "look": "它呈现的内容更接近您的历史",
    "judged": "它更像同类搜索中被评为合适的结果",
    "asked": "比较它们的语言模型把它排得更靠前",
    "text": "它的介绍更接近您的历史",
    "follows": "它更常出现在您看过的内容之后",
    "together": "它更常与您历史中的内容一起被选择",
    "goes": "从它的介绍和选择它的人来看，它与您历史中的内容更相配",
    "related": "它与您历史中的内容相关联",
    "likeness": "与它最相似的内容更符合您的历史",
    "neighbours": "与您历史相近的人更多地选择它",
    "pattern": "它更符合您以往选择的规律",
    "order": "它更符合您最近选择的走向",
    "attributes": "它的品牌、类别或特点更符合您的历史",
    "popular": "它更受欢迎",
    "taste": "它更合您的口味",
    "new": "它更新近",
    "again": "您更可能再次选择它",
    "featured": "店铺更推荐它",
    "profile": "它更符合您的资料",
    "newcomers": "新来的人更可能选择它",
    "sorted": "它在所选的排序中更靠前",
    "other": "模型“{}”对它的评分更高",
}

_WORDS = {"en": _ENGLISH, "zh": _CHINESE}
