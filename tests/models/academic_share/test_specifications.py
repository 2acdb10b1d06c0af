"""The academic share: implications of its priors, and differences between its specifications."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pymc as pm
import pytest
import xarray as xr

from inference.sampling.compiled import INTERPRETED
from models.academic_share.reporting import HEADLINES, LADDER, PUBLISHED
from models.academic_share.specifications import (
    CHOICES,
    HEADLINES_OF,
    PRIOR_GROUPS,
    PRIORS,
    REFITTED,
    SEED,
    SPECIFICATIONS,
    list_named_priors,
)
from models.common.claim import RAW
from tests.models.declared import fields_of, models_of

MODELS = models_of("academic_share")


def prior_shares(model: str, tables: dict[str, Any], priors: Any) -> dict[str, xr.DataArray]:
    """Draw the claim's shares from the prior, collaborations of both leanings together."""
    spec = MODELS[model]
    data = spec.prepare(tables, CHOICES)
    with spec.build(data, priors):
        names = [
            "share" if model == "shares" else name
            for name in ("log_odds", "log_odds_domain", "location", "location_domain", "sd")
        ]
        interpreted: dict[str, Any] = {"random_seed": SEED, "compile_kwargs": {"mode": INTERPRETED}}
        prior = pm.sample_prior_predictive(1500, var_names=names, **interpreted)
    found = spec.estimands(prior["prior"].to_dataset(), data, CHOICES)
    prefix = "" if model == "shares" else "large_scale_"
    names = ("academia_only", "collaboration_with_leaning", "industry_only")
    return {name: found[f"{prefix}share_{name}_by_year"] for name in names}


def piled(share: xr.DataArray) -> float:
    """Return the largest prior probability, over years, of a share below 0.02 or above 0.98."""
    return float(((share < 0.02) | (share > 0.98)).mean(("chain", "draw")).max())


@pytest.mark.parametrize("model", list(MODELS))
def test_prior_shares_are_not_piled_up(tables: dict[str, Any], model: str):
    for name, share in prior_shares(model, tables, PRIORS[model]).items():
        assert piled(share) < 0.15, name


@pytest.mark.parametrize("model", list(MODELS))
def test_an_absurdly_wide_prior_is_piled_up(tables: dict[str, Any], model: str):
    names = {"shares": ("intercept_sd", "trend_sd"), "upper_tail": ("intercept_sd", "trend_sd", "offset_sd")}[model]
    wide = dataclasses.replace(PRIORS[model], **dict.fromkeys(names, 8.0))
    assert max(piled(share) for share in prior_shares(model, tables, wide).values()) > 0.15


def test_each_step_changes_exactly_one_thing():
    things = {one.name: fields_of("academic_share", one) for one in SPECIFICATIONS}
    steps = list(LADDER)
    assert len(steps) <= 5
    assert steps[0] == "raw"
    assert steps.index("main") >= len(steps) - 2  # at most one step beyond
    for before, after in itertools.pairwise(steps):
        differ = [name for name, value in things[after].items() if things[before][name] != value]
        assert len(differ) == 1, (before, after, differ)
    kinds = {"definition", "measurement", "composition", "sampling", "prior"}
    assert set(LADDER.values()) <= kinds


def test_groups_of_priors_hold_each_parameter_and_scale_once():
    for name, groups in PRIOR_GROUPS.items():
        hyper_parameters = [one for names, _ in groups.values() for one in names]
        parameters = [one for _, names in groups.values() for one in names]
        assert sorted(parameters) == sorted(MODELS[name].top_level)
        assert len(set(hyper_parameters)) == len(hyper_parameters)
        scales = {field.name for field in dataclasses.fields(PRIORS[name])} - {"intercept_mean", "compute_mean"}
        assert set(hyper_parameters) == scales - {"growth_mean", "sd_median"}
    assert set(PRIOR_GROUPS) == set(MODELS)


def test_a_prior_scales_the_parameters_of_its_group(tables: dict[str, Any]):
    """Doubling a group's hyper-parameters changes the log priors of its parameters, and of no others."""
    for name, groups in PRIOR_GROUPS.items():
        model_of = MODELS[name]
        data = model_of.prepare(tables, dataclasses.replace(CHOICES, spread="changing"))
        model = model_of.build(data, PRIORS[name])
        point = {key: value + 0.3 for key, value in model.initial_point().items()}
        terms = model.logp(vars=[model[one] for one in model_of.top_level], jacobian=False, sum=False)
        densities = model.compile_fn(
            [term.sum() for term in terms], inputs=model.value_vars, mode=INTERPRETED, on_unused_input="ignore"
        )
        before = dict(zip(model_of.top_level, densities(point), strict=True))
        for group, (hyper_parameters, parameters) in groups.items():
            values = {one: 2 * dataclasses.asdict(PRIORS[name])[one] for one in hyper_parameters}
            other = model_of.build(data, dataclasses.replace(PRIORS[name], **values))
            model["prior"].set_value(other["prior"].get_value())
            after = dict(zip(model_of.top_level, densities(point), strict=True))
            changed = {one for one in before if abs(float(before[one]) - float(after[one])) > 1e-9}
            assert changed == set(parameters), (name, group)
        model["prior"].set_value(model_of.build(data, PRIORS[name])["prior"].get_value())


