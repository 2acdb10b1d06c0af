r"""Access in order: the alternative to stages.

The model
---------
Unreleased, served, restricted and unrestricted are taken as one ordered scale (McCullagh 1980). Whether access is known
is as in the main model. If it is known,

    P(access >= j) = logit^-1(eta - cut_j),   j = served, restricted, unrestricted;  cut_served = 0

with the linear predictor eta of ``linear_predictor.py``. So sector, year, domain and compute move all three boundaries
alike. Open weights whose terms are unknown count as restricted or unrestricted. Labels have no errors.

Predictive checks say whether one scale suffices; see ``test_quantities.py``.

References
----------
McCullagh (1980), Journal of the Royal Statistical Society B 42:109.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.common.claim import Model
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters
from models.weights_access.cells import prepare
from models.weights_access.choices import OrderedPriors
from models.weights_access.definitions import ORDERED_STAGES
from models.weights_access.estimands import compute_estimands
from models.weights_access.model import DATA, DIMS, OF_STAGES, add_effects, add_stage, compute_stage
from models.weights_access.test_quantities import compute_test_quantities

TOP_LEVEL = (*OF_STAGES, "cut_log_step")


def build(dataset: xr.Dataset, priors: OrderedPriors) -> pm.Model:
    """Build the ordered model.

    Deterministics are as in the main model, and ``cut`` (cut_step,), the second and the third cut point, log-odds.
    """
    coords: dict[str, Any] = {name: dataset[name].to_numpy() for name in DIMS}
    coords |= {"stage": ORDERED_STAGES, "step": dataset["year"].values[1:], "cut_step": np.arange(2)}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, DATA)
        prior = add_hyperparameters(priors, [field.name for field in fields(priors) if "error" not in field.name])
        effect = add_effects(dataset, data, prior)
        known, access = (compute_stage(effect, i, dataset, data) for i in range(len(ORDERED_STAGES)))
        add_stage("known_obs", pm.math.sigmoid(known), data["known"], data["n"])

        # The first cut point is 0: the levels of sectors say where the scale begins.
        step = pm.Normal("cut_log_step", 0, prior["cut_log_sd"], dims="cut_step")
        cut = pt.concatenate([[0.0], pm.Deterministic("cut", pt.cumsum(pt.exp(step)), dims="cut_step")])
        above = pm.math.sigmoid(access[:, None] - cut)  # served or more, restricted or more, unrestricted
        is_open, unrestricted = above[:, 1], above[:, 2] / above[:, 1]
        served = (above[:, 0] - above[:, 1]) / (1 - above[:, 1])
        add_stage("open_obs", is_open, data["open"], data["known"])
        add_stage("unrestricted_obs", unrestricted, data["unrestricted"], data["with_terms"])
        add_stage("served_obs", served, data["served"], data["closed"])
    return model


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
