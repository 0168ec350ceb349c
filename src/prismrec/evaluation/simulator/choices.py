"""How likely a person is to look, click, put into the cart and buy: one place for both worlds.

The history of the marketplace (`behaviour`) and the environment that a policy acts in draw from the
same chances, so that a model trained on the one knows the people of the other.
"""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Bools, Floats

__all__ = ["BUYS", "carting", "going_together", "liking", "looking"]

BUYS = 0.65
"""The chance that what is in the cart is bought."""


def looking(places: int, position_bias: float) -> Floats:
    """(places,) the chance that each place of a page is looked at, 1 at the first."""
    return np.asarray((1.0 + np.arange(places)) ** -position_bias)


def liking(wanted: Floats) -> Floats:
    """The chance that a product is clicked once it is looked at, from how much it is wanted."""
    return _sigmoid(wanted - 1.5)


def carting(wanted: Floats | float) -> Floats:
    """The chance that a product is put into the cart once it is clicked."""
    return np.asarray(0.35 * _sigmoid(np.asarray(wanted) - 1.0))


def going_together(fits: Bools, same_brand: Bools) -> Floats:
    """How much more a product is wanted that is of the category one is after, and of the brand."""
    return np.asarray(1.0 * fits + 1.5 * (fits & same_brand))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))
