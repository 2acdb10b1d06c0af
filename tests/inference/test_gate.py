"""The gate rejects planted faults and nothing else."""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest
import xarray as xr

from inference.sampling.diagnostics import Gate, check

CHAINS, DRAWS = 4, 1000


def make_tree(
    posterior: np.ndarray | None = None,
    estimand: np.ndarray | None = None,
    event: np.ndarray | None = None,
    diverging: int = 0,
    at_max_depth: int = 0,
    energy: np.ndarray | None = None,
) -> xr.DataTree:
    """Make the groups of a fit that the gate reads: good unless a fault is planted."""
    rng = np.random.default_rng(5)
    good = rng.normal(size=(CHAINS, DRAWS))
    flags = np.zeros((CHAINS, DRAWS), bool)
    flags.flat[:diverging] = True
    deep = np.zeros((CHAINS, DRAWS), bool)
    deep.flat[:at_max_depth] = True
    dims = ("chain", "draw")
    attrs = {"kind": "quantity"}
    coords = {"chain": np.arange(CHAINS), "draw": np.arange(DRAWS)}
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"x": (dims, good if posterior is None else posterior)}, coords),
            "estimands": xr.Dataset(
                {
                    "share": (dims, good if estimand is None else estimand, attrs),
                    "event": (dims, (good > 0 if event is None else event).astype("int8"), {"kind": "probability"}),
                    "n_by_year": ("year", [3], {"kind": "rows"}),
                },
                coords,
            ),
            "sample_stats": xr.Dataset(
                {
                    "diverging": (dims, flags),
                    "reached_max_treedepth": (dims, deep),
                    "energy": (dims, rng.normal(size=good.shape) if energy is None else energy),
                },
                coords,
            ),
        }
    )


def test_a_good_fit_passes():
    gate = check(make_tree())
    assert gate.passed, gate.faults
    assert gate.r_hat_max < 1.01


def test_one_divergence_fails():
    assert "1 divergent" in check(make_tree(diverging=1)).faults[0]
    assert "reparameterise" in check(make_tree(diverging=1)).faults[0]


@pytest.mark.parametrize(("draws", "passed"), [(0, True), (40, True), (41, False), (4000, False)])
def test_more_than_one_draw_in_a_hundred_at_the_maximum_tree_depth_fails(draws: int, passed: bool):
    gate = check(make_tree(at_max_depth=draws))
    assert gate.max_depth == pytest.approx(draws / (CHAINS * DRAWS))
    assert gate.passed == passed
    assert any("maximum tree depth" in fault for fault in gate.faults) != passed


def test_worst_diagnostics_equal_those_of_arviz():
    tree = make_tree(posterior=shift_chain(0.05))
    gate = check(tree)
    posterior, estimands = (tree[name].to_dataset() for name in ("posterior", "estimands"))
    share, event = estimands[["share"]], estimands[["event"]].astype(float)
    r_hats = [float(az.rhat(group).to_array().max()) for group in (posterior, share, event)]
    assert gate.r_hat_max == max(r_hats)
    sizes = [
        float(az.ess(group, method=method).to_array().min())
        for group in (posterior, share)
        for method in ("bulk", "tail")
    ]
    assert gate.ess_min == min(*sizes, float(az.ess(event, method="bulk").to_array().min()))
    assert gate.ebfmi_min == float(az.bfmi(tree)["energy"].min())


def shift_chain(shift: float) -> np.ndarray:
    draws = np.random.default_rng(6).normal(size=(CHAINS, DRAWS))
    draws[0] += shift
    return draws


@pytest.mark.parametrize("where", ["posterior", "estimand"])
def test_r_hat_of_a_chain_that_disagrees_fails(where: str):
    gate = check(make_tree(**{where: shift_chain(0.8)}))
    assert gate.r_hat_max > 1.05
    assert any("R-hat" in fault for fault in gate.faults)
    assert gate.r_hat_worst == {"posterior": "x", "estimand": "share"}[where]


def test_event_that_occurs_in_only_one_chain_fails():
    event = np.zeros((CHAINS, DRAWS), bool)
    event[0] = np.random.default_rng(3).random(DRAWS) < 0.5
    assert not check(make_tree(event=event)).passed


def test_correlated_draws_fail():
    rng = np.random.default_rng(8)
    slow = np.zeros((CHAINS, DRAWS))
    for i in range(1, DRAWS):
        slow[:, i] = 0.95 * slow[:, i - 1] + rng.normal(size=CHAINS)
    assert any("effective sample size" in fault for fault in check(make_tree(posterior=slow)).faults)


def test_slow_energy_fails():
    energy = np.random.default_rng(4).normal(size=(CHAINS, DRAWS)).cumsum(1)
    assert any("E-BFMI" in fault for fault in check(make_tree(energy=energy)).faults)


def test_a_constant_estimand_passes_by_rule():
    assert check(make_tree(estimand=np.full((CHAINS, DRAWS), 0.5), event=np.zeros((CHAINS, DRAWS), bool))).passed


def test_a_constant_parameter_fails():
    assert not check(make_tree(posterior=np.full((CHAINS, DRAWS), 0.5))).passed


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["posterior", "estimand", "energy"])
def test_draws_that_are_not_finite_fail(where: str, value: float):
    broken = np.random.default_rng(1).normal(size=(CHAINS, DRAWS))
    broken[0, 0] = value
    assert not check(make_tree(**{where: broken})).passed
    assert not check(make_tree(**{where: np.full((CHAINS, DRAWS), value)})).passed


def test_a_diagnostic_that_is_not_a_number_fails():
    assert not Gate(0, float("nan"), "x", 1000, "x", 1.0).passed
    assert not Gate(0, 1.0, "x", float("nan"), "x", 1.0).passed
