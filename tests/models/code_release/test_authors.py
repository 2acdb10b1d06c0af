"""Code release by the number of authors from industry: counts, likelihood and estimands by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import binom

from inference.sampling.compiled import Compiled, sample
from inference.sampling.settings import Sampler
from models.code_release.authors import MODEL, MOST
from models.code_release.choices import AuthorsPriors, Choices
from models.code_release.definitions import GROUPS
from models.common.team_types import TEAM_TYPES
from tests.models.code_release.points import Values, evaluate_at_random, make_draw
from tests.models.declared import ready_for

CHOICES, PRIORS = Choices(), AuthorsPriors()
FAST = Sampler(draws=300, tune=400, chains=2)


NAMES = [
    "number_effect", "any_industry", "only_industry",
    *(f"{name}_{form}" for name in ("intercept", "topic", "size") for form in ("number", "contrasts")),
]  # fmt: skip


def compute_log_odds(data: xr.Dataset, values: dict[str, Values]) -> dict[str, Values]:
    """Compute the log-odds of a release in each cell by both forms, with the curve and with the two contrasts."""
    venue_year, topic, size, group = (
        data[f"{name}_idx"].values for name in ("venue_year", "topic", "size", "venue_group")
    )
    number, everyone = data["number"].values, data["all_industry"].values
    curve = np.concatenate([np.zeros((len(GROUPS), 1)), values["number_effect"]], axis=1)[group, number]
    contrasts = values["any_industry"][group] * (number > 0) + values["only_industry"][group] * everyone
    out = {}
    for form, effect in (("number", curve), ("contrasts", contrasts)):
        log_odds = values[f"intercept_{form}"][venue_year] + values[f"topic_{form}"][topic]
        out[form] = log_odds + values[f"size_{form}"][group, size] + effect
    return out


def test_authors_are_counted_by_their_number(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    frame = tables["papers"].set_index("id")
    one = frame[(frame["venue"] == "NeurIPS") & (frame["year"] == 2019) & (frame["track"] == "main")]
    one = one[(one["code_coded"].isin(["yes", "no"])) & (one["research"] == "empirical")]
    one = one[(one["coder_excluded"] != "yes") & one["team_coded"].isin(TEAM_TYPES) & one["n_authors"].notna()]
    one = one[(one["slots_per"] == "author") & (one["authors_unknown"] == 0)]
    k = (one["authors_company"] + one["authors_double"]).clip(upper=MOST)
    chosen = data["venue_year_idx"] == data["venue_year"].values.tolist().index("NeurIPS 2019")
    assert (data["some_industry"] == (data["number"] > 0)).all()
    for number in range(MOST + 1):
        cells = chosen & (data["number"] == number)
        assert int(data["n"].where(cells, 0).sum()) == int((k == number).sum())
        released = (k == number) & (one["code_coded"] == "yes")
        assert int(data["y"].where(cells, 0).sum()) == int(released.sum())
    # If all authors are from industry, none has another affiliation, not even a second one.
    elsewhere = one[["authors_education", "authors_government", "authors_nonprofit", "authors_double"]].sum(axis=1)
    assert int(data["n"].where(chosen & (data["all_industry"] == 1), 0).sum()) == int(
        ((k > 0) & (elsewhere == 0)).sum()
    )


def test_likelihood_of_both_forms_is_that_of_the_docstring(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    model = MODEL.build(data, PRIORS)
    values, found = evaluate_at_random(model, [*NAMES, "curve", "step_share"], 1)
    np.testing.assert_allclose(values["step_share"].sum(axis=1), 1)
    np.testing.assert_allclose(values["number_effect"], values["curve"][:, None] * values["step_share"].cumsum(axis=1))
    for name in ("size_number", "topic_contrasts"):
        np.testing.assert_allclose(values[name].sum(axis=-1), 0, atol=1e-9)
    n, y = data["n"].values, data["y"].values
    wanted = sum(binom.logpmf(y, n, expit(log_odds)).sum() for log_odds in compute_log_odds(data, values).values())
    assert found == pytest.approx(wanted, rel=1e-9)


def test_estimands_of_authors_by_hand(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    model = MODEL.build(data, PRIORS)
    values, _ = evaluate_at_random(model, NAMES, 2)
    found = MODEL.estimands(make_draw(values, model), data, CHOICES).isel(chain=0, draw=0)
    np.testing.assert_allclose(found["odds_ratio_by_number"], np.exp(values["number_effect"]))
    np.testing.assert_allclose(
        found["odds_ratio_all_authors"], np.exp(values["any_industry"] + values["only_industry"])
    )
    assert int(found["n_by_number"].sum() + data["n"].where(data["number"] == 0, 0).sum()) == int(data["n"].sum())
    columns = ["venue_group_idx", "era_idx", "number", "all_industry"]
    for form, log_odds in compute_log_odds(data, values).items():
        n, p = data["n"].values, expit(log_odds)
        cells = pd.DataFrame({name: data[name].values for name in columns})
        cells = cells.assign(observed=data["y"].values, expected=n * p, variance=n * p * (1 - p))
        table = cells.groupby(columns).sum()
        misfit = ((table["observed"] - table["expected"]) ** 2 / table["variance"]).mean()
        assert float(found[f"misfit_{form}"]) == pytest.approx(misfit)


@pytest.mark.slow
def test_the_curve_is_not_confused_with_team_size(tables: dict[str, Any], compiled: Compiled):
    """Releases rise with team size and fall with every author from industry, so the curve needs both effects."""
    data = MODEL.prepare(tables, CHOICES)
    size = np.linspace(-0.6, 0.6, data.sizes["size"])[data["size_idx"].values]
    hits = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        log_odds = rng.normal(-1, 0.5, data.sizes["venue_year"])[data["venue_year_idx"].values] + size
        log_odds = log_odds - 0.12 * data["number"].values
        simulated = data.assign(y=("cell", rng.binomial(data["n"].values, expit(log_odds))))
        draws = sample(ready_for(compiled, MODEL, simulated, PRIORS), seed, FAST)["posterior"].to_dataset()
        low, high = np.log(MODEL.estimands(draws, simulated, CHOICES)["odds_ratio_by_number"]).quantile(
            [0.055, 0.945], ("chain", "draw")
        )
        truth = -0.12 * np.arange(1, MOST + 1)
        hits += int(((low <= truth) & (truth <= high)).sum())
    assert hits >= binom.ppf(0.001, 6 * 2 * MOST / 2, 0.89) * 2  # neighbours are correlated and count half
