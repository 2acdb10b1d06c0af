"""Log-odds of the team types by year: the block that both models of the claim share."""

from __future__ import annotations

from collections.abc import Mapping

import pymc as pm
import pytensor.tensor as pt

from models.common.walks import make_walk_basis


def add_team_log_odds(
    decade: pt.TensorVariable, prior: Mapping[str, pt.TensorVariable], level_mean: pt.TensorVariable, n_years: int
) -> pt.TensorVariable:
    """Log-odds of the kinds of team by year: level, linear trend, and a random walk's departures from it.

    Zero-sum over ``sector``: only contrasts between kinds matter to a softmax. The walk is non-centred, for few rows
    a year leave its scale nearly to the prior (Papaspiliopoulos, Roberts and Skold 2007).

    Parameters
    ----------
    decade
        (year,), decades from the middle year.
    prior
        Hyper-parameters ``level_sd``, ``trend_sd`` and ``walk_sd``, log-odds.
    level_mean
        (sector,), log-odds: the prior's mean of the level.
    n_years
        Number of years.

    Returns
    -------
    pytensor.tensor.TensorVariable
        (year, sector), log-odds; the deterministic ``log_odds``.
    """
    level = pm.ZeroSumNormal("level", sigma=prior["level_sd"], dims="sector")
    trend = pm.ZeroSumNormal("trend", sigma=prior["trend_sd"], dims="sector")
    walk_sd = pm.HalfNormal("walk_sd", sigma=prior["walk_sd"])
    walk_raw = pm.ZeroSumNormal("walk_raw", dims=("step", "sector"), n_zerosum_axes=1)
    walk = walk_sd * pt.dot(make_walk_basis(n_years), walk_raw)
    line = level_mean + level + trend * decade[:, None]
    return pm.Deterministic("log_odds", line + walk, dims=("year", "sector"))
