"""Summaries, figures and paper, written from the stored fits. Only stale outputs are written.

There are three stages, each with a record of its inputs: a claim's summary (estimates and chart data), a claim's
figures (from chart data alone), and the outputs of all claims together (estimates.json, the figure of the ladders, the
paper). Outputs are completed in a staging folder, then renamed into place.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from data.io import parse_csv, write_atomic
from data.parallel import report as report_to_parent
from data.parallel import run_in_processes
from inference.store import posteriors
from inference.store.declarations import list_affected_claims
from inference.store.extended import find_current, read_committed
from inference.store.fingerprints import (
    PEERS,
    Parts,
    combine,
    digest,
    digest_file,
    list_changes,
    list_figure_parts,
    list_paper_parts,
    list_parts_by_fit,
    list_summary_parts,
)
from inference.store.overrides import Overrides
from inference.store.paths import POWER, Paths
from inference.store.posteriors import State, dump, read_json
from models.registry import CLAIMS

Report = Callable[[str], None]
Record = dict[str, Any]  # ``parts``: fingerprints of the inputs; ``files``: name of each output to its digest
NOTHING: Record = {"parts": {}, "files": {}}
ClaimParts = Mapping[str, Mapping[str, Parts]]  # by claim and specification


def read_records(paths: Paths) -> dict[str, dict[str, Record]]:
    """Return the records of summaries, figures and paper that the last refresh wrote; damaged ones are left out."""
    known = read_json(paths.outputs, "summaries", "figures", "paper") or {}
    stages = {stage: known.get(stage) for stage in ("summaries", "figures", "paper")}
    return {
        stage: {name: one for name, one in records.items() if _is_record(one)} if isinstance(records, dict) else {}
        for stage, records in stages.items()
    }


def _is_record(one: object) -> bool:
    return isinstance(one, dict) and all(isinstance(one.get(part), dict) for part in NOTHING)


def list_extended_parts(claim: str, overrides: Overrides) -> dict[str, Parts]:
    """Return the fingerprints of the extended specifications that are shown: none in a run with overrides."""
    return {} if overrides.any else list_parts_by_fit(claim, overrides, extended=True)


def list_shown_parts(claim: str, paths: Paths, parts: Mapping[str, Parts], overrides: Overrides) -> Parts:
    """Return the fingerprints of a claim's summary: for each of its fits, the stored key and the current one.

    The probabilities of verdicts by refits, which are committed, are part of the summary too.
    """
    fits = []
    for spec in posteriors.list_specs(paths, claim):
        metadata = posteriors.read_metadata(paths, claim, spec)
        fits.append(f"{spec} {metadata and metadata['fit_key']} {combine(parts.get(spec, {}))}")
    extended = list_extended_parts(claim, overrides)
    known = read_committed(claim) if extended else {}
    extended_fits = []
    for spec, now in extended.items():
        one = find_current(paths, claim, spec, now, known) or known.get(spec)
        extended_fits.append(f"{spec} {one and one['fit']['fit_key']} {combine(now)}")
    found = list_summary_parts(claim, fits, extended_fits, overrides)
    return found | ({POWER.name: digest_file(POWER)} if POWER.is_file() else {})


def find_output_states(paths: Paths, parts: ClaimParts, overrides: Overrides) -> dict[str, State]:
    """Return whether each claim's outputs, and the ``paper``, are current, stale (and why), or missing."""
    records = read_records(paths)
    out: dict[str, State] = {}
    shown = {}
    for claim in CLAIMS:
        if not posteriors.list_specs(paths, claim):
            continue
        summary, figures = (records[stage].get(claim, NOTHING) for stage in ("summaries", "figures"))
        states = [
            _find_state(paths, summary, list_shown_parts(claim, paths, parts[claim], overrides)),
            _find_state(paths, figures, list_figure_parts(claim, _digest_charts(summary))),
        ]
        out[claim] = next((state for state in states if state[0] != "current"), ("current", ""))
        shown[claim] = _digest_shown(summary, figures)
    stale = [claim for claim, (state, _) in out.items() if state != "current"]
    if out:
        now = _find_state(paths, records["paper"].get("paper", NOTHING), list_paper_parts(shown))
        out["paper"] = ("stale", f"outputs of {', '.join(stale)}") if now[0] == "current" and stale else now
    return out


