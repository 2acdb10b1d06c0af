"""The likelihoods of the academic share, row by row, from the equations of its docstring and the table of models.

Models are looked up by the names of their team type, domain and year. No index of the prepared dataset is used, and the
only parameters are the free variables.
"""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import gammaln, logsumexp

from tests.models.small_models import CASES, Values, evaluated, table_of_models

SECTORS = ("academia-only", "collaboration", "industry-leaning collaboration", "industry-only", "other")
DOMAINS = ("Language", "Vision", "Games", "Drawing", "Multimodal", "Speech", "Other")
FIRST, LAST = 2010, 2022
INTERCEPT_MEAN = np.array([0.55, -0.15, -0.15, 0.55, -0.8])
UNLABELLED = 0.61  # dex


def notable() -> pd.DataFrame:
    """Return notable models of the vintage with a known team type, with the names of type, domain and year."""
    frame = table_of_models()["models"]
    frame = frame[(frame["vintage"] == "2023-12") & (frame["notability"] != "") & (frame["team_resolved"] != "unknown")]
    year = frame["date"].str[:4].astype(int)
    return frame.assign(
        year=year,
        x=[decades_from_the_middle(date) for date in frame["date"]],
        sector=frame["team_resolved"].where(frame["team_resolved"].isin(SECTORS), "other"),
        area=frame["domain"].where(frame["domain"].isin(DOMAINS), "Other"),
        known=frame["log10_compute"].notna() & (frame["confidence"] != "wrong"),
    )


def decades_from_the_middle(date: str) -> float:
    """Return decades from the middle of the middle year, where x of a whole year is 0 too."""
    day = datetime.date.fromisoformat(date)
    start, end = (datetime.date(day.year + i, 1, 1) for i in (0, 1))
    fraction = ((day - start).days + 0.5) / (end - start).days
    return (day.year + fraction - (FIRST + LAST) / 2 - 0.5) / 10


def make_walk_deviations(steps: np.ndarray) -> np.ndarray:
    """Return the random walk of innovations (dim 0) minus its least-squares line."""
    walk = np.concatenate([np.zeros((1, *steps.shape[1:])), np.cumsum(steps, axis=0)])
    time = np.arange(len(walk)) - (len(walk) - 1) / 2
    slope = np.tensordot(time, walk, 1) / (time**2).sum()
    return walk - walk.mean(axis=0) - np.multiply.outer(time, slope)


def compute_log_odds(v: Values) -> np.ndarray:
    """Compute the log-odds of the team types by year."""
    years = np.arange(FIRST, LAST + 1)
    x = (years - years.mean()) / 10
    return (
        INTERCEPT_MEAN + v["intercept"] + np.outer(x, v["trend"]) + v["walk_sd"] * make_walk_deviations(v["walk_raw"])
    )


def multinomial(count: np.ndarray, log_odds: np.ndarray) -> float:
    log_p = log_odds - logsumexp(log_odds)
    return float(gammaln(count.sum() + 1) - gammaln(count + 1).sum() + (count * log_p).sum())


def counted(frame: pd.DataFrame) -> np.ndarray:
    return np.array([(frame["sector"] == sector).sum() for sector in SECTORS])


@pytest.fixture(scope="module")
def tail() -> tuple[Values, Values]:
    """Evaluate the model of the upper tail at a random point: values and log densities."""
    at = evaluated("upper_tail")
    return at(at.point(4, 0.6))


def test_counts_of_shares_are_multinomial_by_year():
    at = evaluated("shares")
    values, densities = at(at.point(5, 0.6))
    frame = notable()
    known = frame[frame["known"]]
    log_odds = compute_log_odds(values)
    wanted = [
        multinomial(counted(known[known["year"] == FIRST + t]), log_odds[t]) for t in range(LAST - FIRST + 1)
    ]  # fmt: skip
    assert {v.name for v in at.model.observed_RVs} == {"count_obs"}
    np.testing.assert_allclose(densities["count_obs"], wanted, rtol=1e-9)
    share = np.exp(log_odds - logsumexp(log_odds, axis=1, keepdims=True))
    np.testing.assert_allclose(values["share"], share, rtol=1e-9)


def test_counts_of_the_upper_tail_are_multinomial_by_year_and_domain(tail: tuple[Values, Values]):
    """All models count, with or without a compute; the log-odds are the sum of a year's and a domain's."""
    values, densities = tail
    gamma = dict(zip(DOMAINS, values["domain_sd"] * values["domain_raw"], strict=True))
    log_odds = compute_log_odds(values)
    wanted = [
        multinomial(counted(cell), log_odds[year - FIRST] + gamma[area])
        for (year, area), cell in notable().groupby(["year", "area"])
    ]
    np.testing.assert_allclose(np.sort(densities["count_obs"]), np.sort(wanted), rtol=1e-9)


