"""The two keys: SHA-256 of bytes, nothing cleverer. No heavy imports, for ``status`` and idle refreshes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.io import read_bytes
from inference.places import ROOT
from models.registry import CLAIMS


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def combine(parts: Mapping[str, str]) -> str:
    """One key from named parts, independent of their order."""
    return digest(json.dumps(dict(parts), sort_keys=True).encode())


def table_paths(claim: str, models: Path | None = None) -> dict[str, Path]:
    """The tables that a claim reads; ``models`` stands in for the snapshot's table of models."""
    paths = {name: ROOT / "data" / "snapshot" / f"{name}.csv.gz" for name in CLAIMS[claim].tables}
    if models is not None and "models" in paths:
        paths["models"] = models
    return paths


def fit_parts(claim: str, tables: Mapping[str, Path], seed: int | None) -> dict[str, str]:
    """What a claim's fits depend on, each with its digest: code, tables (decompressed), versions, seed.

    Choices, priors, specifications and the default seed stand in the model file, sampler settings in
    ``inference/fit.py``.
    """
    entry = CLAIMS[claim]
    module = entry.module.replace(".", "/") + ".py"
    files = [module, *entry.blocks, "models/_claim.py", "inference/fit.py", "requirements.lock"]
    parts = {name: digest((ROOT / name).read_bytes()) for name in files}
    parts |= {f"table {name}": digest(read_bytes(path)) for name, path in tables.items()}
    return parts | {"seed": "the model's" if seed is None else str(seed)}


def fit_key(parts: Mapping[str, str], spec: str) -> str:
    """The key of one fit: the claim's parts and the name of the specification."""
    return combine({**parts, "specification": spec})


def output_parts(fits: Iterable[str]) -> dict[str, str]:
    """What estimates, figures and paper depend on: the fits, and everything that draws or writes."""
    parts = {"fits": combine(dict.fromkeys(fits, ""))}
    for folder in ("inference", "figures", "paper"):
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT)
            skipped = "published" in inside.parts or "__pycache__" in inside.parts
            if path.is_file() and not skipped and path.suffix != ".part":
                parts[str(inside)] = digest(path.read_bytes())
    return parts


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Names of the parts that differ."""
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