def _find_state(paths: Paths, known: Record, now: Parts) -> State:
    if not known["parts"]:
        return "missing", "never written"
    changes = list_changes(known["parts"], now)
    if changes:
        return "stale", f"changed: {', '.join(changes)}"
    for name, checksum in known["files"].items():
        path = paths.out / name
        if not path.is_file() or digest(path.read_bytes()) != checksum:
            return "stale", f"{name} is missing or was changed"
    return "current", ""


def _digest_charts(summary: Record) -> str:
    return str(summary.get("charts", ""))


def _digest_shown(summary: Record, figures: Record) -> str:
    return combine({**summary["files"], **figures["files"]})


def are_outputs_current(paths: Paths, parts: ClaimParts, overrides: Overrides) -> bool:
    """Return whether summaries, figures and paper match the stored fits, and no file was changed since."""
    states = find_output_states(paths, parts, overrides)
    return bool(states) and all(state == "current" for state, _ in states.values())


def run_by_claim(
    work: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]], report: Report
) -> Iterable[tuple[str, Any]]:
    """Run the tasks of several claims in parallel, because most of the work keeps only one core busy.

    One process more than there are cores is used: otherwise the last claim would run alone and leave cores idle.
    """
    return run_in_processes(
        work, tasks, 1 + (os.cpu_count() or 1), "close other programs and run refresh again", report
    )


def write_outputs(paths: Paths, parts: ClaimParts, overrides: Overrides, report: Report) -> list[str]:
    """Write stale summaries, figures, estimates and paper; return the claims that have no fits.

    All files are completed in the staging folder, then renamed into place; the record of their inputs is written last.
    After an interruption in between, the record is the old one, and the next refresh writes the files again. The next
    refresh also does so if code, tables or text changed while this function ran.
    """
    staging = paths.staging
    shutil.rmtree(staging, ignore_errors=True)
    records = read_records(paths)
    states = find_output_states(paths, parts, overrides)
    claims = [claim for claim in CLAIMS if posteriors.list_specs(paths, claim)]
    missing = [claim for claim in list_affected_claims(overrides) if claim not in claims and not overrides.tables]
    try:
        (staging / "figures").mkdir(parents=True)
        tasks = {
            claim: (claim, paths, parts[claim], overrides, records, report_to_parent)
            for claim in reversed(claims)
            if states[claim][0] != "current"
        }
        for claim, made in run_by_claim(_write_claim, tasks, report):
            records["summaries"][claim], records["figures"][claim] = made
        for stage in ("summaries", "figures"):
            records[stage] = {claim: records[stage][claim] for claim in claims}
        shown = {claim: _digest_shown(records["summaries"][claim], records["figures"][claim]) for claim in claims}
        paper = {"parts": list_paper_parts(shown), "files": {}}
        known = records["paper"].get("paper", NOTHING)
        if _find_state(paths, known, paper["parts"])[0] != "current":
            _write_paper(paths, records, parts, overrides, missing, report)
            names = [p for p in sorted(staging.rglob("*")) if p.is_file() and p.parent.name != "summaries"]
            of_claims = {name for record in records["figures"].values() for name in record["files"]}
            made = {str(p.relative_to(staging)): digest(p.read_bytes()) for p in names}
            paper["files"] = {name: checksum for name, checksum in made.items() if name not in of_claims}
            records["paper"] = {"paper": paper}
        old = read_records(paths)
        _replace_all(staging, paths.out)
        for name in _list_files(old) - _list_files(records):
            (paths.out / name).unlink(missing_ok=True)
        write_atomic(paths.outputs, dump(records))
        if not are_outputs_current(paths, parts, overrides):  # inputs changed meanwhile
            write_atomic(paths.outputs, dump({stage: {} for stage in records}))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return missing


def _list_files(records: Mapping[str, Mapping[str, Record]]) -> set[str]:
    return {name for stage in records.values() for record in stage.values() for name in record["files"]}


