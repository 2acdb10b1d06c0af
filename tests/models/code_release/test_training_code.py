"""Training code of Epoch's models: likelihood and estimands by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from models.code_release.choices import Choices, TrainingCodePriors
from models.code_release.training_code import DATES, MODEL, SECTOR_LEVELS
from tests.models.code_release.points import as_draws, point

CHOICES, PRIORS = Choices(), TrainingCodePriors()


def test_training_code_is_the_regression_written_down(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    model = MODEL.build(data, PRIORS)
    names = ["level", "sector_effect", "trend", "slope", "gap"]
    at, found = point(model, names, 3)
    sector, date = data["at_sector"].values, data["date"].values
    step = np.concatenate([[0.0], at["sector_effect"]])
    compute = at["slope"] * data["compute"].values + at["gap"] * data["unknown"].values
    log_odds = at["level"] + step[sector] + at["trend"][sector] * date + compute
    wanted = binom.logpmf(data["open"].values, 1, expit(log_odds)).sum()
    assert found == pytest.approx(float(wanted), rel=1e-9)
    got = MODEL.estimands(as_draws(at, model), data, CHOICES).isel(chain=0, draw=0)
    for (i, name), (year, decades) in [(s, d) for s in enumerate(SECTOR_LEVELS) for d in DATES.items()]:
        share = expit(at["level"] + step[i] + at["trend"][i] * decades + compute).mean()
        assert float(got["training_code_open"].sel(sector=name, year=year)) == pytest.approx(share)
        if i:
            ratio = np.exp(step[i] + (at["trend"][i] - at["trend"][0]) * decades)
            key = f"odds_ratio_training_code_{name.replace('-', '_')}"
            assert float(got[key].sel(year=year)) == pytest.approx(ratio)
    assert float(got["odds_ratio_training_code_tenfold_compute"]) == pytest.approx(np.exp(at["slope"] / 3))
    assert {year: (year + 0.5 - 2021) / 10 for year in DATES} == pytest.approx(DATES)
