"""Code release: the model's joint density against one written from its docstring alone, paper by paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from models.code_release.choices import Choices
from models.code_release.model import MODEL
from tests.models.code_release.density import (
    CONFIGURATIONS,
    EFFECTS,
    ERAS,
    TEAMS,
    Named,
    Tables,
    compute_ceiling,
    compute_errors,
    compute_log_prior,
    describe_papers,
    evaluate_on,
    load_real,
    make_small,
    sum_likelihoods,
    sum_papers,
)
from tests.models.code_release.points import make_draw

FAST = (
    "error none, ceiling none",
    "error pooled, ceiling by team",
    "error by team, ceiling common",
    "shifts, by team",
)
ON_REAL_TABLES = ("error pooled, ceiling common", "shifts, by team")
FAST_OR_SLOW = [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in CONFIGURATIONS]
LABEL_TERMS = ("human_release_obs", "human_none_obs", "passages_obs")


def check_likelihood(
    tables: Callable[[], Tables], choices: Choices, seed: int, sd: float
) -> tuple[Named, dict[str, float]]:
    """Compare every likelihood term at a random point; return the model's values and densities."""
    evaluated = evaluate_on(tables, choices)
    values, densities = evaluated(evaluated.point(seed, sd))
    assert int(evaluated.dataset["n"].sum()) == len(describe_papers(tables(), choices))
    expected = sum_likelihoods(values, choices, tables())
    assert {variable.name for variable in evaluated.model.observed_RVs} == set(expected)
    for name, value in expected.items():
        assert densities[name] == pytest.approx(value, rel=1e-8, abs=1e-6), name
    return values, densities


@pytest.mark.parametrize("name", FAST_OR_SLOW)
def test_likelihood_is_that_of_the_docstring(name: str):
    """Compare each of its terms near the initial point and far from it."""
    choices = CONFIGURATIONS[name]
    for seed, sd in enumerate((0.3, 0.8, 1.5)):
        _, densities = check_likelihood(make_small, choices, seed, sd)
    if choices.error == "none":
        assert not densities.keys() & set(LABEL_TERMS)
        return
    human, passages = choices.calibration != "passages", choices.calibration != "hand"
    for term, used in zip(LABEL_TERMS, (human, human, passages), strict=True):
        assert (densities[term] != 0) == used  # the comparison is not of zeros


@pytest.mark.parametrize("name", ON_REAL_TABLES)
def test_likelihood_of_the_real_papers_is_that_of_the_docstring(name: str):
    """The comparison also holds with the repository's tables."""
    for seed, sd in enumerate((0.4, 1.0)):
        check_likelihood(load_real, CONFIGURATIONS[name], seed, sd)


@pytest.mark.parametrize(
    "name", ["error none, ceiling none", "error pooled, ceiling common", "error by team, ceiling by team"]
)
def test_joint_density_is_that_of_the_docstring(name: str):
    """Priors agree one by one; those of effects sampled less an offset agree in sum, with the Jacobian of the map."""
    choices, seed, sd = CONFIGURATIONS[name], 11, 0.6
    values, densities = check_likelihood(make_small, choices, seed, sd)
    evaluated = evaluate_on(make_small, choices)
    point = evaluated.point(seed, sd)
    expected = compute_log_prior(values, choices)
    effects = evaluated.list_effects()
    shifted = {EFFECTS[effect] for effect in effects}
    free = {variable.name for variable in evaluated.model.free_RVs}
    assert shifted < free and len(shifted) == (5 if choices.ceiling == "none" else 6)
    assert free - shifted == set(expected) - set(effects)
    for variable in free - shifted:
        assert densities[variable] == pytest.approx(expected[variable], rel=1e-9, abs=1e-9), variable
    assert sum(densities[variable] for variable in shifted) == pytest.approx(
        sum(expected[effect] for effect in effects) + evaluated.compute_log_jacobian(point), rel=1e-9, abs=1e-7
    )
    joint = float(evaluated.model.compile_logp(mode="FAST_COMPILE")(point))
    assert joint == pytest.approx(sum(densities.values()), rel=1e-10)  # no potential, nothing else


