"""Fingerprints: the dependencies of fits and outputs, part by part, as SHA-256 of bytes or as values in text.

A fit depends, by bytes, on the tables, the lock file and the source files that its model imports, directly or
indirectly, and on those that read its tables, sample it and check it. By value it depends on the model, choices,
hyper-parameters, sampler settings and seed of its resolved specification. The fit of an extended specification is
stored without draws, so it also depends on the published values that its verdicts refer to. No heavy imports:
``status`` and a refresh with nothing to do stay fast.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

from data.io import read_bytes
from inference.store.declarations import import_part, list_facts, list_specifications, list_tables, name_module, resolve
from inference.store.imports import find_reached
from inference.store.overrides import Overrides
from inference.store.paths import ROOT
from models.common.claim import Specification
from models.registry import CLAIMS

SNAPSHOT = ROOT / "data" / "snapshot"
# Estimates of the extended specifications, which the command ``alternatives`` fits.
EXTENDED = ROOT / "paper" / "published" / "alternatives.json"
PEERS = ROOT / "paper" / "published" / "peers.csv"  # the comparison with other packages: benchmarks/peers.py
LOCK_FILE = ROOT / "requirements.lock"
SAMPLING, READING, READING_USERS = "inference.sampling.fit", "data.tables.load", "data.tables.user_tables"
Parts = dict[str, str]


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def combine(parts: Mapping[str, str]) -> str:
    """Combine named parts into one key, whatever their order."""
    return digest(json.dumps(dict(parts), sort_keys=True).encode())


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file's content; a compressed table is decompressed first."""
    if not path.is_file():
        read_bytes(path)  # raises an error that says what is wrong
    stat = path.stat()
    return _digest_file(path, stat.st_mtime_ns, stat.st_size)


@cache
def _digest_file(path: Path, modified: int, size: int) -> str:
    return digest(read_bytes(path))


def digest_modules(*modules: str, skip: Iterable[str] = ()) -> Parts:
    """Return the digests of the files that modules import, directly or indirectly."""
    files = find_reached(*modules, skip=frozenset(skip)).values()
    return {_name_file(file): digest_file(file) for file in files}


@cache
def _name_file(file: Path) -> str:
    return file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.name


def find_tables(claim: str) -> dict[str, Path]:
    """Return the paths of the embedded tables that a claim reads; the large ones are compressed."""
    small = {name: SNAPSHOT / f"{name}.csv" for name in list_tables(claim)}
    return {name: path if path.is_file() else path.with_suffix(".csv.gz") for name, path in small.items()}


def find_facts() -> dict[str, Path]:
    """Return the paths of the small embedded tables that the paper prints unchanged, by file name."""
    names = sorted({name for claim in CLAIMS for name in list_facts(claim)})
    return {f"{name}.csv": SNAPSHOT / f"{name}.csv" for name in names}


def list_modules_by_value(claim: str) -> tuple[str, ...]:
    """Return the modules of a claim that enter its fits by value or not at all."""
    return (f"models.{claim}", *(f"models.{claim}.{name}" for name in ("choices", "specifications", "reporting")))


def list_fit_parts(claim: str, specification: Specification, overrides: Overrides) -> Parts:
    """Return the dependencies of one fit, each with its digest or value.

    Raises
    ------
    InputError
        If a user's file cannot be read.
    """
    return _list_fit_parts(claim, specification, overrides, list_code_parts(claim, specification.model, overrides))


def list_code_parts(claim: str, model: str, overrides: Overrides) -> Parts:
    """Return the digests of the files that a generative model imports and that read its tables, sample and check it."""
    user_tables = set(overrides.tables) & set(list_tables(claim))
    roots = [name_module(claim, model), SAMPLING, READING, *([READING_USERS] if user_tables else [])]
    return digest_modules(*roots, skip=list_modules_by_value(claim))


def _list_fit_parts(claim: str, specification: Specification, overrides: Overrides, code: Parts) -> Parts:
    user_tables = {name: path for name, path in overrides.tables.items() if name in list_tables(claim)}
    parts = dict(code)
    parts[LOCK_FILE.name] = digest_file(LOCK_FILE)
    # The embedded table counts even with a user's table: it fills in missing values in the table of models.
    parts |= {f"table {name}": digest_file(path) for name, path in find_tables(claim).items()}
    parts |= {f"user's table of {name}": digest_file(path) for name, path in user_tables.items()}
    if user_tables and overrides.decimal is not None:
        parts["decimal sign of the user's tables"] = overrides.decimal
    resolved = resolve(claim, specification, overrides)
    parts |= {"model": specification.model, "seed": str(resolved.seed)}
    for group in ("choices", "priors", "sampler"):
        parts |= {f"{group}: {name}": repr(value) for name, value in asdict(getattr(resolved, group)).items()}
    if specification.extended:  # stored without draws, so its verdicts cannot be derived again
        reporting = import_part(claim, "reporting")
        parts |= {"published": repr(reporting.PUBLISHED), "headlines": repr(reporting.HEADLINES)}
    return parts


def list_parts_by_fit(claim: str, overrides: Overrides, extended: bool = False) -> dict[str, Parts]:
    """Return ``list_fit_parts`` of every specification that refresh fits, or of the extended ones, by name."""
    every = list_specifications(claim, extended, overrides)
    code = {model: list_code_parts(claim, model, overrides) for model in dict.fromkeys(one.model for one in every)}
    return {one.name: _list_fit_parts(claim, one, overrides, code[one.model]) for one in every}


def list_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Return the names of the parts that differ."""
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def list_summary_parts(claim: str, fits: Iterable[str], extended: Iterable[str], overrides: Overrides) -> Parts:
    """Return the dependencies of a claim's summary: its fits, its declarations and the code that summarises them."""
    modules = ("inference.summaries.claim_summary", *(f"models.{claim}.{name}" for name in ("reporting", "chart_data")))
    parts = digest_modules(*modules, *list_modules_by_value(claim))
    parts["user's overrides"] = str(overrides.list_names()) if overrides.any else ""
    return parts | {"fits": _combine_keys(fits), "extended fits": _combine_keys(extended)}


def _combine_keys(keys: Iterable[str]) -> str:
    return combine(dict.fromkeys(keys, ""))


def list_figure_parts(claim: str, charts: str) -> Parts:
    """Return the dependencies of a claim's figures: its chart data (a digest) and the code that draws them."""
    return digest_modules(f"figures.{claim}", "figures.checks", "figures.sensitivity") | {"data of the charts": charts}


def list_paper_parts(claims: Mapping[str, str]) -> Parts:
    """Return the dependencies of the paper: claims' results (digests), tables of facts, peers, sources, typesetting."""
    parts = digest_modules("inference.pipeline.outputs")  # it imports the ladder's figure and typesetting
    parts |= {f"claim {name}": results for name, results in claims.items()}
    parts |= {f"facts {name}": digest_file(path) for name, path in find_facts().items()}
    parts |= {path.name: digest_file(path) for path in (PEERS,) if path.is_file()}
    for path in sorted((ROOT / "paper").rglob("*")):
        inside = path.relative_to(ROOT)
        skipped = "published" in inside.parts or inside.name.startswith(".")
        if path.is_file() and not skipped and path.suffix != ".part":
            parts[inside.as_posix()] = digest_file(path)
    return parts
