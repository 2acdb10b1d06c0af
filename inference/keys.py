"""The two keys: SHA-256 of bytes, nothing cleverer. No heavy imports, for ``status`` and idle refreshes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.io import read_bytes
from inference.given import Given
from inference.places import ROOT
from models.registry import CLAIMS

SNAPSHOT = ROOT / "data" / "snapshot"
# Estimates of the specifications that refresh leaves to ``alternatives``.
ASIDE = ROOT / "paper" / "published" / "alternatives.json"
PEERS = ROOT / "paper" / "published" / "peers.csv"  # the comparison with other packages: benchmarks/peers.py
# A raw file of the user's is read and resolved anew: by this code.
OWN_READERS = ("data/own.py", "data/epoch.py", "data/sectors.py", "data/schema.py", "data/papers_schema.py")


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def combine(parts: Mapping[str, str]) -> str:
    """One key from named parts, independent of their order."""
    return digest(json.dumps(dict(parts), sort_keys=True).encode())


def table_paths(claim: str) -> dict[str, Path]:
    """The embedded tables that a claim reads; the large ones are compressed (``data.tables.table_path``)."""
    small = {name: SNAPSHOT / f"{name}.csv" for name in CLAIMS[claim].tables}
    return {name: path if path.is_file() else path.with_suffix(".csv.gz") for name, path in small.items()}


def fact_paths() -> dict[str, Path]:
    """The small embedded tables that the paper shows as they are, by file name."""
    names = sorted({name for entry in CLAIMS.values() for name in entry.facts})
    return {f"{name}.csv": SNAPSHOT / f"{name}.csv" for name in names}


def fit_parts(claim: str, given: Given) -> dict[str, str]:
    """What a claim's fits depend on, each with its digest: code, tables (decompressed), versions, what was given.

    Choices, priors, specifications and the default seed stand in the model file, sampler settings in
    ``inference/fit.py``.
    """
    entry = CLAIMS[claim]
    module = entry.module.replace(".", "/") + ".py"
    files = [module, *entry.blocks, "models/_claim.py", "inference/fit.py", "inference/density.py", "requirements.lock"]
    parts = {name: digest((ROOT / name).read_bytes()) for name in files}
    parts |= {f"table {name}": digest(read_bytes(path)) for name, path in table_paths(claim).items()}
    for name, path in given.tables.items():
        if name in entry.tables:  # beside the embedded one, which resolves the blanks of models
            parts[f"own table of {name}"] = digest(read_bytes(path))
            parts |= {reader: digest((ROOT / reader).read_bytes()) for reader in OWN_READERS}
    if given.priors is not None:
        parts["own priors"] = digest(read_bytes(given.priors))
    return parts | {"seed": "the model's" if given.seed is None else str(given.seed)}


def affected(given: Given) -> list[str]:
    """The claims that what was given concerns: those that read a given table; all, if none was given."""
    return [claim for claim, entry in CLAIMS.items() if not given.tables or set(given.tables) & set(entry.tables)]


def fit_key(parts: Mapping[str, str], spec: str) -> str:
    """The key of one fit: the claim's parts and the name of the specification."""
    return combine({**parts, "specification": spec})


def output_parts(fits: Iterable[str]) -> dict[str, str]:
    """What estimates, figures and paper depend on: the fits, and everything that draws or writes."""
    parts = {"fits": combine(dict.fromkeys(fits, ""))}
    parts |= {f"facts {name}": digest(path.read_bytes()) for name, path in fact_paths().items()}
    parts |= {path.name: digest(path.read_bytes()) for path in (PEERS,) if path.is_file()}
    for folder in ("inference", "figures", "paper"):
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT)
            skipped = "published" in inside.parts or "__pycache__" in inside.parts or inside.name.startswith(".")
            if path.is_file() and not skipped and path.suffix != ".part":
                parts[str(inside)] = digest(path.read_bytes())
    return parts


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Names of the parts that differ."""
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
