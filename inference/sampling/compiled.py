"""Compile once, sample many times: a model's log density, draws from it, and what is evaluated at the draws.

What is evaluated once (predictive draws, densities of the draws) is interpreted: compiling it would take longer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import nutpie
import pymc as pm
import pytensor
import pytensor.tensor as pt
import xarray as xr
from pytensor.graph.replace import vectorize_graph

from inference import CACHE
from inference.sampling.density import Density, compile_density
from inference.sampling.settings import Sampler

INTERPRETED = "FAST_COMPILE"  # pytensor's mode of plain numpy
AT_ONCE = 1000  # draws at which variables are evaluated at a time

if pytensor.config.numba__fastmath:
    raise RuntimeError("pytensor was imported before the package inference could set its flags: import that first")
CACHE.mkdir(parents=True, exist_ok=True)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Ready:
    """A compiled log density with a model's data in it, and that model: until ``Compiled.get`` is asked for another.

    ``first`` is the model of the same structure that was compiled; it has this one's data now. ``functions`` of its
    variables are compiled once.
    """

    density: Density
    model: pm.Model
    first: pm.Model
    functions: dict[object, Any]


class Compiled:
    """Compiled log densities, one for each graph: a model of the same structure reuses it with its own data.

    Two models are of the same structure if the same function built them, their free variables and deterministics have
    the same names, shapes and coordinates (the draws carry those of the model that was compiled), and their data the
    same names, types and numbers of dims. All else that varies between specifications, data sets and priors must be
    ``pm.Data``.
    """

    def __init__(self) -> None:
        """Start with nothing compiled."""
        self._known: dict[object, tuple[Density, pm.Model, dict[object, Any]]] = {}

    def get(self, model: pm.Model, name: str, say: Say = lambda text: None) -> Ready:
        """Return the compiled model with this model's data in it; compiles at the first request."""
        shapes = tuple(sorted((key, value.shape) for key, value in model.initial_point().items()))
        drawn = {v.name: model.named_vars_to_dims.get(v.name, ()) for v in (*model.free_RVs, *model.deterministics)}
        dims = {dim for of_one in drawn.values() for dim in of_one}
        data = tuple(sorted((variable.name, variable.dtype, variable.ndim) for variable in model.data_vars))
        coords = tuple(sorted((dim, tuple(model.coords[dim])) for dim in dims))
        signature = (name, shapes, tuple(drawn.items()), coords, data)
        if signature not in self._known:
            say("compiling the model (20 to 60 s the first time on a machine, less from the cache)")
            self._known[signature] = (compile_density(model), model, {})
        density, first, functions = self._known[signature]
        values = {variable.name: variable.get_value() for variable in model.data_vars}
        # Chains start where the priors say: by the values of this model, whichever was compiled. Without this a resumed
        # refresh, which compiles another one first, would give other draws for the same seed.
        for variable in first.data_vars:
            variable.set_value(values[variable.name])
        return Ready(density.set_data(values), model, first, functions)


def sample(ready: Ready, seed: int, sampler: Sampler) -> xr.DataTree:
    """Draw from the posterior. The same seed gives the same draws on the same machine.

    The sampler moves in the unconstrained variables and returns these alone; the rest is derived from them in numpy.
    Compiled into the sampler, as nutpie would have it, it takes up to a half of the compilation.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior``, ``unconstrained`` (by value variable) and ``sample_stats``.

    Raises
    ------
    KeyboardInterrupt
        If interrupted: nutpie's own blocking call would return the draws so far as if they were all.
    """
    running = nutpie.sample(
        ready.density.compiled,
        draws=sampler.draws,
        tune=sampler.tune,
        chains=sampler.chains,
        cores=sampler.cores,
        target_accept=sampler.target_accept,
        seed=seed,
        progress_bar=False,
        save_warmup=False,
        store_unconstrained=True,
        blocking=False,
    )
    try:
        tree: xr.DataTree = running.wait()
    except BaseException:
        running.cancel()
        raise
    stats = tree["sample_stats"].to_dataset().drop_vars("unconstrained_draw")
    stats = stats.drop_vars("unconstrained_parameter", errors="ignore")  # a coordinate of what has been dropped
    stats = stats.rename(maxdepth_reached="reached_max_treedepth")  # ArviZ's name
    sizes = stats.sizes
    if (sizes["chain"], sizes["draw"]) != (sampler.chains, sampler.draws):
        raise RuntimeError(f"the sampler returned {dict(sizes)}, not {sampler.chains} chains of {sampler.draws} draws")
    parts = [tree[name].to_dataset() for name in ("posterior", "unconstrained_posterior") if name in tree.children]
    free = xr.merge(parts)
    return xr.DataTree.from_dict(
        {"posterior": compute_constrained(ready, free), "unconstrained": free, "sample_stats": stats}
    )


