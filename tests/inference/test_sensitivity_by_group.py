"""Power-scaling by group of priors, and the named priors that each sensitive group must have."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from inference.summaries.power_scaling import compute_power_scaling, compute_scaling_by_group
from inference.summaries.sensitivity import list_without_named_prior

DIMS = ("chain", "draw")


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    """Draws of a, b and their sum; the priors of a and b pull it in opposite directions, by as much."""
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(4, 1000)), rng.normal(size=(4, 1000))
    log_prior = {"a": (DIMS, 0.5 * a), "b": (DIMS, -0.5 * b), "c": (DIMS, np.zeros((4, 1000)))}
    groups = {"log_prior": xr.Dataset(log_prior), "log_likelihood": xr.Dataset({"y": (DIMS, -2 * (a + b) ** 2)})}
    return xr.DataTree.from_dict(groups | {"estimands": xr.Dataset({"sum": (DIMS, a + b)})})


def scale(tree: xr.DataTree, groups: dict[str, tuple[str, ...]] | None) -> dict[str, float]:
    found = compute_scaling_by_group(tree, tree["estimands"].to_dataset(), groups)
    return {group: float(values["sum"]) for group, values in found.items()}


def test_opposite_priors_cancel_together_and_not_alone(tree: xr.DataTree):
    together = float(compute_power_scaling(tree, tree["estimands"].to_dataset(), "prior")["sum"])
    alone = scale(tree, {"first": ("a",), "second": ("b",)})
    assert together < 0.05 < min(alone["first"], alone["second"])
    both = scale(tree, {"both": ("a", "b", "absent"), "third": ("c",)})
    assert both["both"] == pytest.approx(together, abs=1e-6)  # the prior of c is flat
    assert both["third"] == 0


def test_every_parameter_belongs_to_a_group(tree: xr.DataTree):
    assert list(scale(tree, None)) == ["a", "b", "c"]
    assert list(scale(tree, {"first": ("a",), "elsewhere": ("absent",)})) == ["first", "b", "c"]


def declare(toy: Any, changes: dict[str, Any] | None = None, groups: Any = None) -> None:
    """Change the toy claim's named prior (None drops it), and declare groups of priors."""
    from models.toy import specifications

    every = [
        one if one.kind != "prior" else replace(one, **(changes or {}))
        for one in specifications.SPECIFICATIONS
        if one.kind != "prior" or changes is not None
    ]
    toy.monkeypatch.setattr(specifications, "SPECIFICATIONS", tuple(every))
    if groups is not None:
        toy.monkeypatch.setattr(specifications, "PRIOR_GROUPS", groups, raising=False)


def make_row(strength: float | None, group: str = "mean", **more: Any) -> dict[str, Any]:
    row = {"claim": "toy", "spec": "main", "title": "the mean", "headline": True}
    return row | {"prior_sensitivity_by_group": {group: strength}} | more


@pytest.mark.parametrize(
    ("strength", "changes", "missing"),
    [
        (0.06, {}, False),
        (0.06, None, True),
        (0.05, None, False),
        (None, None, False),
        (0.06, {"choices": {"first": 5}}, True),  # of other rows
        (0.06, {"priors": {}}, True),
        (0.06, {"kind": "model"}, True),
    ],
)
def test_a_sensitive_group_needs_a_named_prior(toy: Any, strength: float | None, changes: Any, missing: bool):
    declare(toy, changes)
    found = list_without_named_prior([make_row(strength), make_row(0.9, headline=False)])
    assert bool(found) == missing
    if missing:
        assert found == [
            "toy/main: the priors of the group 'mean' have no named prior, and power-scaling of them is above 0.05 for "
            "the mean 0.06"
        ]


def test_a_named_prior_of_another_group_does_not_count(toy: Any):
    declare(toy, {}, {"mean": {"location": (("other_sd",), ("mean",))}})
    assert list_without_named_prior([make_row(0.06, "location")])
    declare(toy, {}, {"mean": {"location": (("mean_sd", "other_sd"), ("mean",))}})
    assert list_without_named_prior([make_row(0.06, "location")]) == []
    # A prior that also changes a hyper-parameter of another group hides which of the two moves the estimate.
    declare(toy, {"priors": {"mean_sd": 0.5, "more_sd": 1.0}})
    assert list_without_named_prior([make_row(0.06, "location")])
    assert list_without_named_prior([make_row(None) | {"prior_sensitivity_by_group": None}]) == []


def test_the_command_objects_to_a_group_without_a_named_prior(toy: Any, tmp_path: Path):
    out = tmp_path / "out"
    toy.refresh(out)
    (row,) = [row for row in json.loads((out / "estimates.json").read_text())["estimates"] if row["headline"]]
    assert row["prior_sensitivity_by_group"] == {"mean": row["prior_sensitivity"]}  # the only top-level prior
    code, output, _ = toy("sensitivity", "--out", out)
    assert code == 0
    assert f"groups of priors, each scaled alone: mean {row['prior_sensitivity_text']}" in output
    declare(toy, {"priors": {"mean_sd": 0.5, "more_sd": 1.0}})
    toy.monkeypatch.setattr("inference.pipeline.outputs.are_outputs_current", lambda *arguments: True)
    toy.monkeypatch.setattr("inference.pipeline.status.read_earlier_overrides", read_none)
    toy.monkeypatch.setattr("inference.store.fingerprints.list_parts_by_fit", lambda *arguments: {})
    code, output, _ = toy("sensitivity", "--out", out)
    assert code == 1
    assert "no named prior: toy/main: the priors of the group 'mean'" in output
    code, output, _ = toy("sensitivity", "--out", out, "--json")
    assert code == 1
    assert len(json.loads(output)["without_named_prior"]) == 1


def read_none(*arguments: Any) -> Any:
    from inference.store.overrides import Overrides

    return Overrides()
