"""Multinomial counts without coefficients, against ``pm.Multinomial``."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest

from inference.sampling.compiled import INTERPRETED
from models.compute_gap.counts import add_multinomial

CHANCE = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
COORDS = {"row": [0, 1], "event": [0, 1, 2]}
COUNTS = np.array([[3, 0, 5], [4, 0, 0]])


def test_the_density_differs_from_pymc_by_a_constant():
    found = []
    for counts in (COUNTS, np.array([[0, 8, 0], [4, 0, 0]])):
        with pm.Model(coords=COORDS) as model:
            slope = pm.Normal("slope")
            chance = pm.math.softmax(np.log(np.maximum(CHANCE, 1e-9)) + slope * np.array([0.0, 1.0, 2.0]), axis=-1)
            add_multinomial("here", chance, pm.Data("counts", counts), tuple(COORDS))
            pm.Multinomial("there", counts.sum(-1), chance, observed=counts)
        densities = [model.compile_logp(model[name], mode=INTERPRETED) for name in ("here", "there")]
        at = [[float(density({"slope": value})) for density in densities] for value in (0.0, 0.7)]
        found.append((at[0][0] - at[1][0]) - (at[0][1] - at[1][1]))
    assert found == pytest.approx([0.0, 0.0], abs=1e-9)


def test_replicated_counts_have_the_totals_and_the_shares():
    with pm.Model(coords=COORDS):
        add_multinomial("here", pm.math.stack([CHANCE[0], CHANCE[0]]), pm.Data("counts", 50 * COUNTS), tuple(COORDS))
        drawn = pm.sample_prior_predictive(400, random_seed=1, compile_kwargs={"mode": INTERPRETED})
    values = drawn["prior_predictive"]["here"].to_numpy().reshape(400, 2, 3)
    assert (values.sum(-1) == 50 * COUNTS.sum(-1)).all()
    np.testing.assert_allclose(values.mean(0) / values.sum(-1).mean(0)[:, None], CHANCE[[0, 0]], atol=0.01)
