"""The declarations of the claims, looked up by name, and resolved specifications. No heavy imports."""

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

NONE = Overrides()
# Of power-scaling, for prior and likelihood; prior alone above it: strong prior or weak likelihood.
PRIOR_SENSITIVE = 0.05
type PriorGroups = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


@dataclass(frozen=True)
class Resolved:
    """A specification with all settings by value: the input of a fit and of its fingerprint."""

    specification: Specification
    choices: Any
    priors: Any
    sampler: Sampler
    seed: int


def import_part(claim: str, name: str) -> ModuleType:
    """Import a module of a claim's package: ``specifications``, ``reporting`` or a model."""
    return importlib.import_module(f"models.{claim}.{name}")


def list_tables(claim: str) -> tuple[str, ...]:
    """Return the names of the tables that a claim reads."""
    return tuple(importlib.import_module(f"models.{claim}").TABLES)


def list_facts(claim: str) -> tuple[str, ...]:
    """Return the names of the tables that the paper prints unchanged."""
    return tuple(importlib.import_module(f"models.{claim}").FACTS)


def name_module(claim: str, model: str) -> str:
    """Return the name of the module that holds a generative model."""
    return f"models.{claim}.{importlib.import_module(f'models.{claim}').MODELS[model]}"


def list_specifications(claim: str, extended: bool | None = None, overrides: Overrides = NONE) -> list[Specification]:
    """Return the specifications of a claim that are fitted.

    ``extended`` selects the extended specifications (True), the others (False) or all (None). Those with ``user_only``
    are fitted only if the claim reads one of the user's tables.
    """
    every: tuple[Specification, ...] = import_part(claim, "specifications").SPECIFICATIONS
    has_own = bool(set(overrides.tables) & set(list_tables(claim)))
    return [
        one for one in every
        if one.model != RAW and extended in (None, one.extended) and (has_own or not one.user_only)
    ]  # fmt: skip


def list_prior_groups(claim: str, model: str) -> PriorGroups:
    """Return the declared groups of a model's top-level priors; empty if the claim declares none.

    Each group has a name, the hyper-parameters that its named priors scale, and the parameters whose priors are
    power-scaled together. Without groups, every top-level parameter is a group of its own.
    """
    declared: Mapping[str, PriorGroups] = getattr(import_part(claim, "specifications"), "PRIOR_GROUPS", {})
    return declared.get(model, {})


def list_affected_claims(overrides: Overrides) -> list[str]:
    """Return the claims that read one of the user's tables; all claims if the user gave no table."""
    overridden = set(overrides.tables)
    return [claim for claim in CLAIMS if not overridden or overridden & set(list_tables(claim))]


def resolve(claim: str, specification: Specification, overrides: Overrides, **choices: Any) -> Resolved:
    """Resolve a specification, with the user's seed and hyper-parameters if there are any.

    ``choices`` replace defaults of ``Choices``, for example the vintage of a user's table of models.

    Raises
    ------
    InputError
        If the user's file of hyper-parameters cannot be read or contains an unknown name.
    """
    declared = import_part(claim, "specifications")
    priors = declared.PRIORS[specification.model]
    if overrides.priors is not None:
        values = read_priors(overrides.priors, collect_priors()).get(claim, {}).get(specification.model, {})
        priors = replace(priors, **values)
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
