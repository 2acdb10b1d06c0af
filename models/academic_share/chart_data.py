"""Chart data of the academic share: shares over time, the ratio of training compute, and specifications."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from models.common.chart_data import Charts, Rows, list_bands

# specification, prefix of its estimands, label of the axis
LINES = (
    ("main", "", "share of notable models\nwith known compute"),
    ("large_scale", "large_scale_", "share of the upper tail\nof compute"),
)
# estimand, title, the team types that it sums, and the value of a reference line
PANELS = (
    ("share_academia_only", "Academia only", ("academia-only",), None),
    ("share_industry_only", "Industry only", ("industry-only",), 0.5),
    (
        "share_industry_with_leaning",
        "Industry, with leaning collaborations",
        ("industry-only", "industry-leaning collaboration"),
        0.5,
    ),
)
MAIN = tuple(spec for spec, _, _ in LINES)


def make_chart_data(trees: Mapping[str, xr.DataTree], estimates: Rows) -> Charts:
    """Make the rows of all figures of the claim.

    Parameters
    ----------
    trees
        Stored fits by specification.
    estimates
        Rows of the claim in estimates.json: published values and summaries.

    Returns
    -------
    dict
        Rows by ``FIGURE`` or ``FIGURE/PART``.
    """
    ratio = trees["large_scale"]["estimands"].to_dataset()["compute_ratio_by_year"]
    return _list_shares(trees, estimates) | {
        "academic_share_compute_ratio": list_bands(ratio),
        "academic_share_by_specification": _list_specifications(estimates, "share_academia_only"),
        "academic_share_by_specification_large_scale": _list_specifications(
            estimates, "large_scale_share_academia_only"
        ),
    }


def _list_shares(trees: Mapping[str, xr.DataTree], estimates: Rows) -> Charts:
    """List bands of shares by year, raw shares with their numbers of models, and published values."""
    shares: Rows = []
    panels: Rows = []
    published: Rows = []
    for spec, prefix, label in LINES:
        tree = trees[spec]
        raw, n = _count_raw(tree, spec)
        estimands = tree["estimands"].to_dataset()
        periods = json.loads(tree["constant_data"].attrs["periods"])
        for name, title, sectors, reference in PANELS:
            keys = {"spec": spec, "estimand": prefix + name}
            share = raw.sel(sector=list(sectors)).sum("sector").to_numpy() / np.where(n > 0, n, 1)
            for i, row in enumerate(list_bands(estimands[f"{prefix}{name}_by_year"])):
                shares.append(keys | row | {"raw_share": float(share[i]) if n[i] else None, "raw_n": int(n[i])})
            panels.append(keys | {"title": title, "label": label, "reference": reference})
            published += [keys | row for row in _list_published(estimates, prefix + name, periods)]
    return {"academic_share": shares, "academic_share/panels": panels, "academic_share/published": published}


def _count_raw(tree: xr.DataTree, spec: str) -> tuple[xr.DataArray, Any]:
    """Count models by year and team type, (year, sector), and by year; for the upper tail, only above the threshold."""
    dataset = tree["constant_data"].to_dataset()
    if spec == "main":
        return dataset["count"], dataset["n"].to_numpy()
    threshold = tree["estimands"].to_dataset()["threshold_by_year"].median(("chain", "draw")).to_numpy()
    year_idx, sector_idx = dataset["year_idx"].to_numpy(), dataset["sector_idx"].to_numpy()
    above = dataset["log10_compute"].to_numpy() > threshold[year_idx]
    count = np.zeros((dataset.sizes["year"], dataset.sizes["sector"]), int)
    np.add.at(count, (year_idx[above], sector_idx[above]), 1)
    coords = {"year": dataset["year"], "sector": dataset["sector"]}
    return xr.DataArray(count, coords, ("year", "sector")), count.sum(1)


def _list_published(estimates: Rows, name: str, periods: Mapping[str, list[int]]) -> Rows:
    """List the published values of a share, for a year or for the first to the last year of a period.

    The upper tail of compute has none: it is another quantity than the published one.
    """
    out: Rows = []
    for row in estimates:
        if row["published"] is None or row["spec"] not in MAIN:
            continue
        if row["estimand"] == name:
            first, last = periods[row["coords"]["period"]]
            out.append({"year": None, "first": first, "last": last, "published": row["published"]})
        elif row["estimand"] == f"{name}_by_year":
            year = row["coords"]["year"]
            out.append({"year": year, "first": None, "last": None, "published": row["published"]})
    return out


def _list_specifications(estimates: Rows, name: str) -> Rows:
    """List the summaries of an estimand by period and specification; ``main`` marks the main specification."""
    keys = ("spec", "median", "eti_low", "eti_high")
    return [
        {"period": row["coords"]["period"]}
        | {key: row[key] for key in keys}
        | {"title": row["spec_title"], "main": row["spec"] in MAIN}
        for row in estimates
        if row["estimand"] == name
    ]
