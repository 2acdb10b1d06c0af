"""Headline estimates under other priors: how far conclusions depend on the prior."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import Locator, LogLocator, MaxNLocator, NullLocator

from figures.style import BLUE, GREEN, GREY, WIDTH, Charts, Rows, pick, save, wrap

COLUMNS = 2


def draw(charts: Charts, out: Path) -> None:
    """Draw all figures of sensitivity among the charts: headline estimates as fitted, and under each other prior.

    Parameters
    ----------
    charts
        ``CLAIM_sensitivity`` and ``CLAIM_sensitivity/panels`` to their rows. Other charts are ignored.
    out
        Folder for PDF, PNG and CSV.
    """
    for name in charts:
        if name.endswith("_sensitivity"):
            draw_sensitivity(charts, out, name)


def draw_sensitivity(charts: Charts, out: Path, name: str) -> None:
    """Draw a claim's headline estimates, one a panel, with the project's priors on top."""
    rows, panels = charts[name], charts[f"{name}/panels"]
    lines = -(-len(panels) // COLUMNS)
    sets = [pick(rows, panel=panel["panel"]) for panel in panels]
    tallest = max(len(estimates) for estimates in sets)
    figure, grid = plt.subplots(lines, COLUMNS, figsize=(WIDTH, lines * (0.24 * tallest + 1.0)), squeeze=False)
    for axes, panel, estimates in zip(grid.flat, panels, sets, strict=False):
        for y, row in enumerate(estimates):
            colour = GREY if y else BLUE
            axes.plot([row["eti_low"], row["eti_high"]], [y, y], color=colour, lw=1.5)
            axes.plot(row["median"], y, "o", color=colour, ms=4)
        if panel["published"] is not None:
            axes.axvline(panel["published"], color=GREEN, lw=1)
        _set_ticks(axes, estimates, panel["scale"])
        axes.set_ylim(tallest - 0.5, -0.5)
        axes.set_yticks(range(len(estimates)), [wrap(row["label"], 40) for row in estimates], fontsize=6)
        axes.set_title(wrap(panel["panel"], 34), fontsize=6.8)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    save(figure, out, name, rows)


def _set_ticks(axes: Axes, rows: Rows, scale: str) -> None:
    locator: Locator = MaxNLocator(3)
    if scale == "log":
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        if max(row["eti_high"] for row in rows) > 10 * min(row["eti_low"] for row in rows):
            locator = LogLocator(subs=(1, 3))  # equal steps would crowd at the upper end
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.tick_params(axis="x", labelsize=7)