def test_named_priors_scale_one_group():
    sets = {one.name: one for one in SPECIFICATIONS if one.kind == "prior" and one.priors}
    assert len(list_named_priors(REFITTED)) == 2 * len(REFITTED)
    for fit, group in REFITTED:
        model = "shares" if fit == "main" else "upper_tail"
        for word, factor in (("half", 0.5), ("twice", 2.0)):
            one = sets[f"{fit}_{group.replace(' ', '_')}_{word}"]
            assert set(one.priors) == set(PRIOR_GROUPS[model][group][0])
            for field, value in one.priors.items():
                assert value == pytest.approx(factor * dataclasses.asdict(PRIORS[model])[field])
            assert (one.model, one.compared_with, one.role) == (model, fit, "defensible")
    for one in sets.values():  # none scales two groups, of which one may cancel the other
        groups = [g for g, (names, _) in PRIOR_GROUPS[one.model].items() if set(names) & set(one.priors)]
        assert len(groups) == 1, one.name
    assert sets["sceptical"].priors["trend_sd"] <= PRIORS["shares"].trend_sd / 4


def test_specifications_say_which_headlines_are_the_same_quantity():
    by_name = {one.name: one for one in SPECIFICATIONS}
    headlines = {name: {h.estimand for h in HEADLINES if h.spec == name} for name in ("main", "large_scale")}
    counts = {name for name in headlines["main"] if name.startswith("table_")}  # no prior moves them
    assert {fit: set(names) for fit, names in HEADLINES_OF.items()} == headlines | {"main": headlines["main"] - counts}
    for one in SPECIFICATIONS:
        assert set(one.same_quantity) <= headlines[one.compared_with], one.name
        assert bool(one.same_quantity) == (one.role in ("main", "defensible", "bound")), one.name
        assert one.model in (by_name[one.compared_with].model, RAW)
        assert (one.role == "main") == (one.kind == "main")
    leaning = {"share_industry_with_leaning_by_year", "table_share_industry_with_leaning_by_year"}
    for published in PUBLISHED:
        for name in published.not_comparable_in:
            assert published.estimand not in by_name[name].same_quantity
        if published.estimand in leaning:  # vintages whose labels are lists of sectors
            later = {one.name for one in SPECIFICATIONS
                     if one.model == "shares" and one.choices.get("vintage", "2023-12") > "2025"}  # fmt: skip
            assert set(published.not_comparable_in) == later
        if published.not_comparable:
            assert published.value is None and published.sign is None  # no number with another quantity
    tables = [one for one in SPECIFICATIONS if "table_share_academia_only" in one.same_quantity]
    assert all(one.choices.keys() <= {"team"} for one in tables)  # of the same models


@pytest.mark.parametrize("vintage", ["2025-06", "2026-05"])
def test_every_main_model_can_be_prepared_from_each_vintage(tables: dict[str, Any], vintage: str):
    for specification in SPECIFICATIONS:
        if specification.kind == "main":
            choices = dataclasses.replace(CHOICES, vintage=vintage)
            assert MODELS[specification.model].prepare(tables, choices)["n"].sum() > 200


def test_specifications_and_declarations_name_what_exists(tables: dict[str, Any]):
    names = [specification.name for specification in SPECIFICATIONS]
    assert len(set(names)) == len(names)
    choices = {field.name for field in dataclasses.fields(CHOICES)}
    priors = {name: {field.name for field in dataclasses.fields(of_model)} for name, of_model in PRIORS.items()}
    assert priors.keys() == MODELS.keys()
    for specification in SPECIFICATIONS:
        assert specification.model in MODELS or specification.model == RAW
        assert set(specification.choices) <= choices
        assert set(specification.priors) <= priors.get(specification.model, set())
        assert (specification.kind == "main") == (not specification.choices and not specification.priors)
    for name, spec in MODELS.items():
        widest = dataclasses.replace(CHOICES, spread="changing")
        model = spec.build(spec.prepare(tables, widest), PRIORS[name])
        assert set(spec.top_level) <= {variable.name for variable in model.free_RVs}
        # Other variables are the innovations or effects of a population, scaled by a top-level sd.
        others = {variable.name for variable in model.free_RVs} - set(spec.top_level)
        assert all(name.endswith("_raw") for name in others)
