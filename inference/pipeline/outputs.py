"""Summaries, figures and paper from the stored fits: per claim, and only what changed.

Three stages, each with a record of what it was made from: a claim's summary (estimates and chart data), a claim's
figures (from chart data alone), and what all claims share (estimates.json, the ladder's figure, the paper). What is
stale is made whole in a staging folder, then renamed into place.
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
from data.parallel import report, run_in_processes
from inference.store import posteriors
from inference.store.declarations import list_affected_claims
from inference.store.extended import find_current, read_committed
from inference.store.fingerprints import (
    PEERS,
    Parts,
    combine,
    digest,
    list_changes,
    list_figure_parts,
    list_paper_parts,
    list_parts_by_fit,
    list_summary_parts,
)
from inference.store.overrides import Overrides
from inference.store.paths import Paths
from inference.store.posteriors import State, dump, read_json
from models.registry import CLAIMS

Say = Callable[[str], None]
Record = dict[str, Any]  # ``parts`` that something was made from, and ``files``: name to digest
NOTHING: Record = {"parts": {}, "files": {}}
ChangedParts = Mapping[str, Mapping[str, Parts]]  # of each claim's fits, by specification


def read_records(paths: Paths) -> dict[str, dict[str, Record]]:
    """Return what summaries, figures and paper were made from, as the last refresh wrote it down, but for damage."""
    known = read_json(paths.outputs, "summaries", "figures", "paper") or {}
    stages = {stage: known.get(stage) for stage in ("summaries", "figures", "paper")}
    return {
        stage: {name: one for name, one in records.items() if _is_record(one)} if isinstance(records, dict) else {}
        for stage, records in stages.items()
    }


def _is_record(one: object) -> bool:
    return isinstance(one, dict) and all(isinstance(one.get(part), dict) for part in NOTHING)


def list_extended_parts(claim: str, overrides: Overrides) -> dict[str, Parts]:
    """Return what the extended specifications depend on that are shown: none beside a user's own run."""
    return {} if overrides.any else list_parts_by_fit(claim, overrides, extended=True)


def list_shown_parts(claim: str, paths: Paths, parts: Mapping[str, Parts], overrides: Overrides) -> Parts:
    """Return what a claim's summary depends on now; of each fit behind it, the stored key and the present one."""
    fits = []
    for spec in posteriors.list_specs(paths, claim):
        about = posteriors.read_metadata(paths, claim, spec)
        fits.append(f"{spec} {about and about['fit_key']} {combine(parts.get(spec, {}))}")
    extended = list_extended_parts(claim, overrides)
    known = read_committed(claim) if extended else {}
    beside = []
    for spec, now in extended.items():
        one = find_current(paths, claim, spec, now, known) or known.get(spec)
        beside.append(f"{spec} {one and one['fit']['fit_key']} {combine(now)}")
    return list_summary_parts(claim, fits, beside, overrides)


def find_output_states(paths: Paths, parts: ChangedParts, overrides: Overrides) -> dict[str, State]:
    """Say of what each claim shows, and of the ``paper``, whether it is current, stale (and why), or missing."""
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
        out["paper"] = ("stale", f"of {', '.join(stale)}") if now[0] == "current" and stale else now
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


def are_outputs_current(paths: Paths, parts: ChangedParts, overrides: Overrides) -> bool:
    """Whether summaries, figures and paper are those of the stored fits, and untouched since."""
    states = find_output_states(paths, parts, overrides)
    return bool(states) and all(state == "current" for state, _ in states.values())


def run_by_claim(work: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]], say: Say) -> Iterable[tuple[str, Any]]:
    """Do what is to be done for each claim, several at a time: most of it keeps one core busy, not all.

    One more than there are cores, lest the last claim of all has them to itself and leaves most of them idle.
    """
    return run_in_processes(work, tasks, 1 + (os.cpu_count() or 1), "close other programs and run refresh again", say)


