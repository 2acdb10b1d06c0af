"""Posteriors on disk: written beside their place, then renamed; a note beside each says what it is.

A note names its file, size and digest. Killed between the two renames, the old note still names the old file, so a
good posterior is always whole. No heavy imports at module level.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.io import InputError, write_atomic
from inference.keys import changed, digest, fit_key
from inference.places import Places

if TYPE_CHECKING:
    import xarray as xr

Note = dict[str, Any]


def dump(content: object) -> bytes:
    """JSON as it is stored: sorted, indented, no NaN, no infinities."""
    return (json.dumps(content, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n").encode()


def read_json(path: Path, *required: str) -> Note | None:
    """Return a JSON object, or None where there is none, it is damaged, or lacks a required key."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and set(required) <= content.keys() else None


def _note_path(places: Places, claim: str, spec: str) -> Path:
    return places.posteriors / claim / f"{spec}.json"


def note(places: Places, claim: str, spec: str) -> Note | None:
    """The note of a stored fit, if its file is there and of the right size."""
    found = read_json(_note_path(places, claim, spec), "file", "bytes", "sha256", "fit_key")
    if found is None:
        return None
    file = places.posteriors / claim / str(found.get("file"))
    return found if file.is_file() and file.stat().st_size == found.get("bytes") else None


def save(places: Places, claim: str, spec: str, tree: xr.DataTree, about: Mapping[str, Any]) -> None:
    """Store a fit that passed the gate, and drop the one it replaces."""
    folder = places.posteriors / claim
    name = f"{spec}-{str(about['fit_key'])[:12]}.nc"
    size, checksum = _write_tree(tree, folder / name)
    write_atomic(_note_path(places, claim, spec), dump({**about, "file": name, "bytes": size, "sha256": checksum}))
    for old in folder.glob(f"{spec}-????????????.nc"):
        if old.name != name:
            old.unlink(missing_ok=True)
    for stale in (places.failed / claim).glob(f"{spec}.*"):
        stale.unlink(missing_ok=True)


def save_failed(places: Places, claim: str, spec: str, tree: xr.DataTree, about: Mapping[str, Any]) -> None:
    """Keep a fit that failed the gate aside, with its reason; the last good one stays where it is."""
    _write_tree(tree, places.failed / claim / f"{spec}.nc")
    write_atomic(places.failed / claim / f"{spec}.json", dump(dict(about)))


def _write_tree(tree: xr.DataTree, path: Path) -> tuple[int, str]:
    """Write a tree; made in memory first, for HDF5 ends the whole process where a disk is full."""
    content = bytes(tree.to_netcdf(engine="h5netcdf"))
    write_atomic(path, content)
    return len(content), digest(content)


def load(places: Places, claim: str, spec: str, leave: Collection[str] = ()) -> tuple[xr.DataTree, Note]:
    """Load a stored fit and its note, checked against its digest; the groups to ``leave`` are not read.

    Raises
    ------
    InputError
        If there is none, or its file is damaged.
    """
    import h5netcdf
    import xarray as xr

    about = note(places, claim, spec)
    if about is None:
        raise InputError(f"no stored posterior of {claim}/{spec}", places.posteriors, hint="run: make refresh")
    path = places.posteriors / claim / str(about["file"])
    if digest(path.read_bytes()) != about["sha256"]:
        path.unlink()
        raise InputError("the stored posterior is damaged and was removed", path, hint="run refresh again")
    with h5netcdf.File(path) as file:
        names = [name for name in file.groups if name not in leave]
    parts = {f"/{name}": xr.load_dataset(path, group=name, engine="h5netcdf") for name in names}
    return xr.DataTree.from_dict({"/": xr.load_dataset(path, engine="h5netcdf"), **parts}), about


def finish_claim(
    places: Places, claim: str, parts: Mapping[str, str], specs: list[str], given: Mapping[str, Any] | None = None
) -> None:
    """Note that every specification of a claim was fitted from these parts, and what the user gave (seed, table)."""
    content = {"parts": dict(parts), "specs": specs, "given": dict(given or {})}
    write_atomic(places.posteriors / claim / "claim.json", dump(content))


def leave_out(places: Places, claim: str) -> None:
    """Note that a user's table does not carry a claim: its earlier fits in this folder are no longer shown."""
    (places.posteriors / claim / "claim.json").unlink(missing_ok=True)


def finished(places: Places, claim: str) -> Note | None:
    """What the claim's last complete refresh noted."""
    found = read_json(places.posteriors / claim / "claim.json", "parts", "specs", "given")
    whole = found and isinstance(found["parts"], dict) and isinstance(found["specs"], list)
    return found if whole else None


def specs_of(places: Places, claim: str) -> list[str]:
    """The specifications that the claim's last complete refresh stored."""
    known = finished(places, claim)
    return list(known["specs"]) if known else []


def claim_state(places: Places, claim: str, parts: Mapping[str, str]) -> tuple[str, str]:
    """Say how a claim stands: current, stale, failed, unfinished or never fitted; and why."""
    failures = []
    for path in sorted((places.failed / claim).glob("*.json")):
        failure = read_json(path) or {}
        if failure.get("fit_key") == fit_key(parts, path.stem):
            failures.append(f"{path.stem}: {failure.get('reason')}")
    if failures:
        return "failed", "; ".join(failures)
    known = finished(places, claim)
    if known is None:
        some = any((places.posteriors / claim).glob("*.json"))
        return ("unfinished", "some fits are stored") if some else ("never fitted", f"nothing in {places.posteriors}")
    differ = changed(known["parts"], parts)
    if differ:
        return "stale", "changed: " + ", ".join(differ)
    for spec in known["specs"]:
        about = note(places, claim, spec)
        if about is None or about["fit_key"] != fit_key(parts, spec):
            return "unfinished", f"no good posterior of {spec}"
    return "current", ""
