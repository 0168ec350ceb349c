"""The simulated marketplace: what is planted is there to be found."""

from __future__ import annotations

import dataclasses
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestCentroid

from prismrec.core import BadInput, BadSettings, Event
from prismrec.evaluation.simulator import Marketplace, SimulatorSettings, simulate
from prismrec.evaluation.simulator.words import CATEGORIES, words

SMALL = SimulatorSettings(items=500, users=500, events=12_000, days=120)


@cache
def market(language: str = "en", **changes: float) -> Marketplace:
    return simulate(dataclasses.replace(SMALL, language=language, **changes), seed=3)


def changed(**changes: float) -> Marketplace:
    return simulate(dataclasses.replace(SMALL, **changes), seed=3)


def views(shop: Marketplace) -> list[Event]:
    return [event for event in shop.events if event.event == "view"]


def position(item_id: str) -> int:
    return int(item_id.removeprefix("item-"))


def tokens(language: str) -> TfidfVectorizer:
    if language == "zh":
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 2))
    return TfidfVectorizer()


def test_the_same_settings_and_seed_give_the_same_marketplace() -> None:
    one, two, other = market(), simulate(SMALL, seed=3), simulate(SMALL, seed=4)
    assert one.items == two.items
    assert one.users == two.users
    assert one.events == two.events
    np.testing.assert_array_equal(one.impressions.clicked, two.impressions.clicked)
    assert other.events != one.events
    assert other.items != one.items


def test_sizes_and_order() -> None:
    shop = market()
    assert len(shop.items) == SMALL.items
    assert len(shop.users) == SMALL.users
    assert abs(len(shop.events) - SMALL.events) < 0.25 * SMALL.events
    times = [event.timestamp for event in shop.events]
    assert times == sorted(times)  # type: ignore[type-var]
    assert SMALL.start <= min(times) <= max(times) < SMALL.end  # type: ignore[type-var]
    assert [item.item_id for item in shop.items] == list(shop.truth.items)
    assert {event.user_id for event in shop.events} <= {user.user_id for user in shop.users}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_text_of_an_item_predicts_its_category(language: str) -> None:
    shop = market(language)
    texts = tokens(language).fit_transform([item.text() for item in shop.items]).toarray()
    labels = shop.truth.products.category
    learned = NearestCentroid().fit(texts[::2], labels[::2])
    assert (learned.predict(texts[1::2]) == labels[1::2]).mean() > 0.9


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_item_has_sentences_brand_attributes_and_price(language: str) -> None:
    shop = market(language)
    for item in shop.items:
        assert len(item.description) > (20 if language == "zh" else 80)
        assert item.brand
        assert len(item.categories) == len(item.attributes) == 2
        assert item.price is not None
        assert item.price > 0
        assert not {"{", "}"} & set(item.text())
    assert len({item.text() for item in shop.items}) > 0.99 * len(shop.items)
    han = sum("\u4e00" <= letter <= "\u9fff" for item in shop.items for letter in item.title)
    assert (han > 0) == (language == "zh")


def test_both_languages_have_the_same_shape() -> None:
    def shape(node: object) -> object:
        if isinstance(node, dict):
            return {key: shape(value) for key, value in node.items()}
        return len(node) if isinstance(node, list) else type(node)

    assert shape(words("en").said) == shape(words("zh").said)
    assert list(words("en").said["categories"]) == [category.key for category in CATEGORIES]


def test_the_language_changes_words_and_never_behaviour() -> None:
    english, chinese = market("en"), market("zh")
    assert [item.price for item in english.items] == [item.price for item in chinese.items]
    assert english.items[0].title != chinese.items[0].title


def test_an_oracle_that_knows_the_truth_beats_popularity_by_far() -> None:
    shop = market()
    seen = views(shop)
    cut = int(0.8 * len(seen))
    counts = np.bincount([position(event.item_id) for event in seen[:cut]], minlength=SMALL.items)
    late = seen[cut:]
    created = shop.truth.products.created_at
    times = [event.timestamp or 0 for event in late]
    wanted = shop.truth.affinities([event.user_id for event in late], times)

    def recall(scores: np.ndarray) -> float:
        hits = []
        for row, event, at in zip(scores, late, times, strict=True):
            live = np.where(created <= at, row, -np.inf)
            hits.append((live > live[position(event.item_id)]).sum() < 20)
        return float(np.mean(hits))

    popular = recall(np.tile(counts, (len(late), 1)))
    assert popular > 1.5 * 20 / SMALL.items
    assert recall(wanted) > 1.5 * popular


