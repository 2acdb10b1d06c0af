"""One look for all figures, and one way to save them: PDF, PNG and the data behind them as CSV."""

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

# Okabe and Ito's colours, told apart by colour-blind readers.
BLUE, ORANGE, GREEN, PURPLE, GREY, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#9A9A9A", "#222222"
WIDTH = 7.2  # inches: the paper's text width

Rows = list[dict[str, Any]]
Charts = Mapping[str, Rows]
"""Name to rows: those of ``FIGURE`` are its CSV, those of ``FIGURE/PART`` are drawn beside them."""

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


def pick(rows: Rows, **at: Any) -> Rows:
    """Pick the rows that have these values."""
    return [row for row in rows if all(row[name] == value for name, value in at.items())]


def list_distinct(rows: Rows, name: str) -> list[Any]:
    """List the values of a column, each once, in the order of the rows."""
    return list(dict.fromkeys(row[name] for row in rows))


def take_column(rows: Rows, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Take a column of numbers (rows,), NaN for None."""
    return np.array([row[name] for row in rows], float)


def draw_ribbon(axes: Axes, rows: Rows, colour: str, label: str | None = None) -> None:
    """Draw a median with its 50 and 89 % bands, a row a year."""
    year = [row["year"] for row in rows]
    at = {name: take_column(rows, name) for name in ("low89", "low50", "median", "high50", "high89")}
    axes.fill_between(year, at["low89"], at["high89"], color=colour, alpha=0.18, lw=0)
    axes.fill_between(year, at["low50"], at["high50"], color=colour, alpha=0.3, lw=0)
    axes.plot(year, at["median"], color=colour, lw=1.5, label=label)


def draw_bubbles(axes: Axes, x: Any, share: Any, n: Any) -> None:
    """Draw raw proportions as circles, their area in proportion to the count behind them."""
    axes.scatter(x, share, s=2.2 * np.asarray(n, float), facecolor="none", edgecolor=BLACK, lw=0.7, zorder=3)


def draw_forest(axes: Axes, lines: Iterable[Mapping[str, Any]], reference: float | None = None) -> None:
    """Draw medians with 89 % intervals, one below the other.

    Parameters
    ----------
    axes
        Where to draw.
    lines
        Each with ``label``, ``median``, ``eti_low``, ``eti_high``, ``colour``; ``hollow`` where few rows stand behind.
    reference
        Value of a dotted line: no effect.
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
    """Break a text into lines of a width in characters."""
    return "\n".join(textwrap.wrap(text, width))


def break_title(title: str, width: int = 26) -> str:
    """Break an estimate's title into lines of a panel's width, its year or period on the last."""
    name, _, at = title.rpartition(", ")
    known = at[:2].isdigit()
    lines = textwrap.wrap(name if known else title, width)
    return "\n".join([*lines, *([at] if known else [])])


def save(figure: Figure, out: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Save a figure without time stamps, and its data beside it."""
    figure.savefig(out / f"{name}.pdf", metadata={"CreationDate": None})
    figure.savefig(out / f"{name}.png")
    plt.close(figure)
    listed = [{k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows]
    (out / f"{name}.csv").write_bytes(format_csv(listed[0].keys(), listed))
