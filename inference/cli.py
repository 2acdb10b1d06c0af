"""Commands of ``python -m inference``. Heavy packages are imported only by the commands that need them."""

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
from data.numbers import check_decimal
from inference.store.overrides import Overrides
from inference.store.paths import ROOT, Paths
from models.registry import CLAIMS

app = typer.Typer(
    help="Fit and check the models; write estimates, figures and the paper.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Claims = Annotated[list[str] | None, typer.Argument(help="names of claims; all by default", show_default=False)]
Out = Annotated[
    Path | None,
    typer.Option(help="folder for the results; runs with your data, priors or seed go to build/own by default"),
]
Seed = Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="replaces the seed of every model")]
Models = Annotated[
    Path | None, typer.Option(help="your table of models: a raw Epoch vintage, or the format of data/README.md")
]
Papers = Annotated[
    Path | None, typer.Option(help="your table of papers, in the format of data/README.md (as `data build` writes it)")
]
Priors = Annotated[Path | None, typer.Option(help="your hyper-parameters (.toml), in the format of README.md")]
Decimal = Annotated[str | None, typer.Option(help="decimal sign of the numbers in your tables: . or ,")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def _check_claims(claims: list[str] | None) -> list[str]:
    for claim in claims or []:
        if claim not in CLAIMS:
            known = "known: " + ", ".join(CLAIMS)
            raise InputError(f"unknown claim {claim!r}", hint=_explain_specification(claim) or known)
    return claims or list(CLAIMS)


def _explain_specification(name: str) -> str | None:
    """Explain that a name is one of a specification, present or former; commands take names of claims."""
    from inference.store.declarations import list_specifications
    from inference.store.renamed import explain_former_name

    claims = [claim for claim in CLAIMS if name.rpartition("/")[2] in {one.name for one in list_specifications(claim)}]
    if claims:
        return f"this is a specification of {' and '.join(claims)}: name the claim"
    return explain_former_name(name)


def _choose_paths(overrides: Overrides, out: Path | None) -> Paths:
    """Return the folder of results: the project's, or a separate one for a run with overrides."""
    home = Paths().out
    if out is not None and out.resolve().is_relative_to(ROOT) and not out.resolve().is_relative_to(home):
        raise InputError("results never go among the project's files", out, hint="choose another folder for --out")
    paths = Paths(out or (home / "own" / overrides.folder if overrides.any else home))
    if overrides.any and paths.out.resolve() == home.resolve():
        problem = "results of your data, priors or seed never go over the project's"
        raise InputError(problem, paths.out, hint="choose another folder for --out")
    return paths


@contextmanager
def _open_report(to_stderr: bool = False) -> Iterator[Callable[[str], None]]:
    """Print each step with the elapsed seconds, and show a spinner on a terminal."""
    from rich.console import Console

    console = Console(highlight=False, stderr=to_stderr)
    start = time.monotonic()
    dots = "dots" if console.encoding.startswith("utf") else "line"
    spinner = console.status("", spinner=dots) if console.is_terminal else None

    def report(text: str) -> None:
        raise_if_interrupted()
        console.print(f"[{time.monotonic() - start:5.0f} s] {text}", markup=False, soft_wrap=True)
        if spinner is not None:
            spinner.update(text.replace("[", r"\["))
            spinner.start()

    try:
        yield report
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
    decimal: Decimal = None,
    out: Out = None,
) -> int:
    """Refit stale specifications, check them, and write estimates, figures and the paper."""
    from inference.pipeline.console import print_headlines
    from inference.pipeline.refresh import refresh as bring_up_to_date
    from inference.store.declarations import list_affected_claims
    from inference.store.posteriors import read_json

    check_decimal(decimal)
    overrides = Overrides(seed, models, priors, papers, decimal)
    if decimal is not None and not overrides.tables:
        raise InputError("--decimal applies only to your own tables", hint="give --models or --papers with it")
    chosen = _check_claims(claims) if claims else list_affected_claims(overrides)
    if not chosen:
        raise InputError(f"no claim reads a table of {' or '.join(overrides.tables)}")
    paths = _choose_paths(overrides, out)
    with _open_report() as report:
        code = bring_up_to_date(chosen, paths, report, overrides)
    if (found := read_json(paths.estimates, "estimates")) is not None:
        print_headlines(found, paths)
    return code


@app.command()
def status(claims: Claims = None, out: Out = None, as_json: AsJson = False) -> int:
    """Show whether each claim is current, stale (and what changed), failed (and why), unfinished or never fitted.

    Also show a vintage of Epoch's models that was fetched but that no results use yet.
    """
    from inference.pipeline.status import describe_fetched, describe_states, find_fetched, gather_states

    paths = Paths(out or Paths().out)
    states, fetched = gather_states(_check_claims(claims), paths), find_fetched(paths)
    if as_json:
        print(json.dumps(states | ({} if fetched is None else {"fetched": fetched})))
        return 0
    for line in (*describe_states(states), *describe_fetched(fetched)):
        print(line)
    return 0


