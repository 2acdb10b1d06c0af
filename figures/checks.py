"""Checks of a fit: predictive distributions of test quantities, prior beside posterior, rank plots."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from figures.style import BLUE, GREY, ORANGE, WIDTH, bands, ribbon, save, wrap

Rows = list[dict[str, Any]]


def draw(claim: str, trees: Mapping[str, xr.DataTree], out: Path) -> None:
    """Draw the checks of the claim's main fits (those that are not alternatives of one of them)."""
    for spec, tree in trees.items():
        if tree.attrs["kind"] == "main":
            predictive(tree, out, f"{claim}_{spec}_predictive")
            prior_and_posterior(tree, out, f"{claim}_{spec}_prior")
            ranks(tree, out, f"{claim}_{spec}_ranks")


def predictive(tree: xr.DataTree, out: Path, name: str) -> None:
    """Test quantities that the likelihood does not fit directly: prior and posterior predictive, and observed."""
    observed = tree["statistics"].to_dataset()
    replicated = {key: tree[f"{key}_statistics"].to_dataset() for key in ("prior", "posterior")}
    names = [name for name in observed.data_vars if np.isfinite(float(observed[name]))]  # the rest these data lack
    if not names:
        return
    columns = 3
    lines = -(-len(names) // columns)
    figure, grid = plt.subplots(lines, columns, figsize=(WIDTH, 1.9 * lines), squeeze=False)
    data: Rows = []
    for axes, statistic in zip(grid.flat, names, strict=False):
        value = float(observed[statistic])
        draws = {key: replicated[key][statistic].values.ravel() for key in ("prior", "posterior")}
        finite = {key: values[np.isfinite(values)] for key, values in draws.items()}
        low, high = np.quantile(np.concatenate([*finite.values(), [value]]), [0.01, 0.99])
        low, high = min(low, value), max(high, value)
        whole = all((values == np.round(values)).all() for values in finite.values())
        step = max(1, round((high - low) / 25)) if whole else 0
        edges = np.arange(low - 0.5, high + 0.5 + step, step) if whole else np.linspace(low, high, 26)
        for (key, values), colour in zip(finite.items(), (GREY, BLUE), strict=True):
            axes.hist(values, edges, density=True, color=colour, alpha=0.5, label=f"{key} predictive")
            at = [float(q) for q in np.quantile(values, [0.055, 0.5, 0.945])]
            data.append({"statistic": str(statistic), "draws": key, "observed": value}
                        | dict(zip(("low89", "median", "high89"), at, strict=True)))  # fmt: skip
        axes.axvline(value, color=ORANGE, lw=1.5, label="observed")
        axes.set_title(wrap(str(statistic), 38), fontsize=7.5)
        axes.set_yticks([])
    for axes in grid.flat[len(names) :]:
        axes.set_axis_off()
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    save(figure, out, name, data)


def prior_and_posterior(tree: xr.DataTree, out: Path, name: str) -> None:
    """Shares by year before and after the data: what the prior says, and what it leaves to them."""
    estimands = tree["estimands"].to_dataset()
    years: Sequence[int] = estimands["year"].values.tolist() if "year" in estimands.coords else []
    shares = [
        panel
        for key in estimands.data_vars
        if estimands[key].attrs.get("scale") == "logit" and "year" in estimands[key].dims
        for panel in _by_level(estimands[key])
    ]
    if not shares:
        return
    figure, grid = plt.subplots(2, -(-len(shares) // 2), figsize=(WIDTH, 3.6), sharex=True, sharey=True, squeeze=False)
    data: Rows = []
    for axes, (share, level) in zip(grid.flat, shares, strict=False):
        for group, colour in (("prior_estimands", GREY), ("estimands", BLUE)):
            at = bands(tree[group].to_dataset()[share].sel(level))
            ribbon(axes, years, at, colour, "prior" if group.startswith("prior") else "posterior")
            for i, year in enumerate(years):
                point = {key: float(value[i]) for key, value in at.items()}
                data.append({"estimand": str(share), **level, "group": group, "year": int(year), **point})
        title = str(share).removeprefix("large_scale_").removeprefix("share_").removesuffix("_by_year")
        axes.set_title(wrap(": ".join([title.replace("_", " "), *level.values()]), 30))
        axes.set_ylim(0, 1)
    for axes in grid.flat[len(shares) :]:
        axes.set_axis_off()
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    save(figure, out, name, data)


def _by_level(share: xr.DataArray) -> list[tuple[str, dict[str, str]]]:
    """One panel a share, or one for each level of its other dimensions."""
    dims = [str(dim) for dim in share.dims if dim not in {"chain", "draw", "year"}]
    levels = itertools.product(*([str(level) for level in share[dim].values] for dim in dims))
    return [(str(share.name), dict(zip(dims, level, strict=True))) for level in levels]


def ranks(tree: xr.DataTree, out: Path, name: str) -> None:
    """ArviZ's rank plot of the scalar top-level parameters: chains that mix have ranks within the band.

    Thinned, for the band supposes independent draws.
    """
    posterior = tree["posterior"].to_dataset()
    top = [name for name in tree["log_prior"].data_vars if posterior[name].ndim == 2]
    if not top:
        return
    posterior = posterior[top]
    thinned = posterior.isel(draw=slice(None, None, 10))
    plots = az.plot_rank(xr.DataTree.from_dict({"posterior": thinned}), backend="matplotlib")
    figure = plots.viz["figure"].item()
    figure.suptitle("")
    diagnostics = az.summary(xr.DataTree.from_dict({"posterior": posterior}), round_to="none").reset_index()
    rows = [
        {"parameter": row["index"], "r_hat": float(row["r_hat"]), "ess_bulk": float(row["ess_bulk"]),
         "ess_tail": float(row["ess_tail"])}
        for row in diagnostics.to_dict("records")
    ]  # fmt: skip
    save(figure, out, name, rows)
