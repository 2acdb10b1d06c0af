"""Code release: prior predictive shares and ratios, and the differences between specifications."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pymc as pm

from inference.sampling.compiled import INTERPRETED
from models.code_release.cells import prepare
from models.code_release.choices import Choices, ReleasePriors
from models.code_release.definitions import ERAS, GROUPS, VENUES, WHOLE
from models.code_release.model import MODEL
from models.code_release.reporting import HEADLINES, LADDER, PUBLISHED
from models.code_release.specifications import PRIOR_GROUPS, SPECIFICATIONS
from models.common.claim import RAW
from tests.models.code_release.papers import make_papers
from tests.models.declared import fields_of

CHOICES, PRIORS = Choices(), ReleasePriors()


def test_prior_shares_are_not_piled_at_the_ends():
    data = prepare(make_papers(3000, 2), CHOICES)
    with MODEL.build(data, PRIORS):
        prior = pm.sample_prior_predictive(500, random_seed=1, compile_kwargs={"mode": INTERPRETED})
    found = MODEL.estimands(prior["prior"].to_dataset(), data, CHOICES)
    share = found["share_by_year"].values.ravel()
    assert (share < 0.02).mean() < 0.05 and (share > 0.98).mean() < 0.05
    assert (share < 0.1).mean() > 0.02 and (share > 0.6).mean() > 0.02
    ceiling = found["willing"].values.ravel()  # about uniform
    np.testing.assert_allclose(np.quantile(ceiling, [0.055, 0.25, 0.5, 0.75, 0.945]), [0.06, 0.24, 0.5, 0.76, 0.94],
                               atol=0.05)  # fmt: skip
    unfound = found["stated_not_found"].values.ravel()
    np.testing.assert_allclose(np.quantile(unfound, [0.055, 0.5, 0.945]), [0.02, 0.08, 0.29], atol=0.04)
    era_sd = found["industry_era_sd"].values.ravel()
    np.testing.assert_allclose(np.quantile(era_sd, [0.055, 0.945]), [0.06, 0.39], rtol=0.2)
    # A new era is less certain than one in the data, whose effects have the same prior without the common sd.
    effects = prior["prior"].to_dataset()["any_industry"]
    between = np.exp(abs(effects.isel(era=0) - effects.isel(era=1)).values)
    assert 1.1 < np.median(between) < 1.25 and np.quantile(between, 0.945) < 2.3
    ratio = found["ratio_industry_only"].values.ravel()
    assert np.quantile(ratio, 0.02) < 0.5 and np.quantile(ratio, 0.98) > 1.5  # the claim and its opposite
    observed = prior["prior_predictive"]["y_obs"].sum("cell") / data["n"].sum()
    assert float(observed.quantile(0.05)) > 0.02 and float(observed.quantile(0.95)) < 0.95


def test_required_specifications_are_declared():
    declared = [dict(a.choices) for a in SPECIFICATIONS if a.model == "release"]
    required: list[dict[str, Any]] = [
        {"outcome": "address", "error": "none"}, {"promised": True, "calibration": "passages"}, {"research": "all"},
        {"team": "listed"}, {"papers": "without affiliations"},
        *({"calibration": one, **error} for one in ("hand", "passages") for error in ({}, {"error": "by team"})),
        {"papers": "of several institutions"}, {"papers": "of several institutions", "institutions": True},
        *({f"shift_{rate}": shift, **error} for rate in ("sensitivity", "specificity") for shift in (-0.5, 0.5)
          for error in ({}, {"error": "by team"})),
        *({"without_venue": venue} for venue in VENUES),
    ]  # fmt: skip
    for choices in required:
        assert choices in declared, choices


def test_each_step_of_the_ladder_changes_one_field():
    """Counting and fitting the same rows differ in the model alone."""
    known = {specification.name: specification for specification in SPECIFICATIONS}
    steps = [known[name] for name in LADDER]
    assert len(steps) <= 6 and [step.name for step in steps[-2:]] == ["main", "by_team"]
    assert [step.model == RAW for step in steps] == [True] * 3 + [False] * 3
    for before, after in itertools.pairwise(steps):
        fields = [fields_of("code_release", each) for each in (before, after)]
        changed = [name for name in fields[0] if fields[0][name] != fields[1][name]]
        assert len(changed) == 1, (before.name, after.name, changed)
    for step in steps:
        assert step.kind == LADDER[step.name] or step.kind == "main"
        assert step.role in ("step", "main") or step.same_quantity


def test_counts_are_those_of_a_fit_to_the_same_rows():
    fitted = [each for each in SPECIFICATIONS if each.model != RAW and not each.priors]
    for counted in (each for each in SPECIFICATIONS if each.model == RAW):
        assert [each for each in fitted if dict(each.choices) == dict(counted.choices)], counted.name


def test_groups_of_priors_hold_every_top_level_parameter_once():
    (groups,) = PRIOR_GROUPS.values()
    names = [name for _, parameters in groups.values() for name in parameters]
    assert sorted(names) == sorted(MODEL.top_level)
    scales = [name for hyper, _ in groups.values() for name in hyper]
    assert len(scales) == len(set(scales)) and set(scales) <= set(dataclasses.asdict(PRIORS))
    # What no group has: the centres, which no named prior moves, and the spread of an sd's logarithm.
    left = set(dataclasses.asdict(PRIORS)) - set(scales)
    assert all(name.endswith(("_mean", "_log_sd")) for name in left)


def test_a_named_prior_changes_one_group():
    (groups,) = PRIOR_GROUPS.values()
    named = [each for each in SPECIFICATIONS if each.priors]
    assert {each.kind for each in named} == {"prior"}
    known = {specification.name: specification for specification in SPECIFICATIONS}
    for each in named:
        assert any(set(each.priors) <= set(hyper) for hyper, _ in groups.values()), each.name
        fit = "by_team" if each.name.startswith("by_team") else "main"
        assert dict(each.choices) == dict(known[fit].choices) and dict(each.sampler) == dict(known[fit].sampler)
        assert each.role == "defensible" and set(each.same_quantity) == {one.estimand for one in HEADLINES}
    halves = [each for each in named if each.name.endswith("_half")]
    for each in halves:
        twice = known[each.name.removesuffix("half") + "twice"]
        for name, value in each.priors.items():
            assert value == getattr(PRIORS, name) / 2 and twice.priors[name] == getattr(PRIORS, name) * 2
    assert halves


def test_other_outcomes_are_not_compared():
    for each in SPECIFICATIONS:
        choices = dataclasses.replace(CHOICES, **each.choices)
        if choices.outcome != "label" or choices.promised or each.model not in ("release", RAW):
            assert not each.same_quantity, each.name
        if each.role in ("main", "step", "separate"):
            assert not each.same_quantity, each.name
        else:
            assert each.same_quantity and each.compared_with == "main", each.name


def test_both_error_fits_have_the_same_headlines():
    """By era next to the whole period, and every coordinate with its published sign."""
    by_fit: dict[str, list[Any]] = {}
    for headline in HEADLINES:
        by_fit.setdefault(headline.spec, []).append((headline.estimand, dict(headline.coords)))
    assert by_fit["main"] == by_fit["by_team"] and set(by_fit) == {"main", "by_team"}
    points = {(name, coords["venues"], coords["era"]) for name, coords in by_fit["main"]}
    assert points == set(itertools.product(("ratio_mixed", "ratio_industry_only"), GROUPS, (*ERAS, WHOLE)))
    assert [(each.estimand, dict(each.coords)) for each in PUBLISHED] == by_fit["main"]
    assert all(each.sign == -1 for each in PUBLISHED)
