"""Specifications of access to weights: roles, groups of priors, and bounds."""

from __future__ import annotations

import dataclasses

import pytest

from models.weights_access import specifications
from models.weights_access.choices import AccessPriors, Choices
from models.weights_access.model import MODEL
from models.weights_access.reporting import HEADLINES, LABELS, PUBLISHED
from models.weights_access.specifications import (
    ACCESS,
    HEADLINE_NAMES,
    ORDERED,
    PRIOR_GROUPS,
    PRIORS,
    SCALED,
    SPECIFICATIONS,
)
from tests.models.declared import find_role_faults

KNOWN = {specification.name: specification for specification in SPECIFICATIONS}


def test_refresh_fits_at_most_eight_and_one_main_fit() -> None:
    refreshed = [each for each in SPECIFICATIONS if not each.extended]
    assert len(refreshed) <= 8 and [each.name for each in refreshed if each.role == "main"] == ["main"]
    assert len(KNOWN) == len(SPECIFICATIONS)


def test_roles_are_those_of_the_quantity() -> None:
    """A change of the labels or the models concerns all that depends on open weights, a shift their share alone."""
    assert find_role_faults(SPECIFICATIONS, HEADLINES, PUBLISHED) == []
    assert {one.estimand for one in HEADLINES} == set(HEADLINE_NAMES) <= set(LABELS)
    for each in SPECIFICATIONS:
        choices = dict(each.choices)
        if each.role in ("main", "separate") or each.name == ORDERED:
            assert not each.same_quantity, each.name
        elif "unknown_shift" in choices or "unknown" in choices:
            assert each.same_quantity == ("open",), each.name
        elif "vintage" in choices:
            assert set(each.same_quantity) == set(HEADLINE_NAMES) - {"known"}, each.name
        else:
            assert set(each.same_quantity) == set(HEADLINE_NAMES), each.name
        if choices.get("models") == "notable":
            assert each.role == "separate", each.name


def test_a_refused_model_is_compared_with_no_headline() -> None:
    assert [each.name for each in SPECIFICATIONS if each.model == ORDERED] == [ORDERED]
    assert KNOWN[ORDERED].checked and not KNOWN[ORDERED].same_quantity


def test_every_bound_is_declared() -> None:
    shifts = {each.choices["unknown_shift"]: each.role for each in SPECIFICATIONS if "unknown_shift" in each.choices}
    assert shifts == {-1.0: "bound", 1.0: "bound"}
    assert {each.name for each in SPECIFICATIONS if each.role == "bound"} == {"unknown_less", "unknown_more"}
    declared = [dict(each.choices) for each in SPECIFICATIONS]
    required: list[dict[str, object]] = [
        {"error": "none"}, {"unknown": "left out"}, {"models": "notable"}, {"vintage": "2025-06"},
        {"vintage": "2026-05", "models": "notable"},
    ]  # fmt: skip
    for choices in required:
        assert choices in declared, choices
    fields = dataclasses.asdict(Choices())
    for each in SPECIFICATIONS:
        assert all(fields[name] != value for name, value in each.choices.items()), each.name


def test_groups_of_priors_hold_every_top_level_parameter_once() -> None:
    groups = PRIOR_GROUPS[ACCESS]
    assert sorted(name for _, parameters in groups.values() for name in parameters) == sorted(MODEL.top_level)
    scales = [name for hyper, _ in groups.values() for name in hyper]
    fields = dataclasses.asdict(PRIORS[ACCESS])
    assert len(scales) == len(set(scales)) and set(scales) <= set(fields)
    assert all(name.endswith(("_mean", "_log_sd")) for name in set(fields) - set(scales))
    assert set(SCALED) <= set(groups)
    assert [each.name for each in SPECIFICATIONS if each.priors] == [
        each.name for each in specifications._list_named_priors()
    ]


def test_named_priors_change_one_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every group could be declared, whichever headlines are sensitive to it."""
    groups = PRIOR_GROUPS[ACCESS]
    monkeypatch.setattr(specifications, "SCALED", tuple(groups))
    named = specifications._list_named_priors()
    assert len({each.name for each in named}) == 2 * len(groups)
    fields = dataclasses.asdict(AccessPriors())
    for each, (group, factor) in zip(named, [(g, f) for g in groups for f in (0.5, 2.0)], strict=True):
        assert each.kind == "prior" and each.role == "defensible" and each.extended and not each.choices
        assert dict(each.priors) == {name: factor * fields[name] for name in groups[group][0]}
        assert each.name.endswith("half" if factor == 0.5 else "twice")
