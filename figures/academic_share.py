"""Figures of the academic share: shares over time (A and B), the ratio of training compute, B by specification."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, WIDTH, bands, bubbles, ribbon, save

Rows = list[dict[str, Any]]
# estimand, title, colour, the kinds of team it sums
PANELS = (
    ("share_academia_only", "Academia only", BLUE, ("academia-only",)),
    ("share_industry_only", "Industry only", ORANGE, ("industry-only",)),
    (
        "share_industry_with_leaning",
        "Industry, with leaning collaborations",
        PURPLE,
        ("industry-only", "industry-leaning collaboration"),
    ),
)


def draw(trees: Mapping[str, xr.DataTree], estimates: Rows, out: Path) -> None:
    """Draw every figure of the claim from its stored fits into a folder.

    Parameters
    ----------
    trees
        Stored fits by specification.
    estimates
        The claim's rows of estimates.json: published values and summaries.
    out
        Where to write PDF, PNG and CSV.
    """
    shares_over_time(trees, estimates, out)
    compute_ratio(trees["large_scale"], out)
    for name, file in (("share_academia_only", ""), ("large_scale_share_academia_only", "_large_scale")):
        by_specification(estimates, name, out, f"academic_share_by_specification{file}")


def shares_over_time(trees: Mapping[str, xr.DataTree], estimates: Rows, out: Path) -> None:
    """Medians, 50 and 89 % bands by year; raw proportions sized by their counts; published values."""
    figure, grid = plt.subplots(2, 3, figsize=(WIDTH, 4.6), sharex=True, sharey=True)
    data: Rows = []
    for row, (spec, prefix) in enumerate((("main", ""), ("large_scale", "large_scale_"))):
        tree = trees[spec]
        raw, n = _raw_counts(tree, spec)
        estimands = tree["estimands"].to_dataset()
        years = estimands["year"].values
        periods = json.loads(tree["constant_data"].attrs["periods"])
        for column, (name, title, colour, kinds) in enumerate(PANELS):
            axes = grid[row, column]
            at = bands(estimands[f"{prefix}{name}_by_year"])
            ribbon(axes, years, at, colour)
            share = raw.sel(sector=list(kinds)).sum("sector").values / np.where(n > 0, n, 1)
            bubbles(axes, years[n > 0], share[n > 0], n[n > 0])
            _mark_published(axes, estimates, prefix + name, periods, comparable=spec == "main")
            axes.set_ylim(-0.04, 1.04)
            if name != "share_academia_only":
                axes.axhline(0.5, color=BLACK, lw=0.5, ls=":")
            if row == 0:
                axes.set_title(title)
            for i, year in enumerate(years):
                quantiles = {key: float(value[i]) for key, value in at.items()}
                data.append(
                    {"spec": spec, "estimand": prefix + name, "year": int(year), **quantiles}
                    | {"raw_share": float(share[i]) if n[i] else "", "raw_n": int(n[i])}
                )
    grid[0, 0].set_ylabel("A: notable models with\nknown compute, share")
    grid[1, 0].set_ylabel("B: large-scale by latent\nexcess, share")
    grid[1, 1].set_xlabel("year of publication")
    _legend(figure)
    save(figure, out, "academic_share", data)


def _raw_counts(tree: xr.DataTree, spec: str) -> tuple[xr.DataArray, Any]:
    """Counts by year and kind: of the rows of A; in B, of models whose observed compute is above."""
    dataset = tree["constant_data"].to_dataset()
    if spec == "main":
        return dataset["count"], dataset["n"].values
    threshold = tree["estimands"].to_dataset()["threshold_by_year"].median(("chain", "draw")).values
    year, kind = dataset["row_year"].values, dataset["row_sector"].values
    above = dataset["log10_compute"].values > threshold[year]
    count = np.zeros((dataset.sizes["year"], dataset.sizes["sector"]), int)
    np.add.at(count, (year[above], kind[above]), 1)
    coords = {"year": dataset["year"], "sector": dataset["sector"]}
    return xr.DataArray(count, coords, ("year", "sector")), count.sum(1)


def _mark_published(axes: Axes, estimates: Rows, name: str, periods: Mapping[str, list[int]], comparable: bool) -> None:
    for row in estimates:
        if row["published"] is None or row["spec"] not in ("main", "large_scale"):
            continue
        style: dict[str, Any] = {"color": GREEN, "alpha": 1.0 if comparable else 0.55, "zorder": 4}
        if row["estimand"] == name:
            first, last = periods[row["coords"]["period"]]
            axes.plot([first, last], [row["published"]] * 2, lw=2, ls="-" if comparable else (0, (2, 1)), **style)
        elif row["estimand"] == f"{name}_by_year":
            axes.plot(row["coords"]["year"], row["published"], marker="D", ms=5, ls="", **style)


def _legend(figure: Any) -> None:
    handles = [
        Line2D([], [], color=BLACK, lw=1.5, label="posterior median"),
        Rectangle((0, 0), 1, 1, color=BLACK, alpha=0.4, lw=0, label="50 %"),
        Rectangle((0, 0), 1, 1, color=BLACK, alpha=0.18, lw=0, label="89 %"),
        Line2D([], [], marker="o", ls="", mfc="none", mec=BLACK, ms=5, label="raw share (area: models)"),
        Line2D([], [], color=GREEN, lw=2, label="published (dashed: another quantity)"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5)


def compute_ratio(tree: xr.DataTree, out: Path) -> None:
    """Training compute of industry-only over academia-only models, same domain, by year; log axis."""
    ratio = tree["estimands"].to_dataset()["compute_ratio_by_year"]
    years = ratio["year"].values
    at = bands(ratio)
    figure, axes = plt.subplots(figsize=(WIDTH * 0.62, 2.6))
    ribbon(axes, years, at, ORANGE)
    axes.axhline(1, color=BLACK, lw=0.5, ls=":")
    axes.set_yscale("log")
    axes.set_ylabel("training compute, industry only\nover academia only (geometric means)")
    axes.set_xlabel("year of publication")
    rows = [{"year": int(year), **{key: float(value[i]) for key, value in at.items()}} for i, year in enumerate(years)]
    save(figure, out, "academic_share_compute_ratio", rows)


def by_specification(estimates: Rows, name: str, out: Path, file: str) -> None:
    """One estimand under all its specifications, by period: what moves it, and what does not."""
    rows = [row for row in estimates if row["estimand"] == name]
    titles = {row["spec"]: row["spec_title"] for row in rows}
    periods = list(dict.fromkeys(row["coords"]["period"] for row in rows))
    specs = list(dict.fromkeys(row["spec"] for row in rows))
    figure, grid = plt.subplots(1, len(periods), figsize=(WIDTH, 0.2 * len(specs) + 0.9), sharey=True, squeeze=False)
    for axes, period in zip(grid[0], periods, strict=True):
        for row in rows:
            if row["coords"]["period"] == period:
                y = len(specs) - specs.index(row["spec"])
                colour = BLUE if row["spec"] in ("main", "large_scale") else GREY
                axes.plot([row["eti_low"], row["eti_high"]], [y, y], color=colour, lw=1.5)
                axes.plot(row["median"], y, "o", color=colour, ms=4)
                if row["spec"] in ("main", "large_scale"):
                    axes.axvline(row["median"], color=BLUE, lw=0.5, ls=":")
        axes.set_title(period)
        axes.set_xlim(-0.02, 1)
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    grid[0, 0].set_yticks(range(len(specs), 0, -1), [titles[spec] for spec in specs])
    figure.supxlabel("academia-only share, median and 89 % interval", fontsize=8)
    keys = ("spec", "median", "eti_low", "eti_high")
    data = [{"period": row["coords"]["period"], **{key: row[key] for key in keys}} for row in rows]
    save(figure, out, file, data)
