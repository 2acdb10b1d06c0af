"""The priors that power-scaling scales: exactly these variables, without population effects.

The sets are literals, checked against the graph of each model. The scale of a top-level prior is fixed by
hyper-parameters. The scale of a population effect is estimated; its innovations have unit scale.
"""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytest
from pytensor.graph.basic import Variable
from pytensor.graph.traversal import ancestors

from models.registry import CLAIMS
from tests.models.declared import models_of
from tests.models.small_models import CASES, dataset_of

SHARES = {"intercept", "trend", "walk_sd"}
# Of each stage of access to weights.
OF_STAGES = {"level", "trend", "walk_sd", "domain_sd", "slope_common", "slope_sector", "gap", "notable_effect"}
TOP_LEVEL: dict[str, set[str]] = {
    "shares": SHARES,
    "upper_tail": SHARES
    | {
        "domain_sd", "compute_intercept", "growth", "compute_walk_sd", "offset", "offset_trend", "compute_domain_sd",
        "log_sd", "log_sd_sector", "spread_trend",
    },
    "contrast": {
        "intercept", "topic_effect", "size_effect", "family_slope", "venue_year_sd", "topic_venue_sd",
        "topic_slope_sd", "topic_family_sd",
    },
    "topic_year": {
        "term_intercept", "term_topic", "term_year", "term_trend", "term_venue", "term_walk_sd", "intercept",
        "contextual", "contextual_between", "own_term", "own_term_topic_sd", "topic_effect", "venue_effect", "year_sd",
        "trend_shifted", "topic_trend_sd", "walk_sd",
    },
    "release": {
        "intercept", "venue_year_sd", "topic_effect", "topic_trend", "size_effect", "size_team_effect",
        "topic_venue_sd", "size_venue_sd", "any_industry_common_shifted", "only_industry_common_shifted",
        "industry_era_sd", "ceiling_logit_shifted", "sensitivity_logit", "specificity_logit",
        "sensitivity_team_logit", "specificity_team_logit", "unfound_logit",
    },
    "measurements": {"intercept_mean", "intercept_sd", "any_industry", "only_industry", "found_logit", "linked_logit"},
    "authors": {
        "intercept_number", "intercept_contrasts", "curve", "step_share", "any_industry", "only_industry",
        "topic_number", "topic_contrasts", "size_number", "size_contrasts",
    },
    "training_code": {"intercept", "sector_contrast", "trend", "slope", "gap"},
    "setups": {
        "intercept", "venue_year_sd", "topic_sd", "size_sd", "industry_effect", "industry_trend", "industry_walk_sd",
        "industry_venue_sd", "ordinary", "ordinary_trend", "large_location", "large_team", "large_trend",
        "large_spread", "taste_team", "taste_trend", "taste_class", "kind_team", "kind_class", "chip_popularity",
        "error_logit", "wrong",
    },
    "performance": {
        "intercept", "venue_year_sd", "topic_sd", "size_sd", "industry_effect", "industry_trend", "industry_venue_sd",
        "residual_sd", "nu",
    },
    "mentions": {
        "intercept", "trend", "walk_sd", "field_sd", "field_trend_sd", "venue_sd", "team_walk_sd", "team_effect",
        "team_trend", "use_logit", "origin_mean", "origin_team_sd",
    },
    "access": OF_STAGES | {"error_logit"},
    "ordered": OF_STAGES | {"cut_log_step"},
}  # fmt: skip
# Effects whose scale is estimated, or their innovations.
POPULATION: dict[str, set[str]] = {
    "shares": {"walk_raw"},
    "upper_tail": {"walk_raw", "domain_raw", "compute_walk_raw", "compute_domain_raw"},
    "contrast": {"venue_year_effect_raw", "topic_venue_raw", "topic_slope_raw", "topic_family_raw"},
    "topic_year": {"term_walk_raw", "year_direction_shifted", "topic_trend_raw", "own_term_topic_raw", "walk_raw"},
    "release": {
        "venue_year_effect_shifted", "topic_venue_raw", "size_venue_raw", "any_industry_shifted_raw",
        "only_industry_shifted_raw",
    },
    "measurements": {"intercept"},
    "authors": set(),
    "training_code": set(),
    "setups": {"venue_year_raw", "topic_raw", "size_raw", "industry_walk_raw", "industry_venue_raw"},
    "performance": {"venue_year_raw", "topic_raw", "size_raw", "industry_venue_raw"},
    "mentions": {"walk_raw", "field_raw", "field_trend_raw", "venue_raw", "team_walk_raw", "origin_raw"},
    "access": {"walk_raw", "domain_raw"},
    "ordered": {"walk_raw", "domain_raw"},
}  # fmt: skip
# Top-level priors that a case does not have.
ABSENT = {
    "upper_tail": {"spread_trend"},  # the spread is constant
    "release": {"sensitivity_team_logit", "specificity_team_logit"},  # errors are pooled
    "release, common ceiling": {"sensitivity_team_logit", "specificity_team_logit"},
    "release, no error or ceiling": {
        "sensitivity_logit", "specificity_logit", "sensitivity_team_logit", "specificity_team_logit",
        "ceiling_logit_shifted", "unfound_logit",
    },
    "topic_year": {"term_venue", "venue_effect"},  # venues are pooled
    "performance, normal": {"nu"},
    "access, no errors": {"error_logit"},
}  # fmt: skip


