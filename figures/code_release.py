"""Figures of code release: shares over time, ratios, detection methods with tipping points, observed and fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

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
    draw_ribbon,
    list_distinct,
    pick,
    save,
    take_column,
)

TEAMS = (BLUE, PURPLE, ORANGE)  # of the team types, in the order of the rows
CONTRASTS = (PURPLE, ORANGE)  # of the team types with industry
VENUES = (BLUE, ORANGE, GREEN, PURPLE, BLACK)
SPECS = ((BLUE, 0.15), (ORANGE, -0.15))  # colour, offset from the line
STYLES = ("-", "--")
MIN_PAPERS = 10  # points with fewer papers are not drawn


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
    draw_ratios(charts, out)
    draw_detection_methods(charts, out)
    draw_fitted(charts, out)


def draw_shares(charts: Charts, out: Path) -> None:
    """Draw P(release) by team type and year, standardised to the same papers; circles are observed shares."""
    rows, panels, observed = (charts[f"code_release{part}"] for part in ("", "/panels", "/observed"))
    figure, grid = plt.subplots(1, 2, figsize=(WIDTH, 2.7), sharey=True)
    colours = dict(zip(list_distinct(rows, "team"), TEAMS, strict=True))
    for axes, panel in zip(grid, panels, strict=True):
        for team, colour in colours.items():
            draw_ribbon(axes, pick(rows, spec=panel["spec"], team=team), colour, team)
        for team, colour in colours.items():
            points = pick(observed, spec=panel["spec"], team=team)
            if points:
                year, share, n = (take_column(points, name) for name in ("year", "observed", "n"))
                axes.scatter(year, share, s=np.sqrt(n), facecolor="none", edgecolor=colour, lw=0.8, zorder=3)
        axes.set_title(panel["title"])
        axes.set_xlabel("year of publication")
    grid[0].set_ylabel("share of papers that release code")
    grid[0].set_ylim(0, None)
    grid[0].legend(loc="upper left")
    save(figure, out, "code_release", rows)


def draw_ratios(charts: Charts, out: Path) -> None:
    """Draw a forest of the ratios by venue group and era, and pooled over groups, under both error models.

    Squares are pooled ratios. Larger markers are of the whole period.
    """
    rows, panels, specs, lines = (charts[f"code_release_ratios{part}"] for part in ("", "/panels", "/specs", "/lines"))
    figure, grid = plt.subplots(1, 2, figsize=(WIDTH, 3.4), sharey=True)
    heights = {(line["venues"], line["era"]): (y, line) for y, line in enumerate(reversed(lines))}
    for axes, panel in zip(grid, panels, strict=True):
        for spec, (colour, offset) in zip(specs, SPECS, strict=True):
            for row in pick(rows, team=panel["team"], spec=spec["spec"]):
                y, line = heights[row["venues"], row["era"]]
                axes.plot([row["eti_low"], row["eti_high"]], [y + offset] * 2, color=colour, lw=1.3)
                marker, width = "s" if line["pooled"] else "o", 4 if line["whole"] else 3
                axes.plot(row["median"], y + offset, marker, color=colour, ms=width)
        axes.axvline(1, color=BLACK, lw=0.5, ls=":")
        axes.set_xscale("log")
        ticks = [0.3, 0.5, 0.7, 1, 1.3]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_title(panel["title"])
        axes.set_xlabel("ratio, median and 89 % interval")
    grid[0].set_yticks(range(len(lines)), [line["label"] for line in reversed(lines)])
    handles = [
        Line2D([], [], color=colour, marker="o", ms=4, label=spec["title"])
        for spec, (colour, _) in zip(specs, SPECS, strict=True)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    save(figure, out, "code_release_ratios", rows)


def draw_detection_methods(charts: Charts, out: Path) -> None:
    """Draw the naive ratio by detection method, and the errors by team type at which its sign would change."""
    rows, curves, labels, band = (
        charts[f"code_release_instruments{part}"] for part in ("", "/curves", "/labels", "/band")
    )
    figure = plt.figure(figsize=(WIDTH, 5.8))
    grid = figure.add_gridspec(2, 2, width_ratios=(1.2, 1))
    naive = pick(rows, panel="ratio")
    colours = dict(zip(list_distinct(naive, "team"), CONTRASTS, strict=True))
    _draw_naive(figure.add_subplot(grid[:, 0]), naive, pick(labels, panel="ratio"), colours)
    by_sensitivity = pick(curves, panel="sensitivity")
    _draw_tipping_sensitivity(
        figure.add_subplot(grid[0, 1]), by_sensitivity, pick(labels, panel="sensitivity"), colours
    )
    axes = figure.add_subplot(grid[1, 1])
    if band:
        human = pick(rows, panel="specificity by hand")
        _draw_tipping_specificity(axes, pick(curves, panel="specificity"), human, band[0])
    save(figure, out, "code_release_instruments", rows)


def _draw_naive(axes: Axes, rows: Rows, labels: Rows, colours: dict[str, str]) -> None:
    heights = {label["row"]: y for y, label in enumerate(labels)}
    for (team, colour), (_, offset) in zip(colours.items(), SPECS, strict=True):
        for row in pick(rows, team=team):
            y = heights[row["row"]] + offset
            axes.plot([row["eti_low"], row["eti_high"]], [y, y], color=colour, lw=1.3)
            axes.plot(row["median"], y, "o", color=colour, ms=3)
    axes.axvline(1, color=BLACK, lw=0.5, ls=":")
    axes.set_xscale("log")
    axes.set_xticks([0.3, 0.5, 1, 2], ["0.3", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.set_yticks(range(len(labels)), [label["label"] for label in labels], fontsize=6)
    axes.set_xlabel("share with code detected,\nratio to academia-only")
    handles = [Line2D([], [], color=colour, marker="o", ms=3, label=team) for team, colour in colours.items()]
    axes.legend(handles=handles, loc="upper right", fontsize=6.5)


def _draw_tipping_sensitivity(axes: Axes, curves: Rows, labels: Rows, colours: dict[str, str]) -> None:
    """Draw the true ratio against the ratio of sensitivities: a line for each naive ratio, with the measured points."""
    for team, colour in colours.items():
        for label, style in zip(labels, STYLES, strict=False):
            line = pick(curves, team=team, row=label["row"])
            drawn: dict[str, dict[str, Any]] = {
                "curve": {"ls": style, "lw": 1},
                "measured": {"lw": 3, "alpha": 0.4},
                "point": {"marker": "o", "ms": 4, "ls": ""},
                "turn": {"marker": "|", "ms": 9, "ls": ""},
            }
            for part, look in drawn.items():
                points = pick(line, part=part)
                axes.plot(take_column(points, "x"), take_column(points, "y"), color=colour, **look)
    axes.axhline(1, color=BLACK, lw=0.5, ls=":")
    axes.set_xlabel(
        "sensitivity of the link, ratio to academia-only\n(points: measured; ticks: change of sign)", fontsize=7
    )
    axes.set_ylabel("true ratio")
    handles = [
        Line2D([], [], color=GREY, ls=style, label=label["label"]) for label, style in zip(labels, STYLES, strict=False)
    ]
    axes.legend(handles=handles, fontsize=6)


def _draw_tipping_specificity(axes: Axes, curves: Rows, human: Rows, band: dict[str, Any]) -> None:
    """Draw the true ratio, mixed to academia-only, against the excess of false positives of academia-only teams."""
    for group, style in zip(list_distinct(curves, "row"), STYLES, strict=True):
        curve = pick(curves, row=group)
        axes.plot(take_column(curve, "x"), take_column(curve, "y"), color=PURPLE, ls=style, lw=1, label=group)
        for row in pick(human, row=group):
            axes.plot(row["x"], row["median"], "o", color=GREEN, ms=5, mfc=GREEN if style == "-" else "none")
    axes.axvspan(band["low89"], band["high89"], color=PURPLE, alpha=0.15, lw=0)
    axes.axvline(band["median"], color=PURPLE, lw=0.8)
    axes.axhline(1, color=BLACK, lw=0.5, ls=":")
    axes.set_ylim(0.6, 1.8)
    axes.set_xlabel(
        f"false positives, academia-only minus mixed,\n{band['years']} (band: all labels; green: human labels)",
        fontsize=7,
    )
    axes.set_ylabel("true ratio, mixed")
    axes.legend(fontsize=6.5)


def draw_fitted(charts: Charts, out: Path) -> None:
    """Draw observed against expected shares, a point for each venue-year and team type, with 89 % intervals."""
    rows, panels, venue_years = (charts[f"code_release_fitted{part}"] for part in ("", "/panels", "/places"))
    venues = {row["venue_year"]: row["venue"] for row in venue_years}
    colours = dict(zip(list_distinct(venue_years, "venue"), VENUES, strict=False))
    figure, grid = plt.subplots(1, 3, figsize=(WIDTH, 2.6), sharex=True, sharey=True)
    for axes, panel in zip(grid, panels, strict=True):
        of_team = [row for row in pick(rows, team=panel["team"]) if row["n"] >= MIN_PAPERS]
        for venue, colour in colours.items():
            points = [row for row in of_team if venues[row["venue_year"]] == venue]
            names = ("n", "observed", "low89", "median", "high89")
            n, observed, low, middle, high = (take_column(points, name) for name in names)
            axes.errorbar(middle, observed, xerr=[middle - low, high - middle], fmt="none", ecolor=colour, lw=0.7)
            axes.scatter(middle, observed, s=1.2 * np.sqrt(n), color=colour, label=venue, zorder=3)
        drawn = {row["venue_year"] for row in of_team}
        expected = [row["median"] for row in rows if row["venue_year"] in drawn]  # of all team types
        top = max([*expected, *(row["observed"] for row in of_team)], default=1.0)
        axes.plot([0, top], [0, top], color=BLACK, lw=0.5, ls=":")
        axes.set_title(panel["team"])
    grid[0].set_ylabel("share labelled as released")
    grid[1].set_xlabel("expected, median and 89 % interval")
    grid[2].legend(fontsize=6.5, loc="upper left")
    save(figure, out, "code_release_fitted", rows)
