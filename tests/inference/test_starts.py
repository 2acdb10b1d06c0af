"""Where chains start: near the prior's middle, each on its own, and so in the basin of the main mode.

Code release has a second mode (sensitivity near 0.5, specificity near 0.2), hundreds of nats lower, in which a sampler
that starts there stays.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytest
from pymc.distributions.distribution import support_point
from scipy.special import expit

from inference.sampling import compiled, density, nutpie_private
from tests.models.small_models import AS_WRITTEN, CASES, Values, dataset_of

SEEDS = range(50)
JITTER = 1.0  # on the unconstrained scale


class StoppedError(Exception):
    """Before anything is compiled for the sampler."""


@functools.cache
def model_of(name: str) -> pm.Model:
    return CASES[name].model.build(dataset_of(name), CASES[name].priors)


@functools.cache
def starts_of(name: str) -> list[Values]:
    """Starts at fifty seeds."""
    start = density.make_starts(model_of(name))
    return [start(seed) for seed in SEEDS]


@functools.cache
def middles_of(name: str) -> list[Values]:
    """The unconstrained support point of each variable at each start, given where the others start."""
    model = model_of(name)
    middles = []
    for variable in model.free_RVs:
        transform, middle = model.rvs_to_transforms[variable], support_point(variable)
        middles.append(middle if transform is None else transform.forward(middle, *variable.owner.inputs))
    outputs = model.replace_rvs_by_values(middles)
    at = pytensor.function(model.value_vars, outputs, mode=AS_WRITTEN, on_unused_input="ignore")
    names = [variable.name for variable in model.value_vars]
    return [dict(zip(names, at(*(start[n] for n in names)), strict=True)) for start in starts_of(name)]


@pytest.mark.parametrize("name", CASES)
def test_starts_are_within_the_jitter_of_the_support_point(name: str):
    for start, middle in zip(starts_of(name), middles_of(name), strict=True):
        assert set(start) == set(middle)
        for variable, value in start.items():
            assert np.shape(value) == np.shape(middle[variable])
            assert np.abs(value - middle[variable]).max() <= JITTER + 1e-9, variable


@pytest.mark.parametrize("name", CASES)
def test_starts_fill_the_jitter(name: str):
    """Chains that start at one point cannot show that they have not mixed."""
    starts, middles = starts_of(name), middles_of(name)
    for variable in starts[0]:
        away = np.array([start[variable] - middle[variable] for start, middle in zip(starts, middles, strict=True)])
        assert away.min() < -0.6 * JITTER and away.max() > 0.6 * JITTER, variable
        assert len(np.unique(away.reshape(len(away), -1)[:, 0])) == len(SEEDS), variable


@pytest.mark.parametrize("name", ["release", "release, by team"])
def test_code_release_starts_in_the_basin_of_its_main_mode(name: str):
    """Sensitivity above 0.6 and specificity above 0.5, of every kind of team in every era."""
    by_team = name.endswith("by team")
    for start in starts_of(name):
        # By team, what is sampled is the rate of each itself; else the rate of all.
        sensitivity = start["sensitivity_of_team" if by_team else "sensitivity_logit"]
        specificity = start["specificity_of_team" if by_team else "specificity_logit"]
        assert expit(sensitivity).min() > 0.6
        assert expit(specificity).min() > 0.5


def test_a_seed_has_its_start_whatever_was_asked_before():
    start = density.make_starts(model_of("training_code"))
    for seed in (3, 0, 3):
        for variable, value in start(seed).items():
            np.testing.assert_array_equal(value, starts_of("training_code")[seed][variable], err_msg=variable)


def test_both_routes_start_chains_there(monkeypatch: pytest.MonkeyPatch):
    """What nutpie is handed: by the private route, and by the public one that follows where the former fails."""
    handed: list[dict[str, Any]] = []

    def note(*_: Any, **options: Any) -> None:
        handed.append(options)
        if len(handed) == 1:
            raise StoppedError

    monkeypatch.setattr(nutpie_private, "_make_functions", note)
    monkeypatch.setattr(density, "from_pyfunc", note)
    monkeypatch.setattr(pm.Model, "logp_dlogp_function", lambda *_, **__: None)  # is not called, nor compiled
    model = model_of("shares")
    with pytest.warns(RuntimeWarning, match="StoppedError"):
        density.compile_density(model)
    private, public = handed
    for seed in (7, 2):
        wanted = starts_of("shares")[seed]
        found = private["pymc_initial_point_fn"](seed)
        assert found.keys() == wanted.keys()
        for variable, value in wanted.items():
            np.testing.assert_array_equal(found[variable], value, err_msg=variable)
        together = np.concatenate([wanted[value.name].ravel() for value in model.value_vars])
        np.testing.assert_array_equal(public["make_initial_point_fn"](seed), together)


@pytest.mark.parametrize("route", ["private", "public"])
def test_chains_have_the_data_of_the_model_that_is_asked_for(route: str, monkeypatch: pytest.MonkeyPatch):
    """One of the same structure was compiled before, with another prior: neither its start nor its data are taken."""
    case = CASES["measurements"]
    other = dataclasses.replace(case.priors, stratum_mean=9.0)
    models = [case.model.build(dataset_of("measurements"), priors) for priors in (case.priors, other, case.priors)]
    read = frozenset(variable.name for variable in models[0].data_vars) if route == "private" else frozenset()
    starts: list[Callable[[int], Values]] = []

    def compile_density(model: pm.Model) -> density.Density:
        starts.append(density.make_starts(model))
        return density.Density(SimpleNamespace(with_data=lambda **values: values), read)

    monkeypatch.setattr(compiled, "compile_density", compile_density)
    known = compiled.Compiled()
    found = []
    for model in models:
        ready = known.get(model, "measurements")
        assert ready.model is model and ready.first is models[0]
        # The private route replaces the data in what was compiled, the public one reads them in the model that was.
        given = ready.density.compiled
        if route == "public":
            given = {variable.name: variable.get_value() for variable in ready.first.data_vars}
        assert given.keys() == {variable.name for variable in model.data_vars}
        for variable in model.data_vars:
            np.testing.assert_array_equal(given[variable.name], variable.get_value(), err_msg=variable.name)
        found.append(float(starts[0](1)["level_mean"]))
    assert len(starts) == 1
    assert found == pytest.approx([found[0], found[0] + 10, found[0]])  # from -1 to 9
