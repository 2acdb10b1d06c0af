"""The density that nutpie calls equals pytensor's. (test_fit.py compares the draws with nutpie's.)"""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import arviz as az
import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from numba.core.runtime import _nrt_python, rtsys

from inference.sampling import density, nutpie_private
from inference.sampling.compiled import Compiled, sample
from inference.sampling.density import make_starts
from inference.sampling.nutpie_private import (
    NOT_FINITE_DENSITY,
    NOT_FINITE_GRADIENT,
    RAISED,
    WRONG_SIZE,
    compile_private,
)
from inference.sampling.settings import Sampler

N_ROWS = 30


def compile_density(model: pm.Model) -> Any:
    return compile_private(model, make_starts(model))


def build_model(seed: int = 1, n_rows: int = N_ROWS) -> pm.Model:
    """Build a model whose data have no, one and two dims, integers and floats, one array in Fortran order."""
    rng = np.random.default_rng(seed)
    with pm.Model() as model:
        scale = pm.Data("scale", float(rng.uniform(1, 3)))
        group_idx = pm.Data("group_idx", rng.integers(0, 4, n_rows))
        design = pm.Data("design", np.asfortranarray(rng.normal(size=(n_rows, 3))))
        y = pm.Data("y", rng.normal(size=n_rows))
        sd = pm.HalfNormal("sd", scale)
        slope = pm.Normal("slope", 0.0, scale, shape=3)
        group = pm.ZeroSumNormal("group", sd, shape=4)
        pm.Normal("y_obs", design @ slope + group[group_idx], sd, observed=y)
    return model


def evaluate_density(density: Any, point: np.ndarray, size: int | None = None) -> tuple[int, float, np.ndarray]:
    """Return status, density and gradient, called as nutpie does."""
    pointer = ctypes.POINTER(ctypes.c_double)
    gradient, value = np.full(density.n_dim, -1.0), np.full(1, -1.0)
    arguments = (array.ctypes.data_as(pointer) for array in (point, gradient, value))
    size = density.n_dim if size is None else size
    status = density.compiled_logp_func.ctypes(size, *arguments, density.user_data.ctypes.data)
    return int(status), float(value[0]), gradient


def evaluate_with_pymc(model: pm.Model, point: np.ndarray) -> tuple[float, np.ndarray]:
    """Return density and gradient from PyMC."""
    start, offset = {}, 0
    for name, value in model.initial_point().items():
        start[name] = point[offset : offset + value.size].reshape(value.shape)
        offset += value.size
    return float(model.compile_logp()(start)), np.asarray(model.compile_dlogp()(start))


def test_density_and_gradient_equal_pymc_and_new_data_need_no_compilation():
    one, other = build_model(1), build_model(2, 50)
    density = compile_density(one)
    rng = np.random.default_rng(3)
    values = {variable.name: variable.get_value() for variable in other.data_vars}
    for model, compiled_density in ((one, density), (other, density.with_data(**values)), (one, density)):
        point = rng.normal(size=density.n_dim)
        status, value, gradient = evaluate_density(compiled_density, point)
        wanted, slopes = evaluate_with_pymc(model, point)
        assert status == 0
        assert value == pytest.approx(wanted, rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-10, atol=1e-10)


def test_second_compilation_takes_pytensors_function_from_its_cache():
    again = [compile_density(build_model()).logp_func.vm.jit_fn.stats for _ in range(2)][1]
    assert again.cache_hits and not again.cache_misses


def test_status_distinguishes_a_density_that_is_not_finite_from_one_that_raises():
    def asserts(x: pt.TensorVariable) -> pt.TensorVariable:
        return pt.as_tensor(pytensor.raise_op.Assert("too large")(x, pt.lt(x, 100)))

    with pm.Model() as model:
        x = pm.Flat("x")
        pm.Potential("kink", pt.sqrt(pt.maximum(x, 0)))
        pm.Potential("end", pt.log(pt.maximum(x + 2, 0) + 0 * x) - pt.log(pt.maximum(x + 2, 0) + 1))
        pm.Potential("checked", asserts(x))
    density = compile_density(model)
    assert evaluate_density(density, np.array([1.0]))[0] == 0
    assert evaluate_density(density, np.array([1.0]), size=2)[0] == WRONG_SIZE
    assert evaluate_density(density, np.array([101.0]))[0] == RAISED
    assert evaluate_density(density, np.array([-5.0]))[0] in (NOT_FINITE_GRADIENT, NOT_FINITE_DENSITY)
    assert evaluate_density(density, np.array([1.0]))[0] == 0  # no earlier failure persists


