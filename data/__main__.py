"""``python -m data``: rebuild, validate and describe the tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from data.command import run

app = typer.Typer(
    help="Raw data to validated tables.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.command()
def build(
    raw: Annotated[Path, typer.Argument(help="folder of raw files, with epoch/ in it")],
    out: Annotated[Path | None, typer.Option(help="where to write; by default the embedded snapshot")] = None,
) -> None:
    """Rebuild the embedded snapshot from raw files."""
    from data.build import build as build_snapshot
    from data.tables import SNAPSHOT

    for name, counts in build_snapshot(raw, out or SNAPSHOT).items():
        typer.echo(name)
        for what, n in counts.items():
            typer.echo(f"  {n:>6}  {what}")
    typer.echo(f"written: {out or SNAPSHOT}")


@app.command()
def validate(file: Annotated[Path, typer.Argument(help="a table of models: .csv or .csv.gz")]) -> None:
    """Check a table against its schema."""
    from data.schema import read_models

    typer.echo(f"{file}: {len(read_models(file))} models, valid")


@app.command()
def describe() -> None:
    """Say what the snapshot holds, what was left out and what is unknown."""
    from data.io import parse_csv
    from data.schema import MODELS
    from data.tables import SNAPSHOT, load

    frame = load("models")
    typer.echo(f"models: {len(frame)} rows, columns: {', '.join(MODELS.columns)}")
    for column in ("vintage", "team", "confidence", "weights_access"):
        tally = ", ".join(f"{value} {n}" for value, n in frame[column].value_counts().items())
        typer.echo(f"  {column}: {tally}")
    for row in parse_csv(SNAPSHOT / "counts.csv", ["source", "what", "n"]).values():
        typer.echo(f"  {row['n']:>6}  {row['what']} ({row['source']})")


if __name__ == "__main__":
    sys.exit(run(app))
