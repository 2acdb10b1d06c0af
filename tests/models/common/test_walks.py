"""Random walks over years, minus their least-squares lines."""

from __future__ import annotations

import numpy as np

from models.common.walks import make_walk_basis


def test_deviations_are_from_the_least_squares_line():
    deviations = make_walk_basis(13) @ np.random.default_rng(1).normal(size=12)
    line = np.column_stack([np.ones(13), np.arange(13)])
    np.testing.assert_allclose(line.T @ deviations, 0, atol=1e-10)
    assert np.sqrt((make_walk_basis(13) ** 2).sum(1)).max() < 1.2
