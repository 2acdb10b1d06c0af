"""Declarations of claims for tests: models by name, and all fields in which specifications may differ."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from typing import Any

import xarray as xr

from inference.sampling.compiled import Compiled, Ready
from inference.store.declarations import import_part, name_module
from models.common.claim import RAW, Headline, Model, Published, Specification


def models_of(claim: str) -> dict[str, Model]:
    """Return the generative models of a claim by name."""
    names = importlib.import_module(f"models.{claim}").MODELS
    return {name: importlib.import_module(name_module(claim, name)).MODEL for name in names}


def fields_of(claim: str, specification: Specification) -> dict[str, Any]:
    """Return the model, all choices and all hyper-parameters; hyper-parameters of other models have their defaults."""
    declared = import_part(claim, "specifications")
    choices = dataclasses.replace(declared.CHOICES, **specification.choices)
    priors = {name: value for each in declared.PRIORS.values() for name, value in dataclasses.asdict(each).items()}
    if specification.model != RAW:
        priors |= dataclasses.asdict(dataclasses.replace(declared.PRIORS[specification.model], **specification.priors))
    fields = {f"choices.{name}": value for name, value in dataclasses.asdict(choices).items()}
    fields |= {f"priors.{name}": value for name, value in priors.items()}
    return fields | {"model": specification.model}


def ready_for(compiled: Compiled, model: Model, dataset: xr.Dataset, priors: Any) -> Ready:
    """Return the compiled model with these data, under the name that ``fit`` uses."""
    return compiled.get(model.build(dataset, priors), f"{model.build.__module__}.{model.build.__qualname__}")


def find_role_faults(
    specifications: Sequence[Specification], headlines: Sequence[Headline], published: Sequence[Published]
) -> list[str]:
    """List inconsistencies in what specifications declare for the robustness of the headlines."""
    by_name = {one.name: one for one in specifications}
    mains = {one.name for one in specifications if one.role == "main"}
    estimands = {headline.estimand for headline in headlines}
    faults = []
    for one in specifications:
        faults += [f"{one.name}: {name} is no headline" for name in one.same_quantity if name not in estimands]
        if one.kind == "prior" and one.priors and one.role != "defensible":
            faults.append(f"{one.name}: a named prior is defensible")
        if one.role == "main" and one.compared_with != one.name:
            faults.append(f"{one.name}: a main fit is compared with itself")
        if one.role == "separate":
            faults += [f"{one.name}: separate, but the same quantity as {name}" for name in one.same_quantity]
        if one.role in ("defensible", "bound"):
            if one.compared_with not in mains:
                faults.append(f"{one.name}: compared with {one.compared_with}, which is no main fit")
            if not one.same_quantity:
                faults.append(f"{one.name}: {one.role}, but of no headline")
        for known in published:
            apart = [name in known.not_comparable_in for name in (one.name, one.compared_with)]
            if known.estimand in one.same_quantity and apart[0] and not apart[1]:
                faults.append(f"{one.name}: {known.estimand} is not comparable there, and is in {one.compared_with}")
    for headline in headlines:
        own = by_name.get(headline.spec)
        label = f"headline {headline.spec}/{headline.estimand}"
        if own is None:
            faults.append(f"{label}: no such specification")
        elif own.role != "main" and headline.estimand not in own.same_quantity:
            faults.append(f"{label}: neither of a main fit nor the same quantity")
    return faults
