"""Releases: immutable, verified, promoted and rolled back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prismrec.core import Corrupt, NewerFormat, NotFound
from prismrec.store import Releases
from prismrec.store.manifest import read_manifest, write_manifest


def content(word: str) -> Any:
    def write(folder: Path) -> Mapping[str, Any]:
        (folder / "model").mkdir()
        (folder / "model" / "weights.safetensors").write_bytes(word.encode() * 100)
        (folder / "settings.json").write_text(json.dumps({"word": word}))
        return {"n_items": 3, "last_seq": 7}

    return write


def made(tmp_path: Path, *words: str) -> Releases:
    releases = Releases(tmp_path)
    for word in words:
        releases.promote(releases.create(content(word)))
    return releases


def test_a_release_is_written_verified_and_described(tmp_path: Path) -> None:
    releases = Releases(tmp_path)
    assert releases.current() is None
    assert releases.list() == []
    number = releases.create(content("a"))
    assert (number, releases.current(), releases.list()) == (1, None, [1])
    folder = releases.open(1)
    assert json.loads((folder / "settings.json").read_text()) == {"word": "a"}
    manifest = releases.manifest(1)
    assert set(manifest.files) == {"settings.json", "model/weights.safetensors"}
    assert manifest.facts["n_items"] == 3
    assert manifest.facts["parent"] is None
    assert manifest.facts["libraries"]["numpy"]
    assert manifest.files["model/weights.safetensors"].size == 100


def test_equal_content_has_equal_hash_whenever_it_is_made(tmp_path: Path) -> None:
    releases = made(tmp_path, "a", "a", "b")
    one, two, three = (releases.manifest(n).content for n in (1, 2, 3))
    assert one == two != three


def test_rollback_returns_to_what_was_served_before(tmp_path: Path) -> None:
    releases = made(tmp_path, "a", "b", "c")
    releases.promote(3)  # again: no step of its own
    assert releases.previous() == 2
    assert releases.rollback() == 2
    assert Releases(tmp_path).current() == 2
    assert releases.create(content("d")) == 4
    assert releases.manifest(4).facts["parent"] == 2
    assert releases.rollback() == 1
    with pytest.raises(NotFound):
        releases.rollback()
    assert releases.current() == 1


def test_a_maker_that_fails_leaves_nothing(tmp_path: Path) -> None:
    releases = made(tmp_path, "a")

    def broken(folder: Path) -> Mapping[str, Any]:
        (folder / "half").write_text("x")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        releases.create(broken)
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["1"]


def test_every_flipped_bit_is_refused_by_name(tmp_path: Path) -> None:
    releases = made(tmp_path, "a", "b")
    file = tmp_path / "releases" / "2" / "model" / "weights.safetensors"
    sound = file.read_bytes()
    for place in (0, 50, 99):
        bad = bytearray(sound)
        bad[place] ^= 1
        file.write_bytes(bad)
        with pytest.raises(Corrupt, match=r"weights\.safetensors"):
            releases.open(2)
    releases.rollback()
    with pytest.raises(Corrupt):
        releases.promote(2)
    assert releases.current() == 1


def test_missing_extra_and_linked_files_are_refused_by_name(tmp_path: Path) -> None:
    releases = made(tmp_path, "a")
    folder = tmp_path / "releases" / "1"
    (folder / "more.bin").write_text("x")
    with pytest.raises(Corrupt, match=r"more\.bin"):
        releases.open(1)
    (folder / "more.bin").unlink()
    (folder / "settings.json").rename(tmp_path / "settings.json")
    with pytest.raises(Corrupt, match=r"settings\.json is missing"):
        releases.open(1)
    (folder / "settings.json").symlink_to(tmp_path / "settings.json")
    with pytest.raises(Corrupt, match=r"settings\.json is not a plain file"):
        releases.open(1)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 1}', '{"format": 1, "files": 3}'])
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    releases = made(tmp_path, "a")
    (tmp_path / "releases" / "1" / "manifest.json").write_text(text)
    with pytest.raises(Corrupt, match=r"manifest\.json"):
        releases.open(1)


def test_a_list_of_files_that_was_changed_is_refused(tmp_path: Path) -> None:
    releases = made(tmp_path, "a")
    path = tmp_path / "releases" / "1" / "manifest.json"
    fields = json.loads(path.read_text())
    del fields["files"]["settings.json"]
    path.write_text(json.dumps(fields))
    (path.parent / "settings.json").unlink()
    with pytest.raises(Corrupt, match=r"manifest\.json"):
        releases.open(1)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    made(tmp_path, "a")
    write_manifest(tmp_path / "releases" / "1", {}, format=2)
    with pytest.raises(NewerFormat, match="format 2"):
        Releases(tmp_path).open(1)


def older(tmp_path: Path) -> Path:
    made(tmp_path, "a")
    folder = tmp_path / "releases" / "1"
    write_manifest(folder, {"items": 3}, format=0)
    return folder


def test_an_older_format_is_migrated_once(tmp_path: Path) -> None:
    folder = older(tmp_path)
    calls = []

    def step(draft: Path, facts: dict[str, Any]) -> dict[str, Any]:
        calls.append(draft)
        (draft / "settings.json").rename(draft / "config.json")
        return {"n_items": facts["items"]}

    releases = Releases(tmp_path, migrations={0: step})
    for _ in range(2):
        assert releases.open(1) == folder
    assert len(calls) == 1
    assert read_manifest(folder).format == 1
    assert read_manifest(folder).facts == {"n_items": 3}
    assert (folder / "config.json").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["1"]


def test_a_migration_that_fails_or_is_not_known_changes_nothing(tmp_path: Path) -> None:
    folder = older(tmp_path)

    def step(draft: Path, facts: dict[str, Any]) -> dict[str, Any]:
        (draft / "settings.json").unlink()
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        Releases(tmp_path, migrations={0: step}).open(1)
    with pytest.raises(Corrupt, match="format 0"):
        Releases(tmp_path).open(1)
    assert (folder / "settings.json").exists()
    folder.rename(folder.parent / ".was-1")  # what a crash between two renames leaves
    assert Releases(tmp_path, migrations={0: lambda _, facts: facts}).open(1) == folder


def test_retention_keeps_what_is_served_and_never_reuses_numbers(tmp_path: Path) -> None:
    releases = made(tmp_path, "a", "b", "c", "d")
    releases.rollback()
    assert releases.retain(1) == [1]
    assert releases.list() == [2, 3, 4]
    assert releases.create(content("e")) == 5
    with pytest.raises(NotFound, match="no release 1"):
        releases.open(1)


def test_what_an_experiment_uses_is_kept(tmp_path: Path) -> None:
    releases = made(tmp_path, "a", "b", "c", "d", "e")
    assert releases.retain(1, used=[2]) == [1, 3]


def test_a_verdict_lies_beside_its_release_and_goes_with_it(tmp_path: Path) -> None:
    releases = made(tmp_path, "a", "b", "c", "d")
    assert releases.verdict(1) is None
    releases.judge(1, {"promote": False})
    releases.judge(1, {"promote": True})
    found = releases.verdict(1)
    assert found is not None
    assert found["promote"]
    assert found["judged_at"] > 0
    assert releases.open(1).is_dir()
    with pytest.raises(NotFound):
        releases.judge(9, {})
    (tmp_path / "verdicts" / "2.json").write_text("[")
    assert releases.verdict(2) is None
    releases.retain(1)
    assert releases.verdict(1) is None


def test_a_current_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    releases = made(tmp_path, "a")
    (tmp_path / "current").write_text("seven")
    with pytest.raises(Corrupt, match="current"):
        releases.current()
