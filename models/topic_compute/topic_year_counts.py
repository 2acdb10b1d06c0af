"""Counts of the topic-year regression: papers by venue, topic and year, by term and by team type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import InputError
from models.common.cells import find_balanced_panel
from models.common.claim import Tables
from models.topic_compute.cells import select_papers
from models.topic_compute.choices import Choices
from models.topic_compute.decomposition import FEWEST
from models.topic_compute.definitions import CHANGE_OF

DIMS = ("venue", "topic", "year")
ALL_VENUES = "all venues"
OUTCOMES = ("term, academia-only", "term, other", "no term, academia-only", "no term, other")


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count papers by venue, topic and year.

    Returns
    -------
    xarray.Dataset
        By ``venue``, ``topic`` and ``year``: ``k`` of ``m`` abstracts have a term; ``y`` of ``n`` papers with a known
        team type are academia-only, and so are ``y_with`` of the ``n_with`` with a term. ``table`` holds the ``n``
        papers by ``outcome`` too, and ``k_other`` of the ``m - n`` other abstracts have a term. By ``topic`` and
        ``year``: ``counted``, share of abstracts with a term, and ``weight``, share of the topic's ``n`` in the year.
        By ``year``: ``decade``, decades from the middle year. attrs: ``topic_trends`` and ``year_effects`` (1 or 0),
        ``share_of_terms``, ``walk_order``; ``flow`` (exclusions), JSON.

    Raises
    ------
    InputError
        If there are fewer than two topics or two years: a slope cannot be estimated.
    """
    papers = select_papers(tables, choices)
    venue = pd.Series(ALL_VENUES, index=papers.frame.index)
    last_year = choices.last_year
    if choices.venues == "spanning":
        periods = CHANGE_OF[False][1]
        last_year = max(last for _, last in periods.values())
        papers.keep(papers.frame["year"] <= last_year, "after the window of the balanced panel of venues")
        frame = papers.frame
        panel = find_balanced_panel(frame["venue"], frame["year"], pd.Series(1, index=frame.index), periods, FEWEST)
        papers.keep(frame["venue"].isin(panel), "at venues outside the balanced panel")
        venue = papers.frame["venue"]
    frame = papers.frame.assign(venue=venue)
    if frame["topic_used"].nunique() < 2 or frame["year"].nunique() < 2:
        problem = "fewer than two topics or two years: a regression of topics on years is not possible"
        raise InputError(problem, "table of papers", hint="the published claim has 24 topics, 2012 to 2021")
    years = list(range(choices.first_year, last_year + 1))
    coords = {"venue": sorted(frame["venue"].unique()), "topic": sorted(frame["topic_used"].unique()), "year": years}
    counts = _count_papers(frame, coords)
    by_topic_year = counts[["n", "m", "k"]].sum("venue")
    weight = by_topic_year["n"] / by_topic_year["n"].sum("year").clip(1)
    decade = xr.DataArray((np.array(years) - np.mean(years)) / 10, dims="year")
    dataset = counts.assign(weight=weight, counted=compute_counted_share(by_topic_year), decade=decade)
    attrs = {
        "topic_trends": int(choices.topic_trends),
        "year_effects": int(choices.year_effects),
        "share_of_terms": choices.share_of_terms,
        "walk_order": choices.walk_order,
    }
    return dataset.assign_attrs(attrs, flow=papers.to_json())


def _count_papers(frame: pd.DataFrame, coords: Mapping[str, list[Any]]) -> xr.Dataset:
    every = pd.MultiIndex.from_product(list(coords.values()))
    known, with_terms = frame["unseen"] == 0, frame["exposure"].map(any)
    counted = {"n": known, "y": known & frame["y"], "m": pd.Series(True, index=frame.index), "k": with_terms}
    counted |= {f"{name}_with": counted[name] & with_terms for name in ("n", "y")}
    out = {}
    for name, which in counted.items():
        counts = frame[which].groupby(["venue", "topic_used", "year"]).size().reindex(every, fill_value=0)
        shape = [len(level) for level in coords.values()]
        out[name] = (DIMS, counts.to_numpy().reshape(shape), {"unit": "papers"})
    return add_tables(xr.Dataset(out, coords))


def add_tables(counts: xr.Dataset) -> xr.Dataset:
    """Add ``table`` and ``k_other`` to the counts ``n``, ``y``, ``k``, ``n_with`` and ``y_with``."""
    n, y, n_with, y_with = (counts[name] for name in ("n", "y", "n_with", "y_with"))
    parts = [y_with, n_with - y_with, y - y_with, n - n_with - y + y_with]
    table = xr.concat(parts, xr.DataArray(list(OUTCOMES), dims="outcome", name="outcome")).transpose(..., "outcome")
    return counts.assign(table=table.assign_attrs(unit="papers"), k_other=counts["k"] - n_with)


def compute_counted_share(counts: xr.Dataset) -> xr.DataArray:
    """Compute the share of abstracts with a term, k / m (topic, year); where m is 0, the topic's share in all years."""
    of_topic = counts["k"].sum("year") / counts["m"].sum("year").clip(1)
    return (counts["k"] / counts["m"].clip(1)).where(counts["m"] > 0, of_topic)


def count_raw(dataset: xr.Dataset) -> xr.Dataset:
    """Count ``k`` academia-only papers of ``n`` papers with terms; ``k_reference``, ``n_reference``: without terms."""
    k, n = int(dataset["y_with"].sum()), int(dataset["n_with"].sum())
    counts = [k, n, int(dataset["y"].sum()) - k, int(dataset["n"].sum()) - n]
    crude = ("raw", counts, {"measure": "odds ratio"})
    return xr.Dataset({"crude_odds_ratio": crude}, {"raw": ["k", "n", "k_reference", "n_reference"]})
