"""The compute-term claim: what its priors imply, and how its specifications differ."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from inference.sampling.compiled import INTERPRETED
from models.common.claim import PROJECT_PAPERS, RAW
from models.topic_compute import model
from models.topic_compute.cells import prepare
from models.topic_compute.choices import ContrastPriors
from models.topic_compute.definitions import TERMS
from models.topic_compute.reporting import HEADLINES, LABELS, LADDER, PUBLISHED
from models.topic_compute.specifications import PRIOR_GROUPS, PRIORS, SCALED, SEED, SPECIFICATIONS
from tests.models.declared import fields_of, models_of
from tests.models.topic_papers import CHOICES, prepare_cells, read_real_tables, select_papers, simulate_papers

MODELS = models_of("topic_compute")
SPECS = {specification.name: specification for specification in SPECIFICATIONS}


# Priors.


def simulate_prior_shares(data: xr.Dataset, priors: ContrastPriors) -> xr.DataArray:
    """Draw data from the prior; return the academia-only share of each larger venue-year, (draw, venue_year)."""
    with model.build(data, priors):
        drawn = pm.sample_prior_predictive(
            200, random_seed=SEED, var_names=["y_obs"], compile_kwargs={"mode": INTERPRETED}
        )
    y = drawn["prior_predictive"]["y_obs"].isel(chain=0).values
    venue_year_idx = data["venue_year_idx"].values
    n = np.bincount(venue_year_idx, data["n"].values)
    counts = np.stack([np.bincount(venue_year_idx, row) for row in y])
    return xr.DataArray(counts[:, n >= 50] / n[n >= 50], dims=("draw", "venue_year"))


def compute_piled_up(share: xr.DataArray) -> float:
    """Return the part of the shares that is close to 0 or 1."""
    return float(((share < 0.02) | (share > 0.98)).mean())


def test_prior_shares_are_not_piled_up():
    data = prepare(read_real_tables(), CHOICES)
    share = simulate_prior_shares(data, ContrastPriors())
    typical = share.median("venue_year")
    assert float(((typical > 0.1) & (typical < 0.9)).mean()) > 0.8
    assert float(share.std()) > 0.1  # and venue-years differ
    assert compute_piled_up(share) < 0.05
    wide = dataclasses.replace(ContrastPriors(), intercept_sd=8.0, venue_year_sd=5.0, size_sd=5.0)
    assert compute_piled_up(simulate_prior_shares(data, wide)) > 0.1  # the check above objects to wide priors


def test_prior_draws_have_the_stated_sds():
    stated = {"topic_sd": 0.4, "topic_venue_sd": 0.25, "topic_slope_sd": 0.15, "topic_family_sd": 0.35}
    priors = dataclasses.replace(ContrastPriors(), **stated)
    contrast = model.build(prepare_cells(simulate_papers(300, 6)), priors)
    effects = ["intercept", "venue_year_effect", "topic_effect", "size_effect", "topic_venue_effect", "family_slope"]
    names = [*effects, "slope", *model.SCALES]
    drawn = dict(zip(names, pm.draw([contrast[name] for name in names], 1500, random_seed=1), strict=True))
    sd = {name: drawn[name] for name in model.SCALES}
    assert set(sd) == {"venue_year_sd", "topic_venue_sd", "topic_slope_sd", "topic_family_sd"}
    assert drawn["intercept"].mean() == pytest.approx(priors.intercept_mean, abs=0.1)
    assert drawn["intercept"].std() == pytest.approx(priors.intercept_sd, rel=0.1)
    venue_year = (drawn["venue_year_effect"] - drawn["intercept"][:, None]) / sd["venue_year_sd"][:, None]
    assert venue_year.std() == pytest.approx(1, rel=0.1)
    assert (drawn["topic_venue_effect"] / sd["topic_venue_sd"][:, None]).std() == pytest.approx(1, rel=0.1)
    topic, size, family = drawn["topic_effect"], drawn["size_effect"], drawn["family_slope"]
    assert topic.std() == pytest.approx(priors.topic_sd * np.sqrt(1 - 1 / topic.shape[1]), rel=0.1)
    assert size.std() == pytest.approx(priors.size_sd * np.sqrt(1 - 1 / size.shape[2]), rel=0.1)
    assert family.std() == pytest.approx(priors.family_sd, rel=0.1)
    for name, values in sd.items():
        assert np.median(values) == pytest.approx(getattr(priors, name), rel=0.1), name
        assert np.log(values).std() == pytest.approx(priors.sd_log_sd, rel=0.1), name
    deviation = drawn["slope"] - family[:, None, :]
    topic_slope = deviation.mean(axis=2)  # common to the families; the interaction sums to zero over them
    assert (topic_slope / sd["topic_slope_sd"][:, None]).std() == pytest.approx(1, rel=0.1)
    topic_family = (deviation - topic_slope[:, :, None]) / sd["topic_family_sd"][:, None, None]
    assert topic_family.std() == pytest.approx(np.sqrt(1 - 1 / family.shape[1]), rel=0.1)


# Specifications.


def find_differences(one: Any, other: Any) -> set[str]:
    """Return the names of the fields in which two specifications differ."""
    first, second = (fields_of("topic_compute", each) for each in (one, other))
    return {name for name in first if first[name] != second[name]}


def test_each_step_of_the_ladder_changes_exactly_one_thing():
    steps = list(LADDER)
    assert 2 <= len(steps) <= 6
    assert steps.index("main") >= len(steps) - 2
    for before, after in itertools.pairwise(steps):
        assert len(find_differences(SPECS[before], SPECS[after])) == 1, (before, after)
    kinds = {"definition", "measurement", "composition", "sampling", "prior", "model", "source"}
    assert set(LADDER.values()) <= kinds
    # Another source is a step only where a user's table is compared with the project's.
    assert [name for name, kind in LADDER.items() if kind == "source"] == [
        one.name for one in SPECIFICATIONS if one.user_only
    ]


def test_each_specification_differs_from_a_main_fit_in_exactly_one_thing():
    bases = [a for a in SPECIFICATIONS if a.kind == "main" or a.name in LADDER]
    for specification in SPECIFICATIONS:
        if specification in bases or specification.model == RAW:
            continue
        if specification.kind == "prior":  # other priors, the choices of a main fit
            assert specification.priors
            priors = {f"priors.{field.name}" for field in dataclasses.fields(PRIORS[specification.model])}
            assert any(find_differences(base, specification) <= priors for base in bases), specification.name
            continue
        assert not specification.priors, specification.name
        assert min(len(find_differences(base, specification)) for base in bases) == 1, specification.name


def test_specifications_are_distinct_and_their_names_exist():
    assert len(SPECS) == len(SPECIFICATIONS)
    for one, other in itertools.combinations(SPECIFICATIONS, 2):
        assert find_differences(one, other) or RAW in (one.model, other.model), (one.name, other.name)
    for specification in SPECIFICATIONS:
        assert specification.model in MODELS or specification.model == RAW
    for headline in HEADLINES:
        assert headline.estimand in LABELS
        assert headline.spec in SPECS
    assert {published.estimand for published in PUBLISHED} <= set(LABELS)


def test_groups_of_priors_hold_every_parameter_and_every_scale_once():
    assert set(PRIOR_GROUPS) == set(MODELS) == set(PRIORS)
    for name, groups in PRIOR_GROUPS.items():
        parameters = [parameter for _, group in groups.values() for parameter in group]
        assert sorted(parameters) == sorted(MODELS[name].top_level)
        scales = [scale for group, _ in groups.values() for scale in group]
        fields = {field.name for field in dataclasses.fields(PRIORS[name])}
        assert sorted(scales) == sorted(one for one in fields if not one.endswith(("_mean", "_log_sd")))


def test_a_named_prior_scales_one_group():
    named = [one for one in SPECIFICATIONS if one.kind == "prior"]
    assert {(one.name, one.role) for one in named} == {(one.name, "defensible") for one in named}
    for name, group in SCALED:
        base = SPECS[name]
        assert name in {headline.spec for headline in HEADLINES}
        for word, factor in (("half", 0.5), ("twice", 2.0)):
            one = SPECS[f"{name}_{group.replace(' ', '_')}_{word}"]
            assert (one.model, one.choices, one.compared_with) == (base.model, base.choices, name)
            assert one.same_quantity == base.same_quantity
            wanted = {
                scale: factor * getattr(PRIORS[base.model], scale) for scale in PRIOR_GROUPS[base.model][group][0]
            }
            assert dict(one.priors) == wanted
    others = {one.name: set(one.priors) for one in named if not one.name.endswith(("_half", "_twice"))}
    assert others == {"wide_spreads": {"sd_log_sd"}, "sceptical": {"family_sd"}}  # one hyper-parameter each


def test_what_is_compared_with_a_main_fit_is_declared():
    mains = {one.name for one in SPECIFICATIONS if one.role == "main"}
    assert mains == {"main", "full_text", "with_trends"} == {headline.spec for headline in HEADLINES}
    headlines = {(headline.spec, headline.estimand) for headline in HEADLINES}
    for one in SPECIFICATIONS:
        assert one.compared_with in mains, one.name
        assert {(one.compared_with, estimand) for estimand in one.same_quantity} <= headlines, one.name
        assert bool(one.same_quantity) == (one.role in ("main", "defensible", "bound")), one.name
        if one.name in mains:
            assert one.compared_with == one.name
            assert {(one.name, estimand) for estimand in one.same_quantity} == {
                headline for headline in headlines if headline[0] == one.name
            }
        elif one.same_quantity:
            assert one.model == SPECS[one.compared_with].model, one.name
            hardware = one.choices.get("exposure") == "hardware"
            assert hardware == (one.compared_with == "full_text"), one.name
    bounds = {one.name for one in SPECIFICATIONS if one.role == "bound"}
    assert bounds == {"unseen_academic", "unseen_industry"}
    analyses = {"project_papers", "as_published"}  # a reader may prefer the slope without trends of topics
    assert {name for name in LADDER if SPECS[name].role == "step"} == set(LADDER) - mains - analyses
    assert SPECS["as_published"].role == SPECS["spanning"].role == "defensible"  # the same form, on other venues


def test_regions_of_equivalence_are_the_same_on_the_scale_of_papers():
    rope = {published.estimand: published.rope for published in PUBLISHED}
    assert rope["odds_ratio"] == rope["slope_within"] == pytest.approx(np.log(1.1))
    assert rope["ratio_per_ten_points"] == pytest.approx(np.log(1.1) / 10)


def test_estimates_of_hardware_are_not_compared_with_a_claim_about_terms():
    hardware = {a.name for a in SPECIFICATIONS if a.choices.get("exposure") == "hardware"}
    assert len(hardware) > 6
    for published in PUBLISHED:
        if published.estimand != "slope_within":  # which no specification with hardware estimates
            assert set(published.not_comparable_in) == hardware, published.estimand


def test_required_specifications_are_there():
    declared = [(a.choices, a.kind) for a in SPECIFICATIONS if a.model == "contrast"]
    for family in TERMS:
        assert any(choices.get("without_family") == family for choices, _ in declared), family
    required: list[dict[str, Any]] = [
        {"unseen": "complete cases"}, {"unseen": "all academic"}, {"unseen": "all industry"}, {"unseen_shift": 0.5},
        {"unseen_shift": -0.5}, {"team": "coded"}, {"topic": "topic_keywords"}, {"tei": False},
        {"exposure": "term count"}, {"team": "listed where coded"},
    ]  # fmt: skip
    for choices in required:
        assert any(dict(found) == choices for found, _ in declared), choices
    assert {dict(a.choices).get("venues") for a in SPECIFICATIONS if a.model == "topic_year"} >= {None, "spanning"}


def test_every_specification_can_be_prepared():
    real = read_real_tables()
    real = {**real, PROJECT_PAPERS: real["papers"]}
    part = {"papers": real["papers"].iloc[::5]}  # for the many specifications without a venue
    sizes: dict[str, int] = {}
    known: dict[str, int] = {}
    for specification in SPECIFICATIONS:
        if specification.model == RAW:
            continue
        key = f"{specification.model} {sorted((name, str(value)) for name, value in specification.choices.items())}"
        if key not in known:
            choices = dataclasses.replace(CHOICES, **specification.choices)
            data = MODELS[specification.model].prepare(part if choices.without_venue else real, choices)
            known[key] = int(data["n"].sum())
            assert np.isfinite(data.get("panel_weight", 0.0)).all()
        sizes[specification.name] = known[key]
    assert min(sizes.values()) > 500, sizes
    assert sizes["main"] > 24_000
    for less in ("complete_cases", "team_coded", "topic_keywords", "without_tei"):
        assert sizes[less] < sizes["main"], less
    for same in ("without_hardware", "term_count", "unseen_academic", "unseen_more", "nonprofit_industry"):
        assert sizes[same] == sizes["main"], same
    left_out = [a.choices["without_venue"] for a in SPECIFICATIONS if a.choices.get("without_venue")]
    papers_at = select_papers(real["papers"])["venue"].value_counts()
    assert set(left_out) <= set(real["papers"]["venue"])
    assert set(papers_at.index[papers_at > 0.04 * papers_at.sum()]) <= set(left_out)


@pytest.mark.parametrize(
    ("name", "choices", "absent"),
    [
        ("contrast", {}, set()),
        ("topic_year", {"venues": "spanning"}, set()),
        ("topic_year", {}, {"term_venue", "venue_effect"}),  # all venues are pooled
    ],
)
def test_top_level_priors_are_those_of_the_model(name: str, choices: dict[str, Any], absent: set[str]):
    declared = MODELS[name]
    tables = {"papers": simulate_papers(700, 4)}
    data = declared.prepare(tables, dataclasses.replace(CHOICES, **choices))
    free = {variable.name for variable in declared.build(data, PRIORS[name]).free_RVs}
    assert set(declared.top_level) - free == absent
    # The others are effects of a population, scaled by a top-level sd.
    assert all(other.endswith(("_raw", "year_direction_shifted")) for other in free - set(declared.top_level))
