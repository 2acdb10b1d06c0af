"""Pieces of PyMC models: data and hyper-parameters that other values can replace, and binomials without coefficient."""

from __future__ import annotations

from collections.abc import Iterable
from math import log
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.common.cells import Floats, Ints

CHECK_BOUNDS = False
"""For ``pm.Model``: transforms keep every parameter within its bounds, and ``prepare`` every count. Checked at each
step, bounds are a fifth of the compilation."""


def add_data(dataset: xr.Dataset, names: Iterable[str]) -> dict[str, pt.TensorVariable]:
    """Add variables of a dataset to the model in context as ``pm.Data`` with dims.

    One compiled model then serves any values of them. A dim without coordinates gets positions.

    Parameters
    ----------
    dataset
        As ``prepare`` returns it.
    names
        Of its variables: numbers of any dims.

    Returns
    -------
    dict
        Name to ``pm.Data``, of the variable's shape: integers as int64, other numbers as float64.
    """
    model = pm.modelcontext(None)
    out: dict[str, pt.TensorVariable] = {}
    for name in names:
        variable = dataset[name]
        for dim in variable.dims:
            if dim not in model.coords:
                model.add_coord(str(dim), np.arange(variable.sizes[dim]))
        dtype = np.int64 if np.issubdtype(variable.dtype, np.integer) else np.float64
        out[name] = pm.Data(name, variable.to_numpy().astype(dtype), dims=variable.dims or None)
    return out


def add_hyperparameters(priors: Any, names: Iterable[str]) -> dict[str, pt.TensorVariable]:
    """Hyper-parameters of the model in context, by name: data, so that one compiled model serves any values of them.

    One vector ``prior``: a hyper-parameter has at times the name of the parameter whose prior it sets.
    """
    names = tuple(names)
    vector = pm.Data("prior", np.array([getattr(priors, name) for name in names], float))
    return {name: vector[i] for i, name in enumerate(names)}


def add_binomial(
    name: str, probability: pt.TensorVariable, trials: pt.TensorVariable, observed: pt.TensorVariable
) -> pt.TensorVariable:
    """Binomial counts, dim ``cell``, without their coefficient: a constant, and dearer than all the rest.

    Parameters
    ----------
    name
        Of the observed variable.
    probability
        (cell,), of the event.
    trials, observed
        (cell,), papers, and papers with the event.
    """

    def logp(value: pt.TensorVariable, probability: pt.TensorVariable, trials: pt.TensorVariable) -> pt.TensorVariable:
        # log(1 - probability), written so that pytensor does not make it log1p(-probability), which is slower.
        return value * pt.log(probability) + (trials - value) * (pt.log(0.5 - 0.5 * probability) + log(2))

    def random(probability: Floats, trials: Ints, rng: np.random.Generator | None = None, size: Any = None) -> Ints:
        assert rng is not None
        out: Ints = rng.binomial(trials.astype(np.int64), np.clip(probability, 0, 1), size=size)
        return out

    out: pt.TensorVariable = pm.CustomDist(
        name, probability, trials, logp=logp, random=random, observed=observed, dims="cell", dtype="int64"
    )
    return out


def add_binomial_with_false_positives(
    name: str,
    odds: pt.TensorVariable,
    trials: pt.TensorVariable,
    observed: pt.TensorVariable,
    false_positive: pt.TensorVariable,
) -> pt.TensorVariable:
    r"""Binomial counts of an event that is always seen, and at times where it is not, dim ``cell``.

    With p = odds / (1 + odds) the probability of the event, an observation shows it with probability

        p + (1 - p) * false_positive

    (Rogan and Gladen 1978, American Journal of Epidemiology 107:71). Constants of the data are left out of the log
    density, which cost time at every step and change nothing: the binomial coefficient, and log(1 - false_positive) of
    each observation that does not show the event.

    Parameters
    ----------
    name
        Of the observed variable.
    odds
        (cell,), of the event itself.
    trials, observed
        (cell,), papers, and papers that show the event.
    false_positive
        (cell,), probabilities.
    """

    def logp(
        value: pt.TensorVariable,
        odds: pt.TensorVariable,
        trials: pt.TensorVariable,
        false_positive: pt.TensorVariable,
    ) -> pt.TensorVariable:
        # log(1 + odds), written so that pytensor does not make it log1p(odds), which is slower.
        return value * pt.log(odds + false_positive) - trials * (pt.log(0.5 + 0.5 * odds) + log(2))

    def random(
        odds: Floats,
        trials: Ints,
        false_positive: Floats,
        rng: np.random.Generator | None = None,
        size: Any = None,
    ) -> Ints:
        assert rng is not None
        chance = np.clip(1 - (1 - false_positive) / (1 + odds), 0, 1)
        return np.asarray(rng.binomial(trials.astype(np.int64), chance, size=size))

    out: pt.TensorVariable = pm.CustomDist(
        name, odds, trials, false_positive, logp=logp, random=random, observed=observed, dims="cell", dtype="int64"
    )
    return out
