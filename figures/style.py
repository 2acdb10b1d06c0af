"""Common style of all figures, and the function that saves them as PDF, PNG and CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from data.io import format_csv

# Okabe and Ito's colours, which colour-blind readers can tell apart.
BLUE, ORANGE, GREEN, PURPLE, GREY, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#9A9A9A", "#222222"
WIDTH = 7.2  # inches: the paper's text width

Rows = list[dict[str, Any]]
Charts = Mapping[str, Rows]
"""Name to rows. Rows of ``FIGURE`` are also its CSV; rows of ``FIGURE/PART`` are only drawn."""

mpl.rcParams.update(
    {
        "font.size": 8,
        "axes.titlesize": 8.5,
        "axes.labelsize": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "legend.fontsize": 7.5,
        "figure.constrained_layout.use": True,
        "pdf.fonttype": 42,
        "savefig.dpi": 200,
    }
)


def pick(rows: Rows, **values: Any) -> Rows:
    """Pick the rows that have these values."""
    return [row for row in rows if all(row[name] == value for name, value in values.items())]


def list_distinct(rows: Rows, name: str) -> list[Any]:
    """List the distinct values of a column, in the order of the rows."""
    return list(dict.fromkeys(row[name] for row in rows))


def take_column(rows: Rows, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a column of numbers (rows,), with NaN for None."""
    return np.array([row[name] for row in rows], float)


def draw_ribbon(axes: Axes, rows: Rows, colour: str, label: str | None = None) -> None:
    """Draw a median with its 50 and 89 % bands, from one row a year."""
    year = [row["year"] for row in rows]
    band = {name: take_column(rows, name) for name in ("low89", "low50", "median", "high50", "high89")}
    axes.fill_between(year, band["low89"], band["high89"], color=colour, alpha=0.18, lw=0)
    axes.fill_between(year, band["low50"], band["high50"], color=colour, alpha=0.3, lw=0)
    axes.plot(year, band["median"], color=colour, lw=1.5, label=label)


def draw_bubbles(axes: Axes, x: Any, share: Any, n: Any) -> None:
    """Draw raw shares as circles, with areas proportional to their counts."""
    axes.scatter(x, share, s=2.2 * np.asarray(n, float), facecolor="none", edgecolor=BLACK, lw=0.7, zorder=3)


def draw_forest(axes: Axes, lines: Iterable[Mapping[str, Any]], reference: float | None = None) -> None:
    """Draw a forest of medians with 89 % intervals.

    Parameters
    ----------
    axes
        Where to draw.
    lines
        Each with ``label``, ``median``, ``eti_low``, ``eti_high``, ``colour``; optional ``hollow`` marks few rows.
    reference
        Value without effect, drawn as a dotted line.
    """
    drawn = list(lines)
    for y, line in enumerate(drawn):
        axes.plot([line["eti_low"], line["eti_high"]], [y, y], color=line["colour"], lw=1.4)
        fill = "white" if line.get("hollow") else line["colour"]
        axes.plot(line["median"], y, "o", color=line["colour"], mfc=fill, ms=4)
    if reference is not None:
        axes.axvline(reference, color=BLACK, lw=0.5, ls=":")
    axes.set_ylim(len(drawn) - 0.5, -0.5)
    axes.set_yticks(range(len(drawn)), [line["label"] for line in drawn], fontsize=6.5)


def wrap(text: str, width: int) -> str:
    """Break a text into lines of at most ``width`` characters."""
    return "\n".join(textwrap.wrap(text, width))


def break_title(title: str, width: int = 26) -> str:
    """Break an estimate's title into lines, with its year or period on the last line."""
    name, _, last = title.rpartition(", ")
    is_date = last[:2].isdigit()
    lines = textwrap.wrap(name if is_date else title, width)
    return "\n".join([*lines, *([last] if is_date else [])])


def save(figure: Figure, out: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Save a figure, without time stamps, and its data."""
    figure.savefig(out / f"{name}.pdf", metadata={"CreationDate": None})
    figure.savefig(out / f"{name}.png")
    plt.close(figure)
    listed = [{k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows]
    (out / f"{name}.csv").write_bytes(format_csv(listed[0].keys(), listed))
