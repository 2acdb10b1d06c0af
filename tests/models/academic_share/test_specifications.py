"""The academic share: implications of its priors, and differences between its specifications."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pymc as pm
import pytest
import xarray as xr

from inference.sampling.compiled import INTERPRETED
from models.academic_share.reporting import LADDER
from models.academic_share.specifications import CHOICES, PRIORS, SEED, SPECIFICATIONS
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


def test_prior_sets_halve_and_double_every_scale():
    sets = {a.name: a.priors for a in SPECIFICATIONS if a.kind == "prior" and a.priors}
    for name, factor in (("half_scale", 0.5), ("twice_scale", 2.0)):
        for prefix, model in (("", "shares"), ("large_scale_", "upper_tail")):
            others = {"offset_sd", "sd_log_sd", "compute_sd"} if model == "upper_tail" else set()
            values, priors = sets[prefix + name], dataclasses.asdict(PRIORS[model])
            assert {"intercept_sd", "trend_sd", "walk_sd"} | others <= set(values)
            for field, value in values.items():
                assert value == pytest.approx(factor * priors[field])
    assert sets["sceptical"]["trend_sd"] <= PRIORS["shares"].trend_sd / 4


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
        model = spec.build(spec.prepare(tables, CHOICES), PRIORS[name])
        assert set(spec.top_level) <= {variable.name for variable in model.free_RVs}
        # Other variables are the innovations or effects of a population, scaled by a top-level sd.
        others = {variable.name for variable in model.free_RVs} - set(spec.top_level)
        assert all(name.endswith("_raw") for name in others)
