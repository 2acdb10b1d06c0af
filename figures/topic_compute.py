"""Figures of the compute-term claim: contrasts by topic and family, decomposition of the change, goodness of fit."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from figures.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    WIDTH,
    Charts,
    Rows,
    draw_forest,
    list_distinct,
    pick,
    save,
    take_column,
)

COLOURS = {"pooled": BLUE, "family": ORANGE, "topic": GREY}
BARS = {"factor": ORANGE, "rest": GREY}
REWEIGHTED = {"first": (-0.4, "^"), "last": (0.4, "v")}  # offset from the bar, marker


def draw(charts: Charts, out: Path) -> None:
    """Draw every figure of the claim into a folder; that of the change, if it has rows.

    Parameters
    ----------
    charts
        Name of a figure, or ``FIGURE/PART``, to its rows.
    out
        Folder for PDF, PNG and CSV.
    """
    draw_contrasts(charts, out)
    if "topic_compute_fall" in charts:
        draw_change(charts, out)
    draw_fitted(charts, out)


def draw_contrasts(charts: Charts, out: Path) -> None:
    """Draw odds ratios of an academia-only team by topic, by family, pooled, and for a new topic; log axis."""
    rows, panels = charts["topic_compute"], charts["topic_compute/panels"]
    data = [
        {"spec": row["spec"], "label": row["label"], "colour": COLOURS[row["kind"]]}
        | {name: value for name, value in row.items() if name != "kind"}
        for row in rows
    ]
    lines = {panel["spec"]: pick(data, spec=panel["spec"]) for panel in panels}
    height = 0.155 * max(len(part) for part in lines.values()) + 0.9
    figure, grid = plt.subplots(1, len(panels), figsize=(WIDTH, height), squeeze=False, sharex=True)
    for axes, panel in zip(grid[0], panels, strict=True):
        draw_forest(axes, lines[panel["spec"]], reference=1.0)
        axes.set_xscale("log")
        axes.set_xticks([0.25, 0.5, 1, 2], ["0.25", "0.5", "1", "2"])
        axes.set_xticks([], minor=True)
        axes.set_title(panel["title"])
    figure.supxlabel(panels[0]["label"], fontsize=8)
    save(figure, out, "topic_compute", data)


def draw_change(charts: Charts, out: Path) -> None:
    """Draw the decomposition of the change in the academia-only share between the first and the last period.

    Bars are factors. Triangles show a factor reweighted to the early margin, first or last in the decomposition.
    """
    rows, panels = charts["topic_compute_fall"], charts["topic_compute_fall/panels"]
    figure, grid = plt.subplots(1, len(panels), figsize=(WIDTH, 2.7), squeeze=False, sharey=True)
    for axes, panel in zip(grid[0], panels, strict=True):
        _draw_waterfall(axes, pick(rows, spec=panel["spec"]))
        axes.set_title(panel["title"])
    grid[0, 0].set_ylabel("academia-only share,\nbalanced panel of venues")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    save(figure, out, "topic_compute_fall", rows)


def _draw_waterfall(axes: Axes, rows: Rows) -> None:
    last = max(row["x"] for row in rows if row["kind"] in BARS)
    for row in rows:
        x, to = row["x"], row["to"]
        if row["kind"] == "share":  # a line in place of a bar: the axis does not start at 0
            axes.plot([x - 0.35, x + 0.35], [to] * 2, color=BLUE, lw=2.5)
            axes.fill_between([x - 0.35, x + 0.35], row["low"], row["high"], color=BLUE, alpha=0.25, lw=0)
        elif row["kind"] in BARS:
            axes.bar(x, to - row["from"], bottom=row["from"], color=BARS[row["kind"]], width=0.6)
            axes.errorbar(
                x, to, yerr=[[to - row["low"]], [row["high"] - to]], color=BLACK, lw=1,
                label="89 % interval of the step" if x == 1 else None, ls="",
            )  # fmt: skip
        else:
            offset, marker = REWEIGHTED[row["kind"]]
            label = f"reweighted {row['kind']}" if x == last else None
            axes.plot(x + offset, to, marker, color=BLACK, ms=4, mfc="none", label=label)
    bars = [row for row in rows if row["kind"] not in REWEIGHTED]
    names = ["unex-\nplained" if row["kind"] == "rest" else row["bar"].replace(" ", "\n") for row in bars]
    axes.set_xticks([row["x"] for row in bars], names)
    axes.margins(y=0.15)


def draw_fitted(charts: Charts, out: Path) -> None:
    """Draw average fitted probabilities against observed shares, by venue-year and by topic; areas show papers."""
    rows, panels = charts["topic_compute_fitted"], charts["topic_compute_fitted/panels"]
    lines = len(list_distinct(panels, "spec"))
    figure, grid = plt.subplots(lines, 2, figsize=(WIDTH, 2.9 * lines), squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=True):
        points = pick(rows, spec=panel["spec"], by=panel["by"])
        names = ("n", "observed", "low89", "fitted", "high89")
        n, share, low, middle, high = (take_column(points, name) for name in names)
        axes.vlines(share, low, high, color=GREY, lw=0.7)
        axes.scatter(share, middle, s=np.maximum(n / 20, 2), facecolor="none", edgecolor=BLUE, lw=0.7)
        limits = [min(share.min(), low.min()) - 0.02, max(share.max(), high.max()) + 0.02]
        axes.plot(limits, limits, color=BLACK, lw=0.5, ls=":")
        axes.set_title(panel["title"], fontsize=8)
    figure.supxlabel("observed academia-only share", fontsize=8)
    figure.supylabel("fitted, median and 89 % interval", fontsize=8)
    save(figure, out, "topic_compute_fitted", rows)
