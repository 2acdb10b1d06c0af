"""Random walks over years, minus their least-squares lines."""

from __future__ import annotations

import numpy as np
import pytest

from models.common.walks import make_walk_basis, make_zero_sum_basis


def test_deviations_are_from_the_least_squares_line():
    deviations = make_walk_basis(13) @ np.random.default_rng(1).normal(size=12)
    line = np.column_stack([np.ones(13), np.arange(13)])
    np.testing.assert_allclose(line.T @ deviations, 0, atol=1e-10)
    assert np.sqrt((make_walk_basis(13) ** 2).sum(1)).max() < 1.2


def test_a_walk_that_keeps_its_trend_deviates_from_its_mean():
    steps = np.random.default_rng(2).normal(size=9)
    walk = np.concatenate([[0.0], np.cumsum(steps)])
    np.testing.assert_allclose(make_walk_basis(10, keep_trend=True) @ steps, walk - walk.mean())


def test_a_walk_of_second_order_is_smoother_on_the_same_scale():
    """Its yearly change is a walk. It has the mean square of a walk of first order, and smaller yearly changes."""
    first, second = make_walk_basis(12), make_walk_basis(12, order=2)
    assert second.shape == (12, 10)
    line = np.column_stack([np.ones(12), np.arange(12)])
    np.testing.assert_allclose(line.T @ second, 0, atol=1e-10)
    assert (first**2).sum() == pytest.approx((second**2).sum())
    assert (np.diff(second, axis=0) ** 2).sum() < 0.6 * (np.diff(first, axis=0) ** 2).sum()
    bends = np.diff(second, 2, axis=0)  # independent steps of the yearly change
    np.testing.assert_allclose(bends, np.diag(np.full(10, bends[0, 0])), atol=1e-10)


def test_effects_of_years_sum_to_zero_and_the_first_direction_is_the_trend():
    basis = make_zero_sum_basis(10)
    np.testing.assert_allclose(basis.T @ basis, np.eye(9), atol=1e-10)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-10)
    changes = np.diff(basis[:, 0])
    np.testing.assert_allclose(changes, changes[0])
    assert changes[0] > 0
