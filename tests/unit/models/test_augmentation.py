"""Changed copies of sequences keep what they promise to keep."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prismrec.core import Sequences, generator
from prismrec.models.sequence.augmentation import HIDDEN, crop, hide, reorder

ROWS = st.lists(st.lists(st.integers(0, 30), max_size=9), min_size=1, max_size=6)
SHARES = st.floats(0, 1)


def lists(rows: Sequences) -> list[list[int]]:
    return [part.tolist() for part in np.split(rows.items, rows.indptr[1:-1])]


@given(ROWS, SHARES, st.integers(0, 99))
def test_a_crop_is_a_part_in_order(rows: list[list[int]], share: float, seed: int) -> None:
    for whole, part in zip(
        rows, lists(crop(Sequences.of(rows), share, generator(seed, "c"))), strict=True
    ):
        size = int(np.ceil(share * len(whole)))
        assert part in [whole[at : at + size] for at in range(len(whole) - size + 1)]


@given(ROWS, SHARES, st.integers(0, 99))
def test_reordering_moves_one_stretch_and_no_time(
    rows: list[list[int]], share: float, seed: int
) -> None:
    before = Sequences.of(rows)
    after = reorder(before, share, generator(seed, "r"))
    assert after.times.tolist() == before.times.tolist()
    for whole, moved in zip(rows, lists(after), strict=True):
        assert sorted(whole) == sorted(moved)
        changed = [i for i, (a, b) in enumerate(zip(whole, moved, strict=True)) if a != b]
        assert not changed or changed[-1] - changed[0] < np.ceil(share * len(whole))


def test_reordering_does_reorder() -> None:
    rows = Sequences.of([list(range(10))] * 20)
    orders = {tuple(row) for row in lists(reorder(rows, 1.0, generator(0, "r")))}
    assert len(orders) > 15


def test_hidden_events_say_nothing_and_the_others_stay() -> None:
    rows = Sequences.of([list(range(1000))])
    after = hide(rows, 0.3, generator(0, "h"))
    hidden = after.items == HIDDEN
    assert 0.25 < hidden.mean() < 0.35
    assert (after.kinds[hidden] == -1).all()
    assert after.items[~hidden].tolist() == rows.items[~hidden].tolist()
    assert (after.kinds[~hidden] == 0).all()
