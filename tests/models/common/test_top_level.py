"""The priors that power-scaling scales: exactly these variables, and no population effects among them.

The sets stand here as literals. That they are right is told by the graph of each model: a top-level prior has a size
that hyper-parameters fix, a population effect has one that the data learn, or is a unit innovation of such an effect.
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

SHARES = {"level", "trend", "walk_sd"}
TOP_LEVEL: dict[str, set[str]] = {
    "shares": SHARES,
    "upper_tail": SHARES
    | {
        "domain_sd", "compute_level", "growth", "compute_walk_sd", "offset", "offset_trend", "compute_domain_sd",
        "log_spread", "log_spread_sector",
    },
    "contrast": {
        "level", "topic_effect", "size_effect", "family_slope", "venue_year_sd", "pair_sd", "topic_slope_sd",
        "topic_family_sd",
    },
    "topic_year": {
        "term_level", "term_topic", "term_year", "term_trend", "term_venue", "term_excess_sd", "topic_year_level",
        "within", "between", "topic_level", "place_effect", "year_sd", "trend", "topic_trend_sd", "excess_sd",
    },
    "release": {
        "level", "venue_year_sd", "topic_effect", "topic_trend", "size_effect", "size_team_effect", "topic_venue_sd",
        "size_venue_sd", "any_raw", "only_raw", "willing_raw", "sensitivity_logit", "specificity_logit",
        "sensitivity_of_team", "specificity_of_team",
    },
    "measurements": {"level_mean", "level_sd", "any_industry", "only_industry", "found_logit", "linked_logit"},
    "authors": {
        "level", "level_contrasts", "curve", "step_share", "any_industry", "only_industry", "topic_number",
        "topic_contrasts", "size_number", "size_contrasts",
    },
    "training_code": {"level", "sector_effect", "trend", "slope", "gap"},
}  # fmt: skip
# Effects whose spread is learned, or their innovations.
POPULATION: dict[str, set[str]] = {
    "shares": {"walk_raw"},
    "upper_tail": {"walk_raw", "domain_raw", "compute_walk_raw", "compute_domain_raw"},
    "contrast": {
        "venue_year_raw", "pair_raw", "topic_slope_raw", "topic_family_raw", "new_topic_raw", "new_topic_family_raw",
    },
    "topic_year": {"term_excess_raw", "year_effect", "trend_raw", "excess_raw"},
    "release": {"venue_year_raw", "topic_venue_raw", "size_venue_raw"},
    "measurements": {"level"},
    "authors": set(),
    "training_code": set(),
}  # fmt: skip


def size_of(variable: Any) -> Variable:
    """The parameter of a distribution that says how far its values spread."""
    op, parameters = type(variable.owner.op).__name__, variable.owner.op.dist_params(variable.owner)
    first_is_it = ("ZeroSumNormalRV", "DirichletRV")  # the latter's concentration
    known = (*first_is_it, "NormalRV", "HalfNormalRV", "LogNormalRV")
    assert op in known, op
    size: Variable = parameters[0] if op in first_is_it else parameters[-1]
    return size


def is_population(model: pm.Model, variable: Any) -> bool:
    """Whether a variable's spread is learned, or is a unit: that of the innovations of an effect whose scale is."""
    behind = list(ancestors([size_of(variable)]))
    learned = any(node in model.free_RVs for node in behind)
    given = any(node in model.data_vars for node in behind)
    simplex = type(variable.owner.op).__name__ == "DirichletRV"  # its concentration is a number, and is its prior
    return learned or not (given or simplex)


@pytest.mark.parametrize("name", CASES)
def test_top_level_priors_are_exactly_these(name: str):
    model = CASES[name].model
    assert set(model.top_level) == TOP_LEVEL[CASES[name].name]
    assert len(model.top_level) == len(set(model.top_level))  # one twice would be scaled twice


@pytest.mark.parametrize("name", CASES)
def test_the_graph_tells_population_effects_from_top_level_priors(name: str):
    case = CASES[name]
    model = case.model.build(dataset_of(name), case.priors)
    population = {variable.name for variable in model.free_RVs if is_population(model, variable)}
    assert population == POPULATION[case.name]
    assert {variable.name for variable in model.free_RVs} - population == TOP_LEVEL[case.name]


def test_every_model_of_every_claim_is_here():
    assert {name for claim in CLAIMS for name in models_of(claim)} == set(TOP_LEVEL) == set(POPULATION)


def test_sizes_are_read_off_the_right_parameter():
    """On a model whose answer is known: learned, fixed and unit spreads, of each kind of distribution."""
    with pm.Model() as model:
        fixed = pm.Data("fixed", 2.0)
        top = [pm.HalfNormal("a", fixed), pm.LogNormal("b", 0.0, fixed), pm.ZeroSumNormal("c", fixed, shape=3)]
        top.append(pm.Normal("d", top[0], fixed))  # its centre alone is learned
        below = [pm.Normal("e", 0.0, top[0]), pm.ZeroSumNormal("f", top[0] ** 2, shape=3), pm.Normal("g")]
        below.append(pm.ZeroSumNormal("h", shape=3))
    assert [is_population(model, variable) for variable in (*top, *below)] == [False] * 4 + [True] * 4
