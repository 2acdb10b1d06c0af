r"""The topic-year regression, as published: fewer academia-only papers in a topic's years with more terms.

With k of m abstracts of topic t and year r using a term, and y of n papers with a known team academia-only,

    k ~ Binomial(m, x[t, r]),   logit x = term_level + term_topic[t] + term_year[r] + term_excess[t, r],
    y ~ Binomial(n, p[t, r]),
    logit p = topic[t] + year[r] + within (x[t, r] - x[t]) + trend[t] decade + excess[t, r],
    topic[t] ~ Normal(level + between (x[t] - x), topic_sd),

x[t] the mean of a topic's years by their papers: errors in the variable, and the split of Mundlak (1978). year[r],
summing to zero, is what all topics share in a year: without it ten years would count as 250 independent topic-years,
and the common path of the terms, which hardly moves, would be chosen by the fall itself, with steep slopes of either
sign. The trends, normal around a common one, take a topic's own line out of the slope. Slopes are log-odds per unit of
share, from no paper with terms to all of them. It needs titles or abstracts, authors and years only, as any
bibliographic source gives them; no columns of code or hardware.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr

from data.io import InputError
from models._cells import spanning
from models._claim import Tables
from models.topic_compute_fall import FALL_OF, FEWEST
from models.topic_compute_rows import TEN_POINTS, select

if TYPE_CHECKING:
    from models.topic_compute import Choices, Priors

DATA = ("n", "y", "m", "k")
HYPER = (
    "level_mean", "level_sd", "topic_sd", "term_level_mean", "term_level_sd", "term_sd", "slope_sd", "year_sd",
    "trend_sd", "topic_trend_sd", "excess_sd",
)  # fmt: skip


def prepare_topic_year(tables: Tables, choices: Choices) -> xr.Dataset:
    """Counts by topic and year: ``k`` of ``m`` abstracts with a term, ``y`` of ``n`` papers academia-only.

    Raises
    ------
    InputError
        If there are fewer than two topics or two years: no slope can be told.
    """
    rows = select(tables, choices)
    if choices.venues == "spanning":
        periods = FALL_OF[False][1]
        within = rows.frame[rows.frame["year"] <= max(last for _, last in periods.values())]
        span = spanning(within["venue"], within["year"], pd.Series(1, index=within.index), periods, FEWEST)
        rows.keep(rows.frame["venue"].isin(span), "at venues that do not span the window")
    frame = rows.frame
    if frame["topic_used"].nunique() < 2 or frame["year"].nunique() < 2:
        problem = "fewer than two topics or two years: a regression of topics on years has nothing to go by"
        raise InputError(problem, "table of papers", hint="the published claim has 24 topics, 2012 to 2021")
    known = frame["unseen"] == 0
    with_terms = frame["exposure"].map(any)
    grid = [sorted(frame["topic_used"].unique()), list(range(choices.first_year, choices.last_year + 1))]

    def count(rows: pd.Series) -> Any:
        table = pd.crosstab(frame.loc[rows, "topic_used"], frame.loc[rows, "year"])
        return table.reindex(index=grid[0], columns=grid[1], fill_value=0).to_numpy()

    every = pd.Series(True, index=frame.index)
    parts = {"n": known, "y": known & frame["y"], "m": every, "k": with_terms}
    parts |= {f"{name}_with": rows & with_terms for name, rows in parts.items() if name in ("n", "y")}
    dataset = xr.Dataset(
        {name: (("topic", "year"), count(rows), {"unit": "papers"}) for name, rows in parts.items()},
        coords={"topic": grid[0], "year": grid[1]},
    )
    attrs = {"flow": json.dumps(rows.flow), "topic_trends": int(choices.topic_trends)}
    return dataset.assign_attrs(attrs)


def build_topic_year(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    """The regression with errors in the variable. Scalars ``within`` and ``between``, log-odds per unit of share."""
    years = dataset["year"].to_numpy()
    with pm.Model(coords={name: dataset[name].to_numpy() for name in ("topic", "year")}) as model:
        data = {name: pm.Data(name, dataset[name].to_numpy(), dims=("topic", "year")) for name in DATA}
        prior = {name: pm.Data(f"prior_{name}", getattr(priors, name)) for name in HYPER}
        trends = pm.Data("topic_trends", float(dataset.attrs["topic_trends"]))
        papers = dataset["n"].sum("year").clip(1)
        by_year = pm.Data("by_year", (dataset["n"] / papers).to_numpy(), dims=("topic", "year"))
        decade = pm.Data("decade", (years - years.mean()) / 10, dims="year")

        # How often abstracts of a topic and year use a term.
        term_level = pm.Normal("term_level", prior["term_level_mean"], prior["term_level_sd"])
        term_topic = pm.ZeroSumNormal("term_topic", sigma=prior["term_sd"], dims="topic")
        term_year = pm.ZeroSumNormal("term_year", sigma=prior["term_sd"], dims="year")
        term_excess_sd = pm.HalfNormal("term_excess_sd", prior["excess_sd"])
        term_excess = term_excess_sd * pm.Normal("term_excess_raw", dims=("topic", "year"))
        term = term_level + term_topic[:, None] + term_year + term_excess
        pm.Binomial("k_obs", n=data["m"], logit_p=term, observed=data["k"], dims=("topic", "year"))
        x = pm.math.sigmoid(term)
        mean = (x * by_year).sum(axis=1, keepdims=True)

        # How many of its papers are academia-only.
        within = pm.Normal("within", 0, prior["slope_sd"])
        between = pm.Normal("between", 0, prior["slope_sd"])
        level = pm.Normal("topic_year_level", prior["level_mean"], prior["level_sd"])
        # Centred on the line between topics: beside it, the slope and the topics' departures would trade off.
        line = level + between * (mean - mean.mean())[:, 0]
        topic = pm.Normal("topic_level", line, prior["topic_sd"], dims="topic")
        # Centred: every year has thousands of papers.
        year_sd = pm.HalfNormal("year_sd", prior["year_sd"])
        year = pm.ZeroSumNormal("year_effect", sigma=year_sd, dims="year")
        trend = pm.Normal("trend", 0, prior["trend_sd"])
        topic_trend = pm.HalfNormal("topic_trend_sd", prior["topic_trend_sd"]) * pm.Normal("trend_raw", dims="topic")
        excess = pm.HalfNormal("excess_sd", prior["excess_sd"]) * pm.Normal("excess_raw", dims=("topic", "year"))
        log_odds = topic[:, None] + year + trends * (trend + topic_trend[:, None]) * decade + excess
        log_odds += within * (x - mean)
        pm.Binomial("y_obs", n=data["n"], logit_p=log_odds, observed=data["y"], dims=("topic", "year"))
    return model


def estimands_topic_year(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """The slopes within and between topics, and the first as an odds ratio.

    Returns
    -------
    xarray.Dataset
        ``slope_within``, ``slope_between``, log-odds per unit of share; ``ratio_per_ten_points``, the odds ratio of
        academia-only that goes with ten points more papers with terms in a topic.
    """
    slope = {"unit": "log-odds", "scale": "identity", "kind": "quantity", "reference": 0.0, "rows": "n_all"}
    ratio = {"unit": "ratio", "scale": "log", "kind": "quantity", "reference": 1.0, "rows": "n_all"}
    return xr.Dataset(
        {
            "ratio_per_ten_points": xr.DataArray(np.exp(TEN_POINTS * draws["within"])).assign_attrs(ratio),
            "slope_within": draws["within"].assign_attrs(slope),
            "slope_between": draws["between"].assign_attrs(slope),
            "n_all": dataset["n"].sum().assign_attrs(kind="rows"),
        }
    )


def statistics_topic_year(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Test quantities that no parameter fits: changes from year to year, topic-years at the edges, joint movement."""
    n, m = (dataset[name] for name in ("n", "m"))
    enough = (n >= 20).to_numpy()
    share = (data["y_obs"] / n.clip(1).to_numpy()).where(xr.DataArray(enough, dims=("topic", "year")))
    terms = (data["k_obs"] / m.clip(1).to_numpy()).where(xr.DataArray(enough, dims=("topic", "year")))
    mine, theirs = (part - part.mean("year") for part in (share, terms))
    return xr.Dataset(
        {
            "sd of the yearly change of a topic's academia-only share": share.diff("year").std(("topic", "year")),
            "sd between years of the academia-only share": (data["y_obs"].sum("topic") / n.sum("topic")).std("year"),
            "smallest academia-only share of a topic and year": share.min(("topic", "year")),
            "largest academia-only share of a topic and year": share.max(("topic", "year")),
            "sd of the yearly change of a topic's share of terms": terms.diff("year").std(("topic", "year")),
            "correlation within topics of terms and academia-only": xr.corr(mine, theirs, dim=("topic", "year")),
        }
    )


def raw(dataset: xr.Dataset) -> xr.Dataset:
    """Papers counted: academia-only ones (``k``) of those with terms (``n``), and of those without (``reference``)."""
    k, n = int(dataset["y_with"].sum()), int(dataset["n_with"].sum())
    counts = [k, n, int(dataset["y"].sum()) - k, int(dataset["n"].sum()) - n]
    return xr.Dataset({"crude_odds_ratio": ("raw", counts)}, {"raw": ["k", "n", "k_reference", "n_reference"]})
