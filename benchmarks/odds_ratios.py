"""Odds ratios by other packages, statsmodels and bambi, from counts of papers and events in cells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

import inference  # noqa: F401  # before bambi: it sets pytensor's flags
from models.common.cells import Floats

LOW, HIGH = 0.055, 0.945
REACH = float(norm.ppf(HIGH))
Ratio = tuple[float, float, float]  # and the ends of its 89 % interval
Fitted = tuple[Floats, Floats]  # coefficients, covariance


def make_from_error(log_ratio: float, error: float) -> Ratio:
    """Return the odds ratio with its interval, from its logarithm and the standard error of the logarithm."""
    return math.exp(log_ratio), math.exp(log_ratio - REACH * error), math.exp(log_ratio + REACH * error)


def make_from_draws(log_ratio: Any) -> Ratio:
    """Return the odds ratio with its interval, from draws of its logarithm."""
    low, middle, high = np.exp(np.quantile(log_ratio, [LOW, 0.5, HIGH]))
    return float(middle), float(low), float(high)


def fit_stratified(cells: pd.DataFrame, exposed: pd.Series, strata: str) -> tuple[Ratio, Ratio]:
    """Return the crude and the Mantel-Haenszel odds ratio of the exposed to the others."""
    from statsmodels.stats.contingency_tables import StratifiedTable, Table2x2  # type: ignore

    counts = cells.assign(no=cells["n"] - cells["y"], exposed=exposed.astype(int))
    sums = counts.pivot_table(index=strata, columns="exposed", values=["y", "no"], aggfunc="sum", fill_value=0)
    tables = [np.array([[row["y", i], row["no", i]] for i in (1, 0)], float) for _, row in sums.iterrows()]
    crude, pooled = Table2x2(sum(tables)), StratifiedTable(tables)
    return make_from_error(crude.log_oddsratio, crude.log_oddsratio_se), make_from_error(
        pooled.logodds_pooled, pooled.logodds_pooled_se
    )


def make_design(cells: pd.DataFrame, effects: pd.DataFrame, factors: Iterable[str]) -> pd.DataFrame:
    """Join effects with indicators of factors.

    The first factor has an indicator of every category, others of all but one; a factor with categories "group: size"
    has all but one in each group.
    """
    parts = [effects.astype(float)]
    for i, factor in enumerate(factors):
        levels = sorted(cells[factor].unique())
        bases = {level.rpartition(": ")[0]: level for level in reversed(levels)} if i else {}
        parts.append(pd.DataFrame({a: (cells[factor] == a) * 1.0 for a in levels if a not in bases.values()}))
    return pd.concat(parts, axis=1)


def fit_glm(cells: pd.DataFrame, columns: pd.DataFrame, overdispersed: bool = False) -> Fitted:
    """Fit a binomial GLM with logit link; ``overdispersed`` scales its variance by Pearson's chi-square."""
    import statsmodels.api as sm  # type: ignore

    counts = np.column_stack([cells["y"], cells["n"] - cells["y"]])
    # Faster than the default, a pseudo-inverse; the columns are independent.
    found = sm.GLM(counts, columns.to_numpy(), family=sm.families.Binomial()).fit(wls_method="qr")
    # By hand: statsmodels' scale="X2" ignores the number of papers of each share.
    expected = cells["n"] * found.fittedvalues
    squares = (cells["y"] - expected) ** 2 / (expected * (1 - found.fittedvalues))
    scale = squares.sum() / found.df_resid if overdispersed else 1.0
    return np.asarray(found.params), scale * np.asarray(found.cov_params())


def weight_ratios(fitted: Fitted, weights: Floats) -> Ratio:
    """Return the odds ratio of a weighted sum of the first coefficients."""
    first = slice(len(weights))
    return make_from_error(float(weights @ fitted[0][first]), math.sqrt(weights @ fitted[1][first, first] @ weights))


def standardise_ratios(fitted: Fitted, one: Floats, other: Floats, weights: Floats) -> Ratio:
    """Return the odds ratio of average probabilities, all cells with one design or the other; delta method."""
    centre, slope = 0.0, np.zeros(len(fitted[0]))
    for sign, columns in ((1, one), (-1, other)):
        p = expit(columns @ fitted[0])
        mean = np.average(p, weights=weights)
        centre += sign * float(logit(mean))
        slope += sign * (weights * p * (1 - p) / weights.sum()) @ columns / (mean * (1 - mean))
    return make_from_error(centre, math.sqrt(slope @ fitted[1] @ slope))


def fit_bambi(formula: str, cells: pd.DataFrame) -> tuple[Any, Any]:
    """Return a bambi model with bambi's default priors, and its draws by nutpie."""
    import bambi  # type: ignore

    model = bambi.Model(formula, cells, family="binomial")
    settings = {"draws": 500, "tune": 500, "chains": 2, "cores": 2, "random_seed": 8}
    return model, model.fit(inference_method="nutpie", progressbar=False, **settings)
