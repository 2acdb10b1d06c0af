"""Specifications of the hardware gap: one change a step, roles, groups of priors."""

from __future__ import annotations

import dataclasses
import itertools

from models.compute_gap.choices import Choices
from models.compute_gap.definitions import PUBLISHED_AT, VENUES
from models.compute_gap.model import MODEL
from models.compute_gap.reporting import HEADLINES, LADDER, PUBLISHED
from models.compute_gap.specifications import GEOMETRIC, PRIOR_GROUPS, PRIORS, SCALED, SETUPS, SPECIFICATIONS

KNOWN = {specification.name: specification for specification in SPECIFICATIONS}


def test_each_step_of_the_ladder_changes_one_choice():
    resolved = [dataclasses.asdict(dataclasses.replace(Choices(), **KNOWN[name].choices)) for name in LADDER]
    changed = [[key for key in before if before[key] != after[key]] for before, after in itertools.pairwise(resolved)]
    assert changed == [["mean"], ["mean"], ["mix"], ["error"]]
    assert list(LADDER)[-1] == "main"
    assert all(KNOWN[name].kind == kind or name == "main" for name, kind in LADDER.items())


def test_refresh_fits_at_most_eight_and_one_main_fit():
    refreshed = [each for each in SPECIFICATIONS if not each.extended]
    assert len(refreshed) <= 8 and [each.name for each in refreshed if each.role == "main"] == ["main"]


def test_every_dispute_has_a_specification():
    declared = [dict(each.choices) for each in SPECIFICATIONS]
    required: list[dict[str, object]] = [
        {"peak": "tensor"}, {"setups": "sum"}, {"unknown": "one"}, {"unknown": "eight"}, {"mix": "own"},
        *({"without_venue": venue} for venue in VENUES if not PUBLISHED_AT.startswith(venue)),
    ]  # fmt: skip
    for choices in required:
        assert choices in declared, choices
    shifted = {tuple(each["unstated_teams"]) for each in declared if "unstated_shift" in each}
    assert shifted == {
        ("academia-only", "mixed", "industry-only"), ("academia-only",), ("mixed", "industry-only"),
    }  # fmt: skip


def test_roles_are_those_of_the_quantity():
    """A shift of papers without a statement concerns the geometric mean alone; other data answer another question."""
    headlines = {one.estimand for one in HEADLINES}
    assert {one.estimand for one in PUBLISHED} == headlines
    for each in SPECIFICATIONS:
        if each.role in ("main", "step", "separate"):
            assert not each.same_quantity, each.name
        elif each.name.startswith("unstated") or each.model != SETUPS:
            assert each.same_quantity == (GEOMETRIC,), each.name
        else:
            assert set(each.same_quantity) == headlines, each.name
        if dict(each.choices).get("source") in ("nlp", "epoch"):
            assert each.role == "separate", each.name


def test_groups_of_priors_hold_every_top_level_parameter_once_and_named_priors_change_one_group():
    groups = PRIOR_GROUPS[SETUPS]
    assert sorted(name for _, parameters in groups.values() for name in parameters) == sorted(MODEL.top_level)
    scales = [name for hyper, _ in groups.values() for name in hyper]
    fields = dataclasses.asdict(PRIORS[SETUPS])
    assert len(scales) == len(set(scales)) and set(scales) <= set(fields)
    assert all(name.endswith(("_mean", "_log_sd")) for name in set(fields) - set(scales))
    named = [each for each in SPECIFICATIONS if each.priors]
    assert len(named) == 2 * len(SCALED)
    for each in named:
        factor = 0.5 if each.name.endswith("_half") else 2.0
        assert not each.choices and each.role == "defensible"
        assert any(set(each.priors) <= set(hyper) for hyper, _ in groups.values()), each.name
        assert {name: factor * fields[name] for name in each.priors} == dict(each.priors)
