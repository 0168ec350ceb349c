"""Limits hold exactly: reserved before a call, settled after it, whatever the other side does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chat_server import BEHAVIOURS, serving, truth
from prismrec.core import BadSettings, ChatRefused
from prismrec.language.chat import ChatSettings, LimitedChat, chat_model, prompt
from prismrec.language.chat.breaker import CircuitBreaker
from prismrec.language.chat.budget import Budget, Prices
from prismrec.language.chat.source import Failed, Reply
from prismrec.language.chat.time_limit import TimeLimit

SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "array", "items": {"enum": ["A", "B"]}, "minItems": 2}},
    "required": ["order"],
    "additionalProperties": False,
}
RIGHT = '{"order": ["B", "A"]}'


class Scripted:
    """A source that says one thing after the other; what is raised is raised."""

    name = "scripted"

    def __init__(self, *script: str | Exception) -> None:
        self.script = list(script)
        self.asked: list[Any] = []

    def most_tokens(self, messages: Any, schema: Any) -> int:
        return 100

    def say(self, messages: Any, schema: Any, tokens: int, limit: TimeLimit) -> Reply:
        self.asked.append(messages)
        said = self.script.pop(0)
        if isinstance(said, Exception):
            raise said
        return Reply(said, 10, 5)


def settings(**more: Any) -> ChatSettings:
    return ChatSettings(model="m", answer_tokens=50, **more)


def ask(chat: LimitedChat, text: str = "x") -> dict[str, Any]:
    return chat.complete(prompt("Put them in order.", {"query": text}, SCHEMA), SCHEMA)


def refused(chat: LimitedChat, text: str = "x") -> str:
    with pytest.raises(ChatRefused) as caught:
        ask(chat, text)
    return caught.value.reason


def test_an_answer_is_parsed_kept_and_paid_once() -> None:
    source = Scripted(RIGHT)
    chat = LimitedChat(source, settings())
    first = ask(chat)
    first["order"].clear()  # a caller's copy is its own
    assert ask(chat) == {"order": ["B", "A"]}
    assert chat.budget.taken == (10, 5)


@pytest.mark.parametrize("wrong", ["no", '{"order": ["C", "A"]}', "[1]", '{"order": [NaN]}'])
def test_a_wrong_answer_is_asked_for_once_more_and_then_refused(wrong: str) -> None:
    source = Scripted(wrong, RIGHT)
    assert ask(LimitedChat(source, settings())) == {"order": ["B", "A"]}
    assert len(source.asked[1]) == len(source.asked[0]) + 1
    assert refused(LimitedChat(Scripted(wrong, wrong), settings())) == "invalid"


def test_failures_are_tried_again_only_where_that_may_help() -> None:
    busy = Failed("rejected", "busy", again=True, free=True)
    chat = LimitedChat(Scripted(busy, busy, RIGHT), settings())
    assert ask(chat)
    assert chat.budget.taken == (10, 5)  # what cost nothing counts nothing
    assert refused(LimitedChat(Scripted(busy, busy, busy), settings())) == "rejected"
    assert refused(LimitedChat(Scripted(Failed("rejected", "no")), settings())) == "rejected"


def test_a_failure_on_the_way_counts_as_all_it_may_have_cost() -> None:
    chat = LimitedChat(Scripted(Failed("unreachable", "gone")), settings())
    assert refused(chat) == "unreachable"
    assert chat.budget.taken == (100, 50)


def test_a_wait_longer_than_the_deadline_is_not_begun() -> None:
    later = Failed("rejected", "busy", again=True, free=True, after=3600)
    assert refused(LimitedChat(Scripted(later), settings())) == "deadline"


def test_tokens_of_a_request_are_counted_over_all_its_attempts() -> None:
    lost = Failed("unreachable", "gone", again=True)
    source = Scripted(lost, RIGHT)
    assert refused(LimitedChat(source, settings(request_tokens=299))) == "tokens"
    assert source.script == [RIGHT]  # a second attempt might have been more than 299
    assert ask(LimitedChat(Scripted(lost, RIGHT), settings(request_tokens=300)))


def test_spend_is_refused_before_it_would_be_exceeded() -> None:
    prices: dict[str, Any] = {"prompt_price": 1e4, "answer_price": 2e4}  # 2 a call at most
    chat = LimitedChat(Scripted(RIGHT, RIGHT), settings(daily_spend=2.0, **prices))
    assert ask(chat)
    assert chat.budget.spent == pytest.approx(0.2)
    assert refused(chat, "another") == "spend"
    assert ask(chat)  # what is remembered costs nothing
    assert len(chat.source.asked) == 1  # type: ignore[attr-defined]


def test_a_model_that_fails_rests_and_is_tried_again() -> None:
    now = [0.0]
    breaker = CircuitBreaker(2, 30.0, clock=lambda: now[0])
    for _ in range(2):
        breaker.enter()
        breaker.failed()
    with pytest.raises(ChatRefused, match="too often"):
        breaker.enter()
    now[0] = 31.0
    breaker.enter()  # one may try
    with pytest.raises(ChatRefused):
        breaker.enter()  # and nobody beside it
    breaker.succeeded()
    breaker.enter()


def test_after_failures_in_a_row_the_source_is_not_asked() -> None:
    source = Scripted(*[Failed("rejected", "no")] * 2, RIGHT)
    chat = LimitedChat(source, settings(failures=2))
    assert [refused(chat) for _ in range(3)] == ["rejected", "rejected", "resting"]
    assert source.script == [RIGHT]


def test_a_new_day_brings_a_new_budget_and_old_reservations_stay_with_theirs() -> None:
    day = [1]
    budget = Budget(100, period=lambda: day[0])
    old = budget.reserve(60, 40)
    with pytest.raises(ChatRefused):
        budget.reserve(1, 0)
    day[0] = 2
    budget.reserve(50, 50)
    old.settle(0, 0)
    assert budget.taken == (50, 50)


calls = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(-9, 99), st.integers(-9, 99))


@given(st.lists(calls, max_size=40), st.integers(1, 200), st.floats(0.0001, 0.1))
def test_no_order_of_calls_exceeds_a_limit(
    made: list[tuple[int, int, int, int]], tokens: int, spend: float
) -> None:
    budget = Budget(tokens, spend, Prices(300.0, 700.0), period=lambda: 0)
    held = []
    for prompts, answers, used_prompts, used_answers in made:
        try:
            held.append((budget.reserve(prompts, answers), used_prompts, used_answers))
        except ChatRefused:
            if held:
                reservation, one, other = held.pop(0)
                reservation.settle(one, other)
        assert sum(budget.taken) <= tokens
        assert budget.spent <= spend
        assert min(budget.taken) >= 0


def test_threads_together_stay_within_the_budget() -> None:
    budget, most, over = Budget(1_000, period=lambda: 0), 40, []

    def work(_: int) -> int:
        try:
            reservation = budget.reserve(most, most)
        except ChatRefused:
            return 0
        over.append(sum(budget.taken) > 1_000)
        reservation.settle(7, 3)
        return 10

    with ThreadPoolExecutor(8) as pool:
        used = sum(pool.map(work, range(400)))
    assert not any(over)
    assert sum(budget.taken) == used <= 1_000


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in (
        {"daily_spend": 1.0},
        {"endpoint": "https://host/v1"},
        {"deadline_s": float("nan")},
        {"attempts": 0},
        {"response_format": "xml"},
    ):
        with pytest.raises(BadSettings):
            ChatSettings(**wrong)  # type: ignore[arg-type]
    assert chat_model(ChatSettings()) is None


@pytest.fixture(scope="module")
def chaos() -> Iterator[int]:
    with serving() as port:
        yield port


def test_a_slow_failing_lying_server_costs_no_more_than_the_cap(
    chaos: int, at_port: Callable[..., ChatSettings]
) -> None:
    """Twice through all that a server can do, each answered or refused: that this ends at all is
    the deadline's doing, since the server keeps some answers for ever."""
    own = at_port(
        chaos, deadline_s=0.3, attempts=2, failures=10**9, answer_tokens=64,
        daily_tokens=15_000, daily_spend=0.05, prompt_price=1.0, answer_price=3.0,
    )  # fmt: skip
    chat = chat_model(own)
    assert chat is not None
    before, lock, ended = truth(chaos), threading.Lock(), []

    def one(number: int) -> None:
        try:
            how = "answered" if ask(chat, f"query {number}") else ""
        except ChatRefused as error:
            how = error.reason
        with lock:
            ended.append(how)
            assert sum(chat.budget.taken) <= own.daily_tokens
            assert chat.budget.spent <= own.daily_spend

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(2 * len(BEHAVIOURS))))
    after = truth(chaos)
    billed = [after[key] - before[key] for key in ("prompt", "answer")]
    assert len(ended) == 2 * len(BEHAVIOURS)
    assert {"answered", "deadline", "tokens"} <= set(ended)
    assert sum(billed) <= own.daily_tokens
    assert billed[0] + 3 * billed[1] <= own.daily_spend * 1e6
