"""The manifest of a folder of works from OpenAlex, and the parts that it lists.

A part is a gzip file with one work, a JSON object, per line. The manifest lists the parts of every slice (the works of
one publication year), each with its number of works and the SHA-256 of its lines, and says how far the slice's download
got. It contains its own checksum. The previous manifest is kept as ``manifest.previous.json``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
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
class Walk:
    """A walk through the pages of a slice: the date of its first page, the cursor of the next page.

    With ``since``, the pages hold only works that were updated on that date or later.
    """

    started: str | None
    since: str | None
    cursor: str = FIRST_CURSOR


@dataclass
class Slice:
    """The works of one year: the server's count, the parts, and the date as of which they are complete.

    ``walk`` is None when no page is left to fetch, and ``delivered`` counts the different works of the last walk. If
    they were fewer than the server counted, ``complete`` is None too.
    """

    year: int
    count: int | None = None
    complete: str | None = None
    delivered: int = 0
    walk: Walk | None = field(default_factory=lambda: Walk(None, None))
    parts: list[Part] = field(default_factory=list)

    def is_short(self) -> bool:
        """Whether the last walk ended with fewer works than the server counted."""
        return self.walk is None and self.complete is None

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

    def sort_parts(self) -> list[Part]:
        """Return the parts of all slices, in the order in which they were written."""
        return sorted((part for one in self.slices for part in one.parts), key=lambda part: (len(part.name), part.name))

    def is_complete(self) -> bool:
        """Whether every slice has been downloaded to its last page."""
        return all(one.walk is None for one in self.slices)


def hash_text(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def parse_manifest(content: bytes) -> Manifest:
    """Return a manifest.

    Raises
    ------
    ValueError
        If the content is damaged: not such JSON, or with another checksum.
    """
    try:
        body = _parse_json(content)
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
                one.get("delivered", 0),
                Walk(**one["walk"]) if one["walk"] else None,
                [Part(**part) for part in one["parts"]],
            )
            for one in body["slices"]
        ]
        return Manifest(body["query"], body["address"], body["total"], slices)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is no manifest ({type(error).__name__})") from None


def _parse_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None
    except ValueError:
        raise ValueError("it is not JSON, or not all of it") from None


def has_manifest(folder: Path) -> bool:
    """Whether a folder has a manifest, damaged or not."""
    return (folder / MANIFEST).exists() or (folder / PREVIOUS).exists()


def read_manifest(folder: Path) -> tuple[Manifest, str | None]:
    """Return the manifest of a folder, or the previous one if it is damaged or missing.

    Returns
    -------
    tuple
        The manifest; and what was wrong with the newest one, or None.

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
        except IsADirectoryError:
            problem = problem or f"{name} is a folder"
        except ValueError as error:
            problem = problem or f"{name} is damaged: {error}"
    hint = "the works are kept: --out alone writes their table; to download, give --out another folder"
    raise InputError(f"{problem}, and so is the previous manifest", folder, hint=hint)


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
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError("the part is damaged: it cannot be decompressed", path) from None


def find_damage(folder: Path, part: Part) -> str | None:
    """Return what is wrong with a part of a folder, or None."""
    try:
        content = read_part(folder / WORKS / part.name)
    except InputError as error:
        return error.problem
    return None if hash_text(content) == part.sha256 else "the part is damaged: the checksum does not fit"


def read_works(path: Path) -> Iterator[dict[str, Any]]:
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
        manifest, _ = find_manifest(folder)
        if manifest is not None:
            for part in manifest.sort_parts():
                damage = find_damage(folder, part)
                if damage:
                    hint = "run the download again: it replaces what is damaged"
                    raise InputError(damage, folder / WORKS / part.name, hint=hint)
            paths = [folder / WORKS / part.name for part in manifest.sort_parts()]
            if paths:
                return paths
            raise InputError("the folder holds no works yet", folder, hint="run the download again to continue")
    paths = [
        path
        for place in (folder, folder / WORKS)
        if place.is_dir()
        for path in sorted(place.iterdir())
        if path.name.endswith((".jsonl", ".jsonl.gz"))
    ]
    if not paths:
        raise InputError("the folder holds no works: files *.jsonl or *.jsonl.gz are needed", folder)
    return paths


def find_manifest(folder: Path) -> tuple[Manifest | None, str | None]:
    """Return the manifest of a folder; None and what is wrong if both of its versions are damaged."""
    try:
        return read_manifest(folder)
    except InputError as error:
        return None, error.problem
