"""Declarations of claims for tests: models by name, and all fields in which specifications may differ."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

import xarray as xr

from inference.sampling.compiled import Compiled, Ready
from inference.store.declarations import import_part, name_module
from models.common.claim import RAW, Model, Specification


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