def write_outputs(paths: Paths, parts: ChangedParts, overrides: Overrides, say: Say) -> list[str]:
    """Write what is stale of summaries, figures, estimates and paper; return the claims that have none.

    All of it is made whole in the staging folder first; then each file is renamed into its place, and last the record
    of what it was made from. Interrupted in between, the record is the old one and the next refresh writes them again.
    So it does if code, tables or text are no longer what they were when this began.
    """
    staging = paths.staging
    shutil.rmtree(staging, ignore_errors=True)
    records = read_records(paths)
    begun = find_output_states(paths, parts, overrides)
    claims = [claim for claim in CLAIMS if posteriors.list_specs(paths, claim)]
    missing = [claim for claim in list_affected_claims(overrides) if claim not in claims and not overrides.tables]
    try:
        (staging / "figures").mkdir(parents=True)
        tasks = {
            claim: (claim, paths, parts[claim], overrides, records, report)
            for claim in reversed(claims)
            if begun[claim][0] != "current"
        }
        for claim, made in run_by_claim(_write_claim, tasks, say):
            records["summaries"][claim], records["figures"][claim] = made
        for stage in ("summaries", "figures"):
            records[stage] = {claim: records[stage][claim] for claim in claims}
        shown = {claim: _digest_shown(records["summaries"][claim], records["figures"][claim]) for claim in claims}
        paper = {"parts": list_paper_parts(shown), "files": {}}
        known = records["paper"].get("paper", NOTHING)
        if _find_state(paths, known, paper["parts"])[0] != "current":
            _write_paper(paths, records, parts, overrides, missing, say)
            names = [p for p in sorted(staging.rglob("*")) if p.is_file() and p.parent.name != "summaries"]
            of_claims = {name for record in records["figures"].values() for name in record["files"]}
            made = {str(p.relative_to(staging)): digest(p.read_bytes()) for p in names}
            paper["files"] = {name: checksum for name, checksum in made.items() if name not in of_claims}
            records["paper"] = {"paper": paper}
        old = read_records(paths)
        _replace_all(staging, paths.out)
        for gone in _list_files(old) - _list_files(records):
            (paths.out / gone).unlink(missing_ok=True)
        write_atomic(paths.outputs, dump(records))
        if not are_outputs_current(paths, parts, overrides):  # something changed meanwhile: made from what it was
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
    say: Say,
) -> tuple[Record, Record]:
    """Write a claim's summary and figures to the staging folder, where they are stale; return their records."""
    summary, figures = (records[stage].get(claim, NOTHING) for stage in ("summaries", "figures"))
    now = list_shown_parts(claim, paths, parts, overrides)
    name = f"summaries/{claim}.json"
    if _find_state(paths, summary, now)[0] != "current":
        from inference.summaries.claim_summary import summarise_claim

        extended = list_extended_parts(claim, overrides)
        content = summarise_claim(claim, paths, parts, extended, say, strict=not overrides.tables)
        text = dump(content, sort=False)  # the order of a row's keys is that of a figure's table
        write_atomic(paths.staging / name, text)
        charts = digest(json.dumps(content["charts"]).encode())
        summary = {"parts": now, "files": {name: digest(text)}, "charts": charts}
    else:
        content = json.loads((paths.out / name).read_text(encoding="utf-8"))
    now = list_figure_parts(claim, _digest_charts(summary))
    if _find_state(paths, figures, now)[0] != "current":
        say(f"{claim}: figures")
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
    parts: ChangedParts,
    overrides: Overrides,
    missing: list[str],
    say: Say,
) -> None:
    """Write estimates.json, the ladder's figure and the paper to the staging folder."""
    from inference.pipeline.typeset import compile_paper

    def place(name: str) -> Path:
        return paths.staging / name if (paths.staging / name).is_file() else paths.out / name

    done = {}
    for claim in records["summaries"]:
        done[claim] = json.loads(place(f"summaries/{claim}.json").read_text(encoding="utf-8"))
    steps = {claim: content["ladders"] for claim, content in done.items()}
    if any(steps.values()):
        from figures import ladder

        ladder.draw(steps, paths.staging / "figures")
    drawn = {name: place(name) for record in records["figures"].values() for name in record["files"]}
    drawn |= {f"figures/{path.name}": path for path in (paths.staging / "figures").glob("ladder.*")}
    content = {
        "schema_version": 1,
        "given": overrides.list_names(),
        "claims": list(done),
        "missing": missing,
        "fits": {name: fit for one in done.values() for name, fit in one["fits"].items()},
        "estimates": [row for one in done.values() for row in one["estimates"]],
        "raw": [row for one in done.values() for row in one["raw"]],
        "peers": [] if overrides.any else _read_peers(parts),
        "ladders": steps,
        "figures": sorted(Path(name).name for name in drawn if name.endswith(".pdf")),
    }
    (paths.staging / "estimates.json").write_bytes(dump(content))
    say("paper")
    compile_paper(paths.staging, list(drawn.values()))


def _replace_all(staging: Path, out: Path) -> None:
    """Rename every staged file into its place, or none: what was there comes back if one of them fails."""
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


def _read_peers(parts: ChangedParts) -> list[dict[str, Any]]:
    """The committed comparison with other packages (``benchmarks/peers.py``), saying what is of older fits."""
    rows: list[dict[str, Any]] = (
        [dict(row) for row in parse_csv(PEERS, ["claim", "spec", "fit_key"]).values()] if PEERS.is_file() else []
    )
    for row in rows:
        now = parts.get(row["claim"], {}).get(row["spec"])
        row["stale"] = now is None or row["fit_key"] != combine(now)
    return rows
