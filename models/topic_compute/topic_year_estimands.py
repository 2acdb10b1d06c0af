"""Estimands of the topic-year regression: total and contextual slopes, reliability; and its test quantities."""

from __future__ import annotations

import numpy as np
import xarray as xr

from models.common.cells import FEW
from models.common.estimand import log_odds, ratio_from_log, rows, share
from models.topic_compute.choices import Choices
from models.topic_compute.definitions import TEN_POINTS
from models.topic_compute.topic_year_counts import OUTCOMES


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute the slopes within and between topics, and the slope within as an odds ratio.

    Returns
    -------
    xarray.Dataset
        Log-odds per unit of share: ``slope_within`` and ``slope_between``, the change of the log odds of a topic-year's
        academia-only share per unit of its share of terms, within a topic over the years and between topics;
        ``slope_contextual``, the part of the slope within that is the same for papers with terms and without.
        ``ratio_per_ten_points``, ``slope_within`` as the odds ratio of an academia-only team per ten points more papers
        with terms in a topic; ``reliability`` of the counted share. With counted shares the slopes are coefficients,
        and there is no ``slope_contextual``.
    """
    out = {"reliability": share(compute_reliability(draws["share_of_terms"], dataset), "n_all")}
    if dataset.attrs["share_of_terms"] == "counted":
        within, between = draws["contextual"], draws["contextual_between"]
    else:
        within, between = compute_total_slopes(draws, dataset)
        out["slope_contextual"] = log_odds(draws["contextual"], "n_all")
    return xr.Dataset(
        {
            "ratio_per_ten_points": ratio_from_log(TEN_POINTS * within, "n_all"),
            "slope_within": log_odds(within, "n_all"),
            "slope_between": log_odds(between, "n_all"),
            **out,
            "n_all": rows(dataset["n"].sum()),
        }
    )


def compute_total_slopes(draws: xr.Dataset, dataset: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Compute the total slopes within and between topics, d logit P / dx, averaged over papers (chain, draw).

    P = x p1 + (1 - x) p0 is the academia-only share of a topic-year at a typical venue: p1 of papers with a term, p0 of
    papers without. If x changes, P changes by p1 - p0 as papers come to use terms, and by the contextual coefficient
    (that within topics, or that between) times x p1 (1 - p1) + (1 - x) p0 (1 - p0) as all papers change.
    """
    n = dataset["n"].sum("venue")
    x, base = draws["share_of_terms"], draws["log_odds"]
    p0, p1 = (xr.DataArray(1 / (1 + np.exp(-part))) for part in (base, base + compute_own_term(draws)))
    mean = x * p1 + (1 - x) * p0
    variance = mean * (1 - mean)
    weight = n / n.sum()
    own = ((p1 - p0) / variance * weight).sum(("topic", "year"))
    common = ((x * p1 * (1 - p1) + (1 - x) * p0 * (1 - p0)) / variance * weight).sum(("topic", "year"))
    return own + common * draws["contextual"], own + common * draws["contextual_between"]


def compute_own_term(draws: xr.Dataset) -> xr.DataArray:
    """Return the log odds ratio of an academia-only team, papers with a term to papers without, by topic."""
    return draws["own_term"] + draws["own_term_topic_sd"] * draws["own_term_topic_raw"]


def compute_reliability(share: xr.DataArray, dataset: xr.Dataset) -> xr.DataArray:
    """Compute the reliability: the part of the variance of counted shares within topics that is not sampling error.

    By draw, it is V / (V + E), weighted by papers (Fuller 1987, Measurement Error Models, section 1.1.2). V is the sum
    of squares of the share of terms x after effects of topics and years, and after trends of topics if the model has
    them. E is what of the sampling variance x (1 - x) / m is left after the same effects, summed.

    Parameters
    ----------
    share
        ``share_of_terms`` (chain, draw, topic, year).
    dataset
        As ``prepare`` returns it.
    """
    counts = dataset[["n", "m"]].sum("venue").transpose("topic", "year")
    topics, years = counts.sizes["topic"], counts.sizes["year"]
    of_topic, of_year = np.repeat(np.eye(topics), years, axis=0), np.tile(np.eye(years), (topics, 1))
    columns = [of_topic, of_year]
    if dataset.attrs["topic_trends"]:
        columns.append(of_topic * np.tile(np.arange(years) - (years - 1) / 2, topics)[:, None])
    design = np.hstack(columns)
    n, m = (counts[name].to_numpy().ravel().astype(float) for name in ("n", "m"))
    root = np.sqrt(n)[:, None]
    left = np.eye(len(n)) * root[:, 0] - root * design @ np.linalg.pinv(root * design) * root[:, 0]
    x = share.transpose("chain", "draw", "topic", "year").to_numpy().reshape(-1, len(n))
    real = ((x @ left.T) ** 2).sum(axis=1)
    error = (x * (1 - x) / np.maximum(m, 1)) @ (left**2).sum(axis=0)
    values = (real / (real + error)).reshape(share.sizes["chain"], share.sizes["draw"])
    return xr.DataArray(values, {"chain": share["chain"], "draw": share["draw"]}, ("chain", "draw"))


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities: yearly changes, extremes, correlation, and odds ratios.

    No parameter fits them, but for the odds ratios: ``own_term`` and its sd over topics fit their mean and their sd, so
    these two check the arithmetic more than the model. Without tables (counted shares) there are no odds ratios.
    """
    n, m = (dataset[name].sum("venue") for name in ("n", "m"))
    if "table_obs" in data:
        both, term, academia, _ = (data["table_obs"].sum("venue").sel(outcome=name, drop=True) for name in OUTCOMES)
        y, k = both + academia, both + term + data["k_other_obs"].sum("venue")
    else:
        y, k = (data[f"{name}_obs"].sum("venue") for name in ("y", "k"))
    enough = n >= 20
    share, terms = (y / n.clip(1)).where(enough), (k / m.clip(1)).where(enough)
    share_within, terms_within = (part - part.mean("year") for part in (share, terms))
    out = {
        "sd of the yearly change of a topic's academia-only share": share.diff("year").std(("topic", "year")),
        "sd between years of the academia-only share": (y.sum("topic") / n.sum("topic")).std("year"),
        "smallest academia-only share of a topic and year": share.min(("topic", "year")),
        "largest academia-only share of a topic and year": share.max(("topic", "year")),
        "sd of the yearly change of a topic's share of terms": terms.diff("year").std(("topic", "year")),
        "correlation within topics of terms and academia-only": xr.corr(
            share_within, terms_within, dim=("topic", "year")
        ),
    }
    if "table_obs" in data:
        ratio = compute_log_ratios(both, term, academia, n)
        many = dataset["n_with"].sum(("venue", "year")) >= FEW
        ratio = ratio.where(many | ~many.any())
        out["mean over topics of the log odds ratio of terms and academia-only"] = ratio.mean("topic")
        out["sd over topics of the log odds ratio of terms and academia-only"] = ratio.std("topic")
    return xr.Dataset(out)


def compute_log_ratios(both: xr.DataArray, term: xr.DataArray, academia: xr.DataArray, n: xr.DataArray) -> xr.DataArray:
    """Compute a topic's log odds ratio of terms and academia-only, by Mantel and Haenszel (1959) over its years.

    Half a paper is added to each of the two sums, so that the ratio is finite where one of them is 0.
    """
    rest = n - both - term - academia
    ratio = ((both * rest / n.clip(1)).sum("year") + 0.5) / ((term * academia / n.clip(1)).sum("year") + 0.5)
    return xr.DataArray(np.log(ratio))
