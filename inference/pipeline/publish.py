"""Committed copies: estimates and figures in ``paper/published``, the README's tables, macros for LaTeX.

The copies carry the keys of their fits. A test, through ``list_stale``, finds keys that no longer match the code and
the tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from data.errors import CheckError, InputError
from data.io import format_csv, write_atomic
from inference.pipeline.extended import copy_extended
from inference.pipeline.outputs import are_outputs_current, read_records
from inference.store import posteriors
from inference.store.declarations import list_specifications
from inference.store.fingerprints import EXTENDED, combine, list_parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import ROOT, Paths
from inference.summaries.formatting import label_headline, take_median
from inference.summaries.series import list_series, list_without_eras
from models.registry import CLAIMS

PUBLISHED = ROOT / "paper" / "published"
README = ROOT / "README.md"
START, END = "<!-- estimates: written by `python -m inference publish` -->", "<!-- end of estimates -->"
MARKS = (
    "*Medians elsewhere*, *same verdict* and *moved most by* are of the other defensible analyses and named priors of "
    "the same quantity: the range of all medians, the main one included; in how many of those fitted the verdict is "
    "the same; and the one whose median is farthest, with this median. P(within): the probability that the estimate is "
    "within the tolerance of the published number. By era, each estimate is followed by its verdict and in how many it "
    "is the same. ROPE: region of practical equivalence. **Bold**: a headline. "
    "◂ the step that matters most: farthest from the step before."
)
DRAWS = 1000
DIGITS = dict(enumerate(["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]))


def publish(paths: Paths, draws: bool = False) -> list[Path]:
    """Copy the outputs of the last refresh if they are current; return the paths of the copies.

    Raises
    ------
    CheckError
        If a claim is not current, or the outputs do not match the stored fits.
    """
    parts = {claim: list_parts_by_fit(claim, Overrides()) for claim in CLAIMS}
    for claim in CLAIMS:
        state, why = posteriors.find_claim_state(paths, claim, parts[claim])
        if state != "current":
            raise CheckError(f"{claim} is {state} ({why}): run make refresh first")
    content = posteriors.read_json(paths.estimates, "estimates", "ladders")
    if content is None or not are_outputs_current(paths, parts, Overrides()):
        raise CheckError("estimates, figures and paper do not match the stored fits: run make refresh first")
    files: dict[Path, bytes] = {
        PUBLISHED / "estimates.json": dump_row_by_row(content),
        PUBLISHED / EXTENDED.name: dump_row_by_row(copy_extended(paths)),
        PUBLISHED / "estimates.tex": write_macros(content["estimates"]).encode(),
        README: insert_table(README.read_text(encoding="utf-8"), content).encode(),
    }
    made = [name for stage in read_records(paths).values() for record in stage.values() for name in record["files"]]
    figures = [paths.out / name for name in made if name.endswith(".png")]
    files |= {PUBLISHED / "figures" / path.name: path.read_bytes() for path in figures}
    if draws:
        files |= {PUBLISHED / name: made for name, made in thin_posteriors(paths).items()}
    for path, copy in files.items():
        if not (path.is_file() and path.read_bytes() == copy):
            write_atomic(path, copy)
    for old in (PUBLISHED / "figures").glob("*.png"):
        if old not in files:
            old.unlink()
    return list(files)


def dump_row_by_row(content: Mapping[str, Any]) -> bytes:
    """Return estimates.json with one estimate a line, so that git shows what changed between two publications."""

    def dump(value: object) -> str:
        return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)

    parts = []
    for key, value in sorted(content.items()):
        lines = [dump(row) for row in value] if isinstance(value, list) else []
        parts.append(f"{dump(key)}: " + ("[\n" + ",\n".join(lines) + "\n]" if lines else dump(value)))
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def list_stale(folder: Path = PUBLISHED) -> list[str]:
    """List published fits whose keys no longer match the code and the tables, as ``claim/specification``."""
    content = posteriors.read_json(folder / "estimates.json", "fits")
    if content is None:
        return ["nothing is published"]
    parts = {
        claim: list_parts_by_fit(claim, Overrides()) | list_parts_by_fit(claim, Overrides(), extended=True)
        for claim in CLAIMS
    }
    found = []
    for name, fit in content["fits"].items():
        claim, _, spec = name.partition("/")
        if fit["fit_key"] != combine(parts.get(claim, {}).get(spec, {})):
            found.append(name)
    return found


def write_macros(rows: Iterable[Mapping[str, Any]]) -> str:
    r"""Write LaTeX macros of the headline estimates: ``\AcademicShareMainShareAcademiaOnlyTwoZeroOneZeroOneFour``."""
    lines = ["% Headline estimates: median (89 % interval). Written by `python -m inference publish`."]
    for row in rows:
        if row["headline"]:
            parts = [row["claim"], row["spec"], row["estimand"], *(str(value) for value in row["coords"].values())]
            words = re.split(r"[^A-Za-z0-9]+", " ".join(parts))
            name = "".join(word[:1].upper() + word[1:] for word in words)
            name = "".join(DIGITS[int(char)] if char.isdigit() else char for char in name)
            text = row["text"].replace("\N{MINUS SIGN}", r"\ensuremath{-}").replace("%", r"\%")
            lines.append(rf"\newcommand{{\{name}}}{{{text}}}")
    return "\n".join(lines) + "\n"


def write_table(content: Mapping[str, Any]) -> str:
    """Write the README's tables: for each claim its headline estimates, those by era, and the ladders."""
    lines = []
    for claim in content["claims"]:
        rows = [row for row in content["estimates"] if row["claim"] == claim and row["headline"]]
        series = list_series(rows)
        lines += [f"**{claim.replace('_', ' ').capitalize()}**", ""]
        lines += [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
        lines += [f"| {' | '.join(_list_cells(row))} |" for row in list_without_eras(rows)]
        lines += ["", *_write_series_table(series), *_write_ladder_table(content["ladders"].get(claim, [])), ""]
    return "\n".join([*lines, MARKS])


HEADS = (
    "estimate", "median (89 % interval)", "n", "published", "verdict", "medians elsewhere", "same verdict",
    "moved most by",
)  # fmt: skip


def _list_cells(row: Mapping[str, Any]) -> list[str]:
    """List the cells of a headline: estimate, published value, verdict with its figures, robustness."""
    published = row["published_text"] or ""
    if row["published_sign"] is not None and row["rope_text"]:
        published += f" (ROPE {row['rope_text']})"
    note = f": {row['verdict_note']}" if row["verdict_note"] else ""
    found = row["robustness"]
    same = (found["verdicts_text"] or "") + ("" if found["settled"] else ", not settled")
    moves = found["moves_most"]
    moved = f"{moves['title']}: {take_median(moves['text'])}" if moves else ""
    elsewhere = found["range_text"] if found["of"] else ""
    verdict = f"{row['verdict']}{note}" if row["verdict"] else ""
    return [label_headline(row), row["text"], f"{row['n']:,}", published, verdict, elsewhere, same, moved]


def _write_series_table(series: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
    """Write one table of the headlines by era: a column for each era, the whole period first."""
    if not series:
        return []
    eras = list(dict.fromkeys(row["coords"]["era"] for one in series for row in one[:1]))
    eras += sorted({row["coords"]["era"] for one in series for row in one} - set(eras))
    lines = [f"| by era | {' | '.join(eras)} |", "|---" * (len(eras) + 1) + "|"]
    for one in series:
        by_era = {row["coords"]["era"]: row for row in one}
        title = label_headline(one[0]).replace(f", {one[0]['coords']['era']}", "")
        cells = [_describe_era(by_era[era]) if era in by_era else "" for era in eras]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return [*lines, ""]


def _describe_era(row: Mapping[str, Any]) -> str:
    same = row["robustness"]["verdicts_text"]
    verdict = f", {row['verdict']}" if row["verdict"] else ""
    return f"{row['text']}{verdict}" + (f", {same}" if same else "")


def _write_ladder_table(ladders: list[Mapping[str, Any]]) -> list[str]:
    if not ladders:
        return []
    lines = [f"| step | {' | '.join(row['title'] for row in ladders)} |", "|---" * (len(ladders) + 1) + "|"]
    lines.append(f"| published | {' | '.join(row['published_text'] for row in ladders)} |")
    found = [{step["spec"]: step for step in row["rungs"]} for row in ladders]
    for spec in ladders[0]["order"]:
        step = next((steps[spec] for steps in found if spec in steps), None)
        if step is None:
            continue
        cells = [_describe_step(row, steps.get(spec), spec) for row, steps in zip(ladders, found, strict=True)]
        title = f"{step['kind']}: {step['title']}"
        lines.append(f"| {f'**{title}**' if step['headline'] else title} | {' | '.join(cells)} |")
    return lines


def _describe_step(ladder: Mapping[str, Any], step: Mapping[str, Any] | None, spec: str) -> str:
    if step is None:
        return "another quantity" if spec in ladder.get("other_quantity", []) else ""
    return f"{step['text']}, n = {step['n']:,}" + (" ◂" if spec == ladder["matters_most"] else "")


def insert_table(readme: str, content: Mapping[str, Any]) -> str:
    """Return the README with current tables between its two marks.

    Raises
    ------
    InputError
        If a mark is missing.
    """
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise InputError("the marks around the table are missing", README, hint=f"add {START} and {END}")
    return f"{before}{START}\n\n{write_table(content)}\n\n{END}{after}"


def thin_posteriors(paths: Paths) -> dict[str, bytes]:
    """Return thinned draws of every estimand of the main fits as CSV, with one column an estimate, and a codebook."""
    from inference.summaries.estimates import list_points

    out: dict[str, bytes] = {}
    codebook: list[dict[str, object]] = []
    for claim in CLAIMS:
        main = {one.name for one in list_specifications(claim) if one.kind == "main"}
        for spec in posteriors.list_specs(paths, claim):
            if spec not in main:
                continue
            tree, _ = posteriors.load(paths, claim, spec)
            estimands = tree["estimands"].to_dataset()
            columns: dict[str, list[float]] = {}
            for name, variable in estimands.data_vars.items():
                if "draw" not in variable.dims:
                    continue
                step = max(1, variable.sizes["chain"] * variable.sizes["draw"] // DRAWS)
                for coords in list_points(variable):
                    labels = ", ".join(str(value) for value in coords.values())
                    column = f"{name}[{labels}]" if labels else str(name)
                    values = variable.sel(coords).transpose("chain", "draw").to_numpy().ravel()
                    columns[column] = values[::step].tolist()
                    attrs = variable.attrs
                    codebook.append(
                        {"file": f"draws_{claim}_{spec}.csv.gz", "column": column, "unit": attrs["unit"],
                         "kind": attrs["kind"], "scale": attrs["scale"]}
                    )  # fmt: skip
            draws = zip(*columns.values(), strict=True)
            rows = [{name: f"{x:.6g}" for name, x in zip(columns, draw, strict=True)} for draw in draws]
            out[f"draws_{claim}_{spec}.csv.gz"] = format_csv(columns, rows)
    out["draws_codebook.csv"] = format_csv(["file", "column", "unit", "kind", "scale"], codebook)
    return out
