"""The loop in Python: fit, ask, observe, upsert, refresh, promote, roll back, erase."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

import prismrec as pr
from end_to_end.worlds import light, marketplace
from prismrec.core import BadInput, Corrupt, Locked, NotFound
from prismrec.learning import refresh, watch
from prismrec.store import Releases

NOW = 1_800_000_000_000


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return marketplace(tmp_path_factory.mktemp("tables"))


@pytest.fixture
def shop_path(tables: Path, tmp_path: Path) -> Path:
    pr.fit(tables, tmp_path / "shop.prism", settings=light()).close()
    return tmp_path / "shop.prism"


def test_the_same_data_settings_and_seed_give_the_same_hash_and_slates(
    tables: Path, tmp_path: Path
) -> None:
    hashes, slates = [], []
    for name in ("a", "b"):
        with pr.fit(tables, tmp_path / name / "shop.prism", settings=light(), seed=5) as shop:
            hashes.append(shop.releases.manifest(1).facts["content_hash"])
            user = shop.store.events.since(0, 1)["user_id"][0]
            asked = shop.recommend(user, n=10, at=NOW, seed=1)
            found = shop.search("a", user=user, n=10, at=NOW, seed=1)
            slates.append([(i.item_id, i.score) for slate in (asked, found) for i in slate])
    assert hashes[0] == hashes[1]
    assert slates[0] == slates[1]


def test_parts_sum_to_the_score_of_every_item_of_a_slate(shop_path: Path) -> None:
    with pr.open(shop_path) as shop:
        user = shop.store.events.since(0, 1)["user_id"][0]
        for slate in (shop.recommend(user), shop.search("coffee", user=user), shop.recommend()):
            assert len(slate)
            for item in slate:
                assert sum(item.parts.values()) == pytest.approx(item.score, rel=1e-4, abs=1e-4)
                assert item.reason


def test_an_event_is_felt_by_the_next_query_and_what_was_bought_stays_away(shop_path: Path) -> None:
    with pr.open(shop_path) as shop:
        shop.settings.learning  # noqa: B018 (the settings of the folder were read)
        before = shop.recommend("newcomer", n=5)
        bought = before[0].item_id
        shop.observe(pr.Event(user_id="newcomer", item_id=bought, event="purchase"))
        after = shop.recommend("newcomer", n=5)
        assert [i.score for i in after] != [i.score for i in before]
        if not shop.snapshot.repeats:
            assert bought not in after.ids


def test_a_refused_item_never_comes_back(shop_path: Path) -> None:
    with pr.open(shop_path) as shop:
        refused = shop.recommend("somebody", n=1)[0].item_id
        shop.observe(pr.Event(user_id="somebody", item_id=refused, event="dislike"))
        assert refused not in shop.recommend("somebody", n=80).ids


def test_a_new_item_is_found_and_recommended_at_once_and_a_removed_one_is_gone(
    shop_path: Path,
) -> None:
    with pr.open(shop_path) as shop:
        like = shop.item(shop.recommend(n=1)[0].item_id)
        new = pr.Item("brand-new", title=f"{like.title} zyzzyva", categories=like.categories)
        shop.upsert([new])
        assert shop.search("zyzzyva").ids[0] == "brand-new"
        assert "brand-new" in shop.similar(like.item_id, n=40).ids
        assert "brand-new" in shop.recommend("nobody", n=100).ids
        shop.remove(["brand-new"])
        assert "brand-new" not in shop.search("zyzzyva").ids
        assert "brand-new" not in shop.recommend("nobody", n=100).ids
    with pr.open(shop_path) as again:
        assert "brand-new" not in again.search("zyzzyva").ids


def test_items_and_events_are_there_after_opening_again(shop_path: Path) -> None:
    with pr.open(shop_path) as shop:
        shop.upsert([pr.Item("kept", title="quokka lamp")])
        shop.observe(pr.Event(user_id="k", item_id="kept", event="view", event_id="once"))
        again = shop.observe(pr.Event(user_id="k", item_id="kept", event="view", event_id="once"))
        assert again[0].status == "duplicate"
    with pr.open(shop_path) as shop:
        assert shop.search("quokka").ids[0] == "kept"
        assert [event.item_id for event in shop.history("k")] == ["kept"]


def test_refresh_learns_what_came_and_the_gate_decides(shop_path: Path) -> None:
    with pr.open(shop_path) as shop:
        shop.upsert([pr.Item("hit", title="the new hit")])
        people = [f"fan-{n}" for n in range(30)]
        start = shop.store.events.since(0, 10**9)["timestamp"].max()
        anchor = shop.recommend(n=1)[0].item_id
        events = [
            pr.Event(user_id=p, item_id=item, event="purchase", timestamp=start + 1000 * i + step)
            for i, p in enumerate(people)
            for step, item in enumerate((anchor, "hit"))
        ]
        assert {o.status for o in shop.observe(events)} == {"accepted"}
        assert "hit" not in shop.recommend("other", n=5, history=(events[0],)).ids
        done = refresh(shop_path, seed=1)  # beside this process, which owns the store
        assert done.release == 2
        assert done.new_events == 60
        assert done.verdict is not None
        assert done.verdict.promote
        assert done.verdict.cases == 9
        shop.promote(2)
        assert shop.snapshot.release == 2
        follow = shop.recommend("other", n=5, history=(events[0],))
        assert "hit" in follow.ids
        assert shop.rollback() == 1
        assert shop.snapshot.release == 1
        actions = [line.action for line in shop.store.audit.lines()]
        assert actions[-2:] == ["promote", "rollback"]
    assert refresh(shop_path).release == 3


def test_nothing_new_makes_no_release(shop_path: Path) -> None:
    done = refresh(shop_path)
    assert (done.release, done.new_events, done.verdict) == (0, 0, None)
    assert Releases(shop_path).list() == [1]


def test_watch_waits_until_enough_has_come(shop_path: Path) -> None:
    promoted: list[int] = []
    with pr.open(shop_path) as shop:
        items = shop.recommend(n=3).ids
        few = [pr.Event(user_id="w", item_id=items[0], event="view") for _ in range(4)]
        shop.observe(few)
        assert list(watch(shop_path, promoted.append, rounds=2)) == []
        shop.observe([pr.Event(user_id="w", item_id=items[1], event="view")])
        made = list(watch(shop_path, promoted.append, rounds=3))
    assert [done.release for done in made] == [2]
    assert promoted == ([2] if made[0].verdict and made[0].verdict.promote else [])


def test_a_flipped_bit_in_a_release_is_refused(shop_path: Path) -> None:
    victim = next((shop_path / "releases" / "1" / "scorer").rglob("*.safetensors"))
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.chmod(0o644)
    victim.write_bytes(bytes(data))
    with pytest.raises(Corrupt, match=victim.name):
        pr.open(shop_path)


def test_no_file_of_a_collection_is_a_pickle_and_the_manifest_names_every_file(
    shop_path: Path,
) -> None:
    folder = shop_path / "releases" / "1"
    manifest = json.loads((folder / "manifest.json").read_text())
    there = {
        str(p.relative_to(folder))
        for p in folder.rglob("*")
        if p.is_file() and p.name != "manifest.json"
    }
    assert set(manifest["files"]) == there
    assert all(len(fact["sha256"]) == 64 for fact in manifest["files"].values())
    for path in shop_path.rglob("*"):
        assert path.suffix not in {".pkl", ".pickle", ".joblib", ".pt", ".bin"}
        if path.is_file():
            assert path.read_bytes()[:2] not in (b"\x80\x04", b"\x80\x05")


def test_a_second_process_is_told_who_has_it(shop_path: Path) -> None:
    with pr.open(shop_path), pytest.raises(Locked, match="in use"):
        pr.open(shop_path)


def test_an_existing_collection_is_not_overwritten(shop_path: Path, tables: Path) -> None:
    with pytest.raises(BadInput, match="exists already"):
        pr.fit(tables, shop_path, settings=light())


def test_a_fit_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "events.csv").write_text("colour\nred\n")
    with pytest.raises(BadInput):
        pr.fit(tmp_path / "data", tmp_path / "x.prism", settings=light())
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_unknown_things_get_clear_answers(shop_path: Path) -> None:
    with pr.open(shop_path) as shop:
        assert len(shop.recommend("never seen", n=5)) == 5
        with pytest.raises(NotFound, match="no-such-item"):
            shop.similar("no-such-item")
        with pytest.raises(NotFound):
            shop.explain("never seen", "no-such-item")
        with pytest.raises(BadInput, match="n must be"):
            shop.recommend(n=0)
    with pytest.raises(NotFound, match="prismrec fit"):
        pr.open(shop_path.parent / "nothing.prism")


def test_erasing_a_user_forgets_them(shop_path: Path) -> None:
    with pr.open(shop_path) as shop:
        item = shop.recommend(n=1)[0].item_id
        shop.observe(pr.Event(user_id="leaver-77", item_id=item, event="view"))
        shop.recommend("leaver-77")
        shop.store.flush()
        counts = shop.erase("leaver-77")
        assert counts["events"] == 1
        assert not shop.history("leaver-77")
    assert b"leaver-77" not in (shop_path / "store.db").read_bytes()


TINY_ITEMS = "item_id,title\na,red jacket\nb,blue jacket\nc,coffee\n"


@pytest.mark.parametrize(
    ("items", "events"),
    [
        pytest.param(TINY_ITEMS, None, id="a catalogue and no events"),
        pytest.param("item_id,title\n", None, id="an empty catalogue"),
        pytest.param(None, "user_id,item_id\nu,a\nu,b\nv,a\n", id="events and no catalogue"),
        pytest.param(TINY_ITEMS, "user_id,item_id\nu,a\nv,b\nw,c\n", id="three users, no times"),
        pytest.param("item_id\na\nb\n", "user_id,item_id\nu,a\nv,b\n", id="items without text"),
    ],
)
def test_any_data_gives_a_working_engine(
    tmp_path: Path, items: str | None, events: str | None
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name, text in (("items", items), ("events", events)):
        if text is not None:
            (data / f"{name}.csv").write_text(text)
    with pr.fit(data, tmp_path / "x.prism") as shop:
        n = len(shop.snapshot.catalogue)
        slate = shop.recommend("u", n=10)
        assert len(slate) <= n
        assert np.isfinite([item.score for item in slate]).all()
        shop.search("jacket")
        shop.upsert([pr.Item("late", title="late arrival jacket")])
        assert "late" in shop.search("late arrival").ids
        assert "late" in shop.recommend("fresh", n=50).ids


def test_chinese_is_searched_recommended_and_explained_in_chinese(tmp_path: Path) -> None:
    tables = marketplace(tmp_path, language="zh")
    with pytest.warns(UserWarning, match="n-gram|character"):
        shop = pr.fit(tables, tmp_path / "zh.prism")
    with shop:
        user = shop.store.events.since(0, 1)["user_id"][0]
        slate = shop.recommend(user, n=5)
        assert all(any("\u4e00" <= c <= "\u9fff" for c in item.reason) for item in slate)
        title = shop.item(slate[0].item_id).title
        assert slate[0].item_id in shop.search(title, n=5).ids
        why = shop.explain(user, slate[0].item_id)
        assert any("\u4e00" <= c <= "\u9fff" for c in why.sentence)


def test_the_chinese_profile_finds_films_and_programming_books(tmp_path: Path) -> None:
    catalogue = {
        "film1": "流浪地球 科幻电影 太空冒险",
        "film2": "星际穿越 经典科幻电影 宇宙探索",
        "book1": "Python编程从入门到实践 编程书籍",
        "book2": "算法导论 计算机编程书籍",
        "soap": "薰衣草香皂 洗护用品",
        "pan": "不粘平底锅 厨房用品",
        "tea": "龙井绿茶 春茶礼盒",
        "sock": "纯棉短袜 男士五双装",
    }
    (tmp_path / "data").mkdir()
    rows = "".join(f"{item},{title}\n" for item, title in catalogue.items())
    (tmp_path / "data" / "items.csv").write_text("item_id,title\n" + rows)
    with pytest.warns(UserWarning, match="n-gram|character"):
        shop = pr.fit(tmp_path / "data", tmp_path / "zh.prism")
    with shop:
        found = shop.search("我最近喜欢看科幻电影和编程书籍", n=8).ids
        assert set(found[:4]) == {"film1", "film2", "book1", "book2"}


def test_a_query_leaves_the_seconds_to_others(shop_path: Path) -> None:
    """An answer is repeatable: nothing below the engine reads a clock."""
    with pr.open(shop_path) as shop:
        first = shop.recommend("someone", at=NOW, seed=9)
        time.sleep(0.01)
        second = shop.recommend("someone", at=NOW, seed=9)
        assert [(i.item_id, i.score) for i in first] == [(i.item_id, i.score) for i in second]
