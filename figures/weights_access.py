"""Figures of access to weights: shares that are open and known, with bounds, and the classes of access."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from figures.style import (
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    WIDTH,
    Charts,
    draw_ribbon,
    list_distinct,
    pick,
    save,
    take_column,
)

SECTORS = (BLUE, PURPLE, ORANGE)
CLASSES = (BLUE, "#56B4E9", ORANGE, GREY)  # from the most open


def draw(charts: Charts, out: Path) -> None:
    """Draw every figure of the claim into a folder.

    Parameters
    ----------
    charts
        Name of a figure, or ``FIGURE/PART``, to its rows.
    out
        Folder for PDF, PNG and CSV.
    """
    draw_shares(charts, out)
    draw_classes(charts, out)


def draw_shares(charts: Charts, out: Path) -> None:
    """Draw the shares that are open and known by sector and year; dashed lines bound the first, circles are counted."""
    rows, bounds, observed, panels = (
        charts[f"weights_access{part}"] for part in ("", "/bounds", "/observed", "/panels")
    )
    colours = dict(zip(list_distinct(rows, "sector"), SECTORS, strict=True))
    figure, grid = plt.subplots(1, len(colours) + 1, figsize=(WIDTH, 2.6), sharey=True)
    first, last = panels
    for axes, (sector, colour) in zip(grid[:-1], colours.items(), strict=True):
        draw_ribbon(axes, pick(rows, panel=first["panel"], sector=sector), colour, sector)
        ends = pick(bounds, sector=sector)
        for end in ("low", "high"):
            axes.plot(take_column(ends, "year"), take_column(ends, end), color=colour, lw=0.9, ls="--")
        points = pick(observed, panel=first["panel"], sector=sector)
        year, share, n = (take_column(points, name) for name in ("year", "observed", "n"))
        axes.scatter(year, share, s=1.5 * np.sqrt(n), facecolor="none", edgecolor=colour, lw=0.8, zorder=3)
        axes.set_title(f"{first['title']}:\n{sector}")
    for sector, colour in colours.items():
        draw_ribbon(grid[-1], pick(rows, panel=last["panel"], sector=sector), colour, sector)
    grid[-1].set_title(last["title"])
    grid[-1].legend(loc="lower left", fontsize=6.5)
    grid[0].set_ylim(0, 1)
    grid[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    grid[0].set_ylabel("share of models")
    years = sorted({row["year"] for row in rows})
    for axes in grid:
        axes.set_xticks(years[1::3])
        axes.set_xlabel("year of publication")
    save(figure, out, "weights_access", rows)


def draw_classes(charts: Charts, out: Path) -> None:
    """Draw the share of each class of access by sector and year, stacked from the most open."""
    rows = charts["weights_access_classes"]
    sectors, names = list_distinct(rows, "sector"), list_distinct(rows, "access")
    figure, grid = plt.subplots(1, len(sectors), figsize=(WIDTH, 2.5), sharey=True)
    for axes, sector in zip(grid, sectors, strict=True):
        mine = [pick(rows, sector=sector, access=name) for name in names]
        years = [row["year"] for row in mine[0]]
        axes.stackplot(years, *(take_column(one, "share") for one in mine), colors=CLASSES, labels=names, alpha=0.8)
        axes.set_title(sector)
        axes.set_xlabel("year of publication")
        axes.set_xticks(years[1::3])
    grid[0].set_ylim(0, 1)
    grid[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    grid[0].set_ylabel("share of models")
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(names))
    save(figure, out, "weights_access_classes", rows)
