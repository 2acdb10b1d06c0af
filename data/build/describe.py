"""Describe the tables as text and in one figure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data.errors import InputError
from data.io import parse_csv, write_atomic
from data.paths import SNAPSHOT
from data.tables.load import load
from data.tables.paper_schemas import read_papers
from data.tables.schemas import MODELS

# What may be known about a paper, in the order of the columns of the coverage table.
COVERAGE: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "abstract": lambda frame: frame["has_abstract"] == "yes",
    "authors' slots": lambda frame: frame["slots_per"] == "author",
    "team, listed": lambda frame: frame["team_listed"] != "unknown",
    "team, LLM label": lambda frame: frame["team_coded"] != "unknown",
    "page link": lambda frame: frame["code_page"] != "missing",
    "full text read": lambda frame: frame["sources"].str.contains("coakley|tei"),
    "two sources": lambda frame: frame["sources"].str.contains("; "),
}
AGREEMENT = ("team, listed", "team, passage", "code, page link")


def print_models() -> None:
    """Print what the table of models holds and what was left out of it."""
    frame = load("models")
    typer.echo(f"models: {len(frame)} rows, columns: {', '.join(MODELS.columns)}")
    for column in ("vintage", "team", "confidence", "weights_access"):
        tally = ", ".join(f"{value} {n}" for value, n in frame[column].value_counts().items())
        typer.echo(f"  {column}: {tally}")
    for row in parse_csv(SNAPSHOT / "counts.csv", ["source", "what", "n"]).values():
        typer.echo(f"  {row['n']:>6}  {row['what']} ({row['source']})")


def print_sources() -> None:
    """Print the sources of the snapshot, with licence, vintage and what was left out."""
    path = SNAPSHOT / "provenance.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", path, hint="restore the file from git") from None
    for name, source in content["sources"].items():
        typer.echo(f"{name}: {source['origin']}")
        typer.echo(f"  vintage {source['vintage']}; licence: {source['licence']}; {source['files']} files")
        for what, n in source["counts"].items():
            typer.echo(f"  {n:>6}  {what}")


def print_papers(path: Path | None = None) -> pd.DataFrame:
    """Print the coverage of the table of papers by venue and year, and return the table."""
    frame = load("papers") if path is None else read_papers(path)
    share = measure_coverage(frame)
    table = Table(title=f"{len(frame)} papers: per cent for which each item is known")
    for name in ("venue", "year", "papers", *COVERAGE):
        table.add_column(name, justify="left" if name == "venue" else "right")
    for row in share.reset_index().to_dict("records"):
        known = [f"{100 * row[name]:.0f}" for name in COVERAGE]
        table.add_row(str(row["venue"]), f"{row['year']:.0f}", f"{row['papers']:.0f}", *known)
    console = Console(width=120, soft_wrap=True)
    console.print(table)
    agree = Table(title="papers with two answers to the same question: per cent that agree, and their number")
    for name in ("venue", "year", *AGREEMENT):
        agree.add_column(name, justify="left" if name == "venue" else "right")
    for row in measure_agreement(frame).reset_index().to_dict("records"):
        cells = [f"{100 * row[name]:.0f} of {row[f'n {name}']:.0f}" if row[f"n {name}"] else "" for name in AGREEMENT]
        agree.add_row(str(row["venue"]), f"{row['year']:.0f}", *cells)
    console.print(agree)
    return frame


def measure_agreement(frame: pd.DataFrame) -> pd.DataFrame:
    """Compute how often two sources agree, by venue and year (index).

    ``n ...`` columns hold the number of papers for which both answers are known.
    """
    pages = frame["code_page"].map({"link": "yes", "none": "no"}).fillna("unknown")
    pairs = {
        "team, listed": (frame["team_listed"], frame["team_coded"]),
        "team, passage": (frame["team_passage"], frame["team_coded"]),
        "code, page link": (pages, frame["code_coded"].replace("", "unknown")),
    }
    both = {}
    for name, (one, other) in pairs.items():
        known = (one != "unknown") & (other != "unknown")
        both[name] = (one == other).where(known).astype(float)
        both[f"n {name}"] = known.astype(float)
    by = pd.DataFrame(both).groupby([frame["venue"], frame["year"]])
    found = by.mean()
    for name in AGREEMENT:
        found[f"n {name}"] = by[f"n {name}"].sum()
    return found[found[[f"n {name}" for name in AGREEMENT]].sum(axis=1) > 0]


def measure_coverage(frame: pd.DataFrame) -> pd.DataFrame:
    """Compute the share of papers for which each item is known, and their number (``papers``), by venue and year."""
    known = pd.DataFrame({name: rule(frame) for name, rule in COVERAGE.items()})
    by = [frame["venue"], frame["year"]]
    share = known.groupby(by).mean()
    share.insert(0, "papers", frame.groupby(by).size())
    return share


def check_figure(path: Path) -> None:
    """Raise an InputError if the format of a figure is not supported."""
    if path.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise InputError("the name of a figure must end in .png, .pdf or .svg", path)


def draw(frame: pd.DataFrame, path: Path) -> None:
    """Draw the coverage: one panel per item, venues down, years across; darker where more is known."""
    import io

    import matplotlib as mpl
    from matplotlib.figure import Figure

    share = measure_coverage(frame)
    venues = sorted(frame["venue"].unique(), key=str.lower)
    years = range(int(frame["year"].min()), int(frame["year"].max()) + 1)
    names = ["papers", *COVERAGE]
    figure = Figure(figsize=(13, 7.2), layout="constrained")
    panels = figure.subplots(2, 4, sharex=True, sharey=True)
    for axes, name in zip(panels.flat, names, strict=True):
        grid = (
            share.reset_index()
            .pivot_table(name, "venue", "year")
            .reindex(index=venues, columns=[float(year) for year in years])
        )
        top = grid.max().max() if name == "papers" else 1.0
        axes.imshow(grid, aspect="auto", cmap="Blues", vmin=0, vmax=top)
        axes.set_title("number of papers" if name == "papers" else f"share with: {name}", fontsize=10, loc="left")
        axes.set_yticks(range(len(venues)), venues, fontsize=8)
        axes.set_xticks(range(len(years)), [f"{year % 100:02d}" for year in years], fontsize=8)
        for y, row in enumerate(grid.to_numpy()):
            for x, value in enumerate(row):
                if value == value:
                    text = f"{value:.0f}" if name == "papers" else f"{100 * value:.0f}"
                    colour = "white" if value > 0.6 * top else "black"
                    axes.text(x, y, text, ha="center", va="center", fontsize=5.5, color=colour)
    figure.supxlabel("year (20..)", fontsize=9)
    figure.suptitle(
        "Papers by venue and year, and the per cent for which each item is known", fontsize=12, x=0.01, ha="left"
    )
    content = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "coverage"}):
        figure.savefig(content, format=path.suffix[1:].lower(), dpi=150)
    write_atomic(path, content.getvalue())
