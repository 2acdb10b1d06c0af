"""Building blocks of PyMC models: replaceable data and hyper-parameters, offsets, tables of odds, binomial counts."""

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
"""For ``pm.Model``: transforms keep every parameter within its bounds, and ``prepare`` every count. Checks at each step
are a fifth of the compilation."""

INFORMATION = 0.2  # Fisher information of one paper about a log-odds: p (1 - p), for shares around 0.7


def add_data(dataset: xr.Dataset, names: Iterable[str]) -> dict[str, pt.TensorVariable]:
    """Add variables of a dataset to the model in context as ``pm.Data`` with dims.

    One compiled model then serves any values of the data. A dim without coordinates gets the integers from 0.

    Parameters
    ----------
    dataset
        As ``prepare`` returns it.
    names
        Names of numeric variables, of any dims.

    Returns
    -------
    dict
        Name to ``pm.Data`` of the variable's shape: integers as int64, other numbers as float64.
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
    """Add hyper-parameters to the model in context as data, so that one compiled model serves any values of them.

    They are entries of one vector, ``prior``, so a hyper-parameter may share the name of the parameter whose prior it
    sets.

    Parameters
    ----------
    priors
        Dataclass of hyper-parameters.
    names
        Fields that the model uses.

    Returns
    -------
    dict
        Name to a scalar.
    """
    names = tuple(names)
    vector = pm.Data("prior", np.array([getattr(priors, name) for name in names], float))
    return {name: vector[i] for i, name in enumerate(names)}


def shifted_normal(name: str, mu: Any, sigma: Any, offset: Any, dims: str | tuple[str, ...]) -> pt.TensorVariable:
    """Add Normal(mu, sigma), sampled after subtracting an offset that decorrelates it from other parameters.

    The map from the sampled variable to the effect has a unit Jacobian, so the posterior is unchanged (compare
    Papaspiliopoulos, Roberts and Skold 2007, Statistical Science 22:59, on parametrisations that decorrelate).

    Parameters
    ----------
    name
        Name of the effect. The sampler moves in ``{name}_shifted``.
    mu, sigma
        Mean and sd of the effect.
    offset
        Tensor that broadcasts to the effect: a function of other parameters and of data.
    dims
        Dims of the effect.

    Returns
    -------
    pytensor.tensor.TensorVariable
        The effect itself, a deterministic.
    """
    shifted = pm.Normal(f"{name}_shifted", mu - offset, sigma, dims=dims)
    return pm.Deterministic(name, shifted + offset, dims=dims)


def partly_centred_normal(name: str, mu: Any, sigma: Any, centring: Any, dims: str) -> pt.TensorVariable:
    """Add Normal(mu, sigma) in a partly centred parametrisation: its distribution is the same for any ``centring``.

    effect = mu + sigma^(1 - w) (raw - w mu) with raw ~ Normal(w mu, sigma^w); w = 1 is centred, w = 0 non-centred. If
    some groups have one paper and others thousands, neither w = 0 nor w = 1 samples well for all (Papaspiliopoulos,
    Roberts and Skold 2007, Statistical Science 22:59; Gorinova, Moore and Hoffman 2020, ICML).

    Parameters
    ----------
    name
        Name of the effect, a deterministic. The sampler moves in ``{name}_raw``.
    mu, sigma
        Mean and sd of the effect.
    centring
        w, between 0 and 1, of each effect: see ``compute_centring``.
    dims
        Dim of the effect.
    """
    raw = pm.Normal(f"{name}_raw", centring * mu, sigma**centring, dims=dims)
    return pm.Deterministic(name, mu + sigma ** (1 - centring) * (raw - centring * mu), dims=dims)


def compute_centring(papers: Floats, sigma: float) -> Floats:
    """Compute w = information / (information + 1 / sigma^2) for effects in log-odds, from their numbers of papers.

    Parameters
    ----------
    papers
        Number of papers that inform each effect.
    sigma
        Typical sd of the effects, log-odds: the median of its prior.
    """
    information = INFORMATION * papers
    return np.asarray(information / (information + sigma**-2))


def gather(table: Any, idx: Any) -> Any:
    """Return entries of the last axis of a tensor or an array: (..., level) to (..., *idx.shape).

    The index is flattened first, because pytensor's gradient of a two-dimensional index is slow.
    """
    leading = tuple(table.shape[i] for i in range(table.ndim - 1))
    return table[..., idx.flatten()].reshape((*leading, *(idx.shape[i] for i in range(idx.ndim))))


def multiply_odds(*terms: tuple[pt.TensorVariable, pt.TensorVariable]) -> pt.TensorVariable:
    """Return the odds of cells whose log-odds are sums of entries of small tables, one entry of each table.

    exp(a + b) = exp(a) exp(b), so the odds are unchanged. The exponentials are those of the tables' entries, of which
    there are fewer than cells. This halves the cost of the gradient of a model with thousands of cells, about.

    Parameters
    ----------
    terms
        Table of log-odds, of any dims, and index of each cell in the flattened table, (cell,).
    """
    odds, *others = (pt.exp(table).flatten()[idx] for table, idx in terms)
    for factor in others:
        odds = odds * factor
    return odds


def add_binomial(
    name: str, probability: pt.TensorVariable, trials: pt.TensorVariable, observed: pt.TensorVariable
) -> pt.TensorVariable:
    """Add binomial counts by ``cell``, without the binomial coefficient, a constant that costs more than the rest.

    Parameters
    ----------
    name
        Name of the observed variable.
    probability
        (cell,), probability of the event.
    trials, observed
        (cell,), papers, and papers with the event.
    """

    def logp(value: pt.TensorVariable, probability: pt.TensorVariable, trials: pt.TensorVariable) -> pt.TensorVariable:
        # log(1 - probability), written so that pytensor does not rewrite it as log1p(-probability), which is slower.
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
    r"""Add binomial counts by ``cell`` of observations with full sensitivity and a known rate of false positives.

    Let p = odds / (1 + odds) be the probability of the event. An observation shows the event with probability

        p + (1 - p) * false_positive

    (Rogan and Gladen 1978, American Journal of Epidemiology 107:71). The log density omits two terms that depend on the
    data alone and cost time at every step: the binomial coefficient, and log(1 - false_positive) of each observation
    that does not show the event.

    Parameters
    ----------
    name
        Name of the observed variable.
    odds
        (cell,), odds of the event.
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
        # log(1 + odds), written so that pytensor does not rewrite it as log1p(odds), which is slower.
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
