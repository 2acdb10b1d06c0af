"""Provenance of the tables: sources, licences, vintages, counts, and a hash of the code that built them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.classify import compute_terms, pretrained
from data.paths import HERE

VERSION = "1"  # of the table layout; increase it when a column changes its meaning
# The build of the snapshot imports neither these modules nor this folder, so they cannot change one of its tables.
NOT_HASHED = (
    "__main__.py", "cli.py", "command.py", "lock.py", "progress.py", "build/describe.py", "build/openalex.py",
    "build/validation.py", "build/vintage_changes.py", "build/vintage_counts.py", "fetch/", "sources/openalex.py",
    "sources/openalex_abstract.py", "sources/openalex_manifest.py", "sources/openalex_venues.py", "tables/fetched.py",
    "tables/user_tables.py",
)  # fmt: skip
SOURCES = {
    "epoch": {
        "origin": "Epoch AI, Parameter, Compute and Data Trends in Machine Learning; chips",
        "licence": "CC BY 4.0",
        "vintage": "2023-12-14, 2025-06, 2026-03-30, 2026-05",
    },
    "paperlists": {
        "origin": "Paper Copilot, github.com/papercopilot/paperlists",
        "licence": "none stated: derived facts only",
        "vintage": "2012-2022",
    },
    "coakley": {
        "origin": "Coakley et al. 2026, arXiv 2606.16974, github.com/kevincoakley/the-shift-toward-open",
        "licence": "none stated: derived facts only",
        "vintage": "2014-2022",
    },
    "tei": {
        "origin": "ACL Anthology by GROBID: Caragea, Uban and Dinu 2019, github.com/ananana/scientific_authorship_data",
        "licence": "CC BY-NC-SA 3.0 (to 2015), CC BY 4.0 (since): derived facts only",
        "vintage": "2014-2018",
    },
}


def list_hashed_files(folder: Path = HERE) -> dict[str, Path]:
    """List the files that determine the tables (modules, lexicons, labels) by path relative to ``data/``."""
    labels = [folder / "labels" / name for name in ("code_passages.csv", "hardware.csv")]
    files = [*folder.rglob("*.py"), *(folder / "lexicons").glob("*.csv"), *labels]
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: path for name, path in named.items() if not name.startswith(NOT_HASHED)}


def hash_code(folder: Path = HERE) -> str:
    """Compute the SHA-256 of all files that determine the tables."""
    return _hash(list_hashed_files(folder).items())


def _hash(files: Iterable[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in sorted(files):
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def format_provenance(
    raw: Path, embedded: bool, counts: Mapping[tuple[str, str, int, str], int], rows: Mapping[str, int]
) -> bytes:
    """Format the provenance of a set of tables as JSON.

    Parameters
    ----------
    raw
        The folder of raw files.
    embedded
        Whether these are the project's tables. The origin of a user's files is not stated.
    counts
        Numbers read, kept and left out, by source, venue, year and reason.
    rows
        Number of rows of each table.
    """
    totals: dict[str, Counter[str]] = {}
    for (source, _, _, what), n in counts.items():
        totals.setdefault(source, Counter())[what] += n
    sources = {}
    for name, metadata in SOURCES.items():
        files = sorted(path for path in (raw / name).rglob("*") if path.is_file() and not path.name.startswith("."))
        if files:
            sources[name] = {
                **(metadata if embedded else {"origin": "a user's own files"}),
                "files": len(files),
                "sha256": _hash((path.relative_to(raw).as_posix(), path) for path in files),
                "counts": dict(sorted(totals.get(name, Counter()).items())),
            }
    content = {
        "version": VERSION,
        "code_sha256": hash_code(),
        "lexicons": {"compute_terms": compute_terms.VERSION, "pretrained": pretrained.VERSION},
        "rows": dict(rows),
        "sources": sources,
    }
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
