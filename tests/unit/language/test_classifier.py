"""Classifiers: words and encoder each learn a toy world with one right answer, together they are
honest about it, and what was saved says the same."""

from __future__ import annotations

import json
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from prismrec.core import BadInput, BadSettings, Corrupt, NewerFormat, NotFound, generator
from prismrec.core.classes import error_left, macro_f1
from prismrec.core.probabilities import expected_calibration_error
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.fit import fit_classifier, split_by_class
from prismrec.language.classifier.reading import fit_reading
from prismrec.language.classifier.settings import ClassifierSettings, Course, course_for
from prismrec.language.classifier.weighing import held_out_loss, pooled, weights_of
from prismrec.language.classifier.words import WordsPart, fit_words, pieces
from prismrec.language.settings import LanguageSettings

THINGS = {"shoes": "red leather shoes", "garden": "garden hose", "sound": "wireless headphones"}
FILLERS = ("novel about", "about the", "the sea", "novel", "sea about the")
TEXTS = tuple(f"{filler} {said}" for said in THINGS.values() for filler in FILLERS)
LABELS = tuple(label for label in THINGS for _ in FILLERS)
QUICK = ClassifierSettings(passes=12, max_tokens=16)
LORA = pytest.param(
    "lora",
    marks=pytest.mark.skipif(find_spec("peft") is None, reason="the extra finetune is absent"),
)


def reads(folder) -> LanguageSettings:
    return LanguageSettings(encoder=str(folder), hub=False)


def classes(labels=LABELS):
    return np.array([sorted(THINGS).index(label) for label in labels], np.int64)


def test_pieces_keep_what_decides():
    assert {"wnot", "wgood", "pnot good", "c<no", "cgood>"} <= set(pieces("Not GOOD"))
    assert {"c不", "c不好", "c很不好"} <= set(pieces("很不好"))
    assert pieces("") == []
    assert pieces("good good").count("wgood") == 2


def test_words_learn_what_tells_labels_apart_in_any_script():
    part = fit_words(TEXTS, classes(), 3)
    assert (part.logits(TEXTS).argmax(axis=1) == classes()).all()
    assert part.logits(["the garden"]).argmax() == sorted(THINGS).index("garden")
    chinese = ["质量很好", "非常好用", "质量不好", "很不好用"]
    part = fit_words(chinese, np.array([1, 1, 0, 0]), 2)
    assert part.logits(chinese).argmax(axis=1).tolist() == [1, 1, 0, 0]
    same = WordsPart.from_state(part.state())
    assert np.array_equal(same.logits(chinese), part.logits(chinese))


@pytest.mark.parametrize("mode", ["frozen", LORA, "full"])
def test_the_encoder_learns_in_every_mode(tiny_folder, mode):
    course = Course(mode, passes=30, batch=8, learning_rate=5e-3, rank=4)
    part = fit_reading(tiny_folder, (TEXTS, classes()), 3, course, 16, generator(0))
    assert (part.logits(TEXTS).argmax(axis=1) == classes()).mean() >= 0.9
    again = fit_reading(tiny_folder, (TEXTS, classes()), 3, course, 16, generator(0))
    assert np.array_equal(again.logits(TEXTS), part.logits(TEXTS))


def test_a_weight_is_the_inverse_of_the_temperature_that_was():
    rng = generator(0)
    logits = rng.normal(size=(20_000, 3)).astype(np.float32)
    drawn = (logits / 2.5 + rng.gumbel(size=logits.shape)).argmax(axis=1)
    (weight,) = weights_of([logits], drawn)
    assert weight == pytest.approx(1 / 2.5, rel=0.05)
    found = pooled([logits], [weight])
    best = found.max(axis=1)
    assert expected_calibration_error(best, found.argmax(axis=1) == drawn) < 0.02


def test_a_part_that_knows_nothing_weighs_nothing():
    rng = generator(1)
    telling, noise = rng.normal(size=(2, 2000, 4)).astype(np.float32)
    drawn = (telling * 2 + rng.gumbel(size=telling.shape)).argmax(axis=1)
    weights = weights_of([noise, telling], drawn)
    assert weights[0] == 0
    assert weights[1] == pytest.approx(2, rel=0.2)
    both = weights_of([telling, rng.normal(size=telling.shape).astype(np.float32) / 9], drawn)
    assert held_out_loss([telling, noise], weights[::-1], drawn) <= held_out_loss(
        [telling, noise], (1.0, 0.0), drawn
    )
    assert min(both) >= 0


