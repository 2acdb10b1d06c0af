"""Pieces of PyMC models: replaceable data, parametrisations of normal effects, tables of odds, and binomial counts."""

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
from scipy.stats import binom, norm

from models.common.pymc_helpers import (
    add_binomial,
    add_binomial_with_false_positives,
    add_data,
    add_hyperparameters,
    compute_centring,
    gather,
    multiply_odds,
    partly_centred_normal,
    shifted_normal,
)
from tests.models.small_models import AS_WRITTEN


def make_dataset(cells: int = 5) -> xr.Dataset:
    rng = np.random.default_rng(1)
    return xr.Dataset(
        {
            "n": ("cell", rng.integers(1, 9, cells)),
            "level_idx": ("cell", rng.integers(0, 3, cells).astype("int32")),
            "q": ("cell", rng.random(cells)),
            "flag": ("cell", rng.random(cells) > 0.5),
            "table": (("team", "era"), rng.random((2, 3))),
            "switch": ((), 1.0),
        }
    )


def test_data_keep_their_values_and_are_integers_or_floats():
    variables = make_dataset()
    with pm.Model() as model:
        data = add_data(variables, ("q", "n", "table", "level_idx", "switch", "flag"))
    assert [variable.name for variable in model.data_vars] == list(data)
    for name, tensor in data.items():
        np.testing.assert_array_equal(tensor.eval(), variables[name].to_numpy())
        assert tensor.ndim == variables[name].ndim
    assert {name: model.named_vars_to_dims.get(name, ()) for name in data} == {
        name: variables[name].dims for name in data
    }
    assert tuple(model.coords["cell"]) == tuple(range(5))  # a dim without coordinates gets integers from 0
    assert {np.dtype(data[name].dtype).kind for name in ("n", "level_idx")} == {"i"}
    assert {data[name].dtype for name in ("q", "flag", "table", "switch")} == {"float64"}


def test_data_can_be_replaced_by_data_of_another_size():
    with pm.Model() as model:
        total = (add_data(make_dataset(), ("n", "level_idx"))["n"]).sum()
    with pm.Model() as larger:
        add_data(make_dataset(9), ("n", "level_idx"))
    model["n"].set_value(larger["n"].get_value())
    assert total.eval() == make_dataset(9)["n"].sum()


@dataclass
class Priors:
    intercept_sd: float = 2.0
    means: tuple[float, ...] = (1.0, 2.0)
    trend_sd: float = 3.0


def test_hyperparameters_are_one_vector():
    with pm.Model() as model:
        prior = add_hyperparameters(Priors(), ["trend_sd", "intercept_sd"])
    assert [variable.name for variable in model.data_vars] == ["prior"]
    assert {name: value.eval() for name, value in prior.items()} == {"trend_sd": 3.0, "intercept_sd": 2.0}
    with pm.Model(), pytest.raises(ValueError, match="inhomogeneous"):
        add_hyperparameters(Priors(), ["trend_sd", "means"])


# --- tables of log-odds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
@pytest.mark.parametrize("idx", [np.array([3, 0, 0, 1]), np.array([[3, 0, 1], [2, 2, 0]])], ids=["vector", "matrix"])
def test_gather_looks_up_the_last_axis(leading: tuple[int, ...], idx: np.ndarray):
    table = np.random.default_rng(2).normal(size=(*leading, 4))
    wanted = np.empty((*leading, *idx.shape))
    for lead in np.ndindex(leading):
        for position in np.ndindex(idx.shape):
            wanted[(*lead, *position)] = table[(*lead, idx[position])]
    np.testing.assert_array_equal(gather(table, idx), wanted)
    tensors = gather(pt.constant(table), pytensor.shared(idx))
    np.testing.assert_array_equal(tensors.eval(mode=AS_WRITTEN), wanted)
    assert tensors.ndim == wanted.ndim


def test_gather_has_the_gradient_of_the_entries_that_it_takes():
    idx = np.array([[3, 0, 1], [2, 2, 0]])
    weights = np.arange(1.0, 7).reshape(2, 3)
    table = pt.vector("table")
    total = (gather(table, pt.constant(idx)) * weights).sum()
    slope = pytensor.function([table], pt.grad(total, table), mode=AS_WRITTEN)
    wanted = [weights[idx == level].sum() for level in range(5)]
    np.testing.assert_allclose(slope(np.zeros(5)), wanted)


def test_odds_are_those_of_a_sum_of_log_odds():
    rng = np.random.default_rng(3)
    tables = [rng.normal(0, 2, (4,)), rng.normal(0, 2, (2, 3)), rng.normal(0, 2, (2, 2, 3))]
    indices = [rng.integers(0, table.size, 20) for table in tables]
    for used in (1, 2, 3):
        terms = [(pt.constant(table), pt.constant(idx)) for table, idx in zip(tables, indices, strict=True)][:used]
        total = sum(table.ravel()[idx] for table, idx in list(zip(tables, indices, strict=True))[:used])
        np.testing.assert_allclose(multiply_odds(*terms).eval(mode=AS_WRITTEN), np.exp(total), rtol=1e-12)