def test_calls_leave_no_memory_behind():
    """numba counts as many freed as allocated arrays."""
    density = compile_density(build_model())
    point = np.zeros(density.n_dim)
    evaluate_density(density, point)
    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        for _ in range(100):
            assert evaluate_density(density, point)[0] == 0
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    assert after.mi_alloc - before.mi_alloc >= 100
    assert after.mi_alloc - before.mi_alloc == after.mi_free - before.mi_free
    assert after.alloc - before.alloc == after.free - before.free


def sample_model(model: pm.Model) -> Any:
    return sample(Compiled().get(model, "mine"), 3, Sampler(draws=500, tune=300, chains=4))["posterior"].to_dataset()


def assert_same_posterior(one: Any, other: Any) -> None:
    """Compare the median and both ends of the interval, within 4 combined Monte Carlo standard errors."""
    dims = ("chain", "draw")
    assert set(one) == set(other)
    for q in (0.055, 0.5, 0.945):
        errors = [az.mcse(posterior, method="quantile", prob=q) for posterior in (one, other)]
        quantiles = [posterior.quantile(q, dims) for posterior in (one, other)]
        for name in one:
            combined = (errors[0][name] ** 2 + errors[1][name] ** 2) ** 0.5
            assert float((abs(quantiles[0][name] - quantiles[1][name]) / combined).max()) < 4, (name, q)


def test_the_public_route_takes_over_with_a_warning_and_finds_the_same_posterior(monkeypatch: pytest.MonkeyPatch):
    """Whatever fails in the private route. Draws differ in the last bits, because Python sums in another order."""
    private = sample_model(build_model())

    def fail(*arguments: Any) -> Any:
        raise ImportError("cannot import name '_make_functions'")

    monkeypatch.setattr(nutpie_private, "compile_private", fail)
    with pytest.warns(RuntimeWarning, match="the fast route to nutpie failed .*_make_functions.*public route"):
        public = sample_model(build_model())
    assert set(public) >= {"sd", "slope", "group"}
    assert_same_posterior(public, private)
    other = sample_model(build_model(2))  # with other data: shows that the comparison can fail
    with pytest.raises(AssertionError):
        assert_same_posterior(public, other)


def test_the_public_route_takes_other_data_too():
    compiled, settings = Compiled(), Sampler(draws=500, tune=300, chains=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "inference.sampling.compiled.compile_density",
            lambda model: density.compile_public(model, make_starts(model)),
        )
        compiled.get(build_model(1), "mine")
        again = sample(compiled.get(build_model(2), "mine"), 3, settings)["posterior"].to_dataset()
    assert_same_posterior(again, sample_model(build_model(2)))


def test_both_routes_have_the_same_density_and_starts():
    model = build_model()
    starts = make_starts(model)
    private, public = compile_private(model, starts), density.compile_public(model, starts).compiled
    evaluate = public._make_logp_func()
    for seed in range(3):
        point = public._make_initial_points(seed)
        np.testing.assert_array_equal(point, private.initial_point_func(seed))
        status, value, gradient = evaluate_density(private, point)
        wanted, slopes = evaluate(point)
        assert status == 0
        assert value == pytest.approx(wanted, rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-10, atol=1e-10)


def test_the_public_route_goes_on_where_the_density_is_not_finite():
    with pm.Model() as model:
        x = pm.Normal("x")
        pm.Potential("end", pt.log(pt.maximum(x + 1, 0)))  # density 0 below -1
    made = density.compile_public(model, make_starts(model))
    evaluate = made.compiled._make_logp_func()
    assert np.isfinite(evaluate(np.array([0.5]))[0])
    with pytest.raises(density.NotFiniteError) as caught:
        evaluate(np.array([-3.0]))
    assert caught.value.is_recoverable


def test_a_callback_of_another_density_is_refused(monkeypatch: pytest.MonkeyPatch):
    """As would happen if conventions of numba or nutpie changed without raising an error."""
    make_callback = nutpie_private._make_callback

    def make_other(compiled: Any, n_dim: int, layout: Any, values: dict[str, Any]) -> Any:
        made = make_callback(compiled, n_dim, layout, values)
        return SimpleNamespace(ctypes=lambda *arguments: 0, address=made.address)  # returns 0 without writing

    monkeypatch.setattr(nutpie_private, "_make_callback", make_other)
    with pytest.raises(RuntimeError, match="the C function returned"):
        compile_density(build_model())


def test_without_a_cache_nothing_is_compiled():
    with (
        pytensor.config.change_flags(numba__cache=False),
        pytest.raises(RuntimeError, match="numba__cache is off"),
    ):
        compile_density(build_model())
