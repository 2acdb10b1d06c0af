"""Checks of a fit: predictive distributions of test quantities, priors and posteriors of shares, rank plots."""

from __future__ import annotations

from pathlib import Path

import arviz as az
import matplotlib.pyplot as plt
import numpy as np

from figures.style import (
    BLUE,
    GREY,
    ORANGE,
    WIDTH,
    Charts,
    draw_ribbon,
    list_distinct,
    pick,
    save,
    take_column,
    wrap,
)

COLUMNS = 3
DRAWS = {"prior": GREY, "posterior": BLUE}
GROUPS = {"prior_estimands": ("prior", GREY), "estimands": ("posterior", BLUE)}


def draw(charts: Charts, out: Path) -> None:
    """Draw all checks among the charts.

    Parameters
    ----------
    charts
        ``CLAIM_SPEC_predictive``, with ``/bins``, ``CLAIM_SPEC_prior``, and ``CLAIM_SPEC_ranks``, with ``/draws``, to
        their rows. Other charts are ignored.
    out
        Folder for PDF, PNG and CSV.
    """
    for name in charts:
        if name.endswith("_predictive"):
            draw_predictive(charts, out, name)
        elif name.endswith("_prior"):
            draw_prior_and_posterior(charts, out, name)
        elif name.endswith("_ranks"):
            draw_ranks(charts, out, name)


def draw_predictive(charts: Charts, out: Path, name: str) -> None:
    """Draw prior and posterior predictive of test quantities that the likelihood does not fit directly."""
    rows, bins = charts[name], charts[f"{name}/bins"]
    quantities = list_distinct(rows, "statistic")
    lines = -(-len(quantities) // COLUMNS)
    figure, grid = plt.subplots(lines, COLUMNS, figsize=(WIDTH, 1.9 * lines), squeeze=False)
    for axes, quantity in zip(grid.flat, quantities, strict=False):
        for key, colour in DRAWS.items():
            histogram = pick(bins, statistic=quantity, draws=key)
            low, density = take_column(histogram, "low"), take_column(histogram, "density")
            # Densities are known already: each bin gets one value, weighted by the height of the bin.
            edges = np.append(low, histogram[-1]["high"])
            axes.hist(low, edges, weights=density, color=colour, alpha=0.5, label=f"{key} predictive")
        axes.axvline(pick(rows, statistic=quantity)[0]["observed"], color=ORANGE, lw=1.5, label="observed")
        axes.set_title(wrap(quantity, 38), fontsize=7.5)
        axes.set_yticks([])
    for axes in grid.flat[len(quantities) :]:
        axes.set_axis_off()
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    save(figure, out, name, rows)


def draw_prior_and_posterior(charts: Charts, out: Path, name: str) -> None:
    """Draw prior and posterior of shares by year."""
    rows = charts[name]
    panels = list(dict.fromkeys((row["estimand"], row["panel"]) for row in rows))
    figure, grid = plt.subplots(2, -(-len(panels) // 2), figsize=(WIDTH, 3.6), sharex=True, sharey=True, squeeze=False)
    for axes, (estimand, panel) in zip(grid.flat, panels, strict=False):
        for group, (label, colour) in GROUPS.items():
            draw_ribbon(axes, pick(rows, estimand=estimand, panel=panel, group=group), colour, label)
        axes.set_title(wrap(panel, 30))
        axes.set_ylim(0, 1)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    save(figure, out, name, rows)


def draw_ranks(charts: Charts, out: Path, name: str) -> None:
    """Draw ArviZ's rank plot of the scalar top-level parameters; ranks of well-mixed chains stay within the band."""
    rows, draws = charts[name], charts[f"{name}/draws"]
    chains = [pick(draws, chain=chain) for chain in list_distinct(draws, "chain")]
    posterior = {
        parameter: np.array([take_column(chain, parameter) for chain in chains])
        for parameter in list_distinct(rows, "parameter")
    }
    plots = az.plot_rank(az.from_dict({"posterior": posterior}), backend="matplotlib")
    figure = plots.viz["figure"].item()
    figure.suptitle("")
    save(figure, out, name, rows)
