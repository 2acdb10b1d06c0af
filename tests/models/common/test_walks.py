"""Random walks over years, less their own line."""

from __future__ import annotations

import numpy as np

from models.common.walks import make_walk_basis


def test_walk_departs_from_its_own_line():
    departures = make_walk_basis(13) @ np.random.default_rng(1).normal(size=12)
    line = np.column_stack([np.ones(13), np.arange(13)])
    np.testing.assert_allclose(line.T @ departures, 0, atol=1e-10)
    assert np.sqrt((make_walk_basis(13) ** 2).sum(1)).max() < 1.2
