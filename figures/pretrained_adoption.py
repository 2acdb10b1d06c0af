"""Figure of adoption: shares of papers that mention a pre-trained model of industry, by team type and year."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.ticker import PercentFormatter

from figures.style import (
    BLUE,
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

TEAMS = (BLUE, PURPLE, ORANGE)


def draw(charts: Charts, out: Path) -> None:
    """Draw every figure of the claim into a folder.

    Parameters
    ----------
    charts
        Name of a figure, or ``FIGURE/PART``, to its rows.
    out
        Folder for PDF, PNG and CSV.
    """
    draw_mentions(charts, out)


def draw_mentions(charts: Charts, out: Path) -> None:
    """Draw shares by team type and year, a panel for each; circles are the shares of each team type as counted."""
    rows, observed, panels = (charts[f"pretrained_adoption{part}"] for part in ("", "/observed", "/panels"))
    colours = dict(zip(list_distinct(rows, "team"), TEAMS, strict=True))
    figure, grid = plt.subplots(1, len(panels), figsize=(WIDTH, 2.7), squeeze=False)
    for axes, panel in zip(grid[0], panels, strict=True):
        for team, colour in colours.items():
            draw_ribbon(axes, pick(rows, panel=panel["panel"], team=team), colour, team)
            points = pick(observed, panel=panel["panel"], team=team)
            axes.plot(
                take_column(points, "year"), take_column(points, "observed"), "o", color=colour, ms=3.5, mfc="none"
            )
        axes.set_title(panel["title"])
        axes.set_ylim(0, None)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_xticks(sorted({row["year"] for row in rows})[::2])
        axes.set_xlabel("year of publication")
    grid[0][0].set_ylabel("share of papers with an abstract")
    grid[0][0].legend(loc="upper left", fontsize=6.5)
    save(figure, out, "pretrained_adoption", rows)
