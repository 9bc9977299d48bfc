"""Spans are copied to where they belong, those that go on together in one piece; directions are left out of vectors."""

import numpy as np
import pytest

from knowledge.arrays import besides, copy_spans


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


def unit(*vector: float) -> np.ndarray:
    return np.array(vector, np.float32) / np.linalg.norm(vector)


def test_what_two_vectors_point_to_besides_a_direction_is_compared() -> None:
    title, rows = unit(1, 0, 0), np.stack([unit(2, 1, 0), unit(1, 0, 3)])
    cosines, other = besides(rows, unit(5, 1, 0), title)
    assert cosines == pytest.approx(rows @ unit(5, 1, 0)) and other == pytest.approx([1, 0], abs=1e-3)
    assert besides(rows, unit(1, 1, 0), title)[1] == pytest.approx(other, abs=1e-3), "however much of it is said"


def test_what_points_in_the_direction_alone_points_to_nothing_besides() -> None:
    title, rows = unit(1, 2, 2), np.stack([unit(1, 2, 2), unit(0, 1, 0)])
    for one in (title, unit(0, 0, 1)):
        assert np.abs(besides(rows, one, title)[1][0]) < 1e-2
    assert not np.isnan(besides(np.zeros((2, 3), np.float32), title, title)).any()
    assert besides(np.zeros((0, 3), np.float32), title, title)[1].shape == (0,)
