r"""Access to weights: who lets others use and study a model.

The claim
---------
Access to models mediates scrutiny: models whose weights anyone can download can be studied by anyone, and industry
releases fewer of them (Besiroglu et al. 2024). No number is published.

The model
---------
A model of Epoch's database is by sector k (academia-only, collaboration, industry-only), in year t, of domain
d, with training compute c. Its access is found in stages, each a logistic regression. Models that are alike in all
covariates are counted together, in cells:

    access is known                     ~ Bernoulli(logit^-1 eta1)
    weights are open, if known          ~ Bernoulli(q),   q = e + (1 - 2 e) logit^-1 eta2
    unrestricted, if open               ~ Bernoulli(logit^-1 eta3)
    served, if not open                 ~ Bernoulli(logit^-1 eta4)

    eta = a[k, t] + domain[d] + b[k] c + g [c unknown] + h [notable]

a[k, t] has a level and a trend of each sector, and a random walk. c is log10 FLOP less 22 in units of 3 dex, so b is
the effect of a thousandfold compute; b[k] is a common slope and a deviation of each sector. Open weights are restricted
(in use, or to non-commercial use) or unrestricted. Models that are not open are served (through an interface or at a
host) or unreleased.

*Errors.* A second source, Ecosystem Graphs, has its own label of open or not for some of the models. If each label is
wrong with probability e, independently, two labels differ with probability 2 e (1 - e):

    disagree ~ Binomial(compared, 2 e (1 - e))

*Unknown access.* In the main fit, access is missing at random given the covariates: a model of unknown access is open
with the probability of a known one that is alike. Bounds and shifts replace this mechanism; see ``estimands.py``.

Assumptions
-----------
The database is a selection of models: shares are of the models in it. Restricted and served are found without error.
The model is not causal.

References
----------
Besiroglu et al. (2024), arXiv:2401.02452. Bommasani et al. (2023), arXiv:2303.15772 (Ecosystem Graphs). Rubin (1976),
Biometrika 63:581 (missing data). Tutz (1991), Computational Statistics and Data Analysis 11:275 (sequential models).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.common.claim import Model
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters
from models.common.walks import make_walk_basis
from models.weights_access.cells import COUNTS, prepare
from models.weights_access.choices import AccessPriors
from models.weights_access.definitions import STAGES
from models.weights_access.estimands import compute_estimands
from models.weights_access.linear_predictor import CELLS, EFFECTS, compute_log_odds
from models.weights_access.test_quantities import compute_test_quantities

DIMS = ("sector", "year", "domain")
DATA = (*CELLS, *COUNTS, "time", "compared", "disagree")
OF_STAGES = ("level", "trend", "walk_sd", "domain_sd", "slope_common", "slope_sector", "gap", "notable_effect")
TOP_LEVEL = (*OF_STAGES, "error_logit")


def build(dataset: xr.Dataset, priors: AccessPriors) -> pm.Model:
    """Build the model of access in stages.

    Deterministics: ``sector_year_effect`` (stage, sector, year), ``domain_effect`` (stage, domain) and ``slope``
    (stage, sector), log-odds; ``error``, the probability of a wrong label, unless the choices have none.
    """
    coords = {name: dataset[name].to_numpy() for name in DIMS} | {"stage": STAGES, "step": dataset["year"].values[1:]}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, DATA)
        prior = add_hyperparameters(priors, [field.name for field in fields(AccessPriors)])
        effect = add_effects(dataset, data, prior)
        known, is_open, unrestricted, served = (compute_stage(effect, i, dataset, data) for i in range(len(STAGES)))

        # Labels are wrong now and then.
        chance = pm.math.sigmoid(is_open)
        if dataset.attrs["error"] == "disagreement":
            error = add_errors(data, prior)
            chance = error + (1 - 2 * error) * chance

        # Each stage, for the models that reach it.
        add_stage("known_obs", pm.math.sigmoid(known), data["known"], data["n"])
        add_stage("open_obs", chance, data["open"], data["known"])
        add_stage("unrestricted_obs", pm.math.sigmoid(unrestricted), data["unrestricted"], data["with_terms"])
        add_stage("served_obs", pm.math.sigmoid(served), data["served"], data["closed"])
    return model


def add_effects(dataset: xr.Dataset, data: Mapping[str, Any], prior: Mapping[str, Any]) -> dict[str, Any]:
    """Add the effects of all stages, non-centred, and return them by name, log-odds: stage, and dims as in ``EFFECTS``.

    The first stage, whether access is known, has a prior mean of its own.
    """
    stages = len(pm.modelcontext(None).coords["stage"])
    mean = pt.concatenate([[prior["known_mean"]], pt.zeros(stages - 1)])
    dims = ("stage", "sector")
    level = pm.Normal("level", mean[:, None], prior["level_sd"], dims=dims)
    trend = pm.Normal("trend", 0, prior["trend_sd"], dims=dims)
    walk_sd = add_sd("walk_sd", prior["walk_sd"], prior)
    steps = pm.Normal("walk_raw", dims=(*dims, "step"))
    walk = walk_sd[:, None, None] * pt.dot(steps, make_walk_basis(dataset.sizes["year"]).T)
    domain_sd = add_sd("domain_sd", prior["domain_sd"], prior)
    common = pm.Normal("slope_common", 0, prior["slope_sd"], dims="stage")
    by_sector = pm.ZeroSumNormal("slope_sector", sigma=prior["slope_sector_sd"], dims=dims)
    found = {
        "sector_year_effect": level[..., None] + trend[..., None] * data["time"] + walk,
        "domain_effect": domain_sd[:, None] * pm.ZeroSumNormal("domain_raw", dims=("stage", "domain")),
        "slope": common[:, None] + by_sector,
    }
    effect = {name: pm.Deterministic(name, value, dims=("stage", *EFFECTS[name])) for name, value in found.items()}
    return effect | {
        "gap": pm.Normal("gap", 0, prior["gap_sd"], dims="stage"),
        "notable_effect": pm.Normal("notable_effect", 0, prior["notable_sd"], dims="stage"),
    }


def compute_stage(effect: Mapping[str, Any], stage: int, dataset: xr.Dataset, data: Mapping[str, Any]) -> Any:
    """Return the log-odds of one stage, (cell,)."""
    of_stage = {name: value[stage] for name, value in effect.items()}
    of_stage["sector_year_effect"] = of_stage["sector_year_effect"].flatten()
    idx = data["sector_idx"] * dataset.sizes["year"] + data["year_idx"]
    return compute_log_odds(of_stage, data, idx)


def add_errors(data: Mapping[str, Any], prior: Mapping[str, Any]) -> Any:
    """Add the probability of a wrong label, with the models on which two sources differ."""
    logit = pm.Normal("error_logit", prior["error_mean"], prior["error_sd"])
    error = pm.Deterministic("error", pm.math.sigmoid(logit))
    pm.Binomial("disagree_obs", n=data["compared"], p=2 * error * (1 - error), observed=data["disagree"])
    return error


def add_stage(name: str, chance: Any, events: Any, reached: Any) -> None:
    """Add the models with an event by cell, of those that reach the stage."""
    pm.Binomial(name, n=reached, p=chance, observed=events, dims="cell")


def add_sd(name: str, median: Any, prior: Mapping[str, Any]) -> Any:
    """Add an sd of each stage, with a log-normal prior."""
    return pm.LogNormal(name, pt.log(median), prior["sd_log_sd"], dims="stage")


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
