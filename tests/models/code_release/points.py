"""Values and log-likelihood of a model at a random point, and these values as one draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import xarray as xr

Values = np.ndarray[Any, Any]


def evaluate_at_random(model: pm.Model, names: list[str], seed: int) -> tuple[dict[str, Values], float]:
    """Return values of these variables and the log-likelihood at a random point of the unconstrained space."""
    rng = np.random.default_rng(seed)
    free = {name: rng.normal(0, 0.5, np.shape(value)) for name, value in model.initial_point().items()}
    wanted = model.replace_rvs_by_values([model[name] for name in names])
    density = model.logp(vars=model.observed_RVs, sum=True)
    options = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}
    *values, found = model.compile_fn([*wanted, density], inputs=model.value_vars, **options)(free)
    return dict(zip(names, values, strict=True)), float(found)


def make_draw(values: dict[str, Values], model: pm.Model) -> xr.Dataset:
    """Return these values as one draw with the model's dims."""
    coords = {dim: list(model.coords[dim]) for name in values for dim in model.named_vars_to_dims.get(name, ())}
    lead = {
        name: (("chain", "draw", *model.named_vars_to_dims.get(name, ())), value[None, None])
        for name, value in values.items()
    }
    return xr.Dataset(lead, coords | {"chain": [0], "draw": [0]})
