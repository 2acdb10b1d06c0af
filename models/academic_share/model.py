r"""Who makes large-scale machine-learning models: the academic share.

The claim
---------
Academic labs made about 65 % of large-scale models in the early 2010s and about 10 % in the early 2020s; industry-only
teams dominate since 2017, and with industry-leaning collaborations made about 81 % in 2022 (Besiroglu et al. 2024). The
source's own definition of "large-scale" could not be recovered from what is public.

Two models
----------
*Shares* (estimand A, like for like): labelled notable models with a known training compute. With n_t rows in year t,

    counts[t] ~ Multinomial(n_t, softmax(eta[t])),   eta[t, k] = a[k] + level[k] + trend[k] x[t] + walk[t, k],

k a kind of team, x decades from the middle year, a the prior mean, and walk the departures of a random walk from its
own least-squares line. level, trend and the walk's innovations sum to zero over kinds; level and trend have fixed
scales, the innovations the scale walk_sd, half-normal. A period averages its years by their rows; the change is the
difference of the two periods' log-odds.

*Upper tail of compute* (estimand B, another quantity): ``upper_tail.py``.

Assumptions
-----------
Rows without a sector label are left out: as if labels were missing at random. None of this is causal.

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
    """The model of yearly shares. Deterministic ``share`` (year, sector), probability."""
    coords = {name: dataset[name].to_numpy() for name in ("year", "sector", "step")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, ["decade", "n", "count"])
        level_mean = pm.Data("prior_level_mean", priors.level_mean, dims="sector")
        prior = add_hyperparameters(priors, ["level_sd", "trend_sd", "walk_sd"])
        log_odds = add_team_log_odds(data["decade"], prior, level_mean, dataset.sizes["year"])
        share = pm.Deterministic("share", pm.math.softmax(log_odds, axis=1), dims=("year", "sector"))
        pm.Multinomial("count_obs", n=data["n"], p=share, observed=data["count"], dims=("year", "sector"))
    return model


MODEL = Model(
    prepare_shares, build, compute_estimands, compute_test_quantities, ("level", "trend", "walk_sd"), count_raw
)
