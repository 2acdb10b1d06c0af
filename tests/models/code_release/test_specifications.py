"""Code release: prior predictive shares and ratios, and the differences between specifications."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pymc as pm

from inference.sampling.compiled import INTERPRETED
from models.code_release.cells import prepare
from models.code_release.choices import Choices, ReleasePriors
from models.code_release.definitions import VENUES
from models.code_release.model import MODEL
from models.code_release.reporting import LADDER
from models.code_release.specifications import SPECIFICATIONS
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
    ratio = found["ratio_industry_only"].values.ravel()
    assert np.quantile(ratio, 0.02) < 0.5 and np.quantile(ratio, 0.98) > 1.5  # the claim and its opposite
    observed = prior["prior_predictive"]["y_obs"].sum("cell") / data["n"].sum()
    assert float(observed.quantile(0.05)) > 0.02 and float(observed.quantile(0.95)) < 0.95


def test_required_specifications_are_declared():
    declared = [dict(a.choices) for a in SPECIFICATIONS if a.model == "release"]
    required: list[dict[str, Any]] = [
        {"outcome": "address", "error": "none"}, {"promised": True, "calibration": "passages"}, {"research": "all"},
        {"team": "listed"}, {"papers": "without affiliations"},
        {"papers": "of several institutions"}, {"papers": "of several institutions", "institutions": True},
        *({f"shift_{rate}": shift, **error} for rate in ("sensitivity", "specificity") for shift in (-0.5, 0.5)
          for error in ({}, {"error": "by team"})),
        *({"without_venue": venue} for venue in VENUES),
    ]  # fmt: skip
    for choices in required:
        assert choices in declared, choices


def test_each_step_of_the_ladder_changes_one_field():
    known = {specification.name: specification for specification in SPECIFICATIONS}
    steps = [known[name] for name in LADDER]
    assert len(steps) <= 6 and steps[-2].name == "main"
    for before, after in itertools.pairwise(steps):
        assert RAW not in (before.model, after.model)
        fields = [fields_of("code_release", each) for each in (before, after)]
        changed = [name for name in fields[0] if fields[0][name] != fields[1][name]]
        assert len(changed) == 1, (before.name, after.name, changed)
