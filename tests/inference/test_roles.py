"""Declarations of each specification: its role, its main fit, headlines of the same quantity, and its priors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inference.store.declarations import import_part, list_prior_groups
from models.common.claim import RAW, Headline, Published, Specification
from models.registry import CLAIMS
from tests.models.declared import find_role_faults, models_of


def declarations(claim: str) -> tuple[Any, Any]:
    return import_part(claim, "specifications"), import_part(claim, "reporting")


@pytest.mark.parametrize("claim", CLAIMS)
def test_specifications_declare_their_roles_consistently(claim: str):
    specifications, reporting = declarations(claim)
    faults = find_role_faults(specifications.SPECIFICATIONS, reporting.HEADLINES, reporting.PUBLISHED)
    assert faults == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_groups_of_priors_hold_each_top_level_parameter_once(claim: str):
    specifications, reporting = declarations(claim)
    by_name = {one.name: one for one in specifications.SPECIFICATIONS}
    models = models_of(claim)
    grouped = {model: list_prior_groups(claim, model) for model in models}
    assert {by_name[headline.spec].model for headline in reporting.HEADLINES} <= {m for m in grouped if grouped[m]}
    for model, groups in grouped.items():
        names = [name for _, parameters in groups.values() for name in parameters]
        assert len(names) == len(set(names)), model
        hyper = [name for names, _ in groups.values() for name in names]
        assert len(hyper) == len(set(hyper)), model
        if groups:
            assert set(names) == set(models[model].top_level), model
            assert set(hyper) <= set(vars(specifications.PRIORS[model])), model


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_named_prior_changes_one_hyper_parameter_or_one_group(claim: str):
    specifications, _ = declarations(claim)
    for one in specifications.SPECIFICATIONS:
        if one.priors:
            groups = [set(names) for names, _ in list_prior_groups(claim, one.model).values()]
            assert len(one.priors) == 1 or any(set(one.priors) <= group for group in groups), one.name
            assert one.kind == "prior", one.name


MAIN = Specification("main", "t", "main", "m", role="main", same_quantity=("e",))
GOOD = (
    MAIN,
    Specification("other", "t", "measurement", "m", role="defensible", same_quantity=("e",)),
    Specification("prior", "t", "prior", "m", priors={"s": 1}, role="defensible", same_quantity=("e",)),
    Specification("step", "t", "definition", RAW, role="step"),
    Specification("apart", "t", "definition", "m"),
)
HEADLINES = (Headline("main", "e"), Headline("other", "e"))


@pytest.mark.parametrize(
    ("number", "changed", "fault"),
    [
        (1, {"same_quantity": ("x",)}, "other: x is no headline"),
        (1, {"same_quantity": ()}, "other: defensible, but of no headline"),
        (1, {"compared_with": "step"}, "other: compared with step, which is no main fit"),
        (1, {"compared_with": "none"}, "other: compared with none, which is no main fit"),
        (2, {"role": "step"}, "prior: a named prior is defensible"),
        (0, {"compared_with": "other"}, "main: a main fit is compared with itself"),
        (4, {"same_quantity": ("e",)}, "apart: separate, but the same quantity as e"),
        (1, {"role": "bound", "name": "renamed"}, "headline other/e: no such specification"),
    ],
)
def test_each_inconsistency_is_found(number: int, changed: dict[str, Any], fault: str):
    assert find_role_faults(GOOD, HEADLINES, ()) == []
    specifications = [replace(one, **changed) if i == number else one for i, one in enumerate(GOOD)]
    assert fault in find_role_faults(specifications, HEADLINES, ())


def test_what_is_not_comparable_is_not_the_same_quantity():
    published = (Published("e", sign=-1, not_comparable_in=("other",)),)
    fault = "other: e is not comparable there, and is in main"
    assert fault in find_role_faults(GOOD, HEADLINES, published)
    both = (Published("e", sign=-1, not_comparable_in=("main", "other", "prior")),)
    assert find_role_faults(GOOD, HEADLINES, both) == []


def test_a_headline_is_of_a_main_fit_or_of_the_same_quantity():
    apart = (*HEADLINES, Headline("apart", "e"))
    assert "headline apart/e: neither of a main fit nor the same quantity" in find_role_faults(GOOD, apart, ())
