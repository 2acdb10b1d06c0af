"""What a user gives in place of the project's own: a seed, tables, hyper-parameters. No heavy imports."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from data.io import InputError, read_bytes
from models.registry import CLAIMS

OwnPriors = dict[str, dict[str, Any]]
LARGEST = 1e6  # nothing here is measured in millions; beyond, samplers fail in ways of their own


@dataclass(frozen=True)
class Given:
    """Seed, tables and file of hyper-parameters that a user gave; nothing given is the project's own run."""

    seed: int | None = None
    models: Path | None = None
    priors: Path | None = None
    papers: Path | None = None

    @property
    def own(self) -> bool:
        """Whether anything was given."""
        return self != Given()

    @property
    def folder(self) -> str:
        """A folder name for the results, another for other inputs: ``models-my-1a2b3c_priors-my-4d5e6f_seed-4``."""
        parts = []
        for kind, path in self._paths().items():
            if path is not None:  # files of one name in two folders are two
                place = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:6]
                parts.append(f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', path.stem).strip('-')}-{place}")
        return "_".join([*parts, *([] if self.seed is None else [f"seed-{self.seed}"])])

    def note(self) -> dict[str, Any]:
        """As it is stored beside the fits, with whole paths."""
        return {"seed": self.seed} | {k: None if v is None else str(v.resolve()) for k, v in self._paths().items()}

    def _paths(self) -> dict[str, Path | None]:
        return {"models": self.models, "papers": self.papers, "priors": self.priors}

    @property
    def tables(self) -> dict[str, Path]:
        """The tables that were given, by name."""
        given = {"models": self.models, "papers": self.papers}
        return {name: path for name, path in given.items() if path is not None}

    @classmethod
    def from_note(cls, note: object) -> Given:
        """What ``note`` gave; nothing, where that is damaged."""
        if not isinstance(note, dict):
            return cls()
        paths = {name: Path(note[name]) for name in ("models", "priors", "papers") if note.get(name)}
        return cls(note.get("seed"), **paths)

    def names(self) -> dict[str, Any]:
        """As estimates.json says it: file names without folders."""
        return {"seed": self.seed} | {k: None if v is None else v.name for k, v in self._paths().items()}


def read_own_priors(path: Path) -> OwnPriors:
    """Read hyper-parameters from TOML: a table a claim, a line for each field of its ``Priors`` that differs.

    Raises
    ------
    InputError
        If the file cannot be read, is not TOML, or names an unknown claim.
    """
    try:
        if path.is_dir():
            raise InputError("this is a folder, a TOML file is needed", path)
        content = tomllib.loads(read_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text", path) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not TOML: {error}", path) from None
    if not content:
        raise InputError("no hyper-parameters in it", path, hint="a table a claim, such as [academic_share]")
    for claim, values in content.items():
        if claim not in CLAIMS or not isinstance(values, dict):
            raise InputError("unknown claim", path, value=claim, hint="a table a claim: " + ", ".join(CLAIMS))
    return content


def _short(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of thousands of digits
        return "a number of thousands of digits"


def with_own(priors: Any, own: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Check a user's hyper-parameters against a claim's ``Priors`` and return them as its fields.

    Raises
    ------
    InputError
        For an unknown name, a value that is not a finite number (or list of as many as the default has), or a scale
        that is not positive.
    """
    known = {field.name: getattr(priors, field.name) for field in fields(priors)}
    out: dict[str, Any] = {}
    for name, value in own.items():
        if name not in known:
            raise InputError("unknown hyper-parameter", path, value=name, hint="known: " + ", ".join(known))
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(x, int | float) and not isinstance(x, bool) and abs(x) <= LARGEST for x in listed):
            raise InputError(f"must be a finite number, up to {LARGEST:g}", path, column=name, value=_short(value))
        wanted = len(known[name]) if isinstance(known[name], tuple) else None
        if (len(listed) if isinstance(value, list) else None) != wanted:
            shape = "one number" if wanted is None else f"a list of {wanted} numbers"
            raise InputError(f"must be {shape}", path, column=name, value=_short(value))
        if name.endswith(("_sd", "_median", "_spread")) and not all(x >= 1 / LARGEST for x in listed):
            problem = f"a scale must be positive, at least {1 / LARGEST:g}"
            raise InputError(problem, path, column=name, value=_short(value))
        out[name] = float(value) if wanted is None else tuple(float(x) for x in listed)
    return out
