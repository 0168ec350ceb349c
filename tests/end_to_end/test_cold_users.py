"""Someone new, of whom only the profile is known, from the file to the slate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import prismrec as pr
from end_to_end.worlds import light
from prismrec.collection import Collection
from prismrec.data import Dataset
from prismrec.learning import fit


def pets() -> Dataset:
    """Cats take the fish and then milk or cream, dogs the bone and then ham or beef; ages tell
    nothing."""
    names = ("fish", "milk", "cream", "bone", "ham", "beef")
    items = [pr.Item(name, title=name) for name in names]
    users, events = [], []
    for u in range(80):
        cat = u < 40
        users.append(pr.User(f"u{u}", {"kind": "cat" if cat else "dog", "age": float(u % 40)}))
        taken = (names[:3] if cat else names[3:])[:: 1 + u % 2]
        events += [
            pr.Event(item, "purchase", f"u{u}", 10**12 + 1000 * u + t)
            for t, item in enumerate(taken)
        ]
    return Dataset.of(items, events, users)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plain = light()
    settings = replace(
        plain, models=replace(plain.models, experts=("popularity", "profile", "transitions"))
    )
    out = tmp_path_factory.mktemp("pets") / "pets.prism"
    fit(pets(), out, settings=settings).close()
    return out


def first(shop: Collection, user: str) -> str:
    return shop.recommend(user, n=1, explore=False).ids[0]


def test_a_newcomer_gets_what_people_of_the_kind_take(path: Path) -> None:
    with pr.open(path) as shop:
        shop.upsert(users=[pr.User("tom", {"kind": "cat"}), pr.User("rex", {"kind": "dog"})])
        assert first(shop, "tom") == "fish"
        assert first(shop, "rex") == "bone"
        slate = shop.recommend("tom", n=1, explore=False)
        assert sum(slate[0].parts.values()) == pytest.approx(slate[0].score, abs=1e-5)
        assert slate[0].parts["profile.profile"] > 0
        shop.upsert(users=[pr.User("rex", {"kind": "cat"})])
        assert first(shop, "rex") == "fish"
    with pr.open(path) as again:
        assert first(again, "tom") == "fish"
        assert first(again, "rex") == "fish"


def test_who_was_erased_is_a_stranger(path: Path) -> None:
    with pr.open(path) as shop:
        shop.upsert(users=[pr.User("kit", {"kind": "cat"})])
        known = shop.recommend("kit", n=6, explore=False)
        shop.erase("kit")
        forgotten = shop.recommend("kit", n=6, explore=False)
        stranger = shop.recommend("nobody", n=6, explore=False)
        assert [i.score for i in forgotten] == [i.score for i in stranger]
        assert [i.score for i in known] != [i.score for i in stranger]


def test_a_release_holds_no_value_that_one_person_alone_has(path: Path) -> None:
    told = (path / "releases/1/people.json").read_text()
    assert '"tokens": []' in told