def test_the_text_of_an_unseen_item_tells_who_wants_it() -> None:
    """A profile from the texts of past views ranks the takers of new items above others."""
    shop = market()
    seen, created = views(shop), shop.truth.products.created_at
    cut = SMALL.start + int(0.5 * (SMALL.end - SMALL.start))
    texts = tokens("en").fit_transform([item.text() for item in shop.items])
    past: dict[str, list[int]] = {}
    takers: dict[int, set[str]] = {}
    for event in seen:
        item = position(event.item_id)
        if (event.timestamp or 0) < cut:
            past.setdefault(event.user_id, []).append(item)
        elif created[item] >= cut:
            takers.setdefault(item, set()).add(event.user_id)
    users = [user for user, items in past.items() if len(items) >= 4]
    profiles = np.stack([np.asarray(texts[past[user]].mean(axis=0)).ravel() for user in users])
    areas = []
    for item, who in takers.items():
        scores = profiles @ texts[item].toarray().ravel()
        took = np.array([user in who for user in users])
        if took.any():
            areas.append((scores[took][:, None] > scores[~took]).mean())
    assert len(areas) > 20, areas
    assert np.mean(areas) > 0.65, areas


def test_new_items_and_new_users_arrive_and_nothing_is_met_before_it_exists() -> None:
    shop = market()
    created = shop.truth.products.created_at
    assert (created >= SMALL.start).sum() == round(SMALL.items * SMALL.new_items)
    late = SMALL.start + 0.8 * (SMALL.end - SMALL.start)
    assert (created > late).sum() > 5
    first: dict[str, int] = {}
    for event in shop.events:
        assert (event.timestamp or 0) >= created[position(event.item_id)]
        first.setdefault(event.user_id, event.timestamp or 0)
    assert sum(at > late for at in first.values()) > 5
    assert len({e.item_id for e in views(shop) if created[position(e.item_id)] >= SMALL.start}) > 50


def test_a_plain_estimate_finds_the_position_bias() -> None:
    def exponent(shop: Marketplace) -> float:
        """The slope of log click rate on log place."""
        places = np.arange(8)
        told = shop.impressions
        rates = [told.clicked[told.places == place].mean() for place in places]
        return float(-np.polyfit(np.log1p(places), np.log(rates), 1)[0])

    biased, fair = exponent(market()), exponent(changed(position_bias=0.0))
    assert biased - fair == pytest.approx(0.7, abs=0.15)


