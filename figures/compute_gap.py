"""Figures of the hardware gap: distributions with their four means, and ratios over time."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator, PercentFormatter

from figures.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    WIDTH,
    Charts,
    Rows,
    draw_ribbon,
    list_distinct,
    pick,
    save,
    take_column,
)

SIDES = (BLUE, ORANGE)  # academia-only, any industry
MARKERS = ("o", "s", "^", "D")  # of the means
GROUPS = {"academia-only": BLUE, "any industry": ORANGE, "mixed": PURPLE, "industry-only": BLACK}
UNITS = {12: "1 teraFLOP/s", 13: "10", 14: "100", 15: "1 petaFLOP/s", 16: "10", 17: "100", 18: "1 exa"}


def draw(charts: Charts, out: Path) -> None:
    """Draw every figure of the claim into a folder.

    Parameters
    ----------
    charts
        Name of a figure, or ``FIGURE/PART``, to its rows.
    out
        Folder for PDF, PNG and CSV.
    """
    if charts["compute_gap"]:
        draw_distributions(charts, out)
    draw_years(charts, out)


def draw_distributions(charts: Charts, out: Path) -> None:
    """Draw the distributions of both sides, up and down, and below them each mean of one side and of the other."""
    bins, means, title = (charts[f"compute_gap{part}"] for part in ("", "/means", "/title"))
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(WIDTH, 4.4), sharex=True, height_ratios=(2, 1))
    for side, colour, sign in zip(list_distinct(bins, "side"), SIDES, (1, -1), strict=True):
        _draw_side(upper, pick(bins, side=side), colour, sign, side)
    upper.axhline(0, color=BLACK, lw=0.6)
    top = max(row["high89"] for row in bins) * 1.08
    upper.set_ylim(-top, top)
    upper.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    upper.set_yticks([tick for tick in upper.get_yticks() if abs(tick) < top],
                     [f"{abs(tick):.0%}" for tick in upper.get_yticks() if abs(tick) < top])  # fmt: skip
    upper.set_ylabel("share of papers")
    upper.set_title(f"Hardware of papers at {title[0]['venue_year']}: bars fitted, dots counted")
    upper.legend(loc="upper right")
    _draw_means(lower, means)
    save(figure, out, "compute_gap", bins)


def _draw_side(axes: Axes, rows: Rows, colour: str, sign: int, label: str) -> None:
    """Draw one side's fitted shares as bars with 89 % intervals, and counted shares as dots."""
    x, median, low, high, share = (
        take_column(rows, name) for name in ("log10_flops", "median", "low89", "high89", "share")
    )
    width = x[1] - x[0]
    axes.bar(x, sign * median, width=0.9 * width, color=colour, alpha=0.35, label=label)
    axes.vlines(x, sign * low, sign * high, color=colour, lw=1)
    seen = share > 0
    axes.plot(x[seen], sign * share[seen], "o", color=colour, ms=3, mfc="white", mew=0.9)


def _draw_means(axes: Axes, means: Rows) -> None:
    """Draw each mean of academia-only joined to that of any industry, with the ratio and its interval."""
    right = 18.3
    for y, (row, marker) in enumerate(zip(means, MARKERS, strict=False)):
        axes.plot([row["academia"], row["industry"]], [y, y], color=GREY, lw=1.2, zorder=1)
        for place, colour in zip((row["academia"], row["industry"]), SIDES, strict=True):
            axes.plot(place, y, marker, color=colour, ms=5, mfc="none" if colour == SIDES[1] else colour)
        axes.text(right, y, f"{row['text']} times", va="center", ha="right", fontsize=7.5)
    axes.set_yticks(range(len(means)), [row["mean"] for row in means])
    axes.set_ylim(len(means) - 0.4, -0.6)
    axes.set_xticks(list(UNITS), list(UNITS.values()))
    axes.set_xlim(11.9, right + 0.05)
    axes.set_xlabel("peak performance of the largest set-up (log scale)")


def draw_years(charts: Charts, out: Path) -> None:
    """Draw each estimand by year: any industry, mixed and industry-only to academia-only."""
    rows, panels = (charts[f"compute_gap_years{part}"] for part in ("", "/panels"))
    figure, grid = plt.subplots(2, 3, figsize=(WIDTH, 4.2), sharex=True)
    for axes, panel in zip(grid.flat, panels, strict=True):
        mine = pick(rows, panel=panel["panel"])
        for group in list_distinct(mine, "group"):
            draw_ribbon(axes, pick(mine, group=group), GROUPS[group], group)
        axes.set_title(panel["title"])
        if panel["panel"].startswith("ratio"):
            axes.set_yscale("log")
            axes.axhline(1, color=BLACK, lw=0.5, ls=":")
            axes.set_ylim(0.9 * min(1, axes.get_ylim()[0]), None)
            _mark_ratios(axes)
        elif panel["panel"] == "more":
            axes.axhline(0.5, color=BLACK, lw=0.5, ls=":")
    years = sorted({row["year"] for row in rows})
    for axes in grid[-1]:
        axes.set_xlabel("year of publication")
        axes.set_xticks(years[::2])
    handles: dict[str, Artist] = {}
    for axes in grid.flat:
        handles |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=4)
    save(figure, out, "compute_gap_years", rows)


def _mark_ratios(axes: Axes) -> None:
    """Label a log axis by 1, 2, 5, 10 and so on, as far as it reaches."""
    low, high = axes.get_ylim()
    ticks = [step * 10.0**power for power in range(-2, 4) for step in (1, 2, 5)]
    inside = [tick for tick in ticks if low <= tick <= high]
    axes.set_yticks(inside, [f"{tick:g}" for tick in inside])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(low, high)