# --- parametrisations of a normal effect ------------------------------------------------------------------------------


MU, SIGMA = np.array([0.3, -1.0, 2.0]), 0.7
FAST_COMPILE = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}


def evaluate(model: pm.Model, point: dict[str, Any]) -> dict[str, Any]:
    """Return the joint log density and all named values at a point of free variables, none of them transformed."""
    names = [variable.name for variable in (*model.free_RVs, *model.deterministics)]
    outputs = [*model.replace_rvs_by_values([model[name] for name in names]), model.logp()]
    *values, joint = model.compile_fn(outputs, inputs=model.value_vars, **FAST_COMPILE)(point)
    return dict(zip(names, values, strict=True)) | {"joint": float(joint)}


def build_shifted() -> pm.Model:
    """Build an effect that is sampled less an offset that another parameter makes."""
    with pm.Model(coords={"group": range(3)}) as model:
        rate = pm.Normal("rate", 0.5, 1.3)
        shifted_normal("effect", MU, SIGMA, 4 * pt.log(pm.math.sigmoid(rate)) + np.arange(3), dims="group")
    return model


def test_shifted_normal_has_the_density_of_the_normal():
    """The map from the sampled variable to the effect has a unit Jacobian, whatever the offset."""
    model = build_shifted()
    assert {variable.name for variable in model.free_RVs} == {"rate", "effect_shifted"}
    rng = np.random.default_rng(5)
    for _ in range(3):
        point = {"rate": rng.normal(0, 2), "effect_shifted": rng.normal(0, 3, 3)}
        found = evaluate(model, point)
        offset = 4 * log_expit(point["rate"]) + np.arange(3)
        np.testing.assert_allclose(found["effect"], point["effect_shifted"] + offset, rtol=1e-12)
        joint = norm.logpdf(point["rate"], 0.5, 1.3) + norm.logpdf(found["effect"], MU, SIGMA).sum()
        assert found["joint"] == pytest.approx(joint, rel=1e-12)
        columns = []
        for i in range(3):
            step = evaluate(model, point | {"effect_shifted": point["effect_shifted"] + np.eye(3)[i]})
            columns.append(step["effect"] - found["effect"])
        np.testing.assert_allclose(np.array(columns), np.eye(3), atol=1e-9)


def test_shifted_normal_is_drawn_from_the_prior_of_the_normal():
    """Prior draws of the effect have its mean and sd, and do not depend on what the offset is made of."""
    draws = 4000
    model = build_shifted()
    effect, rate = pm.draw([model["effect"], model["rate"]], draws=draws, random_seed=1, mode="FAST_COMPILE")
    check_moments(effect)
    for i in range(3):
        assert abs(np.corrcoef(effect[:, i], rate)[0, 1]) < 4 / np.sqrt(draws)


def test_shifted_normal_may_be_a_scalar():
    with pm.Model() as model:
        effect = shifted_normal("effect", 1.0, 2.0, pt.constant(-3.0), dims=())
    assert effect.ndim == 0
    found = evaluate(model, {"effect_shifted": np.array(1.5)})
    assert float(found["effect"]) == -1.5
    assert found["joint"] == pytest.approx(norm.logpdf(-1.5, 1.0, 2.0))


def check_moments(effect: np.ndarray) -> None:
    """Compare prior draws (draw, group) with Normal(MU, SIGMA), at four standard errors."""
    draws = len(effect)
    np.testing.assert_allclose(effect.mean(0), MU, atol=4 * SIGMA / np.sqrt(draws))
    np.testing.assert_allclose(effect.std(0), SIGMA, rtol=4 / np.sqrt(2 * draws))
    assert np.abs(np.corrcoef(effect.T) - np.eye(3)).max() < 4 / np.sqrt(draws)


@pytest.mark.parametrize("w", [0.0, 0.4, 1.0, np.array([0.0, 0.4, 1.0])], ids=str)
def test_partly_centred_normal_has_one_distribution_for_any_centring(w: Any):
    with pm.Model(coords={"group": range(3)}) as model:
        mu, sigma = pm.Data("mu", MU), pm.Data("sigma", SIGMA)
        partly_centred_normal("effect", mu, sigma, w, dims="group")
    assert [variable.name for variable in model.free_RVs] == ["effect_raw"]
    raw = np.array([0.4, -0.6, 1.1])
    found = evaluate(model, {"effect_raw": raw})
    # d effect / d raw is sigma^(1 - w), so the density of raw is that of the effect times this.
    log_jacobian = np.broadcast_to((1 - w) * np.log(SIGMA), 3).sum()
    wanted = norm.logpdf(found["effect"], MU, SIGMA).sum() + log_jacobian
    assert found["joint"] == pytest.approx(wanted, rel=1e-12)
    step = evaluate(model, {"effect_raw": raw + 1})
    np.testing.assert_allclose(step["effect"] - found["effect"], np.broadcast_to(SIGMA ** (1 - w), 3), rtol=1e-9)
    check_moments(pm.draw(model["effect"], draws=4000, random_seed=2, mode="FAST_COMPILE"))


