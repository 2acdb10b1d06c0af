r"""The academic share: which team types make large-scale machine-learning models.

The claim
---------
Academic labs made about 65 % of large-scale models in the early 2010s and about 10 % in the early 2020s. Industry-only
teams have dominated since 2017; together with industry-leaning collaborations they made about 81 % in 2022 (Besiroglu
et al. 2024). The source's own definition of "large-scale" could not be recovered from what is public.

Two models
----------
*Shares* (the published quantity): the shares of the team types among labelled notable models with a known training
compute. With n[t] models in year t,

    count[t] ~ Multinomial(n[t], softmax(eta[t])),   eta[t, k] = a[k] + intercept[k] + trend[k] x[t] + walk[t, k].

k is a team type (``sector``), x[t] the time in decades from the middle year, and a[k] the prior mean. walk holds the
deviations of a random walk from its least-squares line. intercept, trend and the innovations of the walk sum to zero
over team types. The scales of intercept and trend are fixed; the innovations have the scale walk_sd, with a half-normal
prior. The share of a period is the mean over its years, weighted by their numbers of models. The change is the
difference in log-odds between two periods.

*Upper tail of compute* (another quantity): see ``upper_tail.py``.

Assumptions
-----------
Sector labels are missing at random, so rows without a label are left out. The model is not causal.

References
----------
Besiroglu et al. (2024), arXiv:2401.02452. Epoch AI (2022), Parameter, Compute and Data Trends in Machine Learning.
Rubin (1976), Biometrika 63:581. Gelman (2006), Bayesian Analysis 1:515 (half-normal scales).
"""

from __future__ import annotations

import pymc as pm
import xarray as xr

from models.academic_share.choices import SharesPriors
from models.academic_share.estimands import compute_estimands
from models.academic_share.rows import count_raw, prepare_shares
from models.academic_share.team_log_odds import add_team_log_odds
from models.academic_share.test_quantities import compute_test_quantities
from models.common.claim import Model
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters


def build(dataset: xr.Dataset, priors: SharesPriors) -> pm.Model:
    """Build the model of yearly shares. Its deterministic ``share`` (year, sector) is a probability."""
    coords = {name: dataset[name].to_numpy() for name in ("year", "sector", "step")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, ["decade", "n", "count"])

        # Hyper-parameters.
        intercept_mean = pm.Data("prior_intercept_mean", priors.intercept_mean, dims="sector")
        prior = add_hyperparameters(priors, ["intercept_sd", "trend_sd", "walk_sd"])

        # Effects and linear predictor.
        log_odds = add_team_log_odds(data["decade"], prior, intercept_mean, dataset.sizes["year"])
        share = pm.Deterministic("share", pm.math.softmax(log_odds, axis=1), dims=("year", "sector"))

        # Likelihood.
        pm.Multinomial("count_obs", n=data["n"], p=share, observed=data["count"], dims=("year", "sector"))
    return model


MODEL = Model(
    prepare_shares, build, compute_estimands, compute_test_quantities, ("intercept", "trend", "walk_sd"), count_raw
)
