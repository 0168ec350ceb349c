"""Trained state on disk: equal bytes for equal states, and clear errors for broken files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from prismrec.core import BadInput, BadSettings, Corrupt, ItemFeatures, NotFound, State
from prismrec.models.artifacts import content_hash, read_state, write_state
from prismrec.models.registry import learner, scorer_from_state


def state(last: float = 3.0) -> State:
    arrays = {
        "b": np.array([1.0, 2.0, last], np.float32),
        "a": np.arange(6, dtype=np.int64).reshape(2, 3),
        "names": np.array(["color=红", "brand=Acme"]),
        "empty": np.zeros((0, 4), np.float32),
        "flags": np.array([True, False]),
    }
    child = State("inner", {"depth": 1}, {"x": np.ones(2, np.float32)})
    return State("outer", {"rate": 0.5, "none": None, "list": [1, 2]}, arrays, {"one": child})


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_was_written_is_read_back(tmp_path: Path):
    write_state(state(), tmp_path)
    again = read_state(tmp_path)
    assert again.kind == "outer"
    assert again.settings == {"rate": 0.5, "none": None, "list": [1, 2]}
    assert set(again.arrays) == set(state().arrays)
    for name, array in state().arrays.items():
        assert again.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(again.arrays[name], array)
    np.testing.assert_array_equal(again.children["one"].arrays["x"], [1, 1])


def test_equal_states_write_equal_bytes_in_any_order(tmp_path: Path):
    other = state()
    turned = State(
        other.kind,
        dict(reversed(other.settings.items())),
        dict(reversed(other.arrays.items())),
        other.children,
    )
    write_state(other, tmp_path / "one")
    write_state(turned, tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert content_hash(other) == content_hash(turned)


def test_nothing_on_disk_is_a_pickle(tmp_path: Path):
    write_state(state(), tmp_path)
    assert {Path(name).suffix for name in files(tmp_path)} == {".json", ".safetensors"}


@pytest.mark.parametrize(
    "changed",
    [
        state(last=3.0000002),
        State("other", state().settings, state().arrays, state().children),
        State("outer", {**state().settings, "rate": 0.25}, state().arrays, state().children),
        State("outer", state().settings, state().arrays, {}),
        State("outer", state().settings, state().arrays, {"two": state().children["one"]}),
        State(
            "outer",
            state().settings,
            {**state().arrays, "a": np.arange(6).reshape(3, 2)},
            state().children,
        ),
        State(
            "outer",
            state().settings,
            {**state().arrays, "a": np.arange(6, dtype=np.int32).reshape(2, 3)},
            state().children,
        ),
    ],
    ids=["value", "kind", "setting", "no-child", "child-name", "shape", "type"],
)
def test_every_difference_changes_the_hash(changed: State):
    assert content_hash(changed) != content_hash(state())


def test_a_hash_survives_the_disk(tmp_path: Path):
    write_state(state(), tmp_path)
    assert content_hash(read_state(tmp_path)) == content_hash(state())


def test_a_missing_model_is_not_found(tmp_path: Path):
    with pytest.raises(NotFound, match="no model"):
        read_state(tmp_path)


@pytest.mark.parametrize("file", ["scorer.json", "arrays.safetensors", "one/scorer.json"])
@pytest.mark.parametrize("content", [b"", b"not json", b"\xff\xfe\x00"])
def test_a_broken_file_is_corrupt(tmp_path: Path, file: str, content: bytes):
    write_state(state(), tmp_path)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(Corrupt):
        read_state(tmp_path)


def test_arrays_that_do_not_belong_to_the_settings_are_corrupt(tmp_path: Path):
    write_state(state(), tmp_path)
    document = json.loads((tmp_path / "scorer.json").read_text())
    document["arrays"].append("more")
    (tmp_path / "scorer.json").write_text(json.dumps(document))
    with pytest.raises(Corrupt):
        read_state(tmp_path)


def test_objects_are_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="type object"):
        write_state(State("k", {}, {"x": np.array([{}], dtype=object)}), tmp_path)


def test_a_child_cannot_be_written_outside_its_folder(tmp_path: Path):
    outside = State("k", {}, {}, {"../up": State("k", {}, {})})
    with pytest.raises(BadInput, match="folder name"):
        write_state(outside, tmp_path / "inner")
    assert not (tmp_path / "up").exists()


@pytest.mark.parametrize("name", ["../up", "/etc", "a/b", "."])
def test_a_child_is_never_read_from_outside_its_folder(tmp_path: Path, name: str):
    write_state(state(), tmp_path)
    document = json.loads((tmp_path / "scorer.json").read_text())
    document["children"] = [name]
    (tmp_path / "scorer.json").write_text(json.dumps(document))
    with pytest.raises(Corrupt):
        read_state(tmp_path)


def test_an_unknown_kind_is_corrupt_and_an_unknown_name_lists_the_known():
    with pytest.raises(Corrupt, match="unknown kind 'nothing'"):
        scorer_from_state(State("nothing", {}, {}), ItemFeatures.bare(1))
    with pytest.raises(BadSettings, match="popularity"):
        learner("nothing")


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(BadSettings, match=r"popularity.*half_lives"):
        learner("popularity", half_lives=3)
