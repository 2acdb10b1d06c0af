"""Compile a model's log density once, sample from it many times, and evaluate functions at the draws.

Functions that are evaluated only once (predictive draws, densities at the draws) are interpreted, because compiling
them would take longer.
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
from pytensor.graph.basic import Constant, Variable
from pytensor.graph.replace import vectorize_graph
from pytensor.graph.traversal import graph_inputs, io_toposort

from inference import CACHE
from inference.sampling.density import Density, compile_density
from inference.sampling.settings import Sampler

INTERPRETED = "FAST_COMPILE"  # the pytensor mode that runs plain numpy
BATCH_SIZE = 1000  # number of draws in one evaluation of the variables

if pytensor.config.numba__fastmath:
    raise RuntimeError("pytensor was imported before the package inference set its flags: import inference first")
CACHE.mkdir(parents=True, exist_ok=True)
Report = Callable[[str], None]


@dataclass(frozen=True)
class Ready:
    """A compiled log density that holds a model's data, and that model; valid until the next ``Compiled.get``.

    ``first`` is the model that was compiled. It has the same structure as ``model`` and now holds the data of
    ``model``. ``functions`` holds functions of the variables of ``first``, each made once.
    """

    density: Density
    model: pm.Model
    first: pm.Model
    functions: dict[object, Any]


class Compiled:
    """Compiled log densities, one per structure; models of the same structure share it, each with its own data.

    Two models have the same structure if the same function built them, the graphs of their variables are equal
    (``describe_graph``), and their variables have the same shapes and coordinates. (The draws carry the coordinates of
    the model that was compiled.) A value that varies between specifications, data sets or priors causes a new
    compilation unless it is ``pm.Data``.
    """

    def __init__(self) -> None:
        """Start without compiled densities."""
        self._known: dict[object, tuple[Density, pm.Model, dict[object, Any]]] = {}

    def get(self, model: pm.Model, name: str, report: Report = lambda text: None) -> Ready:
        """Return the compiled density with this model's data; compile it if this structure is new."""
        shapes = tuple(sorted((key, value.shape) for key, value in model.initial_point().items()))
        drawn = {v.name: model.named_vars_to_dims.get(v.name, ()) for v in (*model.free_RVs, *model.deterministics)}
        dims = {dim for variable_dims in drawn.values() for dim in variable_dims}
        coords = tuple(sorted((dim, tuple(model.coords[dim])) for dim in dims))
        signature = (name, shapes, tuple(drawn.items()), coords, describe_graph(model))
        if signature not in self._known:
            report("compiling the model (20 to 60 s the first time on a machine, less from the cache)")
            self._known[signature] = (compile_density(model), model, {})
        density, first, functions = self._known[signature]
        values = {variable.name: variable.get_value() for variable in model.data_vars}
        # Initial points use this model's data, even if another specification was compiled. Otherwise a resumed refresh,
        # which compiles another specification first, would return other draws for the same seed.
        for variable in first.data_vars:
            variable.set_value(values[variable.name])
        return Ready(density.set_data(values), model, first, functions)


def describe_graph(model: pm.Model) -> tuple[object, ...]:
    """Describe the graph of a model's variables: each operation with its inputs, in order.

    Constants enter by value, ``pm.Data`` by name, type and number of dims. Models with equal descriptions have the same
    log density as a function of their data.
    """
    variables = [*model.basic_RVs, *model.deterministics, *model.potentials]
    ids: dict[Variable[Any, Any], int] = {}
    described: list[object] = [tuple(variable.name for variable in variables)]
    for leaf in graph_inputs(variables):
        ids[leaf] = len(ids)
        if isinstance(leaf, Constant):
            value = leaf.data
            described.append(value.tobytes() if isinstance(value, np.ndarray) else repr(value))
        described.append(
            (leaf.name, str(leaf.type) if isinstance(leaf, Constant) else getattr(leaf.type, "ndim", None))
        )
    for node in io_toposort(list(ids), variables):
        described.append((type(node.op).__name__, str(node.op), tuple(ids[one] for one in node.inputs)))
        for out in node.outputs:
            ids[out] = len(ids)
    return (*described, tuple(ids[variable] for variable in variables))


