"""Training code of Epoch's models: likelihood and estimands by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from models.code_release.choices import Choices, TrainingCodePriors
from models.code_release.training_code import DATES, MODEL, SECTOR_LEVELS
from tests.models.code_release.points import evaluate_at_random, make_draw

CHOICES, PRIORS = Choices(), TrainingCodePriors()


def test_likelihood_and_estimands_are_those_of_the_regression(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    model = MODEL.build(data, PRIORS)
    names = ["intercept", "sector_contrast", "trend", "slope", "gap"]
    values, found = evaluate_at_random(model, names, 3)
    sector, date = data["sector_idx"].values, data["date"].values
    contrast = np.concatenate([[0.0], values["sector_contrast"]])
    compute = values["slope"] * data["compute"].values + values["gap"] * data["unknown"].values
    log_odds = values["intercept"] + contrast[sector] + values["trend"][sector] * date + compute
    wanted = binom.logpmf(data["open"].values, 1, expit(log_odds)).sum()
    assert found == pytest.approx(float(wanted), rel=1e-9)
    got = MODEL.estimands(make_draw(values, model), data, CHOICES).isel(chain=0, draw=0)
    for (i, name), (year, decades) in [(s, d) for s in enumerate(SECTOR_LEVELS) for d in DATES.items()]:
        share = expit(values["intercept"] + contrast[i] + values["trend"][i] * decades + compute).mean()
        assert float(got["training_code_open"].sel(sector=name, year=year)) == pytest.approx(share)
        if i:
            ratio = np.exp(contrast[i] + (values["trend"][i] - values["trend"][0]) * decades)
            key = f"odds_ratio_training_code_{name.replace('-', '_')}"
            assert float(got[key].sel(year=year)) == pytest.approx(ratio)
    assert float(got["odds_ratio_training_code_tenfold_compute"]) == pytest.approx(np.exp(values["slope"] / 3))
    # An effect of the reference would be stored as a constant, whose R-hat is not defined.
    assert {variable.name for variable in model.unobserved_RVs} == set(names)
    assert {year: (year + 0.5 - 2021) / 10 for year in DATES} == pytest.approx(DATES)
