r"""The mean of ten numbers.

The claim
---------
Models of the first years were trained with less than 10^20 FLOP (published by nobody).

The model
---------
    y[i] ~ Normal(mean, 3),   mean ~ Normal(0, mean_sd),

y the log10 of training compute less 20.
"""

from __future__ import annotations

import pymc as pm
import xarray as xr

from models.common.claim import Model
from models.common.pymc_helpers import add_data, add_hyperparameters
from models.toy.choices import MeanPriors
from models.toy.estimands import compute_estimands
from models.toy.rows import prepare
from models.toy.test_quantities import compute_test_quantities


def build(dataset: xr.Dataset, priors: MeanPriors) -> pm.Model:
    """Build the model of the mean, dex from 10^20 FLOP."""
    with pm.Model() as model:
        data = add_data(dataset, ["y"])
        prior = add_hyperparameters(priors, ["mean_sd"])
        mean = pm.Normal("mean", 0, prior["mean_sd"])
        pm.Normal("y_obs", mean, 3.0, observed=data["y"], dims="row")
    return model


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, top_level=("mean",))