def sample(ready: Ready, seed: int, sampler: Sampler) -> xr.DataTree:
    """Draw from the posterior. The same seed gives the same draws on the same machine.

    The sampler returns the unconstrained variables only. The constrained variables and deterministics are derived from
    them in numpy. By default nutpie compiles them into the sampler, which takes up to half of the compilation time.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior``, ``unconstrained`` (named by value variable) and ``sample_stats``.

    Raises
    ------
    KeyboardInterrupt
        If interrupted. nutpie's own blocking call would instead return the draws so far as if they were complete.
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
    stats = stats.drop_vars("unconstrained_parameter", errors="ignore")  # the coordinate of the variable just dropped
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
    """Compute constrained variables and deterministics at draws of the unconstrained variables.

    Parameters
    ----------
    ready
        As ``Compiled.get`` returns it.
    draws
        (chain, draw, ...), one variable per value variable, as nutpie stores them.

    Returns
    -------
    xarray.Dataset
        Variables with dims chain, draw and the model's own.
    """
    model = ready.first

    def make_outputs() -> list[pt.TensorVariable]:
        return list(model.replace_rvs_by_values([*model.free_RVs, *model.deterministics]))

    variables = [*model.free_RVs, *model.deterministics]
    coords = {name: draws[name].to_numpy() for name in ("chain", "draw")}
    out = {}
    for variable, values in zip(variables, evaluate_at_draws(ready, "constrained", make_outputs, draws), strict=True):
        dims = model.named_vars_to_dims.get(variable.name, [f"{variable.name}_dim_{i}" for i in range(variable.ndim)])
        coords |= {dim: np.asarray(model.coords[dim]) for dim in dims if dim in model.coords}
        out[variable.name] = (("chain", "draw", *dims), values)
    return xr.Dataset(out, coords)


def compute_log_densities(ready: Ready, sampled: xr.DataTree, names: Iterable[str]) -> dict[str, xr.Dataset]:
    """Compute the log priors of some variables and the log likelihood at the draws, summed, for power-scaling.

    The log likelihood is the log density that the sampler recorded, minus the log priors of all free variables on the
    unconstrained scale. It thus includes any potential of the model. Evaluating the likelihood itself again, over
    thousands of cells, would take as long as everything else.

    Parameters
    ----------
    ready
        The compiled density, with the data of the fit.
    sampled
        As ``sample`` returns it.
    names
        Names of free variables.

    Returns
    -------
    dict
        ``log_prior``, with one variable per name, on the scale of the draws; ``log_likelihood``, with one variable
        ``total``. Each has dims (chain, draw) and is in nats.
    """
    names = list(names)
    model = ready.first

    def make_outputs() -> list[pt.TensorVariable]:
        terms = model.logp(vars=[model[name] for name in names], jacobian=False, sum=False)
        return [*(term.sum() for term in terms), model.logp(vars=model.free_RVs, jacobian=True, sum=True)]

    free, stats = sampled["unconstrained"].to_dataset(), sampled["sample_stats"].to_dataset()
    *priors, total = evaluate_at_draws(ready, ("log densities", *names), make_outputs, free)
    dims = ("chain", "draw")
    coords = {dim: free[dim].to_numpy() for dim in dims}
    log_prior = {name: (dims, values) for name, values in zip(names, priors, strict=True)}
    likelihood = {"total": (dims, stats["logp"].transpose(*dims).to_numpy() - total)}
    return {"log_prior": xr.Dataset(log_prior, coords), "log_likelihood": xr.Dataset(likelihood, coords)}


def evaluate_at_draws(
    ready: Ready, name: object, make_outputs: Callable[[], list[pt.TensorVariable]], draws: xr.Dataset
) -> list[npt.NDArray[Any]]:
    """Evaluate functions of the value variables of ``ready.first`` at the draws, in numpy: (chain, draw, ...) each.

    ``make_outputs`` is called once for each structure and ``name``.
    """
    values = ready.first.value_vars
    if name not in ready.functions:
        inputs = {v: pt.tensor(v.name, dtype=v.dtype, shape=(None, *v.type.shape)) for v in values}
        outputs = make_outputs()
        batched = vectorize_graph(outputs, inputs)
        # An output that depends on no variable is the same at every draw.
        batched = [b if b.ndim > out.ndim else pt.shape_padleft(b) for b, out in zip(batched, outputs, strict=True)]
        ready.functions[name] = pytensor.function(
            list(inputs.values()), batched, mode=INTERPRETED, on_unused_input="ignore"
        )
    evaluate = ready.functions[name]
    shape = (draws.sizes["chain"], draws.sizes["draw"])
    n = math.prod(shape)
    arrays = [(value, draws[value.name].transpose("chain", "draw", ...).to_numpy()) for value in values]
    flat = [array.reshape(n, *array.shape[2:]).astype(value.dtype) for value, array in arrays]
    parts = [evaluate(*(array[i : i + BATCH_SIZE] for array in flat)) for i in range(0, n, BATCH_SIZE)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    columns = [c if len(c) == n else np.broadcast_to(c[:1], (n, *c.shape[1:])) for c in columns]
    return [c.reshape(*shape, *c.shape[1:]) for c in columns]