def compute_constrained(ready: Ready, draws: xr.Dataset) -> xr.Dataset:
    """Free variables on their own scale, and deterministics, at draws of the unconstrained variables.

    Parameters
    ----------
    ready
        As ``Compiled.get`` gives it.
    draws
        (chain, draw, ...) by the name of each value variable, as nutpie stores them.

    Returns
    -------
    xarray.Dataset
        Variables (chain, draw, and the model's dims).
    """
    model = ready.first

    def outputs() -> list[pt.TensorVariable]:
        return list(model.replace_rvs_by_values([*model.free_RVs, *model.deterministics]))

    variables = [*model.free_RVs, *model.deterministics]
    coords = {name: draws[name].to_numpy() for name in ("chain", "draw")}
    out = {}
    for variable, found in zip(variables, evaluate_at_draws(ready, "constrained", outputs, draws), strict=True):
        dims = model.named_vars_to_dims.get(variable.name, [f"{variable.name}_dim_{i}" for i in range(variable.ndim)])
        coords |= {dim: np.asarray(model.coords[dim]) for dim in dims if dim in model.coords}
        out[variable.name] = (("chain", "draw", *dims), found)
    return xr.Dataset(out, coords)


def compute_log_densities(ready: Ready, sampled: xr.DataTree, names: Iterable[str]) -> dict[str, xr.Dataset]:
    """Log priors of some variables, and the log likelihood, at the draws: the sums, all that power-scaling needs.

    The likelihood is what the sampler noted as the log density of all, less the log priors of all on its own scale.
    Evaluated again it would take as long as all else: it is of thousands of cells. A potential would count with it.

    Parameters
    ----------
    ready
        With the data that the densities are of.
    sampled
        As ``sample`` returns it.
    names
        Of free variables.

    Returns
    -------
    dict
        ``log_prior``, one variable each, on the scale of the draws; ``log_likelihood``, one variable ``total``. (chain,
        draw), nats.
    """
    names = list(names)
    model = ready.first

    def make_outputs() -> list[pt.TensorVariable]:
        own = model.logp(vars=[model[name] for name in names], jacobian=False, sum=False)
        return [*(term.sum() for term in own), model.logp(vars=model.free_RVs, jacobian=True, sum=True)]

    free, stats = sampled["unconstrained"].to_dataset(), sampled["sample_stats"].to_dataset()
    *priors, total = evaluate_at_draws(ready, ("log densities", *names), make_outputs, free)
    dims = ("chain", "draw")
    coords = {dim: free[dim].to_numpy() for dim in dims}
    log_prior = {name: (dims, values) for name, values in zip(names, priors, strict=True)}
    likelihood = {"total": (dims, stats["logp"].transpose(*dims).to_numpy() - total)}
    return {"log_prior": xr.Dataset(log_prior, coords), "log_likelihood": xr.Dataset(likelihood, coords)}


def evaluate_at_draws(
    ready: Ready, name: object, outputs: Callable[[], list[pt.TensorVariable]], draws: xr.Dataset
) -> list[npt.NDArray[Any]]:
    """Outputs of the value variables of ``ready.first``, (chain, draw, ...) each: in numpy, many draws at once.

    ``outputs`` is asked once for each structure and ``name``.
    """
    values = ready.first.value_vars
    if name not in ready.functions:
        inputs = {v: pt.tensor(v.name, dtype=v.dtype, shape=(None, *v.type.shape)) for v in values}
        wanted = outputs()
        batched = vectorize_graph(wanted, inputs)
        # What no variable enters, as it is at every draw.
        batched = [b if b.ndim > out.ndim else pt.shape_padleft(b) for b, out in zip(batched, wanted, strict=True)]
        ready.functions[name] = pytensor.function(
            list(inputs.values()), batched, mode=INTERPRETED, on_unused_input="ignore"
        )
    evaluate = ready.functions[name]
    shape = (draws.sizes["chain"], draws.sizes["draw"])
    n = math.prod(shape)
    each = [(value, draws[value.name].transpose("chain", "draw", ...).to_numpy()) for value in values]
    flat = [found.reshape(n, *found.shape[2:]).astype(value.dtype) for value, found in each]
    parts = [evaluate(*(found[i : i + AT_ONCE] for found in flat)) for i in range(0, n, AT_ONCE)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    columns = [c if len(c) == n else np.broadcast_to(c[:1], (n, *c.shape[1:])) for c in columns]
    return [c.reshape(*shape, *c.shape[1:]) for c in columns]
