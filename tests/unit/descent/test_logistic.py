"""The curve is scikit-learn's logistic regression; a weight that must rise does, or is zero."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from prismrec.core import generator
from prismrec.descent.logistic import PENALTY, curve, fit_curve


@pytest.fixture
def world():
    rng = generator(0)
    features = np.column_stack([np.ones(600), rng.normal(size=(600, 3))])
    return features, rng.random(600) < curve(features, (-0.5, 1.5, -1.0, 0.3))


def test_the_weights_are_those_of_another_library(world):
    features, happened = world
    found = fit_curve(features, happened, [False] * 4)
    peer = LogisticRegression(C=1 / (PENALTY * len(happened)), tol=1e-8, max_iter=1000)
    peer.fit(features[:, 1:], happened)
    np.testing.assert_allclose(found, [*peer.intercept_, *peer.coef_[0]], atol=2e-3)
    np.testing.assert_allclose(
        curve(features, found), peer.predict_proba(features[:, 1:])[:, 1], atol=1e-3
    )


def test_what_must_rise_never_counts_against(world):
    features, happened = world
    found = fit_curve(features, happened, [False, True, True, True])
    assert found[2] == 0
    assert found[1] == pytest.approx(1.5, abs=0.4)
    assert found[0] < 0


def test_certainty_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        told = curve(np.array([[1.0, 5000.0], [1.0, -5000.0]]), (0.0, 1.0))
    assert told.tolist() == [1.0, 0.0]
