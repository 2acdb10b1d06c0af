"""The density that nutpie calls, beside pytensor's own; that its draws are nutpie's: tests/inference/test_fit.py."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from numba.core.runtime import _nrt_python, rtsys

from inference.density import NOT_FINITE_DENSITY, NOT_FINITE_GRADIENT, RAISED, WRONG_SIZE, compile_density

N_ROWS = 30


def model_of(seed: int = 1, n_rows: int = N_ROWS) -> pm.Model:
    """Data of none, one and two dims, of integers and of floats, one of them in Fortran's order."""
    rng = np.random.default_rng(seed)
    with pm.Model() as model:
        scale = pm.Data("scale", float(rng.uniform(1, 3)))
        at = pm.Data("at", rng.integers(0, 4, n_rows))
        design = pm.Data("design", np.asfortranarray(rng.normal(size=(n_rows, 3))))
        y = pm.Data("y", rng.normal(size=n_rows))
        sd = pm.HalfNormal("sd", scale)
        slope = pm.Normal("slope", 0.0, scale, shape=3)
        group = pm.ZeroSumNormal("group", sd, shape=4)
        pm.Normal("y_obs", design @ slope + group[at], sd, observed=y)
    return model


def called(density: Any, point: np.ndarray, size: int | None = None) -> tuple[int, float, np.ndarray]:
    """Status, density and gradient, as nutpie asks for them."""
    pointer = ctypes.POINTER(ctypes.c_double)
    gradient, value = np.full(density.n_dim, -1.0), np.full(1, -1.0)
    arguments = (each.ctypes.data_as(pointer) for each in (point, gradient, value))
    size = density.n_dim if size is None else size
    status = density.compiled_logp_func.ctypes(size, *arguments, density.user_data.ctypes.data)
    return int(status), float(value[0]), gradient


def of_pymc(model: pm.Model, point: np.ndarray) -> tuple[float, np.ndarray]:
    """The same by PyMC itself."""
    start, at = {}, 0
    for name, value in model.initial_point().items():
        start[name] = point[at : at + value.size].reshape(value.shape)
        at += value.size
    return float(model.compile_logp()(start)), np.asarray(model.compile_dlogp()(start))


def test_density_and_gradient_are_those_of_pymc_and_other_data_need_no_compilation():
    one, other = model_of(1), model_of(2, 50)
    density = compile_density(one)
    rng = np.random.default_rng(3)
    values = {variable.name: variable.get_value() for variable in other.data_vars}
    for model, of in ((one, density), (other, density.with_data(**values)), (one, density)):
        point = rng.normal(size=density.n_dim)
        status, value, gradient = called(of, point)
        wanted, slopes = of_pymc(model, point)
        assert status == 0
        assert value == pytest.approx(wanted, rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-10, atol=1e-10)


def test_second_compilation_takes_pytensors_function_from_its_cache():
    again = [compile_density(model_of()).logp_func.vm.jit_fn.stats for _ in range(2)][1]
    assert again.cache_hits and not again.cache_misses


def test_a_density_that_is_not_finite_or_raises_is_told_apart():
    def asserts(x: pt.TensorVariable) -> pt.TensorVariable:
        return pt.as_tensor(pytensor.raise_op.Assert("too large")(x, pt.lt(x, 100)))

    with pm.Model() as model:
        x = pm.Flat("x")
        pm.Potential("kink", pt.sqrt(pt.maximum(x, 0)))
        pm.Potential("end", pt.log(pt.maximum(x + 2, 0) + 0 * x) - pt.log(pt.maximum(x + 2, 0) + 1))
        pm.Potential("checked", asserts(x))
    density = compile_density(model)
    assert called(density, np.array([1.0]))[0] == 0
    assert called(density, np.array([1.0]), size=2)[0] == WRONG_SIZE
    assert called(density, np.array([101.0]))[0] == RAISED
    assert called(density, np.array([-5.0]))[0] in (NOT_FINITE_GRADIENT, NOT_FINITE_DENSITY)
    assert called(density, np.array([1.0]))[0] == 0  # none of these is remembered


def test_calls_leave_no_memory_behind():
    """As many arrays are given back as are made: numba counts its own."""
    density = compile_density(model_of())
    point = np.zeros(density.n_dim)
    called(density, point)
    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        for _ in range(100):
            assert called(density, point)[0] == 0
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    assert after.mi_alloc - before.mi_alloc >= 100
    assert after.mi_alloc - before.mi_alloc == after.mi_free - before.mi_free
    assert after.alloc - before.alloc == after.free - before.free


def test_without_a_cache_nothing_is_compiled():
    with (
        pytensor.config.change_flags(numba__cache=False),
        pytest.raises(RuntimeError, match="numba__cache is off"),
    ):
        compile_density(model_of())