def scale_of(variable: Any) -> Variable:
    """Return the scale parameter of a distribution."""
    op, parameters = type(variable.owner.op).__name__, variable.owner.op.dist_params(variable.owner)
    scale_first = ("ZeroSumNormalRV", "DirichletRV")  # the latter's concentration
    known = (*scale_first, "NormalRV", "HalfNormalRV", "LogNormalRV", "GammaRV")
    assert op in known, op
    scale: Variable = parameters[0] if op in scale_first else parameters[-1]
    return scale


def is_population(model: pm.Model, variable: Any) -> bool:
    """Return whether the scale of a variable is estimated, or is 1 as for the innovations of such an effect."""
    nodes = list(ancestors([scale_of(variable)]))
    estimated = any(node in model.free_RVs for node in nodes)
    fixed = any(node in model.data_vars for node in nodes)
    simplex = type(variable.owner.op).__name__ == "DirichletRV"  # the constant concentration is its prior
    return estimated or not (fixed or simplex)


@pytest.mark.parametrize("name", CASES)
def test_top_level_priors_are_exactly_these(name: str):
    model = CASES[name].model
    assert set(model.top_level) == TOP_LEVEL[CASES[name].name]
    assert len(model.top_level) == len(set(model.top_level))  # a duplicate would be scaled twice


@pytest.mark.parametrize("name", CASES)
def test_the_graph_distinguishes_population_effects_from_top_level_priors(name: str):
    case = CASES[name]
    model = case.model.build(dataset_of(name), case.priors)
    population = {variable.name for variable in model.free_RVs if is_population(model, variable)}
    assert population == POPULATION[case.name]
    assert {variable.name for variable in model.free_RVs} - population == TOP_LEVEL[case.name] - ABSENT.get(name, set())


def test_every_model_of_every_claim_is_here():
    assert {name for claim in CLAIMS for name in models_of(claim)} == set(TOP_LEVEL) == set(POPULATION)


def test_scales_are_those_of_the_right_parameter():
    """A model with known answers has estimated, fixed and unit scales of each distribution."""
    with pm.Model() as model:
        fixed = pm.Data("fixed", 2.0)
        top = [pm.HalfNormal("a", fixed), pm.LogNormal("b", 0.0, fixed), pm.ZeroSumNormal("c", fixed, shape=3)]
        top.append(pm.Normal("d", top[0], fixed))  # only its mean is estimated
        below = [pm.Normal("e", 0.0, top[0]), pm.ZeroSumNormal("f", top[0] ** 2, shape=3), pm.Normal("g")]
        below.append(pm.ZeroSumNormal("h", shape=3))
    assert [is_population(model, variable) for variable in (*top, *below)] == [False] * 4 + [True] * 4
