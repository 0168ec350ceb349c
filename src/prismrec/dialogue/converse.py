"""One turn of a conversation: read, change the wish, search, answer, perhaps ask back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from prismrec.collection import Collection
from prismrec.core import ChatModel, Filters, Item, Query, Slate, Understood
from prismrec.dialogue.by_model import read_by_model
from prismrec.dialogue.questions import Question, question_about
from prismrec.dialogue.state import State, Wish
from prismrec.dialogue.turns import Turn, language_of, read_turn
from prismrec.dialogue.wishes import bare_of, content_of, spoken_of, wished
from prismrec.dialogue.wording import Wording
from prismrec.retrieval.filters import filter_mask
from prismrec.snapshot import Snapshot

__all__ = ["Reply", "converse"]


@dataclass(frozen=True)
class Reply:
    """The answer to a turn.

    `lines` are what is said, a sentence or an item each; `items` those that it names, in order,
    every one of the catalogue as it is now. `slate` is what was chosen and under which exposure,
    `None` where nothing was looked for. `notes` are names of what had to be said beside
    (`wording.NOTES`), `read_by` is `rules` or `model`.
    """

    lines: tuple[str, ...]
    items: tuple[Item, ...] = ()
    slate: Slate | None = None
    question: Question | None = None
    notes: tuple[str, ...] = ()
    read_by: str = "rules"

    @property
    def text(self) -> str:
        """All that is said."""
        return "\n".join(self.lines)


def converse(
    shop: Collection, state: State, text: str, *, n: int = 5, chat: ChatModel | None = None
) -> tuple[State, Reply]:
    """The state after the turn `text`, and the answer with at most `n` items.

    `chat` reads what the rules do not know; without it, or where it refuses, the words are
    searched for as they are.
    """
    seen = shop.snapshot
    language = language_of(text, state.language)
    state = replace(state, language=language, turns=state.turns + 1)
    turn, read_by = read_turn(text, language), "rules"
    if chat is not None and _is_unknown(seen, state, turn):
        found = read_by_model(chat, seen, state, text)
        turn, read_by = (turn, read_by) if found is None else (found, "model")
    state, reply = _answered(shop, seen, state, turn, n)
    return state, replace(reply, read_by=read_by)


def _is_unknown(seen: Snapshot, state: State, turn: Turn) -> bool:
    """Whether the rules saw nothing in the turn, neither a phrase nor a name, bound or refusal, and
    the catalogue does not use all its words."""
    said = turn.words.casefold()
    if turn.understood or not said or any(one.casefold() in said for one in state.options):
        return False
    read = seen.reader.read(turn.words)
    if read.findings:
        return False
    used = seen.reader.words.fields.items_with
    return any(not used(word) for word in content_of(bare_of(read, seen), seen))


def _answered(
    shop: Collection, seen: Snapshot, state: State, turn: Turn, n: int
) -> tuple[State, Reply]:
    say = Wording(state.language)
    if turn.act == "restart":
        state = State(state.user_id, state.session_id, state.language, turns=state.turns)
        if not turn.words:
            return state, Reply((say.say("restart"),))
    elif turn.act in ("hello", "thanks"):
        return state, Reply((say.say(turn.act),))
    elif turn.act in ("price", "stock"):
        return _told(seen, state, turn, say)
    needs_item = turn.item is not None or turn.alike or bool(turn.refuse)
    if needs_item and not spoken_of(state, turn):
        return state, Reply((say.say("no-such-item"),), notes=("no-such-item",))
    if _says_nothing(seen, state, turn):
        return state, Reply((say.say("not-understood"),), notes=("not-understood",))
    state = wished(seen, state, turn)
    return _found(shop, seen, state, turn, n)


def _says_nothing(seen: Snapshot, state: State, turn: Turn) -> bool:
    """Whether a turn in the midst of a wish has no word that the shop knows, where only words can
    be searched for: better to say so than to look for something else."""
    searches_meaning = seen.encoder is not None and seen.encoder.name != "tfidf"
    if searches_meaning or turn.understood or state.wish.is_empty or not turn.words:
        return False
    read = seen.reader.read(turn.words)
    offered = any(option.casefold() in turn.words.casefold() for option in state.options)
    if read.findings or offered:
        return False
    used = seen.reader.words.fields.items_with
    return not any(used(word) for word in content_of(turn.words, seen))


def _told(seen: Snapshot, state: State, turn: Turn, say: Wording) -> tuple[State, Reply]:
    """Price or stock of an item, from the catalogue."""
    item_id = spoken_of(state, turn)
    if seen.catalogue.position(item_id) < 0:
        return state, Reply((say.say("no-such-item"),), notes=("no-such-item",))
    item = seen.catalogue.item(seen.catalogue.position(item_id))
    line = say.price(item) if turn.act == "price" else say.stock(item)
    return replace(state, about=item_id), Reply((line,), (item,))


def _found(
    shop: Collection, seen: Snapshot, state: State, turn: Turn, n: int
) -> tuple[State, Reply]:
    """What fits the wish now; where nothing does, what is near, and says so."""
    say = Wording(state.language)
    wish, note, query, slate = _searched(shop, seen, state, turn, n)
    if not len(slate) and turn.act == "more":
        return state, Reply((say.say("no-more"),), slate=slate, notes=("no-more",))
    if not len(slate):
        return replace(state, shown=()), Reply(
            (say.say("nothing"),), slate=slate, notes=("nothing",)
        )
    items = tuple(seen.catalogue.item(seen.catalogue.position(one)) for one in slate.ids)
    question = None if wish.like else _question(shop, seen, replace(state, wish=wish), query)
    lines = [say.say(note) if note else say.found(wish, len(items))]
    lines += [say.item(place, item) for place, item in enumerate(items, 1)]
    if question is not None:
        lines.append(say.question(question))
    after = replace(
        state,
        wish=wish,
        shown=tuple(slate.ids),
        seen=(*state.seen, *slate.ids),
        about="",
        pending="" if question is None else question.name,
        options=() if question is None else tuple(value for value, _ in question.options),
        asked=state.asked if question is None else (*state.asked, question.name),
    )
    notes = (note,) if note else ()
    return after, Reply(tuple(lines), items, slate, question, notes)


def _searched(
    shop: Collection, seen: Snapshot, state: State, turn: Turn, n: int
) -> tuple[Wish, str, Query, Slate]:
    """The first wish that finds something, what is to be said of it, its question and its slate;
    what comes after the end of a list is not relaxed."""
    more = turn.act == "more"
    wishes = list(_relaxed(state.wish, turn.price))[: 1 if more else None]
    while True:
        wish, note = wishes.pop(0)
        query = _query(seen, state, wish, n, state.seen if more else ())
        slate = shop.ask(query)
        if len(slate) or not wishes:
            return wish, note, query, slate


def _relaxed(wish: Wish, price: int) -> Iterator[tuple[Wish, str]]:
    """The wish, then with less of it: without the bound that the wish for a cheaper or dearer one
    contradicts, values as words that may be missing, no bounds of price."""
    yield wish, ""
    if price and wish.low is not None and wish.high is not None:
        yield (replace(wish, high=None) if price > 0 else replace(wish, low=None)), ""
    if wish.wanted:
        words = " ".join(value for values in wish.wanted.values() for value in values)
        yield replace(wish, wanted={}, text=f"{wish.text} {words}".strip()), "without-wanted"
    if wish.low is not None or wish.high is not None:
        sort = "price-asc" if wish.high is not None else "price-desc"
        yield replace(wish, low=None, high=None, sort=sort), "without-price"


def _query(seen: Snapshot, state: State, wish: Wish, n: int, again: tuple[str, ...]) -> Query:
    """The wish as the engine's question."""
    out: tuple[str, ...] = ()
    if wish.refused:
        read = Understood("", "", findings=wish.refused)
        passing = seen.reader.passing(read, seen.filters, seen.front.matching, seen.catalogue.text)
        out = tuple(seen.catalogue.item(int(p)).item_id for p in np.flatnonzero(~passing))
    categories: tuple[str, ...] = ()
    if wish.like:
        categories = seen.catalogue.item(seen.catalogue.position(wish.like)).categories
        out = (*out, wish.like)
    filters = Filters(
        attributes=wish.wanted,
        categories=categories,
        min_price=wish.low,
        max_price=wish.high,
        exclude=tuple(dict.fromkeys((*out, *state.declined, *again))),
    )
    return Query(
        user_id=state.user_id,
        session_id=state.session_id,
        text=wish.text,
        item_id=wish.like,
        filters=filters,
        n=n,
        listing=bool(wish.text) or wish.sort != "relevance",
        sort=wish.sort,
    )


def _question(shop: Collection, seen: Snapshot, state: State, query: Query) -> Question | None:
    if not query.text and not query.filters.attributes:
        return None
    fitting = filter_mask(query.filters, seen.filters) & seen.passing(query)
    if query.text:
        fitting &= shop.engine.matched(seen, query).items
    return question_about(seen.filters, fitting, state, query.n)
