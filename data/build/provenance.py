"""Where the tables come from: sources, licences, vintages, what was counted, and the code that made them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.classify import compute_terms, pretrained
from data.paths import HERE

VERSION = "1"  # of the tables' layout; raise it when a column changes its meaning
# Modules that the build does not reach: they read or show tables, and cannot change one.
NOT_MAKING = (
    "__main__.py", "cli.py", "command.py", "build/describe.py", "build/validation.py", "tables/user_tables.py",
)  # fmt: skip
SOURCES = {
    "epoch": {
        "origin": "Epoch AI, Parameter, Compute and Data Trends in Machine Learning; chips",
        "licence": "CC BY 4.0",
        "vintage": "2023-12-14, 2025-06, 2026-05",
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


def list_makers(folder: Path = HERE) -> dict[str, Path]:
    """All that decides what a table holds, by its path in ``data/``: modules in all folders, lexicons, labels."""
    files = [*folder.rglob("*.py"), *(folder / "lexicons").glob("*.csv"), folder / "labels" / "code_passages.csv"]
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: path for name, path in named.items() if name not in NOT_MAKING}


def hash_code(folder: Path = HERE) -> str:
    """SHA-256 of all that decides what a table holds."""
    return _hash(list_makers(folder).items())


def _hash(files: Iterable[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in sorted(files):
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def list_provenance(
    raw: Path, embedded: bool, counts: Mapping[tuple[str, str, int, str], int], rows: Mapping[str, int]
) -> bytes:
    """The provenance of a set of tables, as JSON.

    Parameters
    ----------
    raw
        The folder of raw files.
    embedded
        Whether these are the project's own tables: of a user's files the origin is theirs to state.
    counts
        What was read, kept and left out: by source, venue, year and reason.
    rows
        Number of rows of each table.
    """
    totals: dict[str, Counter[str]] = {}
    for (source, _, _, what), n in counts.items():
        totals.setdefault(source, Counter())[what] += n
    sources = {}
    for name, about in SOURCES.items():
        files = sorted(path for path in (raw / name).rglob("*") if path.is_file() and not path.name.startswith("."))
        if files:
            sources[name] = {
                **(about if embedded else {"origin": "a user's own files"}),
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
