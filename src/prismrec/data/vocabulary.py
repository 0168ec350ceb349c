"""One column vocabulary, and how the columns of a file are matched to it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prismrec.core import BadInput, BadSettings
from prismrec.data.settings import DEFAULTS, DataSettings, split_mapping

__all__ = ["GRADES", "REQUIRED", "VOCABULARY", "Matched", "match_columns", "plain"]

_USER = (
    "userid", "user", "uid", "username", "customerid", "customer", "clientid", "memberid",
    "visitorid", "buyerid", "reviewerid", "accountid", "profileid", "用户id", "用户", "用户编号",
)  # fmt: skip
_ITEM = (
    "itemid", "item", "iid", "productid", "product", "sku", "asin", "parentasin", "movieid",
    "articleid", "clickarticleid", "bookid", "isbn", "newsid", "videoid", "songid", "trackid",
    "gameid", "stockcode", "goodsid", "contentid", "documentid", "docid", "商品id", "商品",
    "物品id", "商品编号",
)  # fmt: skip
_TIME = (
    "timestamp", "time", "ts", "datetime", "date", "eventtime", "eventtimestamp", "clicktimestamp",
    "unixreviewtime", "reviewtime", "createdat", "occurredat", "invoicedate", "orderdate", "when",
    "时间戳", "时间", "日期",
)  # fmt: skip
GRADES = ("rating", "ratings", "stars", "score", "grade", "overall", "评分")
"""Names of a value column that make an untyped event a rating."""

VOCABULARY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "items": {
        "item_id": (*_ITEM, "id"),
        "title": ("title", "name", "itemname", "productname", "producttitle", "movietitle",
                  "headline", "标题", "名称", "商品名称"),
        "description": ("description", "desc", "details", "abstract", "overview", "summary",
                        "content", "body", "text", "描述", "简介"),
        "brand": ("brand", "brandname", "manufacturer", "maker", "publisher", "品牌"),
        "categories": ("categories", "category", "genres", "genre", "categoryid", "class",
                       "producttype", "类别", "分类", "类目"),
        "attributes": ("attributes", "attrs", "properties", "features", "属性"),
        "price": ("price", "unitprice", "listprice", "cost", "价格"),
        "available": ("available", "availability", "instock", "isavailable", "stock", "库存"),
        "created_at": ("createdat", "created", "publishedat", "publishtime", "releasedate",
                       "createdatts", "dateadded", "上架时间"),
    },
    "events": {
        "user_id": _USER,
        "item_id": _ITEM,
        "event": ("event", "eventtype", "behavior", "behaviour", "behaviortype", "action",
                  "actiontype", "interaction", "interactiontype", "type", "行为", "行为类型"),
        "timestamp": _TIME,
        "value": ("value", *GRADES, "price", "amount", "total", "revenue", "duration", "dwelltime"),
        "event_id": ("eventid", "interactionid", "idempotencykey"),
        "session_id": ("sessionid", "session", "sid", "会话id"),
        "query": ("query", "searchquery", "searchterm", "keywords", "查询"),
    },
    "users": {
        "user_id": (*_USER, "id"),
        "tags": ("tags", "interests", "interesttags", "兴趣", "标签"),
        "latitude": ("latitude", "lat", "纬度"),
        "longitude": ("longitude", "lon", "lng", "经度"),
    },
    "relations": {
        "source": ("source", "sourceid", "from", "follower", "userid1", "itemid1", "head",
                   "subject"),
        "target": ("target", "targetid", "to", "followee", "userid2", "itemid2", "tail",
                   "object"),
        "kind": ("kind", "relation", "relationtype", "type", "predicate"),
        "weight": ("weight", "strength"),
        "between": ("between",),
    },
    "judgments": {
        "query": ("query", "searchquery", "searchterm", "searchterms", "keywords", "查询"),
        "item_id": (*_ITEM, "id"),
        "grade": ("grade", "relevance", "label", "judgment", "judgement", *GRADES, "相关性"),
    },
}  # fmt: skip

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "items": ("item_id",),
    "events": ("user_id", "item_id"),
    "users": ("user_id",),
    "relations": ("source", "target"),
    "judgments": ("query", "item_id", "grade"),
}


@dataclass(frozen=True)
class Matched:
    """Which column of a file holds which word; `guessed` are those nobody named."""

    columns: dict[str, str]
    guessed: dict[str, str]
    ignored: tuple[str, ...]


def plain(name: str) -> str:
    """A column name without case, punctuation and byte order mark."""
    return re.sub(r"[\W_]", "", name.lower())


def match_columns(
    table: str, file: str, found: Sequence[str], settings: DataSettings = DEFAULTS
) -> Matched:
    """Match the columns `found` in `file` to the words of `table`.

    Raises `BadInput` where a column that must be there cannot be found, naming the closest.
    """
    columns = _mapped(table, file, found, settings)
    free = {plain(name): name for name in reversed(found) if name not in columns.values()}
    guessed: dict[str, str] = {}
    for word, names in VOCABULARY[table].items():
        if word not in columns:
            hit = next((free.pop(name) for name in names if name in free), None)
            if hit is not None:
                columns[word] = hit
                if hit != word:
                    guessed[word] = hit
    _require(table, file, found, columns)
    ignored = tuple(name for name in found if name not in columns.values())
    return Matched(columns, guessed, ignored)


def _mapped(table: str, file: str, found: Sequence[str], settings: DataSettings) -> dict[str, str]:
    columns: dict[str, str] = {}
    for entry in settings.columns:
        named, word, column = split_mapping(entry)
        known = VOCABULARY.get(named or table)
        if known is None or not any(word in words for words in VOCABULARY.values()):
            raise BadSettings(
                f"The column mapping {entry!r} names no table or word of PrismRec.",
                hint="Tables: " + ", ".join(VOCABULARY) + f". Words of {table}: "
                + ", ".join(VOCABULARY[table]) + ".",
            )  # fmt: skip
        if named in ("", table) and word in VOCABULARY[table] and column in found:
            columns[word] = column
        elif named == table:
            raise BadInput(
                f"{file} has no column {column!r}, which the settings name for {word!r}. "
                f"Found: {', '.join(found)}.",
                hint=f'Change "{entry}" in [data] columns.' + _closest((plain(column),), found),
            )
    return columns


def _require(table: str, file: str, found: Sequence[str], columns: Mapping[str, str]) -> None:
    for word in REQUIRED[table]:
        if word in columns or (word == "user_id" and "session_id" in columns):
            continue
        near = _closest((plain(word), *VOCABULARY[table][word]), found)
        example = near.split("'")[1] if near else "your column"
        raise BadInput(
            f"{file} has no column for {word!r}. Found: {', '.join(found) or 'no columns'}.{near}",
            hint=f'Name it in the settings: [data] columns = ["{table}.{word}={example}"].',
        )


def _closest(names: Sequence[str], found: Sequence[str]) -> str:
    shapes = {plain(name): name for name in found}
    for name in names:
        near = difflib.get_close_matches(name, shapes, n=1, cutoff=0.6)
        if near:
            return f" The closest is '{shapes[near[0]]}'."
    return ""
