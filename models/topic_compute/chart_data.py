"""Chart data of compute terms: contrasts by topic and family, what accounts for the change, and the fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from models.common.cells import FEW
from models.common.chart_data import Charts, Rows

SPECS = {"main": "terms in the abstract", "full_text": "hardware named, full texts"}
CONTRASTS_AXIS = f"odds ratio of an academia-only team, papers with to papers without (hollow: fewer than {FEW} papers)"


def make_chart_data(trees: Mapping[str, xr.DataTree], estimates: Rows) -> Charts:
    """Make the rows of all figures of the claim.

    Parameters
    ----------
    trees
        Stored fits by specification; a user's table may lack the full texts.
    estimates
        Rows of the claim in estimates.json.

    Returns
    -------
    dict
        Rows by ``FIGURE`` or ``FIGURE/PART``; without a balanced panel of venues there is no ``topic_compute_fall``.
    """
    shown = {spec: title for spec, title in SPECS.items() if spec in trees}
    charts: Charts = {
        "topic_compute": [{"spec": spec} | line for spec in shown for line in _list_contrasts(estimates, spec)],
        "topic_compute/panels": [
            {"spec": spec, "title": title, "label": CONTRASTS_AXIS} for spec, title in shown.items()
        ],
    }
    with_panel = {spec: title for spec, title in shown.items() if _pick(estimates, spec, "waterfall")}
    if with_panel:
        charts["topic_compute_fall"] = [row for spec in with_panel for row in _list_change(estimates, spec)]
        charts["topic_compute_fall/panels"] = [{"spec": spec, "title": title} for spec, title in with_panel.items()]
    plots = [(spec, by) for spec in shown for by in ("venue_year", "topic")]
    charts["topic_compute_fitted"] = [row for spec, by in plots for row in _list_fitted(trees[spec], spec, by)]
    charts["topic_compute_fitted/panels"] = [
        {"spec": spec, "by": by, "title": f"by {by.replace('_', ' and ')}, {shown[spec]}"} for spec, by in plots
    ]
    return charts


def _pick(estimates: Rows, spec: str, name: str) -> Rows:
    return [row for row in estimates if row["spec"] == spec and row["estimand"] == name]


def _list_contrasts(estimates: Rows, spec: str) -> Rows:
    """List odds ratios: pooled, in a new topic, by family, and by topic with the most papers first."""

    def make_line(row: Mapping[str, Any], label: str, kind: str) -> dict[str, Any]:
        summary = {key: row[key] for key in ("n", "median", "eti_low", "eti_high")}
        return {"label": label, "kind": kind, "hollow": row["n"] < FEW} | summary

    pooled = [make_line(row, "all, pooled", "pooled") for row in _pick(estimates, spec, "odds_ratio")]
    new = _pick(estimates, spec, "odds_ratio_new_topic")
    pooled += [make_line(row, "a new topic", "pooled") for row in new]
    by_family = _pick(estimates, spec, "odds_ratio_by_family")
    families = [make_line(row, row["coords"]["family"], "family") for row in by_family]
    by_topic = _pick(estimates, spec, "odds_ratio_by_topic_same_mix")
    topics = [make_line(row, row["coords"]["topic"], "topic") for row in by_topic]
    return [*pooled, *families, *sorted(topics, key=lambda one: -one["n"])]


def _list_change(estimates: Rows, spec: str) -> Rows:
    """List bars from the first period's share to the last period's, and the shares with one factor reweighted.

    Returns
    -------
    list of dict
        ``x`` counts the bars from the left. ``kind`` is share, rest (unexplained), factor, or first or last (the factor
        reweighted to its early margin first or last). ``from`` and ``to`` are the ends of a bar; ``low`` and ``high``
        are the 89 % interval of ``to``, if it has one.
    """
    shares = _pick(estimates, spec, "share_spanning")
    steps = _pick(estimates, spec, "waterfall")
    # From early to late: the unexplained change first, then each factor moves from its early to its late margin.
    factors = [row["coords"]["factor"] for row in _pick(estimates, spec, "goes_with_first")]
    ordered = [row for row in steps if row["coords"]["step"] not in factors]
    ordered += [row for row in reversed(steps) if row["coords"]["step"] in factors]
    start = shares[0]["median"]
    out = [_make_share(spec, 0, shares[0])]
    for x, row in enumerate(ordered, start=1):
        step = row["coords"]["step"]
        ends = {"to": start + row["median"], "low": start + row["eti_low"], "high": start + row["eti_high"]}
        kind = "factor" if step in factors else "rest"
        out.append({"spec": spec, "bar": step, "from": start} | ends | {"kind": kind, "x": x})
        for name in ("goes_with_first", "goes_with_last"):
            kind = name.removeprefix("goes_with_")
            for other in _pick(estimates, spec, name):
                if other["coords"]["factor"] == step:
                    bar = f"{step}, reweighted {kind}"
                    to = {"to": start + other["median"], "low": None, "high": None}
                    out.append({"spec": spec, "bar": bar, "from": start} | to | {"kind": kind, "x": x})
        start = ends["to"]
    return [*out, _make_share(spec, len(ordered) + 1, shares[-1])]


def _make_share(spec: str, x: int, row: Mapping[str, Any]) -> dict[str, Any]:
    ends = {"from": 0.0, "to": row["median"], "low": row["eti_low"], "high": row["eti_high"]}
    return {"spec": spec, "bar": row["coords"]["period"]} | ends | {"kind": "share", "x": x}


def _list_fitted(tree: xr.DataTree, spec: str, by: str) -> Rows:
    """List mean fitted probabilities and observed shares of papers with a known team type, by venue-year or topic."""
    dataset, estimands = (tree[group].to_dataset() for group in ("constant_data", "estimands"))
    known = dataset["partly"].to_numpy() == 0
    fitted = estimands[f"fitted_by_{by}"]
    idx = dataset[f"{by}_idx"].to_numpy()
    n, y = (np.bincount(idx, dataset[name].to_numpy() * known, dataset.sizes[by]) for name in ("n", "y"))
    keep = n > 0
    share = y[keep] / n[keep]
    low, middle, high = fitted.transpose("quantile", f"fitted_{by}").to_numpy().tolist()
    names = fitted[f"fitted_{by}"].to_numpy().tolist()
    keys = ("at", "n", "observed", "fitted", "low89", "high89")
    columns = (names, n[keep].astype(int).tolist(), share.tolist(), middle, low, high)
    return [{"spec": spec, "by": by} | dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]
