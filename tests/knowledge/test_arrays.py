"""Spans are copied to where they belong, those that go on together in one piece."""

import numpy as np
import pytest

from knowledge.arrays import copy_spans


@pytest.mark.parametrize(
    ("to", "taken", "expected"),
    [
        ([0, 1, 2], [0, 1, 2], [1, 2, 2, 3, 3, 3]),
        ([0, 2], [0, 2], [1, 0, 0, 3, 3, 3]),
        ([0], [0], [1, 0, 0, 0, 0, 0]),
        ([], [], [0, 0, 0, 0, 0, 0]),
    ],
)
def test_spans_are_copied_to_where_they_belong(to: list[int], taken: list[int], expected: list[int]) -> None:
    source, target = np.array([1, 2, 2, 3, 3, 3]), np.zeros(6, int)
    starts = np.array([0, 1, 3, 6])
    copy_spans(target, starts, np.array(to, int), source, starts, np.array(taken, int))
    assert target.tolist() == expected


def test_what_stood_elsewhere_is_found_in_its_new_order() -> None:
    source, target = np.array([1, 2, 2, 3, 3, 3]), np.zeros(8, int)
    copy_spans(
        target, np.array([0, 3, 5, 7, 8]), np.array([0, 1, 3]), source, np.array([0, 1, 3, 6]), np.array([2, 1, 0])
    )
    assert target.tolist() == [3, 3, 3, 2, 2, 0, 0, 1]