def test_a_classifier_is_kept_and_asked(tiny_folder, tmp_path):
    made = fit_classifier(TEXTS, LABELS, QUICK, reads(tiny_folder), seed=3)
    assert made.facts["held_out"]["texts"] == 3
    found = made.probabilities(TEXTS)
    assert np.allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == classes()).mean() >= 0.9
    made.save(tmp_path / "kept")
    kept = TextClassifier.load(tmp_path / "kept")
    assert kept.labels == tuple(sorted(THINGS))
    np.testing.assert_allclose(kept.probabilities(TEXTS), found, atol=1e-5)
    assert kept.classify(["the garden hose"])[0].label == "garden"
    assert kept.classify([]) == []
    with pytest.raises(BadInput):
        made.save(tmp_path / "kept")


def test_words_and_encoder_are_both_kept_where_both_help(tiny_folder, tmp_path):
    words = fit_words(TEXTS, classes(), 3)
    course = Course("frozen", passes=1)
    reading = fit_reading(tiny_folder, (TEXTS, classes()), 3, course, 16, generator(0))
    both = TextClassifier(tuple(sorted(THINGS)), (reading, words), (0.5, 2.0), (0.5, 0.9), {})
    both.save(tmp_path / "both")
    kept = TextClassifier.load(tmp_path / "both")
    assert [part.kind for part in kept.parts] == ["reading", "words"]
    np.testing.assert_allclose(kept.probabilities(TEXTS), both.probabilities(TEXTS), atol=1e-5)


def test_what_was_touched_is_refused(tmp_path):
    made = fit_classifier(TEXTS, LABELS, ClassifierSettings(mode="words"))
    made.save(tmp_path / "a")
    with pytest.raises(NotFound):
        TextClassifier.load(tmp_path / "nothing")
    manifest = tmp_path / "a" / "classifier.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"format": 99}))
    with pytest.raises(NewerFormat):
        TextClassifier.load(tmp_path / "a")
    manifest.write_text(json.dumps(told))
    weights = tmp_path / "a" / "words.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(Corrupt):
        TextClassifier.load(tmp_path / "a")


def test_about_the_share_asked_for_is_handed_over():
    held_out = tuple(np.linspace(0, 1, 1001))
    one = TextClassifier(("a", "b"), (), (), held_out, {})
    assert one.threshold(0.05) == pytest.approx(0.05)
    assert one.threshold(0) == 0
    with pytest.raises(BadInput):
        one.threshold(1.5)


def test_the_encoder_is_left_where_it_cannot_read(tiny_folder, monkeypatch):
    from prismrec.language.classifier import fit as module
    from prismrec.language.find import Located

    found = Located(tiny_folder, "tiny", "package")
    monkeypatch.setattr(module, "find_encoder", lambda *_: found)
    chinese = ["质量很好", "非常好用", "太好了", "质量不好", "很不好用", "太差了"]
    made = fit_classifier(chinese, ["+"] * 3 + ["-"] * 3, QUICK)
    assert made.facts["encoder"] == "words"
    assert "unknown" in made.facts["why"]


def test_the_rule_leaves_the_encoder_as_it_is_for_few_and_for_a_great_many():
    auto = ClassifierSettings()
    courses = [course_for(n, 77, auto) for n in (385, 5_000, 30_000, 100_000)]
    assert [one.mode for one in courses if one] == ["frozen", "full", "full", "frozen"]
    assert [one.passes for one in courses if one][1:3] == [5, 2]
    assert course_for(385, 77, ClassifierSettings(mode="words")) is None
    with pytest.raises(BadSettings):
        ClassifierSettings(mode="magic")


@settings(max_examples=50)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.floats(0.05, 0.95))
def test_every_class_keeps_a_text_to_learn_from(own, share):
    own = np.array(own, np.int64)
    held = split_by_class(own, share, generator(0))
    assert set(own[~held]) == set(own)


@pytest.mark.parametrize("labels", [["a", "a", "a"], ["a"]])
def test_one_label_is_nothing_to_learn(labels):
    with pytest.raises(BadInput):
        fit_classifier([f"text {i}" for i in range(len(labels))], labels)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40))
def test_macro_f1_is_scikit_learns(pairs):
    predicted, actual = np.array(pairs, np.int64).T
    expected = f1_score(actual, predicted, average="macro")
    assert macro_f1(predicted, actual) == pytest.approx(expected)


def test_errors_that_are_left():
    confidence, correct = np.array([0.9, 0.2, 0.4, 0.8]), np.array([True, False, True, False])
    assert error_left(confidence, correct, 0) == 0.5
    assert error_left(confidence, correct, 0.25) == 0.25
    assert error_left(confidence, correct, 0.75) == 0.0
