"""Log-odds of the team types by year: the part that both models of the claim share."""

from __future__ import annotations

from collections.abc import Mapping

import pymc as pm
import pytensor.tensor as pt

from models.common.walks import make_walk_basis


def add_team_log_odds(
    decade: pt.TensorVariable, prior: Mapping[str, pt.TensorVariable], intercept_mean: pt.TensorVariable, n_years: int
) -> pt.TensorVariable:
    """Add the log-odds of the team types by year: intercept, linear trend, and the deviations of a random walk.

    The effects sum to zero over ``sector``, because a softmax depends only on contrasts between team types. A zero-sum
    effect of scale s over n team types is a normal with the sd s, projected on that sum: one element has the sd
    s sqrt(1 - 1/n), the difference between two elements s sqrt(2). The walk is
    non-centred: with few rows per year, its scale is informed by little more than the prior (Papaspiliopoulos, Roberts
    and Skold 2007).

    Parameters
    ----------
    decade
        (year,), decades from the middle year.
    prior
        Hyper-parameters ``intercept_sd``, ``trend_sd`` and ``walk_sd``, log-odds.
    intercept_mean
        (sector,), log-odds: prior mean of the intercept.
    n_years
        Number of years.

    Returns
    -------
    pytensor.tensor.TensorVariable
        (year, sector), log-odds; the deterministic ``log_odds``.
    """
    intercept = pm.ZeroSumNormal("intercept", sigma=prior["intercept_sd"], dims="sector")
    trend = pm.ZeroSumNormal("trend", sigma=prior["trend_sd"], dims="sector")
    walk_sd = pm.HalfNormal("walk_sd", sigma=prior["walk_sd"])
    walk_raw = pm.ZeroSumNormal("walk_raw", dims=("step", "sector"), n_zerosum_axes=1)
    walk = walk_sd * pt.dot(make_walk_basis(n_years), walk_raw)
    line = intercept_mean + intercept + trend * decade[:, None]
    return pm.Deterministic("log_odds", line + walk, dims=("year", "sector"))
