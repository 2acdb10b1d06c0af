"""The compiled log density that nutpie samples from.

Two routes to the same density. The fast one hands nutpie the address of pytensor's own compiled function, with private
functions of nutpie (``nutpie_private.py``): it saves 12 to 73 CPU seconds a model at each start. Where anything in it
fails, the public one takes over with a warning: it compiles as fast, and samples 1.4 to 1.6 times as long.
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
FALLBACK = "the fast route to nutpie failed ({error}): sampling takes its public route, about 1.5 times as long"


class NotFiniteError(ValueError):
    """The density or its gradient is not finite at a point: nutpie counts a divergence and goes on."""

    is_recoverable = True  # nutpie asks for this attribute


@dataclass(frozen=True)
class Density:
    """A compiled log density: what ``nutpie.sample`` takes, and the names of the ``pm.Data`` that are replaced in it.

    The public route reads ``pm.Data`` where they are, in the model that was compiled: nothing is to be replaced.
    """

    compiled: Any
    replaced: frozenset[str] = frozenset()

    def set_data(self, values: Mapping[str, Any]) -> Density:
        """Return the density with these values of the model's ``pm.Data``, by name."""
        if not self.replaced:
            return self
        used = {name: value for name, value in values.items() if name in self.replaced}
        return replace(self, compiled=self.compiled.with_data(**used))


def compile_density(model: pm.Model) -> Density:
    """Compile a model's log density and gradient for ``nutpie.sample``; it returns unconstrained draws alone."""
    starts = make_starts(model)
    try:
        from inference.sampling.nutpie_private import compile_private

        compiled = compile_private(model, starts)
        # Data that a deterministic alone reads are no part of the density.
        return Density(compiled, frozenset(variable.name for variable in compiled.shared_var_keys))
    except Exception as error:
        warnings.warn(FALLBACK.format(error=f"{type(error).__name__}: {error}"), RuntimeWarning, stacklevel=2)
        return compile_public(model, starts)


def make_starts(model: pm.Model) -> Callable[[int], dict[str, Floats]]:
    """Return the starting points of a model by seed: near the prior medians, jittered by up to 1, unconstrained."""
    starts: Callable[[int], dict[str, Floats]] = make_initial_point_fn(
        model=model, default_strategy="support_point", jitter_rvs=set(model.free_RVs), return_transformed=True
    )
    lock = threading.Lock()

    def make_start(seed: int) -> dict[str, Floats]:
        with lock:  # chains in several threads ask for theirs, and one function cannot serve two at a time
            return starts(seed)

    return make_start


def compile_public(model: pm.Model, starts: Callable[[int], dict[str, Floats]]) -> Density:
    """Compile through public functions of PyMC and nutpie alone: chains call pytensor's function through Python."""
    density = model.logp_dlogp_function(ravel_inputs=True, mode="NUMBA")
    point = model.initial_point()
    names = [value.name for value in model.continuous_value_vars]
    shapes = [np.shape(point[name]) for name in names]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])

    def make_density() -> Callable[..., tuple[float, Floats]]:
        own = density.copy()  # a chain's own: the storage of a function is no other thread's to use
        own.set_extra_values({})  # of variables that are not sampled: there are none

        def evaluate(x: Floats) -> tuple[float, Floats]:
            value, gradient = own(x)
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
        found = starts(seed)
        return np.concatenate([np.ravel(found[name]).astype(float) for name in names])

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
