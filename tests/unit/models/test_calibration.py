"""The head of chances on worlds whose probabilities are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from prismrec.core.probabilities import expected_calibration_error, log_loss
from prismrec.models.calibration import FEATURES, Calibration

PLANTED = np.array([-1.0, 0.5, 0.8, -0.7])


def world(pages: int = 4000, k: int = 8, *, seed: int = 0, by: float = 3.0, to: float = 50.0):
    """Pages of scores, the true chances of a click by the planted weights, and what happened."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(pages, 1)) + 0.7 * rng.normal(size=(pages, k))
    scores = to + by * own
    scores[rng.random((pages, k)).cumsum(1) > 0.8 * k] = np.nan
    centre, scale = float(np.nanmean(scores)), float(np.nanstd(scores))
    planted = Calibration(centre, scale, {"click": tuple(PLANTED)})
    chances = planted.chances("click", scores)
    with np.errstate(invalid="ignore"):
        return scores, chances, rng.random(chances.shape) < chances


def test_planted_chances_are_found_again():
    scores, chances, happened = world()
    found = Calibration.of(scores).learned("click", scores, happened)
    np.testing.assert_allclose(found.weights["click"], PLANTED, atol=0.12)
    told, shown = found.chances("click", scores), np.isfinite(scores)
    assert np.abs(told - chances)[shown].max() < 0.05


def test_on_pages_it_did_not_see_promises_are_kept():
    scores, _, happened = world()
    found = Calibration.of(scores).learned("click", scores, happened)
    others, chances, came = world(seed=1)
    shown = np.isfinite(others)
    told, truth, came = found.chances("click", others)[shown], chances[shown], came[shown]
    assert expected_calibration_error(told, came) < 0.01
    assert log_loss(told, came) < log_loss(truth, came) + 0.001
    assert log_loss(told, came) < log_loss(np.full(len(came), happened.mean()), came) - 0.02


def test_scores_of_another_release_are_read_on_its_own_scale():
    scores, _, happened = world()
    found = Calibration.of(scores).learned("click", scores, happened)
    bolder = Calibration.of(7 * scores - 3)
    carried = Calibration(bolder.centre, bolder.scale, found.weights)
    np.testing.assert_allclose(
        carried.chances("click", 7 * scores - 3), found.chances("click", scores), atol=1e-9
    )


def test_a_better_score_is_never_a_worse_chance():
    scores, _, happened = world()
    found = Calibration.of(-scores).learned("click", -scores, happened)
    assert found.weights["click"][FEATURES.index("ahead")] == 0.0


def test_of_too_little_nothing_is_learned():
    scores, _, happened = world(4)
    assert Calibration.of(scores).learned("click", scores, happened).weights == {}
    scores, _, happened = world(400)
    never = np.zeros_like(happened)
    assert Calibration.of(scores).learned("click", scores, never).weights == {}
    nothing = Calibration.of(np.zeros((0, 10)))
    assert nothing == Calibration()


def test_beyond_the_end_of_a_page_there_is_no_chance():
    scores, _, happened = world()
    found = Calibration.of(scores).learned("click", scores, happened)
    told = found.chances("click", scores)
    np.testing.assert_array_equal(np.isnan(told), np.isnan(scores))
    assert ((told > 0) & (told < 1))[np.isfinite(scores)].all()


def test_it_is_the_same_after_it_was_written_and_read():
    scores, _, happened = world(500)
    found = Calibration.of(scores).learned("click", scores, happened)
    again = Calibration.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found


@pytest.mark.parametrize("shape", [(0, 10), (3, 0)])
def test_no_pages_have_no_chances(shape: tuple[int, int]):
    one = Calibration(weights={"click": tuple(PLANTED)})
    assert one.chances("click", np.zeros(shape)).shape == shape
