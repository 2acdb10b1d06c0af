"""Specifications of adoption: one change a step, roles, groups of priors."""

from __future__ import annotations

import dataclasses
import itertools

from models.pretrained_adoption.choices import Choices
from models.pretrained_adoption.model import MODEL
from models.pretrained_adoption.reporting import HEADLINES, LADDER, PUBLISHED
from models.pretrained_adoption.specifications import CHANGE, MENTIONS, PRIOR_GROUPS, PRIORS, SCALED, SPECIFICATIONS

KNOWN = {specification.name: specification for specification in SPECIFICATIONS}


def test_each_step_of_the_ladder_changes_one_choice():
    resolved = [dataclasses.asdict(dataclasses.replace(Choices(), **KNOWN[name].choices)) for name in LADDER]
    changed = [[key for key in before if before[key] != after[key]] for before, after in itertools.pairwise(resolved)]
    assert changed == [["where"], ["mix"]]
    assert all(KNOWN[name].kind == kind or name == "main" for name, kind in LADDER.items())


def test_refresh_fits_at_most_eight_and_one_main_fit():
    refreshed = [each for each in SPECIFICATIONS if not each.extended]
    assert len(refreshed) <= 8 and [each.name for each in refreshed if each.role == "main"] == ["main"]


def test_only_the_direction_is_published():
    assert 3 <= len(HEADLINES) <= 5
    assert [(one.estimand, one.sign) for one in PUBLISHED if one.not_comparable is None] == [(CHANGE, 1)]
    assert {(one.estimand, *one.coords.items()) for one in PUBLISHED} == {
        (one.estimand, *one.coords.items()) for one in HEADLINES
    }


def test_roles_are_those_of_the_quantity():
    headlines = {one.estimand for one in HEADLINES}
    for each in SPECIFICATIONS:
        assert set(each.same_quantity) <= headlines, each.name
        assert bool(each.same_quantity) == (each.role in ("defensible", "bound")), each.name
    bounds = {each.name: each.same_quantity for each in SPECIFICATIONS if each.role == "bound"}
    assert set(bounds) == {"use_less", "use_more", "without_bert"}
    assert bounds["use_less"] == bounds["use_more"] == ("use_by_year",)
    assert dict(KNOWN["any_model"].choices) == {"models": "any"} and KNOWN["any_model"].role == "separate"


def test_groups_of_priors_hold_every_top_level_parameter_once_and_named_priors_change_one_group():
    groups = PRIOR_GROUPS[MENTIONS]
    assert sorted(name for _, parameters in groups.values() for name in parameters) == sorted(MODEL.top_level)
    scales = [name for hyper, _ in groups.values() for name in hyper]
    fields = dataclasses.asdict(PRIORS[MENTIONS])
    assert len(scales) == len(set(scales)) and set(scales) <= set(fields)
    assert all(name.endswith(("_mean", "_log_sd")) for name in set(fields) - set(scales))
    named = [each for each in SPECIFICATIONS if each.priors]
    assert len(named) == 2 * len(SCALED)
    for each in named:
        factor = 0.5 if each.name.endswith("_half") else 2.0
        assert not each.choices and each.role == "defensible"
        assert any(set(each.priors) <= set(hyper) for hyper, _ in groups.values()), each.name
        assert {name: factor * fields[name] for name in each.priors} == dict(each.priors)