def test_computes_of_the_upper_tail_are_normal_row_by_row(tail: tuple[Values, Values]):
    values, densities = tail
    of_sector = {
        name: dict(zip(SECTORS, values[name], strict=True)) for name in ("offset", "offset_trend", "log_sd_sector")
    }
    epsilon = dict(zip(DOMAINS, values["compute_domain_sd"] * values["compute_domain_raw"], strict=True))
    walk = values["compute_walk_sd"] * make_walk_deviations(values["compute_walk_raw"])
    wanted = []
    for row in notable().query("known").itertuples():
        mean = values["compute_intercept"] + values["growth"] * row.x + walk[row.year - FIRST]
        mean += of_sector["offset"][row.sector] + of_sector["offset_trend"][row.sector] * row.x + epsilon[row.area]
        sd = np.exp(values["log_sd"] + of_sector["log_sd_sector"][row.sector])
        se = row.log10_compute_se if np.isfinite(row.log10_compute_se) else UNLABELLED
        wanted.append(stats.norm.logpdf(row.log10_compute, mean, np.sqrt(sd**2 + se**2)))
    assert len(wanted) > 60
    np.testing.assert_allclose(densities["log10_compute_obs"], wanted, rtol=1e-9)


def test_the_upper_tail_has_two_likelihoods(tail: tuple[Values, Values]):
    at = evaluated("upper_tail")
    assert {variable.name for variable in at.model.observed_RVs} == {"count_obs", "log10_compute_obs"}
    assert not at.model.potentials
    assert CASES["upper_tail"].choices.unlabelled_se == UNLABELLED


def test_deterministics_for_estimands_agree_with_the_likelihood(tail: tuple[Values, Values]):
    """Locations at mid-year by team type, effects of domains, and sds without measurement error."""
    values, _ = tail
    x = (np.arange(FIRST, LAST + 1) - (FIRST + LAST) / 2) / 10
    common = values["compute_intercept"] + values["growth"] * x
    common += values["compute_walk_sd"] * make_walk_deviations(values["compute_walk_raw"])
    location = common[:, None] + values["offset"] + np.outer(x, values["offset_trend"])
    np.testing.assert_allclose(values["location"], location, rtol=1e-9)
    np.testing.assert_allclose(values["location_domain"], values["compute_domain_sd"] * values["compute_domain_raw"])
    np.testing.assert_allclose(values["log_odds_domain"], values["domain_sd"] * values["domain_raw"])
    np.testing.assert_allclose(values["sd"], np.exp(values["log_sd"] + values["log_sd_sector"]))


def test_a_changing_spread_has_one_trend_for_all_team_types():
    """The sd of a model is that of its team type, times the exponential of a trend at its own date."""
    at = evaluated("upper_tail, changing spread")
    values, densities = at(at.point(4, 0.6))
    constant, of_constant = evaluated("upper_tail")(
        {name: at.point(4, 0.6)[name] for name in evaluated("upper_tail").start}
    )
    by_sector = dict(zip(SECTORS, values["log_sd"] + values["log_sd_sector"], strict=True))
    trend = float(values["spread_trend"])
    assert abs(trend) > 0.05
    wanted = []
    for row, density in zip(notable().query("known").itertuples(), of_constant["log10_compute_obs"], strict=True):
        se = row.log10_compute_se if np.isfinite(row.log10_compute_se) else UNLABELLED
        before, after = (np.hypot(np.exp(by_sector[row.sector] + change), se) for change in (0.0, trend * row.x))
        squares = -2 * before**2 * (density + np.log(before) + 0.5 * np.log(2 * np.pi))  # of the residual
        wanted.append(-0.5 * squares / after**2 - np.log(after) - 0.5 * np.log(2 * np.pi))
    np.testing.assert_allclose(densities["log10_compute_obs"], wanted, rtol=1e-7)
    np.testing.assert_allclose(densities["count_obs"], of_constant["count_obs"], rtol=1e-9)
    x = (np.arange(FIRST, LAST + 1) - (FIRST + LAST) / 2) / 10
    np.testing.assert_allclose(values["sd"], constant["sd"] * np.exp(trend * x)[:, None], rtol=1e-9)
    scale = CASES["upper_tail"].priors.spread_trend_sd
    assert densities["spread_trend"] == pytest.approx(stats.norm.logpdf(trend, 0, scale))
    assert "spread_trend" not in of_constant
