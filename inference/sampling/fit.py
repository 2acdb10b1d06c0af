"""Fit one specification: model, data and seed give a DataTree that can be read without the code of the model.

A fit that fails the gate is tried once more, with smaller steps and more draws.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr

from inference.sampling.compiled import INTERPRETED, Compiled, compute_log_densities, sample
from inference.sampling.diagnostics import Gate, check
from inference.sampling.settings import Sampler
from models.common.claim import Model
from models.common.estimand import check_estimands

for name in ("pymc", "pymc.sampling.forward", "pymc.stats.log_density"):
    logging.getLogger(name).setLevel(logging.ERROR)

PRIOR_DRAWS = 500
PREDICTIVE_DRAWS = 500  # posterior draws for predictive checks
VERSIONS = ("pymc", "pytensor", "nutpie", "numba", "arviz-stats", "numpy", "xarray")
RUN_ATTRS = {"created_at", "sampling_time", "tuning_steps", "arviz_version", "creation_library_version"}

Report = Callable[[str], None]
DEFAULT = Sampler()


def fit(
    model: Model,
    dataset: xr.Dataset,
    choices: Any,
    priors: Any,
    seed: int,
    compiled: Compiled,
    sampler: Sampler = DEFAULT,
    report: Report = lambda text: None,
    predictive: bool = True,
) -> xr.DataTree:
    """Fit one specification and derive everything that is reported about it.

    ``predictive`` adds test quantities of replicated data, which only a model's main fits need.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior``, ``sample_stats``, ``prior``, ``estimands``, ``prior_estimands``, ``log_prior`` (of
        top-level parameters) and ``log_likelihood`` (see ``compute_log_densities``), ``constant_data`` (the prepared
        dataset) and ``raw`` (counts, if the model has them). With ``predictive`` also ``observed_data`` and the test
        quantities of the data and of replicated data: ``statistics``, ``posterior_statistics`` and
        ``prior_statistics``. attrs hold seed, versions, sampler settings, choices and priors.
    """
    pymc_model = model.build(dataset, priors)
    ready = compiled.get(pymc_model, f"{model.build.__module__}.{model.build.__qualname__}", report)
    report(f"sampling {sampler.chains} chains of {sampler.tune} + {sampler.draws} draws")
    sampled = sample(ready, seed, sampler)
    report("prior draws, predictive draws, densities, estimands")
    with pymc_model:
        unobserved = [variable.name for variable in (*pymc_model.free_RVs, *pymc_model.deterministics)]
        interpreted: dict[str, Any] = {"random_seed": seed, "compile_kwargs": {"mode": INTERPRETED}}
        prior = pm.sample_prior_predictive(PRIOR_DRAWS, var_names=None if predictive else unobserved, **interpreted)
        if predictive:
            thinned = sampled.isel(draw=slice(None, None, max(1, sampler.draws * sampler.chains // PREDICTIVE_DRAWS)))
            free = [variable.name for variable in pymc_model.free_RVs]
            replicated = pm.sample_posterior_predictive(thinned, freeze_vars=free, progressbar=False, **interpreted)
    posterior = sampled["posterior"].to_dataset()
    free_names = {variable.name for variable in pymc_model.free_RVs}  # a variant of a model may lack some
    top_level = [name for name in model.top_level if name in free_names]
    groups = {
        "posterior": posterior,
        "sample_stats": sampled["sample_stats"].to_dataset(),
        "prior": prior["prior"].to_dataset(),
        "estimands": check_estimands(model.estimands(posterior, dataset, choices)),
        "prior_estimands": model.estimands(prior["prior"].to_dataset(), dataset, choices),
        **compute_log_densities(ready, sampled, top_level),
        "constant_data": dataset,
    }
    if model.raw is not None:
        groups["raw"] = model.raw(dataset)
    if predictive:
        observed = prior["observed_data"].to_dataset()
        groups |= {
            "observed_data": observed,
            "statistics": model.test_quantities(observed, dataset),
            "posterior_statistics": model.test_quantities(replicated["posterior_predictive"].to_dataset(), dataset),
            "prior_statistics": model.test_quantities(prior["prior_predictive"].to_dataset(), dataset),
        }
    result = xr.DataTree.from_dict({name: _drop_attrs(group) for name, group in groups.items()})
    result.attrs = {
        "seed": seed,
        "versions": str({name: version(name) for name in VERSIONS}),
        "sampler": str(asdict(sampler)),
        "choices": str(choices),
        "priors": str(priors),
    }
    return result


def fit_checked(
    model: Model,
    dataset: xr.Dataset,
    choices: Any,
    priors: Any,
    seed: int,
    compiled: Compiled,
    sampler: Sampler,
    report: Report = lambda text: None,
    predictive: bool = True,
) -> tuple[xr.DataTree, Gate, bool]:
    """Fit and check a specification; if the fit fails the gate, retry once with smaller steps and more draws.

    Returns
    -------
    tree
        As ``fit`` returns it.
    gate
        Its diagnostics.
    retried
        Whether the tree is that of the retry.
    """
    tree = fit(model, dataset, choices, priors, seed, compiled, sampler, report, predictive)
    gate = check(tree)
    if gate.passed:
        return tree, gate, False
    retry = sampler.make_retry()
    report(f"gate: {'; '.join(gate.faults)}: one retry, target_accept {retry.target_accept}, {retry.draws} draws")
    tree = fit(model, dataset, choices, priors, seed, compiled, retry, report, predictive)
    return tree, check(tree), True


def derive_with_choices(tree: xr.DataTree, model: Model, choices: Any) -> xr.DataTree:
    """Derive estimands from the draws of an earlier fit, under choices that change neither data nor priors.

    The result omits the draws of the parameters, which stay with the earlier fit.
    """
    dataset = tree["constant_data"].to_dataset()
    sources = {"estimands": "posterior", "prior_estimands": "prior"}
    kept = ("log_prior", "log_likelihood", "constant_data", "raw")
    groups = {name: tree[name].to_dataset() for name in kept if name in tree.children}
    groups |= {
        name: _drop_attrs(model.estimands(tree[draws].to_dataset(), dataset, choices))
        for name, draws in sources.items()
    }
    result = xr.DataTree.from_dict(groups)
    result.attrs = tree.attrs | {"choices": str(choices)}
    return result


def _drop_attrs(group: xr.Dataset) -> xr.Dataset:
    """Drop attributes that vary from run to run (times, versions); store booleans as bytes."""
    out = group.drop_attrs(deep=False).assign_attrs({k: v for k, v in group.attrs.items() if k not in RUN_ATTRS})
    for name, variable in out.variables.items():
        if variable.dtype == np.bool_:
            out[name] = out[name].astype("int8")
    return out
