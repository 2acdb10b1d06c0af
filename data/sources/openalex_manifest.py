"""The manifest of a folder of works from OpenAlex, and the parts that it lists.

A part is a gzip file with one work, a JSON object, per line. The manifest lists the parts of every slice (the works of
one publication year), each with its number of works and the SHA-256 of its lines, and says how far the slice's download
got. It contains a checksum of itself, and the manifest of the step before is kept as ``manifest.previous.json``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data.errors import InputError

MANIFEST, PREVIOUS, WORKS = "manifest.json", "manifest.previous.json", "works"
FORMAT = 1
FIRST_CURSOR = "*"  # OpenAlex's name of the first page


@dataclass
class Part:
    """A file of works; ``sha256`` is that of its lines, decompressed."""

    name: str
    works: int
    sha256: str


@dataclass
class Pass:
    """A walk through the pages of a slice: the date of its first page, the cursor of the next page.

    With ``since``, the pages hold only works that were updated on that date or later.
    """

    started: str | None
    since: str | None
    cursor: str = FIRST_CURSOR


@dataclass
class Slice:
    """The works of one year: the server's count, the parts, and the date of which they are complete.

    ``walk`` is None when no page is left to fetch.
    """

    year: int
    count: int | None = None
    complete: str | None = None
    walk: Pass | None = field(default_factory=lambda: Pass(None, None))
    parts: list[Part] = field(default_factory=list)

    def count_works(self) -> int:
        """Return the number of works in all parts."""
        return sum(part.works for part in self.parts)


@dataclass
class Manifest:
    """A query, the server's address and count, and the state of every slice."""

    query: dict[str, Any]
    address: str
    total: int
    slices: list[Slice]

    def list_parts(self) -> list[Part]:
        """Return the parts of all slices, in the order in which they were written."""
        return sorted((part for one in self.slices for part in one.parts), key=lambda part: (len(part.name), part.name))

    def is_complete(self) -> bool:
        """Whether every slice has been downloaded to its last page."""
        return all(one.walk is None for one in self.slices)


def hash_text(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def format_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON with a checksum of its content."""
    body = {"format": FORMAT, **asdict(manifest)}
    checksum = hash_text(json.dumps(body, sort_keys=True).encode())
    return json.dumps(body | {"sha256": checksum}, indent=1).encode() + b"\n"


def parse_manifest(content: bytes) -> Manifest:
    """Return a manifest.

    Raises
    ------
    ValueError
        If the content is damaged: it is no such JSON, or the checksum does not fit.
    """
    try:
        body = json.loads(content)
        checksum = body.pop("sha256")
        if hash_text(json.dumps(body, sort_keys=True).encode()) != checksum:
            raise ValueError("the checksum does not fit")
        if body["format"] != FORMAT:
            raise ValueError(f"format {body['format']!r}, not {FORMAT}")
        slices = [
            Slice(
                one["year"],
                one["count"],
                one["complete"],
                Pass(**one["walk"]) if one["walk"] else None,
                [Part(**part) for part in one["parts"]],
            )
            for one in body["slices"]
        ]
        return Manifest(body["query"], body["address"], body["total"], slices)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is no manifest ({type(error).__name__})") from None


def has_manifest(folder: Path) -> bool:
    """Whether a folder has a manifest, damaged or not."""
    return (folder / MANIFEST).exists() or (folder / PREVIOUS).exists()


def read_manifest(folder: Path) -> tuple[Manifest, str | None]:
    """Return the manifest of a folder, or the one of the step before if it is damaged or missing.

    Returns
    -------
    tuple
        The manifest, and None or what was wrong with the newest one.

    Raises
    ------
    InputError
        If both are damaged.
    """
    problem = None
    for name in (MANIFEST, PREVIOUS):
        try:
            return parse_manifest((folder / name).read_bytes()), problem
        except FileNotFoundError:
            problem = problem or f"{name} is missing"
        except ValueError as error:
            problem = problem or f"{name} is damaged: {error}"
    hint = "the works stay: --out this folder, without a query, writes their table; download into another folder"
    raise InputError(f"{problem}, and so is the one of the step before", folder, hint=hint)


def read_part(path: Path) -> bytes:
    """Return the lines of a part.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except FileNotFoundError:
        raise InputError("the part is missing", path) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"the part is damaged: {error}", path) from None


def find_damage(folder: Path, part: Part) -> str | None:
    """Return what is wrong with a part of a folder, or None."""
    try:
        content = read_part(folder / WORKS / part.name)
    except InputError as error:
        return error.problem
    return None if hash_text(content) == part.sha256 else "the part is damaged: the checksum does not fit"


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the works of a part that this program wrote."""
    for line in read_part(path).splitlines():
        yield json.loads(line)


def list_parts(folder: Path) -> list[Path]:
    """Return the files of works of a folder, in order: those of its manifest, verified.

    A folder without a manifest has files ``*.jsonl`` or ``*.jsonl.gz``, in it or in its folder ``works``.

    Raises
    ------
    InputError
        If there is no such file, or if a part of the manifest is missing or damaged.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", folder)
    if has_manifest(folder):
        manifest, _ = read_manifest_or_files(folder)
        if manifest is not None:
            for part in manifest.list_parts():
                damage = find_damage(folder, part)
                if damage:
                    hint = "run the download again: it fetches what is damaged anew"
                    raise InputError(damage, folder / WORKS / part.name, hint=hint)
            paths = [folder / WORKS / part.name for part in manifest.list_parts()]
            if paths:
                return paths
            raise InputError("no works are here yet", folder, hint="run the download again to go on")
    paths = [
        path
        for place in (folder, folder / WORKS)
        if place.is_dir()
        for path in sorted(place.iterdir())
        if path.name.endswith((".jsonl", ".jsonl.gz"))
    ]
    if not paths:
        raise InputError("no works are here: files *.jsonl or *.jsonl.gz are needed", folder)
    return paths


def read_manifest_or_files(folder: Path) -> tuple[Manifest | None, str | None]:
    """Return the manifest of a folder; None and what is wrong if both of its versions are damaged."""
    try:
        return read_manifest(folder)
    except InputError as error:
        return None, error.problem
