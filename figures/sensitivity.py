"""Headline estimates under other priors: how far a conclusion hangs on the prior, at a glance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import Locator, LogLocator, MaxNLocator, NullLocator

from figures.style import BLUE, GREEN, GREY, WIDTH, save, wrap
from inference.words import headline

Rows = list[dict[str, Any]]


def draw(claim: str, estimates: Rows, out: Path) -> None:
    """Draw the claim's headline estimates: as fitted, and under each other prior.

    Parameters
    ----------
    claim
        Names the files ``CLAIM_sensitivity``.
    estimates
        The claim's rows of estimates.json.
    out
        Where to write PDF, PNG and CSV.
    """
    rows = [row for row in estimates if row["headline"] and row["kind"] == "quantity" and row["refits"]]
    if not rows:
        return
    columns = 3
    lines = -(-len(rows) // columns)
    tallest = max(len(row["refits"]) for row in rows) + 1
    size = (WIDTH, lines * (0.24 * tallest + 1.0))
    figure, grid = plt.subplots(lines, columns, figsize=size, squeeze=False)
    data: Rows = []
    for axes, row in zip(grid.flat, rows, strict=False):
        own = {name: row[name] for name in ("median", "eti_low", "eti_high")}
        sets = [("the project's priors", own), *((refit["title"], refit["to"]) for refit in row["refits"])]
        for y, (title, at) in enumerate(sets):
            colour = GREY if y else BLUE
            axes.plot([at["eti_low"], at["eti_high"]], [y, y], color=colour, lw=1.5)
            axes.plot(at["median"], y, "o", color=colour, ms=4)
            data.append({"estimate": row["title"], "priors": title, **at})
        if row["published"] is not None:
            axes.axvline(row["published"], color=GREEN, lw=1)
        locator: Locator = MaxNLocator(3)
        if row["unit"] == "ratio":
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
            if max(at["eti_high"] for _, at in sets) > 10 * min(at["eti_low"] for _, at in sets):
                locator = LogLocator(subs=(1, 3))  # even steps would all stand at the upper end
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.tick_params(axis="x", labelsize=7)
        axes.set_ylim(tallest - 0.5, -0.5)
        names = [wrap(title.rpartition("priors of ")[2].split(":")[0], 20) for title, _ in sets]
        axes.set_yticks(range(len(sets)), names, fontsize=6)
        axes.set_title(wrap(headline(row), 27), fontsize=6.8)
    for axes in grid.flat[len(rows) :]:
        axes.set_axis_off()
    save(figure, out, f"{claim}_sensitivity", data)
