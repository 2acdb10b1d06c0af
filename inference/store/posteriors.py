"""Posteriors on disk: written beside their place, then renamed; metadata beside each say what it is.

They name its file, size and digest. Killed between the two renames, the old ones still name the old file, so a good
posterior is always whole. No heavy imports at module level.
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
State = tuple[str, str]  # how something stands, and why


def dump(content: object, sort: bool = True) -> bytes:
    """JSON as it is stored: sorted (or in its own order), indented, no NaN, no infinities."""
    return (json.dumps(content, indent=1, sort_keys=sort, allow_nan=False, ensure_ascii=False) + "\n").encode()


def read_json(path: Path, *required: str) -> Metadata | None:
    """Return a JSON object, or None where there is none, it is damaged, or lacks a required key."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and set(required) <= content.keys() else None


def _find_metadata(paths: Paths, claim: str, spec: str) -> Path:
    return paths.posteriors / claim / f"{spec}.json"


def read_metadata(paths: Paths, claim: str, spec: str) -> Metadata | None:
    """The metadata of a stored fit, if its file is there and of the right size."""
    found = read_json(_find_metadata(paths, claim, spec), "file", "bytes", "sha256", "fit_key", "parts")
    if found is None or not isinstance(found["parts"], dict):
        return None
    file = paths.posteriors / claim / str(found.get("file"))
    return found if file.is_file() and file.stat().st_size == found.get("bytes") else None


def save(paths: Paths, claim: str, spec: str, tree: xr.DataTree, about: Mapping[str, Any]) -> None:
    """Store a fit that passed the gate, and drop the one it replaces."""
    folder = paths.posteriors / claim
    name = f"{spec}-{str(about['fit_key'])[:12]}.nc"
    size, checksum = _write_tree(tree, folder / name)
    write_atomic(_find_metadata(paths, claim, spec), dump({**about, "file": name, "bytes": size, "sha256": checksum}))
    for old in folder.glob(f"{spec}-????????????.nc"):
        if old.name != name:
            old.unlink(missing_ok=True)
    for stale in (paths.failed / claim).glob(f"{spec}.*"):
        stale.unlink(missing_ok=True)


def save_failed(paths: Paths, claim: str, spec: str, tree: xr.DataTree, about: Mapping[str, Any]) -> None:
    """Keep a fit that failed the gate aside, with its reason; the last good one stays where it is."""
    _write_tree(tree, paths.failed / claim / f"{spec}.nc")
    write_atomic(paths.failed / claim / f"{spec}.json", dump(dict(about)))


def _write_tree(tree: xr.DataTree, path: Path) -> tuple[int, str]:
    """Write a tree; made in memory first, for HDF5 ends the whole process where a disk is full."""
    content = bytes(tree.to_netcdf(engine="h5netcdf"))
    write_atomic(path, content)
    return len(content), digest(content)


def load(paths: Paths, claim: str, spec: str, leave: Collection[str] = ()) -> tuple[xr.DataTree, Metadata]:
    """Load a stored fit and its metadata, checked against its digest; the groups to ``leave`` are not read.

    Raises
    ------
    InputError
        If there is none, or its file is damaged.
    """
    import h5netcdf
    import xarray as xr

    about = read_metadata(paths, claim, spec)
    if about is None:
        raise InputError(f"no stored posterior of {claim}/{spec}", paths.posteriors, hint="run: make refresh")
    path = paths.posteriors / claim / str(about["file"])
    if digest(path.read_bytes()) != about["sha256"]:
        path.unlink()
        raise InputError("the stored posterior is damaged and was removed", path, hint="run refresh again")
    with h5netcdf.File(path) as file:
        names = [name for name in file.groups if name not in leave]
    parts = {f"/{name}": xr.load_dataset(path, group=name, engine="h5netcdf") for name in names}
    return xr.DataTree.from_dict({"/": xr.load_dataset(path, engine="h5netcdf"), **parts}), about


def finish_claim(
    paths: Paths, claim: str, specs: list[str], left_out: Mapping[str, str], overrides: Mapping[str, Any]
) -> None:
    """Write down that a claim's specifications are fitted, which a user's table does not carry, and what they gave."""
    content = {"specs": specs, "left_out": dict(left_out), "overrides": dict(overrides)}
    write_atomic(paths.posteriors / claim / "claim.json", dump(content))


def leave_out(paths: Paths, claim: str) -> None:
    """Write down that a user's table does not carry a claim: its earlier fits in this folder are no longer shown."""
    (paths.posteriors / claim / "claim.json").unlink(missing_ok=True)


def read_finished(paths: Paths, claim: str) -> Metadata | None:
    """What the claim's last complete refresh wrote down."""
    found = read_json(paths.posteriors / claim / "claim.json", "specs", "left_out", "overrides")
    whole = found and isinstance(found["specs"], list) and isinstance(found["left_out"], dict)
    return found if whole else None


def list_specs(paths: Paths, claim: str) -> list[str]:
    """The specifications that the claim's last complete refresh stored."""
    known = read_finished(paths, claim)
    return list(known["specs"]) if known else []


def find_fit_states(paths: Paths, claim: str, parts: Mapping[str, Mapping[str, str]]) -> dict[str, State]:
    """Say of each fit how it stands: current, stale (and what changed), failed (and why), or missing.

    ``parts`` say what each depends on now, by specification.
    """
    left_out = (read_finished(paths, claim) or {"left_out": {}})["left_out"]
    out: dict[str, State] = {}
    for spec, now in parts.items():
        key = combine(now)
        failure = read_json(paths.failed / claim / f"{spec}.json", "fit_key")
        about = read_metadata(paths, claim, spec)
        if failure is not None and failure["fit_key"] == key:
            out[spec] = ("failed", str(failure.get("reason")))
        elif about is not None:
            changes = list_changes(about["parts"], now)
            out[spec] = ("stale", "changed: " + ", ".join(changes)) if about["fit_key"] != key else ("current", "")
        elif spec not in left_out:
            out[spec] = ("missing", "no good posterior")
    return out


def find_claim_state(paths: Paths, claim: str, parts: Mapping[str, Mapping[str, str]]) -> State:
    """Say how a claim stands: current, stale, failed, unfinished or never fitted; and why."""
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