@app.command()
def sensitivity(
    claims: Claims = None,
    priors: Priors = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Show which estimates depend on the prior, by power-scaling and by refits.

    Exit with 1 if a sensitive headline is undeclared, or a group of its priors has no refit under named priors.
    """
    from inference.pipeline.console import print_sensitivity
    from inference.pipeline.outputs import are_outputs_current
    from inference.pipeline.status import read_earlier_overrides
    from inference.store.fingerprints import list_parts_by_fit
    from inference.summaries.diff import read_estimates
    from inference.summaries.sensitivity import (
        add_user_refits,
        format_rows_csv,
        list_needless,
        list_undeclared,
        list_without_named_prior,
        read_declared,
        select_rows,
    )

    chosen, paths = _check_claims(claims), Paths(out or Paths().out)
    found = read_estimates(paths.out)
    rows = [row for row in found["estimates"] if row["claim"] in chosen]
    without = [claim for claim in chosen if claim not in {row["claim"] for row in rows}]
    if not rows or (claims and without):
        raise InputError(f"there are no estimates of {', '.join(without)}", paths.out, hint="run refresh first")
    chosen = [claim for claim in chosen if claim not in without]
    earlier = read_earlier_overrides(paths, *chosen)
    if not are_outputs_current(paths, {claim: list_parts_by_fit(claim, earlier) for claim in CLAIMS}, earlier):
        raise InputError("the estimates do not match the code and the stored fits", paths.out, hint="run refresh first")
    if priors is not None:
        from inference.pipeline.refresh import refresh as bring_up_to_date

        # Data and seed are those of the results that the refit is compared with.
        overrides = replace(earlier, priors=priors)
        user_paths = Paths(paths.out / "own" / overrides.folder)
        with _open_report(as_json) as report:
            if bring_up_to_date(chosen, user_paths, report, overrides):
                raise CheckError(f"a fit with the priors of {priors.name} failed its checks: see {user_paths.failed}")
        add_user_refits(rows, read_estimates(user_paths.out)["estimates"], found["fits"], priors.name)
        paths = user_paths
    declared = read_declared()
    table = select_rows(rows)
    file = paths.out / "sensitivity.csv"
    write_atomic(file, format_rows_csv(table, declared))
    headline = [row for row in table if row["headline"]]
    missing, unnamed = list_undeclared(rows, declared), list_without_named_prior(rows)
    if as_json:
        needless = list_needless(rows, declared)
        content = {"estimates": headline, "undeclared": missing, "needless": needless, "without_named_prior": unnamed}
        print(json.dumps(content))
    else:
        complaints = [*(f"not declared: {text}" for text in missing), *(f"no named prior: {text}" for text in unnamed)]
        print_sensitivity(headline, declared, complaints)
        print(f"every estimate: {file}")
    return 1 if missing or unnamed else 0


@app.command()
def alternatives(claims: Claims = None) -> int:
    """Fit the extended specifications, which refresh skips (1 h on two cores). Exit with 1 if one fails the gate."""
    from inference.pipeline.extended import fit_extended

    with _open_report() as report:
        failed = fit_extended(_check_claims(claims), Paths(), report)
    print("run refresh to include them in figures and paper, then publish to commit them")
    return 1 if failed else 0


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="the earlier estimates.json, or its folder")],
    new: Annotated[Path, typer.Argument(help="the later one")],
    everything: Annotated[bool, typer.Option("--all", help="compare all estimates, not only headlines")] = False,
    as_json: AsJson = False,
) -> int:
    """Compare two sets of estimates: shifts in posterior sd, and verdicts that flipped."""
    from inference.pipeline.console import print_differences
    from inference.summaries.diff import compare, read_estimates, summarise_differences

    rows = compare(read_estimates(old), read_estimates(new), not everything)
    if as_json:
        print(json.dumps(rows))
    else:
        print_differences(rows)
        print(summarise_differences(rows))
    return 0


@app.command()
def publish(
    draws: Annotated[
        bool, typer.Option("--draws", help="also write 1,000 draws of each estimand, with a codebook")
    ] = False,
) -> int:
    """Copy estimates and figures to paper/published, and update the README's tables."""
    from inference.pipeline.publish import publish as copy

    for path in copy(Paths(), draws):
        print(f"written: {path}")
    return 0


def main() -> int:
    """Run the command line and return its exit code."""
    return run(app)
