"""``python -m inference``: the commands. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from data.command import raise_if_interrupted, run
from data.io import CheckError, InputError, write_atomic
from inference.given import Given
from inference.places import ROOT, Places
from models.registry import CLAIMS

app = typer.Typer(
    help="Fit, check, summarise, draw, write.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Claims = Annotated[list[str] | None, typer.Argument(help="claims; by default all", show_default=False)]
Out = Annotated[Path | None, typer.Option(help="folder of results; your own go to a folder in build/own")]
Seed = Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="in place of each model's own")]
Models = Annotated[Path | None, typer.Option(help="your models: a raw Epoch vintage, or a table as in data/README.md")]
Papers = Annotated[
    Path | None, typer.Option(help="your papers: a table as in data/README.md, as `data build` makes it")
]
Priors = Annotated[Path | None, typer.Option(help="your hyper-parameters (.toml), as in README.md")]
AsJson = Annotated[bool, typer.Option("--json", help="for a machine")]


def _known(claims: list[str] | None) -> list[str]:
    for claim in claims or []:
        if claim not in CLAIMS:
            raise InputError(f"unknown claim {claim!r}", hint="known: " + ", ".join(CLAIMS))
    return claims or list(CLAIMS)


def _places(given: Given, out: Path | None) -> Places:
    """The folder of results: the project's, or one for what was given."""
    home = Places().out
    if out is not None and out.resolve().is_relative_to(ROOT) and not out.resolve().is_relative_to(home):
        raise InputError("results never go among the project's own files", out, hint="give --out another folder")
    places = Places(out or (home / "own" / given.folder if given.own else home))
    if given.own and places.out.resolve() == home.resolve():
        problem = "results of your own data, priors or seed never go over the project's"
        raise InputError(problem, places.out, hint="change --out")
    return places


@contextmanager
def _reporting(to_stderr: bool = False) -> Iterator[Callable[[str], None]]:
    """Say each step with elapsed seconds, beside a spinner where there is a terminal."""
    from rich.console import Console

    console = Console(highlight=False, stderr=to_stderr)
    start = time.monotonic()
    spinner = console.status("") if console.is_terminal else None

    def say(text: str) -> None:
        raise_if_interrupted()
        console.print(f"[{time.monotonic() - start:5.0f} s] {text}", markup=False, soft_wrap=True)
        if spinner is not None:
            spinner.update(text.replace("[", r"\["))
            spinner.start()

    try:
        yield say
    finally:
        if spinner is not None:
            spinner.stop()


@app.command()
def refresh(
    claims: Claims = None,
    seed: Seed = None,
    models: Models = None,
    papers: Papers = None,
    priors: Priors = None,
    out: Out = None,
) -> int:
    """Refit what is stale, check it, and write estimates, figures and paper."""
    from inference.keys import affected
    from inference.refresh import refresh as bring_up_to_date
    from inference.show import headlines
    from inference.store import read_json

    given = Given(seed, models, priors, papers)
    chosen = _known(claims) if claims else affected(given)
    if not chosen:
        raise InputError(f"no claim reads a table of {' or '.join(given.tables)}")
    places = _places(given, out)
    with _reporting() as say:
        code = bring_up_to_date(chosen, places, say, given)
    if (found := read_json(places.estimates, "estimates")) is not None:
        headlines(found, places)
    return code


@app.command()
def status(claims: Claims = None, out: Out = None, as_json: AsJson = False) -> int:
    """Say of each claim: current, stale and what changed, failed and why, unfinished, never fitted."""
    from inference.keys import fit_parts
    from inference.outputs import outputs_current
    from inference.store import claim_state, finished

    places = Places(out or Places().out)
    states = {}
    for claim in _known(claims):
        given = Given.from_note((finished(places, claim) or {}).get("given"))
        try:
            states[claim] = claim_state(places, claim, fit_parts(claim, given))
        except InputError as error:  # a user's own file that is gone
            states[claim] = ("stale", str(error))
        if states[claim][0] == "current" and not outputs_current(places):
            states[claim] = ("current", "estimates, figures or paper are to be written again: run refresh")
    if as_json:
        typer.echo(json.dumps({claim: {"state": state, "why": why} for claim, (state, why) in states.items()}))
    else:
        for claim, (state, why) in states.items():
            typer.echo(f"{claim}: {state}" + (f" ({why})" if why else ""))
    return 0


@app.command()
def sensitivity(
    claims: Claims = None,
    priors: Priors = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Say what hangs on the prior: power-scaling, refits under other priors, yours among them. 1 if undeclared."""
    from inference import show
    from inference.diff import read_estimates
    from inference.outputs import outputs_current
    from inference.sensitivity import add_own, as_csv, needless, read_declared, undeclared
    from inference.store import finished

    chosen, places = _known(claims), Places(out or Places().out)
    rows = [row for row in read_estimates(places.out)["estimates"] if row["claim"] in chosen]
    if not outputs_current(places):
        raise InputError("these estimates are not those of the code and the fits", places.out, hint="run refresh first")
    if priors is not None:
        from inference.refresh import refresh as bring_up_to_date

        # The same data and seed as the results it is set beside.
        given = replace(Given.from_note((finished(places, chosen[0]) or {}).get("given")), priors=priors)
        own = Places(places.out / "own" / given.folder)
        with _reporting(as_json) as say:
            if bring_up_to_date(chosen, own, say, given):
                raise CheckError(f"under {priors.name} a fit failed its checks: see {own.failed}")
        add_own(rows, read_estimates(own.out)["estimates"], priors.name)
        places = own
    declared = read_declared()
    table = [row for row in rows if row["refits"]]
    file = places.out / "sensitivity.csv"
    write_atomic(file, as_csv(table, declared))
    headline = [row for row in table if row["headline"]]
    missing = undeclared(rows, declared)
    if as_json:
        typer.echo(json.dumps({"estimates": headline, "undeclared": missing, "needless": needless(rows, declared)}))
    else:
        show.sensitivity(headline, declared, [f"not declared: {text}" for text in missing])
        typer.echo(f"every estimate: {file}")
    return 1 if missing else 0


@app.command()
def alternatives(claims: Claims = None) -> int:
    """Fit the specifications that refresh leaves aside (an hour on two cores); resumes. 1 if one fails the gate."""
    from inference.alternatives import fit_aside

    with _reporting() as say:
        failed = fit_aside(_known(claims), Places(), say)
    typer.echo("run refresh for figures and paper with them, publish to commit them")
    return 1 if failed else 0


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="estimates.json, or the folder it is in")],
    new: Annotated[Path, typer.Argument(help="another")],
    everything: Annotated[bool, typer.Option("--all", help="not only headline estimates")] = False,
    as_json: AsJson = False,
) -> int:
    """Hold two sets of estimates against each other: shifts in posterior sd, verdicts that flipped."""
    from inference import show
    from inference.diff import compare, read_estimates, summary

    rows = compare(read_estimates(old), read_estimates(new), not everything)
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        show.differences(rows)
        typer.echo(summary(rows))
    return 0


@app.command()
def publish(
    draws: Annotated[bool, typer.Option("--draws", help="also 1,000 draws of each estimand, with a codebook")] = False,
) -> int:
    """Copy estimates and figures to paper/published, and bring the README's table up to date."""
    from inference.publish import publish as copy

    for path in copy(Places(), draws):
        typer.echo(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(run(app))
