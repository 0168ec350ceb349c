"""Judgments as rows: what was judged of a query, and in which order rows are taken."""

from __future__ import annotations

import numpy as np

from prismrec.core import Judgments

THREE = Judgments(
    texts=("tea", "cup", "nothing"),
    indptr=np.array([0, 2, 5, 5]),
    items=np.array([4, 1, 0, 3, 2], np.int32),
    grades=np.array([3, 0, 1, 2, 0], np.float32),
)


def test_a_row_has_the_items_of_its_query() -> None:
    items, grades = THREE.row(1)
    assert items.tolist() == [0, 3, 2]
    assert grades.tolist() == [1, 2, 0]


def test_what_was_not_judged_has_no_grade() -> None:
    assert THREE.grades_of(0, np.array([1, 9, 4, -1], np.int32)).tolist()[:1] == [0]
    assert np.isnan(THREE.grades_of(0, np.array([1, 9, 4, -1], np.int32))).tolist() == [
        False, True, False, True,
    ]  # fmt: skip
    assert np.isnan(THREE.grades_of(2, np.array([0, 1], np.int32))).all()


def test_rows_are_taken_in_the_order_asked_for() -> None:
    taken = THREE.take(np.array([2, 1, 1]))
    assert taken.texts == ("nothing", "cup", "cup")
    assert taken.indptr.tolist() == [0, 0, 3, 6]
    assert taken.row(2)[0].tolist() == [0, 3, 2]
    assert taken.row(2)[1].tolist() == [1, 2, 0]
