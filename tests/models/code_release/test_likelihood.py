"""Code release: the model's joint density against one written from the docstring alone, paper by paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from models.code_release.choices import Choices
from tests.models.code_release.density import (
    CONFIGURATIONS,
    EFFECTS,
    SHIFTED,
    Named,
    Tables,
    described,
    evaluated_on,
    log_prior,
    of_hand_coded,
    of_papers,
    of_passages,
    real,
    small,
)

FAST = ("none, all", "pooled, by team", "by team, common", "shifts, by team")
ON_THE_REAL_ONE = ("pooled, common", "shifts, by team")


def check_likelihood(
    tables: Callable[[], Tables], choices: Choices, seed: int, spread: float
) -> tuple[Named, dict[str, float]]:
    """Compare every likelihood term at a random point; return the model's values and densities."""
    evaluated = evaluated_on(tables, choices)
    values, densities = evaluated(evaluated.point(seed, spread))
    papers = described(tables(), choices)
    assert int(evaluated.dataset["n"].sum()) == len(papers)
    expected = {
        "y_obs": of_papers(values, choices, papers),
        **of_hand_coded(values, choices, tables()),
        "passages_obs": of_passages(values, choices, tables(), papers),
    }
    assert {variable.name for variable in evaluated.model.observed_RVs} == set(expected)
    for name, value in expected.items():
        assert densities[name] == pytest.approx(value, rel=1e-8, abs=1e-6), name
    return values, densities


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in CONFIGURATIONS]
)
def test_likelihood_is_that_of_the_docstring(name: str):
    """Each of its four terms, at points near the start and far from it."""
    choices = CONFIGURATIONS[name]
    for seed, spread in enumerate((0.3, 0.8, 1.5)):
        _, densities = check_likelihood(small, choices, seed, spread)
    by_hand, passages = choices.calibration != "passages", choices.calibration != "hand"
    for term, used in {"hand_release_obs": by_hand, "hand_none_obs": by_hand, "passages_obs": passages}.items():
        assert (densities[term] != 0) == (used and choices.error != "none")  # the comparison is not of zeros


@pytest.mark.parametrize("name", ON_THE_REAL_ONE)
def test_likelihood_of_the_papers_themselves_is_that_of_the_docstring(name: str):
    """The same with the repository's tables."""
    for seed, spread in enumerate((0.4, 1.0)):
        check_likelihood(real, CONFIGURATIONS[name], seed, spread)


@pytest.mark.parametrize("name", ["none, all", "pooled, common", "by team, by team"])
def test_joint_density_is_that_of_the_docstring(name: str):
    """With the effects' volume to that of the shifted forms, priors agree one by one and in sum."""
    choices, seed, spread = CONFIGURATIONS[name], 11, 0.6
    values, densities = check_likelihood(small, choices, seed, spread)
    evaluated = evaluated_on(small, choices)
    point = evaluated.point(seed, spread)
    expected = log_prior(values)
    free = {variable.name for variable in evaluated.model.free_RVs}
    assert free - set(SHIFTED) == set(expected) - set(EFFECTS)
    for variable in free - set(SHIFTED):
        assert densities[variable] == pytest.approx(expected[variable], rel=1e-9, abs=1e-9), variable
    assert sum(densities[variable] for variable in SHIFTED) == pytest.approx(
        sum(expected[effect] for effect in EFFECTS) + evaluated.log_stretch(point), rel=1e-9, abs=1e-7
    )
    joint = float(evaluated.model.compile_logp(mode="FAST_COMPILE")(point))
    assert joint == pytest.approx(sum(densities.values()), rel=1e-10)  # no potential, nothing else


@pytest.mark.parametrize("name", ["none, all", "none, by team", "pooled, by team"])
@pytest.mark.parametrize("level", [-30.0, pytest.param(-20.0, marks=pytest.mark.slow), 20.0])
def test_far_points_are_finite_and_agree(name: str, level: float):
    """Log-odds where shares are 0 or 1 to many digits. Beyond 36 and without error, the model's 1 - p is 0."""
    choices = CONFIGURATIONS[name]
    evaluated = evaluated_on(small, choices)
    start = evaluated.point(3, 0.2)
    values, _ = evaluated(start)
    push = level - values["venue_year_effect"].mean().item()
    values, densities = evaluated(start | {"venue_year_raw": start["venue_year_raw"] + push})
    assert values["venue_year_effect"].mean().item() == pytest.approx(level)
    expected = of_papers(values, choices, described(small(), choices))
    assert densities["y_obs"] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("side", ["shift_sensitivity", "shift_specificity"])
def test_shifts_move_papers_and_leave_those_coded_by_hand(side: str):
    """A shift is of the papers; by hand, kinds of team stand side by side as they are."""
    densities = shifted_by(side)
    assert abs(densities["y_obs"][1] - densities["y_obs"][0]) > 0.1
    for name in ("hand_release_obs", "hand_none_obs"):
        assert densities[name][1] == pytest.approx(densities[name][0], rel=1e-12), name


@pytest.mark.parametrize("side", ["shift_sensitivity", "shift_specificity"])
def test_shifts_leave_passages_which_calibrate(side: str):
    """What is beyond the calibration does not touch the likelihood of what calibrates."""
    passages = shifted_by(side)["passages_obs"]
    assert passages[1] == pytest.approx(passages[0], rel=1e-12)


def shifted_by(side: str) -> dict[str, tuple[float, float]]:
    """Log densities at one point without a shift and with one."""
    found = []
    for shift in (0.0, 0.8):
        choices = dataclasses.replace(CONFIGURATIONS["by team, by team"], **{side: shift})
        evaluated = evaluated_on(small, choices)
        found.append(evaluated(evaluated.point(2, 0.6))[1])
    return {name: (found[0][name], found[1][name]) for name in found[0]}