def test_partly_centred_normal_is_centred_at_one_and_non_centred_at_zero():
    for w, wanted in ((1.0, lambda raw: raw), (0.0, lambda raw: MU + SIGMA * raw)):
        with pm.Model(coords={"group": range(3)}) as model:
            partly_centred_normal("effect", pt.constant(MU), pt.constant(SIGMA), w, dims="group")
        raw = np.array([0.4, -0.6, 1.1])
        np.testing.assert_allclose(evaluate(model, {"effect_raw": raw})["effect"], wanted(raw), rtol=1e-12)


def test_centring_by_hand():
    """A paper informs a log-odds by 0.2: 20 papers with an sd of 0.5 weigh 4 to 4, without papers w is 0."""
    found = compute_centring(np.array([0.0, 5.0, 20.0, 180.0]), 0.5)
    np.testing.assert_allclose(found, [0, 1 / 5, 4 / 8, 36 / 40])
    np.testing.assert_allclose(compute_centring(np.array([20.0]), 2.0), [4 / 4.25])


# --- binomial counts --------------------------------------------------------------------------------------------------


def build_binomial(p: Any, n: Any, y: Any) -> pm.Model:
    with pm.Model(coords={"cell": np.arange(len(n))}) as model:
        add_binomial("y_obs", *(pm.Data(f"d{i}", value, dims="cell") for i, value in enumerate((p, n, y))))
    return model


def test_counts_are_binomial():
    """The density leaves out the binomial coefficient, a constant of the data."""
    rng = np.random.default_rng(1)
    p, n = rng.uniform(0.01, 0.99, 40), rng.integers(1, 30, 40)
    y = rng.integers(0, n + 1)
    y[:2] = [0, n[1]]
    model = build_binomial(p, n, y)
    found = model.compile_fn(model.logp(sum=False), mode="FAST_COMPILE")({})[0]
    np.testing.assert_allclose(found + np.log(comb(n, y)), binom.logpmf(y, n, p), rtol=1e-9, atol=1e-9)


def test_counts_are_drawn_with_the_right_mean():
    p, n = np.array([0.1, 0.5, 0.7, 0.97]), np.array([1, 7, 20, 100])
    drawn = pm.draw(build_binomial(p, n, n * 0)["y_obs"], draws=4000, random_seed=1, mode="FAST_COMPILE")
    np.testing.assert_allclose(drawn.mean(0), n * p, atol=5 * np.sqrt(n * p * (1 - p) / 4000).max())
    np.testing.assert_allclose(drawn.var(0), n * p * (1 - p), rtol=0.15)


def build_noisy_model(odds: Any, n: Any, y: Any, false_positive: Any) -> pm.Model:
    with pm.Model(coords={"cell": np.arange(len(n))}) as model:
        data = [pm.Data(f"d{i}", value, dims="cell") for i, value in enumerate((odds, n, y, false_positive))]
        add_binomial_with_false_positives("y_obs", *data)
    return model


def test_counts_with_false_positives_are_binomial():
    """The density leaves out constants of the data: the coefficient, and log(1 - q) where the event is not observed."""
    rng = np.random.default_rng(1)
    log_odds, n = rng.normal(0, 2, 40), rng.integers(1, 30, 40)
    y = rng.integers(0, n + 1)
    y[:2] = [0, n[1]]
    for q in (np.zeros(40), np.full(40, 0.1), rng.uniform(0, 0.9, 40)):
        model = build_noisy_model(np.exp(log_odds), n, y, q)
        found = model.compile_fn(model.logp(sum=False), mode="FAST_COMPILE")({})[0]
        p = expit(log_odds)
        wanted = binom.logpmf(y, n, p + (1 - p) * q)
        np.testing.assert_allclose(found + np.log(comb(n, y)) + (n - y) * np.log1p(-q), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("log_odds", [-30.0, 30.0])
def test_counts_with_false_positives_at_far_log_odds(log_odds: float):
    """Density and gradient, rewritten as for the sampler, are accurate where nearly none or all have the event."""
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
    model = build_noisy_model(np.exp(log_odds), n, n * 0, q)
    drawn = pm.draw(model["y_obs"], draws=4000, random_seed=1, mode="FAST_COMPILE")
    chance = expit(log_odds) + (1 - expit(log_odds)) * q
    np.testing.assert_allclose(drawn.mean(0), n * chance, atol=5 * np.sqrt(n * chance * (1 - chance) / 4000).max())
    np.testing.assert_allclose(drawn.var(0), n * chance * (1 - chance), rtol=0.15)
