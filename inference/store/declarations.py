"""What claims declare, looked up by name, and what a specification resolves to. No heavy imports."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from inference.sampling.settings import Sampler
from inference.store.overrides import Overrides, read_priors
from models.common.claim import RAW, Specification
from models.registry import CLAIMS


@dataclass(frozen=True)
class Resolved:
    """A specification with everything by value: what is fitted, and what its fingerprint holds."""

    specification: Specification
    choices: Any
    priors: Any
    sampler: Sampler
    seed: int


def import_part(claim: str, name: str) -> ModuleType:
    """Return a module of a claim's package: ``specifications``, ``reporting``, a model."""
    return importlib.import_module(f"models.{claim}.{name}")


def list_tables(claim: str) -> tuple[str, ...]:
    """Return the names of the tables that a claim reads."""
    return tuple(importlib.import_module(f"models.{claim}").TABLES)


def list_facts(claim: str) -> tuple[str, ...]:
    """Return the names of the tables that the paper shows as they are."""
    return tuple(importlib.import_module(f"models.{claim}").FACTS)


def name_module(claim: str, model: str) -> str:
    """Return the name of the module that holds a generative model."""
    return f"models.{claim}.{importlib.import_module(f'models.{claim}').MODELS[model]}"


def list_specifications(claim: str, extended: bool | None = None) -> list[Specification]:
    """Return the specifications of a claim that are fitted: ``extended`` ones, the others, or (None) all."""
    every: tuple[Specification, ...] = import_part(claim, "specifications").SPECIFICATIONS
    return [one for one in every if one.model != RAW and extended in (None, one.extended)]


def list_affected_claims(overrides: Overrides) -> list[str]:
    """Return the claims that a user's tables concern: those that read one of them; all, without tables."""
    given = set(overrides.tables)
    return [claim for claim in CLAIMS if not given or given & set(list_tables(claim))]


def resolve(claim: str, specification: Specification, overrides: Overrides, **choices: Any) -> Resolved:
    """Return what a specification resolves to, with a user's seed and priors.

    ``choices`` are other defaults of ``Choices``: the vintage of a user's models.

    Raises
    ------
    InputError
        If the user's file of priors cannot be read or names what the claim does not have.
    """
    declared = import_part(claim, "specifications")
    priors = declared.PRIORS[specification.model]
    if overrides.priors is not None:
        mine = read_priors(overrides.priors, collect_priors()).get(claim, {}).get(specification.model, {})
        priors = replace(priors, **mine)
    settings = {**declared.SAMPLERS.get(specification.model, {}), **specification.sampler}
    return Resolved(
        specification,
        replace(replace(declared.CHOICES, **choices), **specification.choices),
        replace(priors, **specification.priors),
        Sampler(**settings),
        declared.SEED if overrides.seed is None else overrides.seed,
    )


def collect_priors() -> Mapping[str, Mapping[str, Any]]:
    """Return the default hyper-parameters of every claim and generative model."""
    return {claim: import_part(claim, "specifications").PRIORS for claim in CLAIMS}
