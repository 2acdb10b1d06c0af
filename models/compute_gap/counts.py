"""Multinomial counts, without the multinomial coefficient: a constant that costs more than the rest of the density."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from models.common.cells import Ints


def add_multinomial(name: str, probability: Any, observed: Any, dims: tuple[str, ...]) -> pt.TensorVariable:
    """Add multinomial counts to the model in context; the posterior is that of ``pm.Multinomial``.

    Parameters
    ----------
    name
        Name of the observed variable.
    probability
        (..., event), probabilities that sum to one over the last dim.
    observed
        (..., event), counts. Their sums are the numbers of trials.
    dims
        Dims of the counts; that of the events is the last.
    """

    def logp(value: Any, probability: Any, trials: Any) -> Any:
        # An event that is never observed adds nothing, even if its probability is 0.
        return pt.switch(pt.gt(value, 0), value * pt.log(pt.maximum(probability, 1e-300)), 0.0).sum(axis=-1)

    def random(probability: Any, trials: Any, rng: np.random.Generator | None = None, size: Any = None) -> Ints:
        assert rng is not None
        chance = probability / probability.sum(axis=-1, keepdims=True)
        out: Ints = rng.multinomial(np.asarray(trials, np.int64), chance, size=size)
        return out

    out: pt.TensorVariable = pm.CustomDist(
        name, probability, observed.sum(axis=-1), logp=logp, random=random, signature="(e),()->(e)",
        observed=observed, dims=dims, dtype="int64",
    )  # fmt: skip
    return out
