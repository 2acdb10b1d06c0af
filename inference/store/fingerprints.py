"""Fingerprints: what a fit and what is shown depend on, part by part. SHA-256 of bytes, or values as text.

A fit depends, by bytes, on the files that its model reaches by imports, on those that read its tables and that sample
and check it, on the tables and the lock file; and, by value, on the model, choices, priors, sampler settings and seed
that its specification resolves to. An extended one, kept without draws, also depends on what its verdicts are held
against. No heavy imports, for ``status`` and idle refreshes.
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
# Estimates of the specifications that refresh leaves to ``alternatives``.
EXTENDED = ROOT / "paper" / "published" / "alternatives.json"
PEERS = ROOT / "paper" / "published" / "peers.csv"  # the comparison with other packages: benchmarks/peers.py
LOCK_FILE = ROOT / "requirements.lock"
SAMPLING, READING, READING_USERS = "inference.sampling.fit", "data.tables.load", "data.tables.user_tables"
Parts = dict[str, str]


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def combine(parts: Mapping[str, str]) -> str:
    """One key from named parts, independent of their order."""
    return digest(json.dumps(dict(parts), sort_keys=True).encode())


def digest_file(path: Path) -> str:
    """SHA-256 of a file's content; a compressed table counts by what is in it."""
    if not path.is_file():
        read_bytes(path)  # says what is wrong with it
    stat = path.stat()
    return _digest_file(path, stat.st_mtime_ns, stat.st_size)


@cache
def _digest_file(path: Path, modified: int, size: int) -> str:
    return digest(read_bytes(path))


def digest_modules(*modules: str, skip: Iterable[str] = ()) -> Parts:
    """The files that modules reach by imports, each with its digest."""
    files = find_reached(*modules, skip=frozenset(skip)).values()
    return {_name_file(file): digest_file(file) for file in files}


@cache
def _name_file(file: Path) -> str:
    return file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.name


def find_tables(claim: str) -> dict[str, Path]:
    """The embedded tables that a claim reads; the large ones are compressed."""
    small = {name: SNAPSHOT / f"{name}.csv" for name in list_tables(claim)}
    return {name: path if path.is_file() else path.with_suffix(".csv.gz") for name, path in small.items()}


def find_facts() -> dict[str, Path]:
    """The small embedded tables that the paper shows as they are, by file name."""
    names = sorted({name for claim in CLAIMS for name in list_facts(claim)})
    return {f"{name}.csv": SNAPSHOT / f"{name}.csv" for name in names}


def list_modules_by_value(claim: str) -> tuple[str, ...]:
    """Modules of a claim that enter its fits by value, or not at all."""
    return (f"models.{claim}", *(f"models.{claim}.{name}" for name in ("choices", "specifications", "reporting")))


def list_fit_parts(claim: str, specification: Specification, overrides: Overrides) -> Parts:
    """What one fit depends on, each part with its digest or value.

    Raises
    ------
    InputError
        If a user's file cannot be read.
    """
    return _list_fit_parts(claim, specification, overrides, list_code_parts(claim, specification.model, overrides))


def list_code_parts(claim: str, model: str, overrides: Overrides) -> Parts:
    """The files that a generative model reaches, and those that read its tables, sample and check it."""
    users = set(overrides.tables) & set(list_tables(claim))
    roots = [name_module(claim, model), SAMPLING, READING, *([READING_USERS] if users else [])]
    return digest_modules(*roots, skip=list_modules_by_value(claim))


def _list_fit_parts(claim: str, specification: Specification, overrides: Overrides, code: Parts) -> Parts:
    given = {name: path for name, path in overrides.tables.items() if name in list_tables(claim)}
    parts = dict(code)
    parts[LOCK_FILE.name] = digest_file(LOCK_FILE)
    # The embedded table counts beside a user's too: it resolves the blanks of models.
    parts |= {f"table {name}": digest_file(path) for name, path in find_tables(claim).items()}
    parts |= {f"user's table of {name}": digest_file(path) for name, path in given.items()}
    resolved = resolve(claim, specification, overrides)
    parts |= {"model": specification.model, "seed": str(resolved.seed)}
    for what in ("choices", "priors", "sampler"):
        parts |= {f"{what}: {name}": repr(value) for name, value in asdict(getattr(resolved, what)).items()}
    if specification.extended:  # kept without draws: its verdicts cannot be derived anew
        reporting = import_part(claim, "reporting")
        parts |= {"published": repr(reporting.PUBLISHED), "headlines": repr(reporting.HEADLINES)}
    return parts


def list_parts_by_fit(claim: str, overrides: Overrides, extended: bool = False) -> dict[str, Parts]:
    """``fit_parts`` of every specification that refresh fits, or of the extended ones, by name."""
    every = list_specifications(claim, extended)
    code = {model: list_code_parts(claim, model, overrides) for model in dict.fromkeys(one.model for one in every)}
    return {one.name: _list_fit_parts(claim, one, overrides, code[one.model]) for one in every}


def list_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Names of the parts that differ."""
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def list_summary_parts(claim: str, fits: Iterable[str], extended: Iterable[str], overrides: Overrides) -> Parts:
    """What the summary of a claim depends on: its fits and extended ones, what it declares, what summarises them."""
    modules = ("inference.summaries.claim_summary", *(f"models.{claim}.{name}" for name in ("reporting", "chart_data")))
    parts = digest_modules(*modules, *list_modules_by_value(claim))
    parts["user's own run"] = str(overrides.list_names()) if overrides.any else ""
    return parts | {"fits": _combine_keys(fits), "extended fits": _combine_keys(extended)}


def _combine_keys(keys: Iterable[str]) -> str:
    return combine(dict.fromkeys(keys, ""))


def list_figure_parts(claim: str, charts: str) -> Parts:
    """What the figures of a claim depend on: the data of its charts (a digest), and what draws them."""
    return digest_modules(f"figures.{claim}", "figures.checks", "figures.sensitivity") | {"data of the charts": charts}


def list_paper_parts(claims: Mapping[str, str]) -> Parts:
    """What the paper depends on: what each claim shows (digests), tables of facts, peers, sources and typesetting."""
    parts = digest_modules("inference.pipeline.outputs")  # which reaches the ladder's figure and typesetting
    parts |= {f"claim {name}": shown for name, shown in claims.items()}
    parts |= {f"facts {name}": digest_file(path) for name, path in find_facts().items()}
    parts |= {path.name: digest_file(path) for path in (PEERS,) if path.is_file()}
    for path in sorted((ROOT / "paper").rglob("*")):
        inside = path.relative_to(ROOT)
        skipped = "published" in inside.parts or inside.name.startswith(".")
        if path.is_file() and not skipped and path.suffix != ".part":
            parts[inside.as_posix()] = digest_file(path)
    return parts
