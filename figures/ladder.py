"""The figure of the ladders: each published value, and the steps from it to the main estimate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D

from figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, WIDTH, Rows, break_title, save, wrap

SEPARATE = "separate quantity"
LOG_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5)
FINE_TICKS = (0.8, 1.25)  # more of them, where a panel is wide


def draw(ladders: Mapping[str, Rows], out: Path) -> None:
    """Draw the ladders of all claims: a row of panels for each claim, a panel for each published value.

    Parameters
    ----------
    ladders
        Ladders by claim, as in estimates.json.
    out
        Folder for ``ladder`` as PDF, PNG and CSV.
    """
    shown = {claim: rows for claim, rows in ladders.items() if rows}
    heights = [0.32 * (len(_list_steps(rows)) + 1) + 0.9 for rows in shown.values()]
    figure = plt.figure(figsize=(WIDTH, sum(heights) + 0.3))
    parts = figure.subfigures(len(shown), 1, squeeze=False, height_ratios=heights)[:, 0]
    data: Rows = []
    for part, (claim, rows) in zip(parts, shown.items(), strict=True):
        # Steps differ between claims. The panels of a claim share one scale, so that they can be compared.
        shown_ends = [end for row in rows for line in _list_lines(row) for end in (line["eti_low"], line["eti_high"])]
        steps = _list_steps(rows)
        for axes, row in zip(part.subplots(1, len(rows), squeeze=False, sharey=True)[0], rows, strict=True):
            _draw_panel(axes, row, steps, 18 if len(rows) > 3 else 30, shown_ends)
            data += _list_data(claim, row)
    figure.legend(
        handles=[
            Line2D([], [], color=GREEN, lw=1.5, label="published"),
            Line2D([], [], color=GREY, marker="o", ms=4, lw=1.5, label="step: median, 89 % interval, n"),
            Line2D([], [], color=BLUE, marker="o", ms=4, lw=1.5, label="headline estimate"),
            Line2D([], [], color=ORANGE, marker="s", ms=4, lw=1.5, label="separate quantity, not a step"),
        ],
        loc="outside lower center",
        ncols=4,
    )
    save(figure, out, "ladder", data)


def _list_steps(rows: Rows) -> dict[str, str]:
    """List the steps of any of a claim's ladders, in order, with their labels; last, the separate quantity if any."""
    labels = {step["spec"]: f"{step['kind']}: {step['title']}" for row in rows for step in row["rungs"]}
    steps = {spec: labels[spec] for spec in rows[0]["order"] if spec in labels}
    separate = next((row["beside"] for row in rows if row["beside"] is not None), None)
    return steps if separate is None else steps | {SEPARATE: f"{SEPARATE}: {separate['title']}"}


def _list_lines(row: Mapping[str, Any]) -> Rows:
    """List the steps, followed by the separate quantity if there is one."""
    return [*row["rungs"], *([row["beside"]] if row["beside"] is not None else [])]


def _draw_panel(axes: Any, row: Mapping[str, Any], steps: Mapping[str, str], wide: int, ends: list[float]) -> None:
    if row["published"] is not None:
        axes.axvline(row["published"], color=GREEN, lw=1.5)
    else:  # a sign: the side of the reference value that was claimed
        axes.axvline(row["reference"], color=GREEN, lw=1.5)
        side = "<" if row["published_sign"] < 0 else ">"
        left = row["published_sign"] < 0
        axes.annotate(
            f"claim: {side} {row['reference']:g}", (row["reference"], -0.75), xytext=(-3 if left else 3, 0),
            textcoords="offset points", ha="right" if left else "left", va="center", color=GREEN, fontsize=6,
        )  # fmt: skip
    places = list(steps)
    for step in _list_lines(row):
        separate = step is row["beside"]
        y = places.index(SEPARATE if separate else step["spec"])
        colour = ORANGE if separate else BLUE if step["headline"] else GREY
        axes.plot([step["eti_low"], step["eti_high"]], [y, y], color=colour, lw=1.5)
        axes.plot(step["median"], y, "s" if separate else "o", color=colour, ms=4.5)
        axes.annotate(f"{step['n']:,}", (1.02, y), xycoords=("axes fraction", "data"), fontsize=6, color=BLACK,
                      ha="left", va="center")  # fmt: skip
    for spec in row.get("other_quantity", []):
        if spec in places:
            axes.annotate("another quantity", (0.5, places.index(spec)), xycoords=("axes fraction", "data"), fontsize=6,
                          color=GREY, ha="center", va="center")  # fmt: skip
    if row["scale"] == "log":
        axes.set_xscale("log")
        listed = LOG_TICKS if wide < 30 else sorted((*LOG_TICKS, *FINE_TICKS))
        ticks = [tick for tick in listed if min(ends) / 1.5 <= tick <= max(*ends, 1.2) * 1.2]
        axes.set_xlim(min(ends) / 1.2, max(*ends, 1.1) * 1.1)
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=7)
        axes.set_xticks([], minor=True)
    elif row["reference"] == 0:  # a difference, on an axis as long as its intervals
        reach = 1.15 * max(abs(end) for end in ends)
        axes.set_xlim(-reach if min(ends) < 0 else -0.02 * reach, reach if max(ends) > 0 else 0.02 * reach)
        axes.locator_params(axis="x", nbins=5)
    else:
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_ylim(len(steps) - 0.5, -0.5 if row["published"] is not None else -1.1)
    axes.set_yticks(range(len(steps)), [wrap(label, 36) for label in steps.values()], fontsize=6.5)
    axes.set_title(break_title(row["title"], wide), fontsize=7)


def _list_data(claim: str, row: Mapping[str, Any]) -> Rows:
    keys = ("spec", "kind", "title", "n", "median", "eti_low", "eti_high")
    name = {"claim": claim, "estimate": row["title"], "published": row["published_text"]}
    return [name | {key: step[key] for key in keys} for step in _list_lines(row)]
