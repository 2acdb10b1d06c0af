"""``python -m inference``: refresh and status. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from data.command import run
from data.io import InputError
from inference.places import Places
from models.registry import CLAIMS

app = typer.Typer(
    help="Fit, check, summarise, draw, write.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Claims = Annotated[list[str] | None, typer.Argument(help="claims; by default all", show_default=False)]
Out = Annotated[Path | None, typer.Option(help="folder of results")]


def _known(claims: list[str] | None) -> list[str]:
    for claim in claims or []:
        if claim not in CLAIMS:
            raise InputError(f"unknown claim {claim!r}", hint="known: " + ", ".join(CLAIMS))
    return claims or list(CLAIMS)


def _reporter() -> tuple[Callable[[str], None], Callable[[], None]]:
    """Say each step with elapsed seconds, beside a spinner where there is a terminal; and stop the spinner."""
    from rich.console import Console

    console = Console(highlight=False)
    start = time.monotonic()
    spinner = console.status("") if console.is_terminal else None

    def say(text: str) -> None:
        console.print(f"[{time.monotonic() - start:5.0f} s] {text}", markup=False, soft_wrap=True)
        if spinner is not None:
            spinner.update(text.replace("[", r"\["))
            spinner.start()

    def stop() -> None:
        if spinner is not None:
            spinner.stop()

    return say, stop


@app.command()
def refresh(
    claims: Claims = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="in place of each model's own; results go to build/own")
    ] = None,
    models: Annotated[Path | None, typer.Option(help="your table of models (.csv); results go to build/own")] = None,
    out: Out = None,
) -> int:
    """Refit what is stale, check it, and write estimates, figures and paper."""
    from inference.refresh import refresh as bring_up_to_date

    chosen = _known(claims)
    own = seed is not None or models is not None
    places = Places(out or (Places().out / "own" if own else Places().out))
    if own and places.out.resolve() == Places().out.resolve():
        raise InputError(
            "results of your own data or seed never go over the project's", places.out, hint="change --out"
        )
    say, stop = _reporter()
    try:
        code = bring_up_to_date(chosen, places, say, seed, models)
    finally:
        stop()
    _show(places)
    return code


def _show(places: Places) -> None:
    """Print the headline estimates and where everything is."""
    from rich.console import Console
    from rich.table import Table

    from inference.sensitivity import flags
    from inference.store import read_json

    found = read_json(places.estimates)
    if found is None:
        return
    table = Table("estimate", "median (89 % interval)", "n", "published", "verdict", "sensitive to")
    for row in found["estimates"]:
        if row["headline"]:
            inside = ", ".join(str(value) for value in row["coords"].values())
            name = f"{row['estimand']} {inside}".strip()
            cells = [name, row["text"], str(row["n"]), row["published_text"] or "", row["verdict"] or ""]
            table.add_row(*cells, ", ".join(flags(row)))
    console = Console(width=150)
    console.print(table)
    console.print(f"paper:     {places.paper}", f"figures:   {places.figures}", sep="\n", soft_wrap=True)
    console.print(f"estimates: {places.estimates}", soft_wrap=True)


@app.command()
def status(
    claims: Claims = None,
    out: Out = None,
    as_json: Annotated[bool, typer.Option("--json", help="for a machine")] = False,
) -> int:
    """Say of each claim: current, stale and what changed, failed and why, unfinished, never fitted."""
    from inference.keys import fit_parts, table_paths
    from inference.store import claim_state, finished

    places = Places(out or Places().out)
    states = {}
    for claim in _known(claims):
        given = (finished(places, claim) or {"given": {}})["given"]  # a user's own seed and table, if any
        models = Path(given["models"]) if given.get("models") else None
        states[claim] = claim_state(places, claim, fit_parts(claim, table_paths(claim, models), given.get("seed")))
    if as_json:
        typer.echo(json.dumps({claim: {"state": state, "why": why} for claim, (state, why) in states.items()}))
    else:
        for claim, (state, why) in states.items():
            typer.echo(f"{claim}: {state}" + (f" ({why})" if why else ""))
    return 0


if __name__ == "__main__":
    sys.exit(run(app))