def _write_claim(
    claim: str,
    paths: Paths,
    parts: Mapping[str, Parts],
    overrides: Overrides,
    records: Mapping[str, Mapping[str, Record]],
    report: Report,
) -> tuple[Record, Record]:
    """Write a claim's summary and figures to the staging folder if they are stale; return their records."""
    summary, figures = (records[stage].get(claim, NOTHING) for stage in ("summaries", "figures"))
    now = list_shown_parts(claim, paths, parts, overrides)
    name = f"summaries/{claim}.json"
    if _find_state(paths, summary, now)[0] != "current":
        from inference.summaries.claim_summary import summarise_claim

        extended = list_extended_parts(claim, overrides)
        content = summarise_claim(claim, paths, parts, extended, report, strict=not overrides.tables)
        text = dump(content, sort=False)  # the order of keys is the order of columns in a figure's CSV
        write_atomic(paths.staging / name, text)
        charts = digest(json.dumps(content["charts"]).encode())
        summary = {"parts": now, "files": {name: digest(text)}, "charts": charts}
    else:
        content = json.loads((paths.out / name).read_text(encoding="utf-8"))
    now = list_figure_parts(claim, _digest_charts(summary))
    if _find_state(paths, figures, now)[0] != "current":
        report(f"{claim}: figures")
        folder = paths.staging / "figures" / claim
        folder.mkdir(parents=True)
        for module in (f"figures.{claim}", "figures.checks", "figures.sensitivity"):
            importlib.import_module(module).draw(content["charts"], folder)
        files = {}
        for path in sorted(folder.iterdir()):
            files[f"figures/{path.name}"] = digest(path.read_bytes())
            path.replace(folder.parent / path.name)
        folder.rmdir()
        figures = {"parts": now, "files": files}
    return summary, figures


def _write_paper(
    paths: Paths,
    records: Mapping[str, Mapping[str, Record]],
    parts: ClaimParts,
    overrides: Overrides,
    missing: list[str],
    report: Report,
) -> None:
    """Write estimates.json, the figure of the ladders and the paper to the staging folder."""
    from inference.pipeline.typeset import compile_paper

    def find_file(name: str) -> Path:
        return paths.staging / name if (paths.staging / name).is_file() else paths.out / name

    done = {}
    for claim in records["summaries"]:
        done[claim] = json.loads(find_file(f"summaries/{claim}.json").read_text(encoding="utf-8"))
    ladders = {claim: content["ladders"] for claim, content in done.items()}
    if any(ladders.values()):
        from figures import ladder

        ladder.draw(ladders, paths.staging / "figures")
    drawn = {name: find_file(name) for record in records["figures"].values() for name in record["files"]}
    drawn |= {f"figures/{path.name}": path for path in (paths.staging / "figures").glob("ladder.*")}
    content = {
        "schema_version": 2,
        "given": overrides.list_names(),
        "claims": list(done),
        "missing": missing,
        "fits": {name: fit for one in done.values() for name, fit in one["fits"].items()},
        "estimates": [row for one in done.values() for row in one["estimates"]],
        "raw": [row for one in done.values() for row in one["raw"]],
        "peers": [] if overrides.any else _read_peers(parts),
        "ladders": ladders,
        "figures": sorted(Path(name).name for name in drawn if name.endswith(".pdf")),
    }
    left_out = [{"claim": claim, **one} for claim, found in done.items() for one in found["left_out"]]
    content |= {"left_out": left_out} if left_out else {}
    (paths.staging / "estimates.json").write_bytes(dump(content))
    report("paper")
    compile_paper(paths.staging, list(drawn.values()))


def _replace_all(staging: Path, out: Path) -> None:
    """Rename every staged file into place. If one rename fails, restore the earlier files."""
    names = [path.relative_to(staging) for path in sorted(staging.rglob("*")) if path.is_file()]
    before = staging / "before"
    for name in names:
        (before / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        if (out / name).exists():
            try:
                os.link(out / name, before / name)
            except OSError:  # a file system without hard links
                shutil.copy2(out / name, before / name)
    try:
        for name in names:
            (staging / name).replace(out / name)
    except BaseException:
        for name in names:
            if (before / name).exists():
                (before / name).replace(out / name)
        raise


def _read_peers(parts: ClaimParts) -> list[dict[str, Any]]:
    """Read the committed comparison with other packages (``benchmarks/peers.py``); mark rows of older fits as stale."""
    rows: list[dict[str, Any]] = (
        [dict(row) for row in parse_csv(PEERS, ["claim", "spec", "fit_key"]).values()] if PEERS.is_file() else []
    )
    for row in rows:
        now = parts.get(row["claim"], {}).get(row["spec"])
        row["stale"] = now is None or row["fit_key"] != combine(now)
    return rows
