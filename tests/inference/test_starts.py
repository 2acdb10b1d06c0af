"""Initial points of chains: near the support point of the prior, jittered, and so in the basin of the main mode.

Code release has a second mode (sensitivity near 0.5, specificity near 0.2). Its log density is hundreds of nats lower,
but a chain that starts there stays there.
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
    """Raised before anything is compiled for the sampler."""


@functools.cache
def build_model(name: str) -> pm.Model:
    return CASES[name].model.build(dataset_of(name), CASES[name].priors)


@functools.cache
def draw_starts(name: str) -> list[Values]:
    """Return the initial points of fifty seeds."""
    start = density.make_starts(build_model(name))
    return [start(seed) for seed in SEEDS]


@functools.cache
def compute_support_points(name: str) -> list[Values]:
    """Compute the unconstrained support point of each variable, given the other variables' initial values."""
    model = build_model(name)
    points = []
    for variable in model.free_RVs:
        transform, point = model.rvs_to_transforms[variable], support_point(variable)
        points.append(point if transform is None else transform.forward(point, *variable.owner.inputs))
    outputs = model.replace_rvs_by_values(points)
    evaluate = pytensor.function(model.value_vars, outputs, mode=AS_WRITTEN, on_unused_input="ignore")
    names = [variable.name for variable in model.value_vars]
    return [dict(zip(names, evaluate(*(start[n] for n in names)), strict=True)) for start in draw_starts(name)]


@pytest.mark.parametrize("name", CASES)
def test_starts_are_within_the_jitter_of_the_support_point(name: str):
    for start, point in zip(draw_starts(name), compute_support_points(name), strict=True):
        assert set(start) == set(point)
        for variable, value in start.items():
            assert np.shape(value) == np.shape(point[variable])
            assert np.abs(value - point[variable]).max() <= JITTER + 1e-9, variable


@pytest.mark.parametrize("name", CASES)
def test_starts_fill_the_jitter(name: str):
    """Chains that start at the same point cannot reveal poor mixing."""
    starts, points = draw_starts(name), compute_support_points(name)
    for variable in starts[0]:
        jitter = np.array([start[variable] - point[variable] for start, point in zip(starts, points, strict=True)])
        assert jitter.min() < -0.6 * JITTER and jitter.max() > 0.6 * JITTER, variable
        assert len(np.unique(jitter.reshape(len(jitter), -1)[:, 0])) == len(SEEDS), variable


@pytest.mark.parametrize("name", ["release", "release, by team"])
def test_code_release_starts_in_the_basin_of_its_main_mode(name: str):
    """Sensitivity is above 0.6 and specificity above 0.5, for every team type in every era."""
    by_team = name.endswith("by team")
    for start in draw_starts(name):
        # By team, the sampled variable is the rate of each team type; otherwise it is the common rate.
        sensitivity = start["sensitivity_team_logit" if by_team else "sensitivity_logit"]
        specificity = start["specificity_team_logit" if by_team else "specificity_logit"]
        assert expit(sensitivity).min() > 0.6
        assert expit(specificity).min() > 0.5


def test_the_initial_point_of_a_seed_does_not_depend_on_earlier_calls():
    start = density.make_starts(build_model("training_code"))
    for seed in (3, 0, 3):
        for variable, value in start(seed).items():
            np.testing.assert_array_equal(value, draw_starts("training_code")[seed][variable], err_msg=variable)


def test_both_routes_use_these_initial_points(monkeypatch: pytest.MonkeyPatch):
    """nutpie receives them by the private route, and by the public route that follows if the private one fails."""
    received: list[dict[str, Any]] = []

    def record(*_: Any, **options: Any) -> None:
        received.append(options)
        if len(received) == 1:
            raise StoppedError

    monkeypatch.setattr(nutpie_private, "_make_functions", record)
    monkeypatch.setattr(density, "from_pyfunc", record)
    monkeypatch.setattr(pm.Model, "logp_dlogp_function", lambda *_, **__: None)  # neither called nor compiled
    model = build_model("shares")
    with pytest.warns(RuntimeWarning, match="StoppedError"):
        density.compile_density(model)
    private, public = received
    for seed in (7, 2):
        wanted = draw_starts("shares")[seed]
        start = private["pymc_initial_point_fn"](seed)
        assert start.keys() == wanted.keys()
        for variable, value in wanted.items():
            np.testing.assert_array_equal(start[variable], value, err_msg=variable)
        joined = np.concatenate([wanted[value.name].ravel() for value in model.value_vars])
        np.testing.assert_array_equal(public["make_initial_point_fn"](seed), joined)


@pytest.mark.parametrize("route", ["private", "public"])
def test_chains_use_the_data_of_the_requested_model(route: str, monkeypatch: pytest.MonkeyPatch):
    """A model of the same structure with another prior was compiled first; its start and its data are not used."""
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
        # The private route replaces data in the compiled density; the public one reads them from the compiled model.
        data = ready.density.compiled
        if route == "public":
            data = {variable.name: variable.get_value() for variable in ready.first.data_vars}
        assert data.keys() == {variable.name for variable in model.data_vars}
        for variable in model.data_vars:
            np.testing.assert_array_equal(data[variable.name], variable.get_value(), err_msg=variable.name)
        found.append(float(starts[0](1)["intercept_mean"]))
    assert len(starts) == 1
    assert found == pytest.approx([found[0], found[0] + 10, found[0]])  # from -1 to 9
