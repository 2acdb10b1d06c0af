"""What a user gives in place of the project's own: a seed, tables, hyper-parameters. No heavy imports."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.io import read_bytes

UserPriors = dict[str, dict[str, dict[str, Any]]]  # by claim, model and field
LARGEST = 1e6  # nothing here is measured in millions; beyond, samplers fail in ways of their own


@dataclass(frozen=True)
class Overrides:
    """Seed, tables and file of hyper-parameters that a user gave; nothing given is the project's own run."""

    seed: int | None = None
    models: Path | None = None
    priors: Path | None = None
    papers: Path | None = None

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return self != Overrides()

    @property
    def folder(self) -> str:
        """A folder name for the results, another for other inputs: ``models-my-1a2b3c_priors-my-4d5e6f_seed-4``."""
        parts = []
        for kind, path in self._list_paths().items():
            if path is not None:  # files of one name in two folders are two
                place = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:6]
                parts.append(f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', path.stem).strip('-')}-{place}")
        return "_".join([*parts, *([] if self.seed is None else [f"seed-{self.seed}"])])

    def to_metadata(self) -> dict[str, Any]:
        """As it is stored beside the fits, with whole paths."""
        return {"seed": self.seed} | {k: None if v is None else str(v.resolve()) for k, v in self._list_paths().items()}

    def _list_paths(self) -> dict[str, Path | None]:
        return {"models": self.models, "papers": self.papers, "priors": self.priors}

    @property
    def tables(self) -> dict[str, Path]:
        """The tables that were given, by name."""
        given = {"models": self.models, "papers": self.papers}
        return {name: path for name, path in given.items() if path is not None}

    @classmethod
    def from_metadata(cls, metadata: object) -> Overrides:
        """Return what ``as_metadata`` gave; none, where that is damaged."""
        if not isinstance(metadata, dict):
            return cls()
        paths = {name: Path(metadata[name]) for name in ("models", "priors", "papers") if metadata.get(name)}
        return cls(metadata.get("seed"), **paths)

    def list_names(self) -> dict[str, Any]:
        """As estimates.json says it: file names without folders."""
        return {"seed": self.seed} | {k: None if v is None else v.name for k, v in self._list_paths().items()}


def read_priors(path: Path, known: Mapping[str, Mapping[str, Any]]) -> UserPriors:
    """Read hyper-parameters from TOML: a table ``[CLAIM.MODEL]`` a generative model, a line for each field.

    Parameters
    ----------
    path
        The user's file.
    known
        The default hyper-parameters, by claim and model.

    Returns
    -------
    dict
        Values by claim, model and field, as the fields of ``Priors`` take them.

    Raises
    ------
    InputError
        If the file cannot be read or is not TOML; for an unknown claim, model or name, for a value that is not a finite
        number (or list of as many as the default has), for a scale that is not positive. Hyper-parameters under
        ``[CLAIM]`` alone, as they once stood, are refused with the table that they belong to.
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
        raise InputError("no hyper-parameters in it", path, hint=_suggest_tables(known))
    out: UserPriors = {}
    for claim, models in content.items():
        if claim not in known or not isinstance(models, dict):
            raise InputError("unknown claim", path, value=claim, hint=_suggest_tables(known))
        out[claim] = {}
        for model, values in models.items():
            if not isinstance(values, dict):
                problem = "a hyper-parameter must stand in the table of its generative model"
                hint = _suggest_place(claim, model, known)
                raise InputError(problem, path, column=f"{claim}.{model}", value=_shorten(values), hint=hint)
            if model not in known[claim]:
                hint = _suggest_tables({claim: known[claim]})
                raise InputError("unknown generative model", path, value=f"{claim}.{model}", hint=hint)
            out[claim][model] = _check_priors(known[claim][model], values, path)
    return out


def _suggest_tables(known: Mapping[str, Mapping[str, Any]]) -> str:
    tables = ", ".join(f"[{claim}.{model}]" for claim, models in known.items() for model in models)
    return f"a table a generative model: {tables}"


def _suggest_place(claim: str, name: str, known: Mapping[str, Mapping[str, Any]]) -> str:
    """Where a name that stands under [CLAIM] belongs: the tables of the models that have such a field."""
    having = [m for m, priors in known[claim].items() if name in (field.name for field in fields(priors))]
    if not having:
        return _suggest_tables({claim: known[claim]})
    return "write it under " + " or ".join(f"[{claim}.{model}]" for model in having)


def _check_priors(priors: Any, values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    known = {field.name: getattr(priors, field.name) for field in fields(priors)}
    out: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise InputError("unknown hyper-parameter", path, value=name, hint="known: " + ", ".join(known))
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(x, int | float) and not isinstance(x, bool) and abs(x) <= LARGEST for x in listed):
            raise InputError(f"must be a finite number, up to {LARGEST:g}", path, column=name, value=_shorten(value))
        wanted = len(known[name]) if isinstance(known[name], tuple) else None
        if (len(listed) if isinstance(value, list) else None) != wanted:
            shape = "one number" if wanted is None else f"a list of {wanted} numbers"
            raise InputError(f"must be {shape}", path, column=name, value=_shorten(value))
        if name.endswith(("_sd", "_median", "_spread")) and not all(x >= 1 / LARGEST for x in listed):
            problem = f"a scale must be positive, at least {1 / LARGEST:g}"
            raise InputError(problem, path, column=name, value=_shorten(value))
        out[name] = float(value) if wanted is None else tuple(float(x) for x in listed)
    return out


def _shorten(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of thousands of digits
        return "a number of thousands of digits"
