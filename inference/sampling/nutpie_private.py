"""The fast route to nutpie, through its private functions: pytensor's function is compiled once and cached.

``nutpie.compile_pymc_model`` inlines that function in a C callback, which is not cached. It thus compiles the whole
density a second time at every start, together with the access to each ``pm.Data``. Here the callback calls the cached
function by its address. The density, its gradient and the initial points are the same as with nutpie alone, and hence
the draws are too.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pymc as pm
import pytensor
from numba.core import cgutils
from numba.core import types as nb
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import carray
from nutpie.compile_pymc import (
    CompiledPyMCModel,
    _make_functions,
    _prepare_dims_and_coords,
    make_user_data,
)

VECTOR = nb.Array(nb.float64, 1, "C")
DOUBLES = nb.CPointer(nb.float64)  # type: ignore[no-untyped-call]
WORD = np.dtype(np.uint).itemsize  # bytes of a size in nutpie's record of the data
NOT_FINITE_GRADIENT, NOT_FINITE_DENSITY, RAISED, WRONG_SIZE = 3, 4, 1, -1  # statuses that nutpie's own callback returns


def compile_private(model: pm.Model, starts: Callable[[int], dict[str, Any]]) -> CompiledPyMCModel:
    """Compile a model's log density and gradient for ``nutpie.sample``, which returns only unconstrained draws.

    Parameters
    ----------
    model
        A model whose free variables are all continuous.
    starts
        Function from a seed to initial values of the value variables. Several threads may call it at the same time.

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
        As ``nutpie.compile_pymc_model(model, var_names=[])`` returns it. Its method ``with_data`` replaces the values
        of the ``pm.Data`` that the density reads.

    Raises
    ------
    RuntimeError
        If pytensor's cache is off, if pytensor compiles a function with an unexpected signature, or if the C function
        does not return the density and gradient of pytensor's function.
    """
    if not pytensor.config.numba__cache:
        raise RuntimeError("pytensor's numba__cache is off: every start would compile the model again")
    n_dim, n_expanded, function, expand, initial, shape_info, transformed = _make_functions(
        model, mode="NUMBA", compute_grad=True, join_expanded=True, pymc_initial_point_fn=starts, var_names=[]
    )
    shared = list(function.get_shared())
    keys = {variable: f"data_{i}" for i, variable in enumerate(shared)}
    values = {key: np.array(variable.get_value(), order="C", copy=True) for variable, key in keys.items()}
    for value in values.values():
        value.flags.writeable = False
    layout = make_user_data(keys, values)
    dims, coords = _prepare_dims_and_coords(model, shape_info, transformed)
    callback = _make_callback(function.vm.jit_fn, n_dim, layout.dtype, values)
    _check_callback(callback, function, np.asarray(initial(0)), layout)
    return CompiledPyMCModel(
        _n_dim=n_dim,
        dims=dims,
        _coords=coords,
        _shapes={name: tuple(shape) for name, _, shape in zip(*shape_info, strict=True)},
        compiled_logp_func=callback,
        compiled_expand_func=_make_copy(n_dim),
        initial_point_func=initial,
        shared_data=values,
        shared_var_keys=keys,
        user_data=layout,
        n_expanded=n_expanded,
        shape_info=shape_info,
        logp_func=function,
        expand_func=expand,
        reparameterized_names=transformed,
    )


def _make_callback(compiled: Any, n_dim: int, layout: np.dtype[Any], values: dict[str, Any]) -> Any:
    """Make the C function that nutpie calls with (n_dim, point, gradient, density, data); it returns 0 for success."""
    arguments = (VECTOR, *(nb.Array(numba.from_dtype(value.dtype), value.ndim, "C") for value in values.values()))
    _, _, folded, _ = compiled.get_call_template(arguments, {})  # compiles; pytensor's function takes *args
    result = compiled.overloads[tuple(folded)]
    (argument_tuple,) = result.signature.args
    address = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
    returned = result.signature.return_type
    shape = [(part.ndim, part.dtype) if isinstance(part, nb.Array) else None for part in getattr(returned, "types", ())]
    if not address or shape != [(0, nb.float64), (1, nb.float64)] or tuple(argument_tuple) != arguments:
        raise RuntimeError(f"pytensor compiled {result.signature} instead of a density and its gradient")

    def find_offset(field: str, key: str) -> int:
        inside: Any = layout
        out = 0
        for name in ("shared", field, key):
            inside, offset = inside.fields[name][:2]
            out += int(offset)
        return out

    offsets = [(find_offset("data", key), find_offset("shape", key)) for key in values]

    def add_types(typing: Any, point: Any, data: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, call_args: Any) -> Any:
            word = cgutils.intp_t

            def make(array_type: Any, start: Any, sizes: list[Any]) -> Any:
                made = make_array(array_type)(context, builder)  # type: ignore[no-untyped-call]
                item = context.get_constant(nb.intp, context.get_abi_sizeof(context.get_data_type(array_type.dtype)))
                strides: list[Any] = []
                step = item
                for size in reversed(sizes):
                    strides.insert(0, step)
                    step = builder.mul(step, size)
                pointer = builder.bitcast(start, context.get_data_type(array_type.dtype).as_pointer())
                populate_array(made, pointer, sizes, strides, item, meminfo=None)  # type: ignore[no-untyped-call]
                return made._getvalue()

            def read(offset: int) -> Any:
                pointer = builder.gep(call_args[1], [context.get_constant(nb.intp, offset)])
                return builder.load(builder.bitcast(pointer, word.as_pointer()))

            parts = [make(VECTOR, call_args[0], [context.get_constant(nb.intp, n_dim)])]
            for array_type, (data_offset, shape_offset) in zip(arguments[1:], offsets, strict=True):
                pointer = builder.inttoptr(read(data_offset), cgutils.voidptr_t)
                sizes = [read(shape_offset + WORD * i) for i in range(array_type.ndim)]
                parts.append(make(array_type, pointer, sizes))
            target = context.call_conv.get_function_type(returned, [argument_tuple]).as_pointer()
            callee = builder.inttoptr(context.get_constant(nb.intp, address), target)
            packed = context.make_tuple(builder, argument_tuple, parts)
            status, out = context.call_conv.call_function(builder, callee, returned, [argument_tuple], [packed])
            with cgutils.if_unlikely(builder, status.is_error):  # type: ignore[no-untyped-call]
                context.call_conv.return_status_propagate(builder, status)
            return out

        return returned(point, data), generate

    density_and_gradient: Any = intrinsic(add_types)

    def evaluate_density(dim: int, point: Any, gradient: Any, density: Any, data: Any) -> int:
        if dim != n_dim:
            return WRONG_SIZE
        try:
            value, slopes = density_and_gradient(point, data)
            carray(density, (1,))[0] = value[()]
            out = carray(gradient, (n_dim,))
            finite = True
            for i in range(n_dim):
                out[i] = slopes[i]
                finite &= np.isfinite(out[i])
            if not finite:
                return NOT_FINITE_GRADIENT
            if not np.isfinite(value[()]):
                return NOT_FINITE_DENSITY
        except Exception:  # numba cannot catch a narrower class
            return RAISED
        return 0

    return numba.cfunc(nb.int64(nb.uint64, DOUBLES, DOUBLES, DOUBLES, nb.voidptr))(evaluate_density)


def _check_callback(callback: Any, function: Any, point: Any, layout: Any) -> None:
    """Call the C function once, at an initial point, and compare its result with that of pytensor's function."""
    density, gradient = np.zeros(1), np.zeros(len(point))
    point = np.ascontiguousarray(point, dtype=float)
    addresses = [
        ctypes.cast(array.ctypes.data, ctypes.POINTER(ctypes.c_double)) for array in (point, gradient, density)
    ]
    status = callback.ctypes(len(point), *addresses, layout.ctypes.data)
    expected, slopes = function(point)
    if status or not (np.allclose(density[0], expected) and np.allclose(gradient, slopes)):
        raise RuntimeError(f"the C function returned {density[0]} (status {status}), pytensor's function {expected}")


def _make_copy(n_dim: int) -> Any:
    """Make the C function that computes what nutpie stores for each draw: the point itself."""

    def copy_point(dim: int, size: int, point: Any, out: Any, data: Any) -> int:
        if dim != n_dim or size != n_dim:
            return WRONG_SIZE
        carray(out, (n_dim,))[:] = carray(point, (n_dim,))
        return 0

    return numba.cfunc(nb.int64(nb.uint64, nb.uint64, DOUBLES, DOUBLES, nb.voidptr))(copy_point)