@pytest.mark.parametrize("name", FAST_OR_SLOW)
def test_reported_probabilities_are_those_of_the_likelihood(name: str):
    """The ceiling, and the error rates with their shifts; a model without a ceiling or errors reports none."""
    choices = CONFIGURATIONS[name]
    evaluated = evaluate_on(make_small, choices)
    values, _ = evaluated(evaluated.point(7, 0.7))
    team, team_by_era = pd.Series(TEAMS), pd.Series(np.repeat(TEAMS, len(ERAS)))
    era = pd.Series(ERAS * len(TEAMS))
    a, _ = compute_errors(values, choices, team, pd.Series(["2014-18"] * len(TEAMS)), shifted=True)
    _, b = compute_errors(values, choices, team_by_era, era, shifted=True)
    expected = {
        "ceiling": (("team",), expit(compute_ceiling(values, choices, team))),
        "sensitivity": (("team",), expit(a)),
        "specificity": (("team", "era"), expit(b).reshape(len(TEAMS), len(ERAS))),
    }
    absent = {"ceiling"} if choices.ceiling == "none" else set()
    absent |= {"sensitivity", "specificity"} if choices.error == "none" else set()
    assert values.keys() & expected.keys() == expected.keys() - absent
    for variable in expected.keys() - absent:
        dims, value = expected[variable]
        assert values[variable].dims == dims
        np.testing.assert_allclose(values[variable], value, rtol=1e-12, err_msg=variable)
    if choices.ceiling != "none":
        assert values["ceiling_logit"].dims == (() if choices.ceiling == "common" else ("team",))
    draws = make_draw({key: value.to_numpy() for key, value in values.items()}, evaluated.model)
    found = MODEL.estimands(draws, evaluated.dataset, choices).isel(chain=0, draw=0)
    assert {"willing", "sensitivity", "specificity"} & set(found) == (
        set() if choices.error == "none" else {"willing", "sensitivity", "specificity"}
    )
    if choices.error != "none":
        np.testing.assert_allclose(found["willing"].sel(team=list(TEAMS)), expected["ceiling"][1])
        np.testing.assert_allclose(found["sensitivity"].sel(team=list(TEAMS)), expected["sensitivity"][1])
        specificity = found["specificity"].sel(team=list(TEAMS), years=list(ERAS)).transpose("team", "years")
        np.testing.assert_allclose(specificity, expected["specificity"][1])


@pytest.mark.parametrize(
    "name", ["error none, ceiling none", "error none, ceiling by team", "error pooled, ceiling by team"]
)
@pytest.mark.parametrize("log_odds", [-30.0, pytest.param(-20.0, marks=pytest.mark.slow), 20.0])
def test_far_points_are_finite_and_agree(name: str, log_odds: float):
    """Shares are 0 or 1 to many digits. Beyond log-odds of 36 and without error, the model's 1 - p is 0."""
    choices = CONFIGURATIONS[name]
    evaluated = evaluate_on(make_small, choices)
    start = evaluated.point(3, 0.2)
    values, _ = evaluated(start)
    step = log_odds - values["venue_year_effect"].mean().item()
    shifted = start["venue_year_effect_shifted"] + step
    values, densities = evaluated(start | {"venue_year_effect_shifted": shifted})
    assert values["venue_year_effect"].mean().item() == pytest.approx(log_odds)
    expected = sum_papers(values, choices, describe_papers(make_small(), choices))
    assert densities["y_obs"] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("rate", ["shift_sensitivity", "shift_specificity"])
def test_shifts_change_papers_but_not_human_labels(rate: str):
    """A shift concerns the papers alone; papers with a human label have the error rates without it."""
    densities = evaluate_shift(rate)
    assert abs(densities["y_obs"][1] - densities["y_obs"][0]) > 0.1
    for name in ("human_release_obs", "human_none_obs"):
        assert densities[name][1] == pytest.approx(densities[name][0], rel=1e-12), name


@pytest.mark.parametrize("rate", ["shift_sensitivity", "shift_specificity"])
def test_shifts_do_not_change_passages(rate: str):
    """A shift goes beyond the calibration, so it leaves the likelihood of what calibrates."""
    passages = evaluate_shift(rate)["passages_obs"]
    assert passages[1] == pytest.approx(passages[0], rel=1e-12)


def evaluate_shift(rate: str) -> dict[str, tuple[float, float]]:
    """Return log densities at one point without a shift and with one."""
    found = []
    for shift in (0.0, 0.8):
        choices = dataclasses.replace(CONFIGURATIONS["error by team, ceiling by team"], **{rate: shift})
        evaluated = evaluate_on(make_small, choices)
        found.append(evaluated(evaluated.point(3, 0.6))[1])
    return {name: (found[0][name], found[1][name]) for name in found[0]}
