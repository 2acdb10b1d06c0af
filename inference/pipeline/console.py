"""Tables that the commands print, fitted to the width of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from inference.store.declarations import PRIOR_SENSITIVE
from inference.store.paths import Paths
from inference.summaries import formatting
from inference.summaries.sensitivity import list_flags
from inference.summaries.series import list_without_eras

if TYPE_CHECKING:
    from rich.table import Table

Row = Mapping[str, Any]
NARROW = 100  # columns, where the output is not a terminal


def _print(*things: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=NARROW)
    for thing in things:
        console.print(thing, soft_wrap=isinstance(thing, str), markup=not isinstance(thing, str))


def _make_table(*heads: str, rows: Iterable[Iterable[str]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(*heads)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def print_headlines(estimates: Mapping[str, Any], paths: Paths) -> None:
    """Print the headline estimates, what a user's tables do not support, retried fits, and the paths of the outputs.

    Of headlines by era, the table shows the whole period.
    """
    headlines = [row for row in estimates["estimates"] if row["headline"]]
    shown = list_without_eras(headlines)
    rows = [
        [formatting.label_headline(row), row["text"], str(row["n"]), row["published_text"] or "", row["verdict"] or "",
         (row["robustness"] or {}).get("verdicts_text") or "",
         ", ".join(flag.split(":")[0] for flag in list_flags(row))]
        for row in shown
    ]  # fmt: skip
    by_era = len(headlines) - len(shown)
    retried = [name for name, fit in estimates["fits"].items() if fit["gate"]["retried"] and not fit.get("aside")]
    heads = ("estimate", "median (89 % interval)", "n", "published", "verdict", "same in", "sensitive to")
    missing = [
        f"not compared: {step['title']} ({row['title']}): {step['reason']}"
        for ladders in estimates["ladders"].values()
        for row in ladders
        for step in row.get("not_compared", [])
    ]
    left_out = [
        f"left out:  {one['claim']}/{one['spec']} ({one['title']}): {one['reason']}"
        for one in estimates.get("left_out", [])
    ]
    _print(
        _make_table(*heads, rows=rows),
        "same in: in how many of the other defensible analyses that were fitted the verdict is the same",
        *([f"by era: {by_era} more headlines, in the paper"] if by_era else []),
        *_list_unsettled(headlines),
        *missing,
        *left_out,
        f"retried:   {', '.join(retried) or 'no fit needed the one retry'}",
        f"paper:     {paths.paper}",
        f"figures:   {paths.figures}",
        f"estimates: {paths.estimates}",
    )


def _list_unsettled(rows: Iterable[Row]) -> list[str]:
    """List the headlines on which defensible analyses have opposite verdicts."""
    return [
        f"not settled by these data: {formatting.label_headline(row)}"
        for row in rows
        if row["robustness"] and not row["robustness"]["settled"]
    ]


def format_shift(refit: Row) -> str:
    """Return shifts of the median and the interval's ends in posterior sd, as ``-0.4 / -0.5 / -0.2``."""
    return " / ".join(formatting.format_number(refit["shift"][name], 1) for name in ("median", "eti_low", "eti_high"))


def print_sensitivity(rows: Iterable[Row], declared: Mapping[str, Mapping[str, str]], missing: Iterable[str]) -> None:
    """Print headline estimates under power-scaling and named priors; undeclared sensitivities; unnamed priors."""
    from inference.summaries.sensitivity import name_row

    shown = list(rows)
    for row in shown:
        known = declared.get(name_row(row))
        status = (
            f'declared, affects: "{known["sentence"]}"'
            if known
            else "NOT DECLARED"
            if list_flags(row)
            else "not sensitive"
        )
        diagnosis = f"{row['diagnosis']}, prior {row['prior_sensitivity_text']}"
        strong = [
            f"{group} {formatting.format_number(strength, 2)}"
            for group, strength in (row.get("prior_sensitivity_by_group") or {}).items()
            if strength is not None and strength > PRIOR_SENSITIVE
        ]
        _print(f"{row['title']}: {row['text']}" + (f", {row['verdict']}" if row["verdict"] else ""))
        if row["kind"] == "quantity":
            _print(
                f"  power-scaling: {diagnosis}; contraction {row['contraction_text']}; {status}",
                f"  groups of priors, each scaled alone: {', '.join(strong) or f'none above {PRIOR_SENSITIVE:g}'}",
            )
        else:
            _print(f"  a single probability, without power-scaling; {status}")
        width = max((len(refit["title"]) for refit in row["refits"]), default=0)
        for refit in row["refits"]:
            verdict = f"  verdict: {refit['verdict']}" if refit["verdict"] != row["verdict"] else ""
            shift = f"{format_shift(refit)} sd" if row["kind"] == "quantity" else ""
            _print(f"    {refit['title']:<{width}}  {refit['text']:<24}  {shift}{verdict}")
    if any(row["refits"] for row in shown):
        _print("shifts of the median / lower / upper end, in posterior standard deviations")
    else:
        _print("no refits under other priors; add --priors FILE to refit under yours")
    _print(*missing)


def print_differences(rows: Iterable[Row]) -> None:
    """Print a table of the differences between two sets of estimates."""
    lines = [
        [row["title"], row["old"] or "(none)", row["new"] or "(none)", row["shift_text"], row["verdict_text"]]
        for row in rows
    ]
    _print(_make_table("estimate", "old", "new", "shift in sd", "verdict", rows=lines))
