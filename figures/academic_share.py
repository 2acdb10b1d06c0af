"""Figures of the academic share: shares over time, the ratio of training compute, and shares by specification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    WIDTH,
    Charts,
    Rows,
    draw_bubbles,
    draw_ribbon,
    list_distinct,
    pick,
    save,
    take_column,
)

COLOURS = (BLUE, ORANGE, PURPLE)  # of the panels, from left to right


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
    draw_compute_ratio(charts, out)
    for name in ("academic_share_by_specification", "academic_share_by_specification_large_scale"):
        draw_specifications(charts, out, name)


def draw_shares(charts: Charts, out: Path) -> None:
    """Draw medians with 50 and 89 % bands by year, raw shares with areas by their counts, and published values."""
    rows, panels, published = (charts[f"academic_share{part}"] for part in ("", "/panels", "/published"))
    specs = list_distinct(panels, "spec")
    figure, grid = plt.subplots(len(specs), 3, figsize=(WIDTH, 4.6), sharex=True, sharey=True)
    for line, spec in zip(grid, specs, strict=True):
        for axes, panel, colour in zip(line, pick(panels, spec=spec), COLOURS, strict=True):
            keys = {"spec": spec, "estimand": panel["estimand"]}
            of_panel = pick(rows, **keys)
            draw_ribbon(axes, of_panel, colour)
            counted = [row for row in of_panel if row["raw_n"]]
            draw_bubbles(axes, *(take_column(counted, name) for name in ("year", "raw_share", "raw_n")))
            _mark_published(axes, pick(published, **keys))
            axes.set_ylim(-0.04, 1.04)
            if panel["reference"] is not None:
                axes.axhline(panel["reference"], color=BLACK, lw=0.5, ls=":")
            if spec == specs[0]:
                axes.set_title(panel["title"])
        line[0].set_ylabel(pick(panels, spec=spec)[0]["label"])
    grid[-1, 1].set_xlabel("year of publication")
    _add_legend(figure)
    save(figure, out, "academic_share", rows)


def _mark_published(axes: Axes, published: Rows) -> None:
    for row in published:
        if row["year"] is None:
            axes.plot([row["first"], row["last"]], [row["published"]] * 2, lw=2, color=GREEN, zorder=4)
        else:
            axes.plot(row["year"], row["published"], marker="D", ms=5, ls="", color=GREEN, zorder=4)


def _add_legend(figure: Any) -> None:
    handles = [
        Line2D([], [], color=BLACK, lw=1.5, label="posterior median"),
        Rectangle((0, 0), 1, 1, color=BLACK, alpha=0.4, lw=0, label="50 %"),
        Rectangle((0, 0), 1, 1, color=BLACK, alpha=0.18, lw=0, label="89 %"),
        Line2D([], [], marker="o", ls="", mfc="none", mec=BLACK, ms=5, label="raw share (area: models)"),
        Line2D([], [], color=GREEN, lw=2, label="published"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5)


def draw_compute_ratio(charts: Charts, out: Path) -> None:
    """Draw the ratio of training compute, industry-only to academia-only in the same domain, by year; log axis."""
    rows = charts["academic_share_compute_ratio"]
    figure, axes = plt.subplots(figsize=(WIDTH * 0.62, 2.6))
    draw_ribbon(axes, rows, ORANGE)
    axes.axhline(1, color=BLACK, lw=0.5, ls=":")
    axes.set_yscale("log")
    axes.set_ylabel("ratio of training compute (geometric means),\nindustry-only to academia-only")
    axes.set_xlabel("year of publication")
    save(figure, out, "academic_share_compute_ratio", rows)


def draw_specifications(charts: Charts, out: Path, name: str) -> None:
    """Draw one estimand under all its specifications, by period."""
    rows = charts[name]
    titles = {row["spec"]: row["title"] for row in rows}
    periods, specs = (list_distinct(rows, column) for column in ("period", "spec"))
    figure, grid = plt.subplots(1, len(periods), figsize=(WIDTH, 0.2 * len(specs) + 0.9), sharey=True, squeeze=False)
    for axes, period in zip(grid[0], periods, strict=True):
        for row in pick(rows, period=period):
            y = len(specs) - specs.index(row["spec"])
            colour = BLUE if row["main"] else GREY
            axes.plot([row["eti_low"], row["eti_high"]], [y, y], color=colour, lw=1.5)
            axes.plot(row["median"], y, "o", color=colour, ms=4)
            if row["main"]:
                axes.axvline(row["median"], color=BLUE, lw=0.5, ls=":")
        axes.set_title(period)
        axes.set_xlim(-0.02, 1)
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    grid[0, 0].set_yticks(range(len(specs), 0, -1), [titles[spec] for spec in specs])
    figure.supxlabel("academia-only share, median and 89 % interval", fontsize=8)
    save(figure, out, name, rows)
