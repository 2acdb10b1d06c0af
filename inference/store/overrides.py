"""User overrides of the project's defaults: a seed, tables, hyper-parameters. No heavy imports."""

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
LARGEST = 1e6  # no hyper-parameter is of this order; beyond it, samplers fail in obscure ways
SCALES = ("_sd", "_median")  # hyper-parameters with these endings must be positive
# Former names of hyper-parameters, by table of the user's file; they are refused with the present name as a hint.
RENAMED: dict[str, dict[str, str]] = {
    "academic_share.shares": {"level_mean": "intercept_mean", "level_sd": "intercept_sd"},
    "academic_share.upper_tail": {
        "level_mean": "intercept_mean",
        "level_sd": "intercept_sd",
        "spread_median": "sd_median",
        "spread_sd": "sd_log_sd",
        "spread_sector_sd": "sd_sector_log_sd",
    },
    "code_release.release": {
        "level_mean": "intercept_mean",
        "level_sd": "intercept_sd",
        "venue_sd_spread": "venue_log_sd",
        "willing_mean": "ceiling_mean",
        "willing_sd": "ceiling_sd",
    },
    "topic_compute.contrast": {
        "level_mean": "intercept_mean",
        "level_sd": "intercept_sd",
        "pair_sd": "topic_venue_sd",
        "sd_spread": "sd_log_sd",
    },
    "topic_compute.topic_year": {
        "level_mean": "intercept_mean",
        "level_sd": "intercept_sd",
        "term_level_mean": "term_intercept_mean",
        "term_level_sd": "term_intercept_sd",
        "sd_spread": "sd_log_sd",
    },
}


@dataclass(frozen=True)
class Overrides:
    """The seed, tables and file of hyper-parameters that a user gave; all None in the project's own run.

    ``decimal`` is the decimal sign of the numbers in the user's tables (``data.numbers``).
    """

    seed: int | None = None
    models: Path | None = None
    priors: Path | None = None
    papers: Path | None = None
    decimal: str | None = None

    @property
    def any(self) -> bool:
        """Whether the user overrides anything."""
        return self != Overrides()

    @property
    def folder(self) -> str:
        """A name for the folder of results, unique to the inputs: ``models-my-1a2b3c_priors-my-4d5e6f_seed-4``."""
        parts = []
        for name, path in self._list_paths().items():
            if path is not None:  # the digest distinguishes files of the same name in different folders
                checksum = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:6]
                parts.append(f"{name}-{re.sub(r'[^A-Za-z0-9]+', '-', path.stem).strip('-')}-{checksum}")
        parts += [] if self.decimal is None else [f"decimal-{'comma' if self.decimal == ',' else 'point'}"]
        return "_".join([*parts, *([] if self.seed is None else [f"seed-{self.seed}"])])

    def to_metadata(self) -> dict[str, Any]:
        """Return the overrides as stored with the fits: with absolute paths."""
        paths = {name: None if path is None else str(path.resolve()) for name, path in self._list_paths().items()}
        return {"seed": self.seed} | paths | self._list_decimal()

    def _list_decimal(self) -> dict[str, Any]:
        return {} if self.decimal is None else {"decimal": self.decimal}

    def _list_paths(self) -> dict[str, Path | None]:
        return {"models": self.models, "papers": self.papers, "priors": self.priors}

    @property
    def tables(self) -> dict[str, Path]:
        """The user's tables, by name."""
        tables = {"models": self.models, "papers": self.papers}
        return {name: path for name, path in tables.items() if path is not None}

    @classmethod
    def from_metadata(cls, metadata: object) -> Overrides:
        """Restore the overrides from ``to_metadata``; without any overrides if the metadata are damaged."""
        if not isinstance(metadata, dict):
            return cls()
        paths = {name: Path(metadata[name]) for name in ("models", "priors", "papers") if metadata.get(name)}
        return cls(metadata.get("seed"), **paths, decimal=metadata.get("decimal"))

    def list_names(self) -> dict[str, Any]:
        """Return the overrides as in estimates.json: file names without folders."""
        names = {name: None if path is None else path.name for name, path in self._list_paths().items()}
        return {"seed": self.seed} | names | self._list_decimal()


def read_priors(path: Path, known: Mapping[str, Mapping[str, Any]]) -> UserPriors:
    """Read hyper-parameters from TOML: one table ``[CLAIM.MODEL]`` per generative model, one line per field.

    Parameters
    ----------
    path
        The user's file.
    known
        The default hyper-parameters, by claim and model.

    Returns
    -------
    dict
        Values by claim, model and field, of the types of the fields.

    Raises
    ------
    InputError
        If the file cannot be read or is not TOML; for an unknown claim, model or name; for a value that is not a finite
        number (or a list as long as the default); for a scale that is not positive. A former name is refused with its
        present name as a hint, and a hyper-parameter under ``[CLAIM]`` alone with the table that it belongs in.
    """
    try:
        if path.is_dir():
            raise InputError("this is a folder, not a TOML file", path)
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
                problem = "a hyper-parameter belongs in the table of its generative model"
                hint = _suggest_table(claim, model, known)
                raise InputError(problem, path, column=f"{claim}.{model}", value=_shorten(values), hint=hint)
            if model not in known[claim]:
                hint = _suggest_tables({claim: known[claim]})
                raise InputError("unknown generative model", path, value=f"{claim}.{model}", hint=hint)
            out[claim][model] = _check_priors(f"{claim}.{model}", known[claim][model], values, path)
    return out


def _suggest_tables(known: Mapping[str, Mapping[str, Any]]) -> str:
    tables = ", ".join(f"[{claim}.{model}]" for claim, models in known.items() for model in models)
    return f"one table per generative model: {tables}"


def _suggest_table(claim: str, name: str, known: Mapping[str, Mapping[str, Any]]) -> str:
    """Suggest where a name under [CLAIM] belongs: the tables of the models that have, or had, such a field."""
    tables = {f"{claim}.{model}": priors for model, priors in known[claim].items()}
    having = [
        table
        for table, priors in tables.items()
        if name in RENAMED.get(table, {}) or name in (field.name for field in fields(priors))
    ]
    if not having:
        return _suggest_tables({claim: known[claim]})
    return "write it under " + " or ".join(f"[{table}]" for table in having)


def _check_priors(table: str, priors: Any, values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    renamed = RENAMED.get(table, {})
    known = {field.name: getattr(priors, field.name) for field in fields(priors)}
    out: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            hint = f"it is now called {renamed[name]}" if name in renamed else "known: " + ", ".join(known)
            raise InputError("unknown hyper-parameter", path, value=name, hint=hint)
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(x, int | float) and not isinstance(x, bool) and abs(x) <= LARGEST for x in listed):
            raise InputError(f"must be a finite number, up to {LARGEST:g}", path, column=name, value=_shorten(value))
        wanted = len(known[name]) if isinstance(known[name], tuple) else None
        if (len(listed) if isinstance(value, list) else None) != wanted:
            shape = "one number" if wanted is None else f"a list of {wanted} numbers"
            raise InputError(f"must be {shape}", path, column=name, value=_shorten(value))
        if name.endswith(SCALES) and not all(x >= 1 / LARGEST for x in listed):
            problem = f"a scale must be positive, at least {1 / LARGEST:g}"
            raise InputError(problem, path, column=name, value=_shorten(value))
        out[name] = float(value) if wanted is None else tuple(float(x) for x in listed)
    return out


def _shorten(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to print an integer of thousands of digits
        return "a number of thousands of digits"
