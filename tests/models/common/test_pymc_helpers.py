"""Data of a model: the same numbers, that others can replace. Binomial counts, some of what they show mistaken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from pytensor.graph import rewrite_graph
from scipy.special import comb, expit, log_expit
from scipy.stats import binom

from models.common.pymc_helpers import add_binomial_with_false_positives, add_data, add_hyperparameters


def dataset(cells: int = 5) -> xr.Dataset:
    rng = np.random.default_rng(1)
    return xr.Dataset(
        {
            "n": ("cell", rng.integers(1, 9, cells)),
            "at": ("cell", rng.integers(0, 3, cells).astype("int32")),
            "q": ("cell", rng.random(cells)),
            "partly": ("cell", rng.random(cells) > 0.5),
            "table": (("team", "era"), rng.random((2, 3))),
            "switch": ((), 1.0),
        }
    )


def test_variables_keep_their_values_and_are_whole_or_not():
    given = dataset()
    with pm.Model() as model:
        data = add_data(given, ("q", "n", "table", "at", "switch", "partly"))
    assert [variable.name for variable in model.data_vars] == list(data)
    for name, tensor in data.items():
        np.testing.assert_array_equal(tensor.eval(), given[name].to_numpy())
        assert tensor.ndim == given[name].ndim
    assert {name: model.named_vars_to_dims.get(name, ()) for name in data} == {name: given[name].dims for name in data}
    assert tuple(model.coords["cell"]) == tuple(range(5))  # a dim without coordinates: positions
    assert {np.dtype(data[name].dtype).kind for name in ("n", "at")} == {"i"}
    assert {data[name].dtype for name in ("q", "partly", "table", "switch")} == {"float64"}


def test_other_data_of_another_size_take_their_place():
    with pm.Model() as model:
        total = (add_data(dataset(), ("n", "at"))["n"]).sum()
    with pm.Model() as larger:
        add_data(dataset(9), ("n", "at"))
    model["n"].set_value(larger["n"].get_value())
    assert total.eval() == dataset(9)["n"].sum()


@dataclass
class Priors:
    level_sd: float = 2.0
    means: tuple[float, ...] = (1.0, 2.0)
    trend_sd: float = 3.0


def test_hyperparameters_are_one_vector():
    with pm.Model() as model:
        prior = add_hyperparameters(Priors(), ["trend_sd", "level_sd"])
    assert [variable.name for variable in model.data_vars] == ["prior"]
    assert {name: value.eval() for name, value in prior.items()} == {"trend_sd": 3.0, "level_sd": 2.0}
    with pm.Model(), pytest.raises(ValueError, match="inhomogeneous"):
        add_hyperparameters(Priors(), ["trend_sd", "means"])


def noisy_model(odds: Any, n: Any, y: Any, false_positive: Any) -> pm.Model:
    with pm.Model(coords={"cell": np.arange(len(n))}) as model:
        data = [pm.Data(f"d{i}", value, dims="cell") for i, value in enumerate((odds, n, y, false_positive))]
        add_binomial_with_false_positives("y_obs", *data)
    return model


def test_counts_with_false_positives_are_binomial():
    """But for constants of the data: the coefficient, and what each observation without the event costs at least."""
    rng = np.random.default_rng(1)
    log_odds, n = rng.normal(0, 2, 40), rng.integers(1, 30, 40)
    y = rng.integers(0, n + 1)
    y[:2] = [0, n[1]]
    for q in (np.zeros(40), np.full(40, 0.1), rng.uniform(0, 0.9, 40)):
        model = noisy_model(np.exp(log_odds), n, y, q)
        found = model.compile_fn(model.logp(sum=False), mode="FAST_COMPILE")({})[0]
        p = expit(log_odds)
        wanted = binom.logpmf(y, n, p + (1 - p) * q)
        np.testing.assert_allclose(found + np.log(comb(n, y)) + (n - y) * np.log1p(-q), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("log_odds", [-30.0, 30.0])
def test_counts_with_false_positives_at_far_log_odds(log_odds: float):
    """Few papers that show it where hardly any has it, few that do not where nearly all have it; as it is sampled."""
    n, y = np.array([1, 40, 40]), np.array([1, 3, 37])
    with pm.Model(coords={"cell": range(3)}) as model:
        x = pm.Flat("x", dims="cell")
        add_binomial_with_false_positives("y_obs", pt.exp(x), pt.constant(n), pt.constant(y), pt.zeros(3))
    value = model.rvs_to_values[x]
    logp = model.logp(vars=model["y_obs"])
    both = rewrite_graph([logp, pt.grad(logp, value)], include=["canonicalize", "stabilize", "specialize"])
    found, slope = pytensor.function([value], both, mode="FAST_COMPILE")(np.full(3, log_odds))
    wanted = (y * log_expit(log_odds) + (n - y) * log_expit(-log_odds)).sum()
    np.testing.assert_allclose(found, wanted, 1e-9, 1e-11)
    np.testing.assert_allclose(slope, y - n * expit(log_odds), 1e-9, 1e-11)


def test_counts_with_false_positives_are_drawn_with_the_right_mean():
    log_odds, n = np.array([-2.0, 0.0, 1.0, 3.0]), np.array([1, 7, 20, 100])
    q = np.array([0.0, 0.2, 0.3, 0.05])
    model = noisy_model(np.exp(log_odds), n, n * 0, q)
    drawn = pm.draw(model["y_obs"], draws=4000, random_seed=1)
    chance = expit(log_odds) + (1 - expit(log_odds)) * q
    np.testing.assert_allclose(drawn.mean(0), n * chance, atol=5 * np.sqrt(n * chance * (1 - chance) / 4000).max())
    np.testing.assert_allclose(drawn.var(0), n * chance * (1 - chance), rtol=0.15)
