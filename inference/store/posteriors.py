"""Posteriors on disk, each with a file of metadata that records its file name, size and digest.

Both are written under a temporary name and then renamed, the posterior first. If the process is killed between the two
renames, the old metadata still refer to the old posterior, so a good posterior is always complete. No heavy imports at
module level.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import InputError
from data.io import write_atomic
from inference.store.fingerprints import combine, digest, list_changes
from inference.store.paths import Paths

if TYPE_CHECKING:
    import xarray as xr

Metadata = dict[str, Any]
State = tuple[str, str]  # the state and the reason


def dump(content: object, sort: bool = True) -> bytes:
    """Serialise to JSON as stored: indented, keys sorted unless ``sort`` is False, no NaN, no infinities."""
    return (json.dumps(content, indent=1, sort_keys=sort, allow_nan=False, ensure_ascii=False) + "\n").encode()


def read_json(path: Path, *required: str) -> Metadata | None:
    """Read a JSON object; None if the file is missing or damaged, or lacks a required key."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and set(required) <= content.keys() else None


def _name_metadata_file(paths: Paths, claim: str, spec: str) -> Path:
    return paths.posteriors / claim / f"{spec}.json"


def read_metadata(paths: Paths, claim: str, spec: str) -> Metadata | None:
    """Read the metadata of a stored fit; None unless its file exists and has the recorded size."""
    found = read_json(_name_metadata_file(paths, claim, spec), "file", "bytes", "sha256", "fit_key", "parts")
    if found is None or not isinstance(found["parts"], dict):
        return None
    file = paths.posteriors / claim / str(found.get("file"))
    return found if file.is_file() and file.stat().st_size == found.get("bytes") else None


def save(paths: Paths, claim: str, spec: str, tree: xr.DataTree, metadata: Mapping[str, Any]) -> None:
    """Store a fit that passed the gate, and delete the one it replaces."""
    folder = paths.posteriors / claim
    name = f"{spec}-{str(metadata['fit_key'])[:12]}.nc"
    size, checksum = _write_tree(tree, folder / name)
    write_atomic(
        _name_metadata_file(paths, claim, spec), dump({**metadata, "file": name, "bytes": size, "sha256": checksum})
    )
    for old in folder.glob(f"{spec}-????????????.nc"):
        if old.name != name:
            old.unlink(missing_ok=True)
    for stale in (paths.failed / claim).glob(f"{spec}.*"):
        stale.unlink(missing_ok=True)


def save_failed(paths: Paths, claim: str, spec: str, tree: xr.DataTree, metadata: Mapping[str, Any]) -> None:
    """Store a fit that failed the gate separately, with the reason; the last good fit is kept."""
    _write_tree(tree, paths.failed / claim / f"{spec}.nc")
    write_atomic(paths.failed / claim / f"{spec}.json", dump(dict(metadata)))


def _write_tree(tree: xr.DataTree, path: Path) -> tuple[int, str]:
    """Write a tree, serialised in memory first: HDF5 aborts the whole process if the disk is full."""
    content = bytes(tree.to_netcdf(engine="h5netcdf"))
    write_atomic(path, content)
    return len(content), digest(content)


def load(paths: Paths, claim: str, spec: str, skip: Collection[str] = ()) -> tuple[xr.DataTree, Metadata]:
    """Load a stored fit and its metadata, checked against its digest; the groups in ``skip`` are not read.

    Raises
    ------
    InputError
        If there is no stored fit, or its file is damaged.
    """
    import h5netcdf
    import xarray as xr

    metadata = read_metadata(paths, claim, spec)
    if metadata is None:
        raise InputError(f"no stored posterior of {claim}/{spec}", paths.posteriors, hint="run: make refresh")
    path = paths.posteriors / claim / str(metadata["file"])
    if digest(path.read_bytes()) != metadata["sha256"]:
        path.unlink()
        raise InputError("the stored posterior is damaged and was removed", path, hint="run refresh again")
    with h5netcdf.File(path) as file:
        names = [name for name in file.groups if name not in skip]
    parts = {f"/{name}": xr.load_dataset(path, group=name, engine="h5netcdf") for name in names}
    return xr.DataTree.from_dict({"/": xr.load_dataset(path, engine="h5netcdf"), **parts}), metadata


def finish_claim(
    paths: Paths, claim: str, specs: list[str], left_out: Mapping[str, str], overrides: Mapping[str, Any]
) -> None:
    """Record a claim's fitted specifications, those that a user's table cannot support, and the user's overrides."""
    content = {"specs": specs, "left_out": dict(left_out), "overrides": dict(overrides)}
    write_atomic(paths.posteriors / claim / "claim.json", dump(content))


def leave_out(paths: Paths, claim: str) -> None:
    """Record that a user's table cannot support a claim: its earlier fits in this folder are no longer shown."""
    (paths.posteriors / claim / "claim.json").unlink(missing_ok=True)


def read_finished(paths: Paths, claim: str) -> Metadata | None:
    """Read the record of the claim's last complete refresh; None if it is missing or damaged."""
    found = read_json(paths.posteriors / claim / "claim.json", "specs", "left_out", "overrides")
    valid = found and isinstance(found["specs"], list) and isinstance(found["left_out"], dict)
    return found if valid else None


def list_specs(paths: Paths, claim: str) -> list[str]:
    """Return the specifications that the claim's last complete refresh stored."""
    known = read_finished(paths, claim)
    return list(known["specs"]) if known else []


def find_fit_states(paths: Paths, claim: str, parts: Mapping[str, Mapping[str, str]]) -> dict[str, State]:
    """Return the state of each fit: current, stale (and what changed), failed (and why) or missing.

    ``parts`` are the present dependencies, by specification.
    """
    left_out = (read_finished(paths, claim) or {"left_out": {}})["left_out"]
    out: dict[str, State] = {}
    for spec, now in parts.items():
        key = combine(now)
        failure = read_json(paths.failed / claim / f"{spec}.json", "fit_key")
        metadata = read_metadata(paths, claim, spec)
        if failure is not None and failure["fit_key"] == key:
            out[spec] = ("failed", str(failure.get("reason")))
        elif metadata is not None:
            changes = list_changes(metadata["parts"], now)
            out[spec] = ("stale", "changed: " + ", ".join(changes)) if metadata["fit_key"] != key else ("current", "")
        elif spec not in left_out:
            out[spec] = ("missing", "no good posterior")
    return out


def find_claim_state(paths: Paths, claim: str, parts: Mapping[str, Mapping[str, str]]) -> State:
    """Return the state of a claim, with the reason: current, stale, failed, unfinished or never fitted."""
    states = find_fit_states(paths, claim, parts)
    failures = [f"{spec}: {why}" for spec, (state, why) in states.items() if state == "failed"]
    if failures:
        return "failed", "; ".join(failures)
    missing = [spec for spec, (state, _) in states.items() if state == "missing"]
    if missing and len(missing) == len(states) and read_finished(paths, claim) is None:
        return "never fitted", f"nothing in {paths.posteriors}"
    stale = [spec for spec, (state, _) in states.items() if state == "stale"]
    if stale:
        old = (read_metadata(paths, claim, spec) for spec in stale)
        changes = {name for spec, was in zip(stale, old, strict=True) if was for name in
                   list_changes(was["parts"], parts[spec])}  # fmt: skip
        return "stale", f"changed: {', '.join(sorted(changes))}"
    if missing or read_finished(paths, claim) is None:
        return "unfinished", f"no good posterior of {', '.join(missing)}" if missing else "some fits are stored"
    return "current", ""
