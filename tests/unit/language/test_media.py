"""Pictures, sounds and video as vectors, by real models made on the spot."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("av", reason="the extra media is not installed")

from prismrec.core import BadInput, BadSettings, Item, NotFound
from prismrec.evaluation.simulator.pictures import COLOURS, draw, write_pictures
from prismrec.language.media import CachedMedia, MediaEncoder, with_vectors
from prismrec.language.media.pictures import frames
from unit.language.media_models import clap, taught_clip

FORMS = ("Lamps", "Mugs", "Books")
CHOSEN = ("red", "teal", "sand", "black")


def product(number: int) -> Item:
    colour, form = CHOSEN[number % 4], FORMS[number // 4 % 3]
    return Item(f"p{number}", f"Thing {number}", categories=(form,), attributes={"colour": colour})


def said(item: Item) -> str:
    return str(item.attributes["colour"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    items = [product(number) for number in range(96)]
    pictures = [draw(item, seed=1) for item in items]
    place = tmp_path_factory.mktemp("clip")
    return taught_clip(place, pictures, [said(item) for item in items])


@pytest.fixture(scope="module")
def eye(folder: Path) -> MediaEncoder:
    return MediaEncoder(folder)


def test_a_text_finds_pictures_that_were_never_seen(eye: MediaEncoder, tmp_path: Path) -> None:
    items = [product(number) for number in range(24)]
    names = write_pictures(items, tmp_path, seed=2)
    vectors = eye.encode([tmp_path / name for name in names])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for colour in CHOSEN:
        order = np.argsort(-(vectors @ eye.encode_texts([colour])[0]))
        assert {items[place].attributes["colour"] for place in order[:6]} == {colour}


def test_what_cannot_be_read_is_told_or_refused(eye: MediaEncoder, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing more")
    (tmp_path / "text.jpg").write_text("no picture")
    draw(product(0)).save(tmp_path / "good.png")
    paths = [tmp_path / name for name in ("broken.png", "good.png", "text.jpg", "absent.png")]
    refused: list[tuple[str, str]] = []
    vectors = eye.encode(paths, refused)
    assert [name for name, _ in refused] == ["broken.png", "text.jpg", "absent.png"]
    assert vectors.any(axis=1).tolist() == [False, True, False, False]
    with pytest.raises(BadInput, match=r"broken\.png"):
        eye.encode(paths)


def test_a_picture_of_more_pixels_than_memory_is_refused(
    eye: MediaEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prismrec.language.media.pictures.LARGEST", 100)
    draw(product(0)).save(tmp_path / "large.png")
    with pytest.raises(BadInput, match="pixels"):
        eye.encode([tmp_path / "large.png"])


def video(path: Path, shades: list[tuple[int, int, int]]) -> Path:
    """Each shade for eight frames, a key frame at each change."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=8, options={"g": "8"})
        stream.width = stream.height = 48
        stream.pix_fmt = "yuv420p"
        for shade in shades:
            for _ in range(8):
                image = np.full((48, 48, 3), shade, np.uint8)
                for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
                    container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def test_key_frames_are_those_that_look_least_alike(tmp_path: Path) -> None:
    shades = [(250, 0, 0), (250, 0, 0), (0, 250, 0), (250, 0, 0), (0, 0, 250), (0, 250, 0)]
    found = frames(video(tmp_path / "film.mp4", shades))
    means = {int(np.argmax(np.asarray(each).mean(axis=(0, 1)))) for each in found}
    assert means == {0, 1, 2}
    assert len(found) <= 4


def test_a_video_is_the_mean_of_its_frames(eye: MediaEncoder, tmp_path: Path) -> None:
    path = video(tmp_path / "film.mp4", [COLOURS["red"]])
    vector = eye.encode([path])[0]
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_a_playlist_reads_no_other_file(eye: MediaEncoder, tmp_path: Path) -> None:
    inner = video(tmp_path / "inner.mp4", [(250, 0, 0)])
    (tmp_path / "list.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{inner}\n")
    (tmp_path / "parts.mkv").write_text(f"ffconcat version 1.0\nfile {inner}\n")
    for name in ("list.mp4", "parts.mkv"):
        with pytest.raises(BadInput, match="cannot be read"):
            eye.encode([tmp_path / name])


def tone(path: Path, pitch: float, seconds: float) -> Path:
    rate = 16_000
    wave_of = np.sin(2 * np.pi * pitch * np.arange(int(rate * seconds)) / rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((wave_of * 20_000).astype("<i2").tobytes())
    return path


def test_sounds_are_heard_whole_and_the_same_every_time(tmp_path: Path) -> None:
    ear = MediaEncoder(clap(tmp_path / "clap"))
    assert ear.kind == "audio"
    low, high = tone(tmp_path / "low.wav", 200, 1), tone(tmp_path / "high.wav", 3_000, 1)
    long = tone(tmp_path / "long.wav", 200, 7)
    vectors = ear.encode([low, high, long])
    np.testing.assert_array_equal(vectors, ear.encode([low, high, long]))
    assert vectors[0] @ vectors[2] > vectors[0] @ vectors[1]
    assert ear.encode_texts(["a low tone", " "]).any(axis=1).tolist() == [True, False]
    (tmp_path / "film.wav").write_bytes(video(tmp_path / "f.mp4", [(9, 9, 9)]).read_bytes())
    with pytest.raises(BadInput, match="no audio"):
        ear.encode([tmp_path / "film.wav"])


def test_only_new_files_are_looked_at(eye: MediaEncoder, tmp_path: Path) -> None:
    class Counting:
        version, dimension = eye.version, eye.dimension
        seen = 0

        def encode(self, paths: Any, refused: Any = None) -> Any:
            Counting.seen += len(paths)
            return eye.encode(paths, refused)

    paths = [tmp_path / name for name in write_pictures([product(n) for n in range(6)], tmp_path)]
    first = CachedMedia(Counting(), tmp_path / "cache").encode(paths)
    assert Counting.seen == 6
    draw(product(7)).save(paths[2])
    second = CachedMedia(Counting(), tmp_path / "cache").encode(paths)
    assert Counting.seen == 7
    same = [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(first[same], second[same])
    assert not np.allclose(first[2], second[2])


def test_names_of_files_lead_nowhere_else(eye: MediaEncoder, tmp_path: Path) -> None:
    draw(product(0)).save(tmp_path / "outside.png")
    base = tmp_path / "shop"
    base.mkdir()
    draw(product(1)).save(base / "inside.png")
    names = ["inside.png", "../outside.png", None, "absent.png", str(tmp_path / "outside.png")]
    items = pl.DataFrame({"item_id": list("abcde"), "picture": names})
    table, refused = with_vectors(items, "picture", base, eye, name="image")
    assert table["image"].is_not_null().to_list() == [True, False, False, False, False]
    assert {name for name, _ in refused} == {names[1], names[4], "absent.png"}
    assert table.columns == ["item_id", "image"]
    with pytest.raises(BadInput, match="no column 'photo'"):
        with_vectors(items, "photo", base, eye)


def test_folders_that_are_no_such_model(tmp_path: Path, tiny_folder: Path) -> None:
    with pytest.raises(NotFound):
        MediaEncoder(tmp_path / "nowhere")
    with pytest.raises(BadSettings, match="neither sees nor hears"):
        MediaEncoder(tiny_folder)
