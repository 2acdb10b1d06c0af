"""The hardware gap by other packages: least squares and bambi on log10 performance, and pairs of papers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from benchmarks.odds_ratios import REACH, Fitted, Ratio
from models.common.cells import Floats

ITERATIONS = 20


def fit_least_squares(y: Floats, columns: pd.DataFrame, groups: pd.Series) -> Fitted:
    """Fit by weighted least squares, iterated with the residual variance of each group; the first is unweighted."""
    import statsmodels.api as sm  # type: ignore

    design = columns.to_numpy()
    weights: Any = np.ones(len(y))
    for _ in range(ITERATIONS):
        found = sm.WLS(y, design, weights=weights).fit()
        residuals = pd.Series(y - design @ found.params, groups.index)
        weights = groups.map(1 / residuals.groupby(groups).var()).to_numpy()
    return np.asarray(found.params), np.asarray(found.normalized_cov_params)


def compare_means(industry: Floats, academia: Floats) -> Ratio:
    """Return the ratio of geometric means of values in dex, with Welch's interval."""
    error = math.sqrt(industry.var(ddof=1) / len(industry) + academia.var(ddof=1) / len(academia))
    centre = industry.mean() - academia.mean()
    low, middle, high = (float(10 ** (centre + reach * error)) for reach in (-REACH, 0.0, REACH))
    return middle, low, high


def compare_pairs(industry: Floats, academia: Floats) -> Ratio:
    """Return P(industry uses more), ties counted half, with the interval of Mann and Whitney's statistic.

    Its variance is that of the placements of each sample in the other (DeLong et al. 1988, Biometrics 44:837).
    """
    both = rankdata(np.concatenate([industry, academia]).round(6))
    m, n = len(industry), len(academia)
    of_industry = (both[:m] - rankdata(industry.round(6))) / n
    of_academia = 1 - (both[m:] - rankdata(academia.round(6))) / m
    more = of_industry.mean()
    error = math.sqrt(of_industry.var(ddof=1) / m + of_academia.var(ddof=1) / n)
    return float(more), float(more - REACH * error), float(more + REACH * error)


def fit_bambi_normal(formula: str, rows: pd.DataFrame) -> Any:
    """Return draws of a normal model whose residual sd differs by ``team``, with bambi's default priors, by nutpie."""
    import bambi  # type: ignore

    model = bambi.Model(bambi.Formula(formula, "sigma ~ 0 + team"), rows, family="gaussian")
    settings = {"draws": 500, "tune": 500, "chains": 2, "cores": 2, "random_seed": 8}
    return model.fit(inference_method="nutpie", progressbar=False, **settings)["posterior"]
