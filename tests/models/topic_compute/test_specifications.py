"""The compute-term claim: what its priors imply, and that its specifications differ as they say."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr

from data.tables.load import load
from inference.sampling.compiled import INTERPRETED
from models.common.claim import RAW
from models.topic_compute import model, topic_year
from models.topic_compute.cells import prepare, select
from models.topic_compute.choices import ContrastPriors
from models.topic_compute.definitions import TERMS
from models.topic_compute.reporting import HEADLINES, LABELS, LADDER, PUBLISHED
from models.topic_compute.specifications import PRIORS, SEED, SPECIFICATIONS
from tests.models.declared import fields_of, models_of
from tests.models.topic_papers import CHOICES, varied

Frame = pd.DataFrame
MODELS = models_of("topic_compute")
SPECS = {specification.name: specification for specification in SPECIFICATIONS}


@pytest.fixture(scope="module")
def real() -> dict[str, Frame]:
    return {"papers": load("papers")}


def chosen(frame: Frame, **choices: Any) -> Frame:
    """Papers that count, by id."""
    return select({"papers": frame}, dataclasses.replace(CHOICES, **choices)).frame.set_index("id")


def prepared(frame: Frame, **choices: Any) -> xr.Dataset:
    return prepare({"papers": frame}, dataclasses.replace(CHOICES, **choices))


# Priors.


def prior_shares(data: xr.Dataset, priors: ContrastPriors) -> xr.DataArray:
    """Share of academia-only papers by venue-year, in data drawn from the prior: (draw, venue_year)."""
    with model.build(data, priors):
        drawn = pm.sample_prior_predictive(
            200, random_seed=SEED, var_names=["y_obs"], compile_kwargs={"mode": INTERPRETED}
        )
    y = drawn["prior_predictive"]["y_obs"].isel(chain=0).values
    at = data["at_venue_year"].values
    n = np.bincount(at, data["n"].values)
    counts = np.stack([np.bincount(at, row) for row in y])
    return xr.DataArray(counts[:, n >= 50] / n[n >= 50], dims=("draw", "venue_year"))


def piled(share: xr.DataArray) -> float:
    return float(((share < 0.02) | (share > 0.98)).mean())


def test_prior_shares_are_not_piled_up(real: dict[str, Frame]):
    data = prepare(real, CHOICES)
    share = prior_shares(data, ContrastPriors())
    typical = share.median("venue_year")
    assert float(((typical > 0.1) & (typical < 0.9)).mean()) > 0.8
    assert float(share.std()) > 0.1  # and they are not all alike
    assert piled(share) < 0.05
    wide = dataclasses.replace(ContrastPriors(), level_sd=8.0, venue_year_sd=5.0, size_sd=5.0)
    assert piled(prior_shares(data, wide)) > 0.1  # so the check above would notice


def test_prior_draws_have_the_sizes_stated():
    stated = {"topic_sd": 0.4, "pair_sd": 0.25, "topic_slope_sd": 0.15, "topic_family_sd": 0.35}
    priors = dataclasses.replace(ContrastPriors(), **stated)
    data = prepared(varied(300, 6))
    contrast = model.build(data, priors)
    names = ["level", "venue_year_effect", "topic_effect", "size_effect", "pair_effect", "family_slope", "slope"]
    level, place, topic, size, pair, family, slope, *scales = pm.draw(
        [contrast[name] for name in names + list(model.SCALES)], 1500, random_seed=1
    )
    place_scale, pair_scale, topic_scale, rest_scale = scales
    assert level.mean() == pytest.approx(priors.level_mean, abs=0.1)
    assert level.std() == pytest.approx(priors.level_sd, rel=0.1)
    assert ((place - level[:, None]) / place_scale[:, None]).std() == pytest.approx(1, rel=0.1)
    assert (pair / pair_scale[:, None]).std() == pytest.approx(1, rel=0.1)
    assert topic.std() == pytest.approx(priors.topic_sd * np.sqrt(1 - 1 / topic.shape[1]), rel=0.1)
    assert size.std() == pytest.approx(priors.size_sd * np.sqrt(1 - 1 / size.shape[2]), rel=0.1)
    assert family.std() == pytest.approx(priors.family_sd, rel=0.1)
    for name, drawn in zip(model.SCALES, scales, strict=True):
        assert np.median(drawn) == pytest.approx(getattr(priors, name), rel=0.1), name
        assert np.log(drawn).std() == pytest.approx(priors.sd_spread, rel=0.1), name
    departure = slope - family[:, None, :]
    of_topic = departure.mean(axis=2)  # in common to the families; the rest sums to zero
    assert (of_topic / topic_scale[:, None]).std() == pytest.approx(1, rel=0.1)
    rest = (departure - of_topic[:, :, None]) / rest_scale[:, None, None]
    assert rest.std() == pytest.approx(np.sqrt(1 - 1 / family.shape[1]), rel=0.1)


# Specifications.


def differing(one: Any, other: Any) -> set[str]:
    mine, theirs = (fields_of("topic_compute", each) for each in (one, other))
    return {name for name in mine if mine[name] != theirs[name]}


def test_each_rung_differs_from_the_one_before_in_exactly_one_thing():
    rungs = list(LADDER)
    assert 2 <= len(rungs) <= 5
    assert rungs.index("main") >= len(rungs) - 2
    for before, after in itertools.pairwise(rungs):
        assert len(differing(SPECS[before], SPECS[after])) == 1, (before, after)
    assert set(LADDER.values()) <= {"definition", "measurement", "composition", "sampling", "prior", "model"}


def test_each_specification_differs_from_a_main_fit_in_exactly_one_thing():
    bases = [a for a in SPECIFICATIONS if a.kind == "main" or a.name in LADDER]
    for specification in SPECIFICATIONS:
        if specification in bases or specification.model == RAW:
            continue
        if specification.kind == "prior":  # a set of priors, the same choices as some fit
            assert specification.priors
            priors = {f"priors.{field.name}" for field in dataclasses.fields(PRIORS[specification.model])}
            assert any(differing(base, specification) <= priors for base in bases), specification.name
            continue
        assert not specification.priors, specification.name
        assert min(len(differing(base, specification)) for base in bases) == 1, specification.name


def test_specifications_are_distinct_and_name_what_exists():
    assert len(SPECS) == len(SPECIFICATIONS)
    for one, other in itertools.combinations(SPECIFICATIONS, 2):
        assert differing(one, other) or RAW in (one.model, other.model), (one.name, other.name)
    for specification in SPECIFICATIONS:
        assert specification.model in MODELS or specification.model == RAW
    for base, halved, factor in (
        ("main", "half_scale", 0.5), ("main", "twice_scale", 2), ("full_text", "full_text_half_scale", 0.5),
        ("full_text", "full_text_twice_scale", 2), ("as_published", "as_published_half_scale", 0.5),
        ("as_published", "as_published_twice_scale", 2), ("with_trends", "with_trends_half_scale", 0.5),
        ("with_trends", "with_trends_twice_scale", 2),
    ):  # fmt: skip
        priors = SPECS[halved].priors
        assert SPECS[base].choices == SPECS[halved].choices
        assert priors == {name: factor * getattr(PRIORS[SPECS[base].model], name) for name in priors}
        hyper = {"contrast": model.HYPERPARAMETERS, "topic_year": topic_year.HYPERPARAMETERS}[SPECS[base].model]
        assert {name for name in hyper if not name.endswith(("_mean", "_spread"))} == set(priors)
    for headline in HEADLINES:
        assert headline.estimand in LABELS
        assert headline.spec in SPECS
    assert {published.estimand for published in PUBLISHED} <= set(LABELS)


def test_what_is_estimated_of_hardware_is_not_held_against_a_claim_about_terms():
    hardware = {a.name for a in SPECIFICATIONS if a.choices.get("exposure") == "hardware"}
    assert len(hardware) > 6
    for published in PUBLISHED:
        if published.estimand != "slope_within":  # of no specification with hardware
            assert set(published.not_comparable_in) == hardware, published.estimand


def test_asked_for_specifications_are_there():
    given = [(a.choices, a.kind) for a in SPECIFICATIONS if a.model == "contrast"]
    for family in TERMS:
        assert any(choices.get("without_family") == family for choices, _ in given), family
    asked: list[dict[str, Any]] = [
        {"unseen": "complete cases"}, {"unseen": "all academic"}, {"unseen": "all industry"}, {"unseen_shift": 0.5},
        {"unseen_shift": -0.5}, {"team": "coded"}, {"topic": "topic_keywords"}, {"tei": False},
        {"exposure": "term count"}, {"team": "listed where coded"},
    ]  # fmt: skip
    for choices in asked:
        assert any(dict(found) == choices for found, _ in given), choices
    assert {dict(a.choices).get("venues") for a in SPECIFICATIONS if a.model == "topic_year"} >= {None, "spanning"}


def test_every_specification_can_be_prepared(real: dict[str, Frame]):
    part = {"papers": real["papers"].iloc[::5]}  # for the many that leave a venue out
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
            assert np.isfinite(data.get("fall_weight", 0.0)).all()
        sizes[specification.name] = known[key]
    assert min(sizes.values()) > 500, sizes
    assert sizes["main"] > 24_000
    for less in ("complete_cases", "team_coded", "topic_keywords", "without_tei"):
        assert sizes[less] < sizes["main"], less
    for same in ("without_hardware", "term_count", "unseen_academic", "unseen_more", "nonprofit_industry"):
        assert sizes[same] == sizes["main"], same
    left_out = [a.choices["without_venue"] for a in SPECIFICATIONS if a.choices.get("without_venue")]
    papers_at = chosen(real["papers"])["venue"].value_counts()
    assert set(left_out) <= set(real["papers"]["venue"])
    assert set(papers_at.index[papers_at > 0.04 * papers_at.sum()]) <= set(left_out)


def test_top_level_priors_are_those_of_the_model():
    frame = varied(200, 4)
    for name, spec in MODELS.items():
        data = spec.prepare({"papers": frame}, CHOICES)
        free = {variable.name for variable in spec.build(data, PRIORS[name]).free_RVs}
        assert set(spec.top_level) <= free
        # The rest are a population's effects, scaled by a top-level sd.
        assert all(name.endswith(("_raw", "year_effect")) for name in free - set(spec.top_level))
