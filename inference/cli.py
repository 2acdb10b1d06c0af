"""The commands of ``python -m inference``. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from data.command import raise_if_interrupted, run
from data.errors import CheckError, InputError
from data.io import write_atomic
from inference.store.overrides import Overrides
from inference.store.paths import ROOT, Paths
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


def _check_claims(claims: list[str] | None) -> list[str]:
    for claim in claims or []:
        if claim not in CLAIMS:
            raise InputError(f"unknown claim {claim!r}", hint="known: " + ", ".join(CLAIMS))
    return claims or list(CLAIMS)


def _choose_paths(overrides: Overrides, out: Path | None) -> Paths:
    """The folder of results: the project's, or one for what a user gave."""
    home = Paths().out
    if out is not None and out.resolve().is_relative_to(ROOT) and not out.resolve().is_relative_to(home):
        raise InputError("results never go among the project's own files", out, hint="give --out another folder")
    paths = Paths(out or (home / "own" / overrides.folder if overrides.any else home))
    if overrides.any and paths.out.resolve() == home.resolve():
        problem = "results of your own data, priors or seed never go over the project's"
        raise InputError(problem, paths.out, hint="change --out")
    return paths


@contextmanager
def _open_report(to_stderr: bool = False) -> Iterator[Callable[[str], None]]:
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
    from inference.pipeline.console import print_headlines
    from inference.pipeline.refresh import refresh as bring_up_to_date
    from inference.store.declarations import list_affected_claims
    from inference.store.posteriors import read_json

    overrides = Overrides(seed, models, priors, papers)
    chosen = _check_claims(claims) if claims else list_affected_claims(overrides)
    if not chosen:
        raise InputError(f"no claim reads a table of {' or '.join(overrides.tables)}")
    paths = _choose_paths(overrides, out)
    with _open_report() as say:
        code = bring_up_to_date(chosen, paths, say, overrides)
    if (found := read_json(paths.estimates, "estimates")) is not None:
        print_headlines(found, paths)
    return code


@app.command()
def status(claims: Claims = None, out: Out = None, as_json: AsJson = False) -> int:
    """Say of each claim: current, stale and what changed, failed and why, unfinished, never fitted."""
    from inference.pipeline.status import describe_states, gather_states

    states = gather_states(_check_claims(claims), Paths(out or Paths().out))
    for line in [json.dumps(states)] if as_json else describe_states(states):
        typer.echo(line)
    return 0


@app.command()
def sensitivity(
    claims: Claims = None,
    priors: Priors = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Say what hangs on the prior: power-scaling, refits under other priors, yours among them. 1 if undeclared."""
    from inference.pipeline.console import print_sensitivity
    from inference.pipeline.outputs import are_outputs_current
    from inference.pipeline.status import read_earlier_overrides
    from inference.store.fingerprints import list_parts_by_fit
    from inference.summaries.diff import read_estimates
    from inference.summaries.sensitivity import add_user, format_rows_csv, list_needless, list_undeclared, read_declared

    chosen, paths = _check_claims(claims), Paths(out or Paths().out)
    rows = [row for row in read_estimates(paths.out)["estimates"] if row["claim"] in chosen]
    earlier = read_earlier_overrides(paths, chosen[0])
    if not are_outputs_current(paths, {claim: list_parts_by_fit(claim, earlier) for claim in CLAIMS}, earlier):
        raise InputError("these estimates are not those of the code and the fits", paths.out, hint="run refresh first")
    if priors is not None:
        from inference.pipeline.refresh import refresh as bring_up_to_date

        # The same data and seed as the results it is set beside.
        overrides = replace(earlier, priors=priors)
        under_them = Paths(paths.out / "own" / overrides.folder)
        with _open_report(as_json) as say:
            if bring_up_to_date(chosen, under_them, say, overrides):
                raise CheckError(f"under {priors.name} a fit failed its checks: see {under_them.failed}")
        add_user(rows, read_estimates(under_them.out)["estimates"], priors.name)
        paths = under_them
    declared = read_declared()
    table = [row for row in rows if row["refits"]]
    file = paths.out / "sensitivity.csv"
    write_atomic(file, format_rows_csv(table, declared))
    headline = [row for row in table if row["headline"]]
    missing = list_undeclared(rows, declared)
    if as_json:
        typer.echo(
            json.dumps({"estimates": headline, "undeclared": missing, "needless": list_needless(rows, declared)})
        )
    else:
        print_sensitivity(headline, declared, [f"not declared: {text}" for text in missing])
        typer.echo(f"every estimate: {file}")
    return 1 if missing else 0


@app.command()
def alternatives(claims: Claims = None) -> int:
    """Fit the extended specifications, which refresh leaves (an hour on two cores). 1 if one fails the gate."""
    from inference.pipeline.extended import fit_extended

    with _open_report() as say:
        failed = fit_extended(_check_claims(claims), Paths(), say)
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
    from inference.pipeline.console import print_differences
    from inference.summaries.diff import compare, read_estimates, summarise_differences

    rows = compare(read_estimates(old), read_estimates(new), not everything)
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        print_differences(rows)
        typer.echo(summarise_differences(rows))
    return 0


@app.command()
def publish(
    draws: Annotated[bool, typer.Option("--draws", help="also 1,000 draws of each estimand, with a codebook")] = False,
) -> int:
    """Copy estimates and figures to paper/published, and bring the README's table up to date."""
    from inference.pipeline.publish import publish as copy

    for path in copy(Paths(), draws):
        typer.echo(f"written: {path}")
    return 0


def main() -> int:
    """Run the command line and return its exit code."""
    return run(app)
