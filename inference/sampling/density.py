"""The compiled log density that nutpie samples from.

Two routes lead to the same density. The fast route passes the address of pytensor's compiled function to nutpie, with
private functions of nutpie (``nutpie_private.py``), and saves 12 to 73 CPU seconds per model at each start. If the fast
route fails, a warning is given and the public route is used. It compiles as fast, but sampling takes 1.4 to 1.6 times
as long.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pymc as pm
from nutpie.compiled_pyfunc import from_pyfunc
from pymc.initial_point import make_initial_point_fn

Floats = npt.NDArray[np.float64]
FALLBACK = "the fast route to nutpie failed ({error}): sampling by the public route takes about 1.5 times as long"


class NotFiniteError(ValueError):
    """The density or its gradient is not finite at a point; nutpie counts a divergence and continues."""

    is_recoverable = True  # nutpie reads this attribute


@dataclass(frozen=True)
class Density:
    """A compiled log density for ``nutpie.sample``, and the names of the ``pm.Data`` that can be replaced in it.

    On the public route, the density reads ``pm.Data`` from the compiled model itself, so there are none to replace.
    """

    compiled: Any
    replaced: frozenset[str] = frozenset()

    def set_data(self, values: Mapping[str, Any]) -> Density:
        """Return the density with new values of the model's ``pm.Data``, by name."""
        if not self.replaced:
            return self
        used = {name: value for name, value in values.items() if name in self.replaced}
        return replace(self, compiled=self.compiled.with_data(**used))


def compile_density(model: pm.Model) -> Density:
    """Compile a model's log density and gradient for ``nutpie.sample``, which returns only unconstrained draws."""
    starts = make_starts(model)
    try:
        from inference.sampling.nutpie_private import compile_private

        compiled = compile_private(model, starts)
        # Data that only deterministics read are not part of the density.
        return Density(compiled, frozenset(variable.name for variable in compiled.shared_var_keys))
    except Exception as error:
        warnings.warn(FALLBACK.format(error=f"{type(error).__name__}: {error}"), RuntimeWarning, stacklevel=2)
        return compile_public(model, starts)


def make_starts(model: pm.Model) -> Callable[[int], dict[str, Floats]]:
    """Return a function from a seed to an unconstrained initial point: the support point, jittered by up to 1."""
    starts: Callable[[int], dict[str, Floats]] = make_initial_point_fn(
        model=model, default_strategy="support_point", jitter_rvs=set(model.free_RVs), return_transformed=True
    )
    lock = threading.Lock()

    def make_start(seed: int) -> dict[str, Floats]:
        with lock:  # chains call this from several threads, and a compiled function serves one thread at a time
            return starts(seed)

    return make_start


def compile_public(model: pm.Model, starts: Callable[[int], dict[str, Floats]]) -> Density:
    """Compile with public functions of PyMC and nutpie only; the chains call pytensor's function from Python."""
    density = model.logp_dlogp_function(ravel_inputs=True, mode="NUMBA")
    point = model.initial_point()
    names = [value.name for value in model.continuous_value_vars]
    shapes = [np.shape(point[name]) for name in names]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])

    def make_density() -> Callable[..., tuple[float, Floats]]:
        chain_density = density.copy()  # one per chain: threads cannot share the storage of a function
        chain_density.set_extra_values({})  # every variable is sampled

        def evaluate(x: Floats) -> tuple[float, Floats]:
            value, gradient = chain_density(x)
            if not (np.isfinite(value) and np.isfinite(gradient).all()):
                raise NotFiniteError("not finite")
            return float(value), gradient

        return evaluate

    def make_parts(seed1: int, seed2: int, chain: int) -> Callable[..., dict[str, Floats]]:
        def split(x: Floats) -> dict[str, Floats]:
            parts = zip(names, np.split(x, ends[:-1]), shapes, strict=True)
            return {name: part.reshape(shape).copy() for name, part, shape in parts}

        return split

    def make_start(seed: int) -> Floats:
        start = starts(seed)
        return np.concatenate([np.ravel(start[name]).astype(float) for name in names])

    compiled = from_pyfunc(
        ndim=int(ends[-1]),
        make_logp_fn=make_density,
        make_expand_fn=make_parts,
        expanded_dtypes=[np.dtype("float64")] * len(names),
        expanded_shapes=shapes,
        expanded_names=names,
        make_initial_point_fn=make_start,
    )
    return Density(compiled)