def test_popularity_bias_concentrates_views() -> None:
    def share(shop: Marketplace) -> float:
        counts = np.sort([*Counter(event.item_id for event in views(shop)).values()])[::-1]
        return float(counts[: SMALL.items // 10].sum() / counts.sum())

    assert share(market()) > share(changed(popularity_bias=0.0)) + 0.1


def test_what_goes_together_follows() -> None:
    """After a view, its complement comes far oftener than it comes overall."""
    shop = market()
    keys = [category.key for category in CATEGORIES]
    kind = [keys[c] for c in shop.truth.products.category]
    last: dict[str, str] = {}
    following: Counter[tuple[str, str]] = Counter()
    overall: Counter[str] = Counter()
    for event in views(shop):
        now = kind[position(event.item_id)]
        before = last.get(event.user_id)
        if before and before != now:
            following[before, now] += 1
            overall[now] += 1
        last[event.user_id] = now
    after = sum(following[category.key, then] for category in CATEGORIES for then in category.then)
    chance = sum(
        overall[then] / overall.total() * sum(following[category.key, key] for key in keys)
        for category in CATEGORIES
        for then in category.then
    )
    assert after > 3 * chance


def test_tastes_drift_only_where_they_are_told_to() -> None:
    still, moving = changed(drift=0.0), market()
    taste = still.truth.taste("user-1")
    np.testing.assert_array_equal(taste[0], taste[-1])
    assert np.abs(moving.truth.taste("user-1")[0] - moving.truth.taste("user-1")[-1]).max() > 0.05
    np.testing.assert_allclose(moving.truth.preferences.sum(axis=2), 1.0)


def test_carts_purchases_and_ratings_follow_views() -> None:
    shop = market()
    met: dict[tuple[str, str], set[str]] = {}
    prices = {item.item_id: item.price for item in shop.items}
    needs = {"cart": "view", "purchase": "cart", "rating": "purchase"}
    for event in shop.events:
        done = met.setdefault((event.user_id, event.item_id), set())
        if event.event in needs:
            assert needs[event.event] in done
        if event.event == "purchase":
            again = CATEGORIES[shop.truth.products.category[position(event.item_id)]].again
            assert again or "purchase" not in done
            assert event.value == prices[event.item_id]
        if event.event == "rating":
            assert event.value in (1, 2, 3, 4, 5)
        done.add(event.event)
    kinds = Counter(event.event for event in shop.events)
    assert kinds["view"] > kinds["cart"] > kinds["purchase"] > kinds["rating"] > 0


def test_searches_carry_words_for_the_category_that_is_viewed() -> None:
    shop = market()
    asked = [event for event in views(shop) if event.query]
    assert 0.1 < len(asked) / len(views(shop)) < 0.5
    said = words("en")
    named = 0
    for event in asked:
        category = said.category(int(shop.truth.products.category[position(event.item_id)]))
        named += any(noun in event.query for noun in category["nouns"] + category["asked"])
    assert named / len(asked) > 0.7


def test_truth_answers_one_and_many_alike() -> None:
    truth = market().truth
    at = SMALL.start + 30 * 86_400_000
    many = truth.affinities(["user-3", "user-9"], [at, SMALL.end], ["item-5", "item-0"])
    assert many.shape == (2, 2)
    assert many[0, 0] == truth.affinity("user-3", "item-5", at)
    assert many[1, 1] == truth.affinity("user-9", "item-0", SMALL.end)
    with pytest.raises(BadInput, match="nobody"):
        truth.affinity("nobody", "item-5", at)


def test_it_is_written_in_the_canonical_form_and_called_synthetic(tmp_path: Path) -> None:
    shop = market("zh")
    folder = shop.write(tmp_path / "shop")
    items = pl.read_parquet(folder / "items.parquet")
    events = pl.read_parquet(folder / "events.parquet")
    users = pl.read_parquet(folder / "users.parquet")
    assert items["item_id"].to_list() == [item.item_id for item in shop.items]
    assert items["title"].to_list() == [item.title for item in shop.items]
    assert items.schema["categories"] == pl.List(pl.String)
    assert items["attributes"][0][0].startswith("颜色: ")
    assert events.height == len(shop.events)
    assert events["timestamp"].to_list() == [event.timestamp for event in shop.events]
    assert users.columns == ["user_id", "年龄段", "城市", "tags"]
    assert "Synthetic" in (folder / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    "tiny",
    [
        {"items": 1, "users": 1, "events": 1, "days": 1},
        {"items": 3, "users": 2, "events": 50, "page": 1},
        {"new_items": 1.0, "new_users": 1.0, "items": 20, "users": 20, "events": 200},
        {"new_items": 0.0, "new_users": 0.0, "items": 20, "users": 20, "events": 200},
    ],
)
def test_extreme_sizes_still_make_a_marketplace(tiny: dict, tmp_path: Path) -> None:
    shop = simulate(SimulatorSettings(**tiny))
    assert len(shop.items) == tiny["items"]
    shop.write(tmp_path)


@pytest.mark.parametrize(
    "bad",
    [
        {"items": 0},
        {"language": "fr"},
        {"drift": 2.0},
        {"position_bias": -1.0},
        {"searches": float("nan")},
    ],
)
def test_bad_settings_say_what_to_change(bad: dict) -> None:
    with pytest.raises(BadSettings) as error:
        SimulatorSettings(**bad)
    assert error.value.hint
