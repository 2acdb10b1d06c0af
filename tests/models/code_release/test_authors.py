"""Release by the number of authors from industry: counts, likelihood and estimands by hand."""

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
from tests.models.code_release.points import Values, as_draws, point
from tests.models.declared import ready_for

CHOICES, PRIORS = Choices(), AuthorsPriors()
FAST = Sampler(draws=300, tune=400, chains=2)


ONE_HALF = ["topic", "size"]
AUTHOR_NAMES = [
    "level", "number_effect", "level_contrasts", "any_industry", "only_industry",
    *(f"{name}_{half}" for name in ONE_HALF for half in ("number", "contrasts")),
]  # fmt: skip


def authors_log_odds(data: xr.Dataset, at: dict[str, Values]) -> tuple[Values, Values]:
    cell = {name: data[f"at_{name}"].values for name in ("venue_year", "topic", "size", "venues", "k", "all")}
    curve = np.concatenate([np.zeros((len(GROUPS), 1)), at["number_effect"]], axis=1)[cell["venues"], cell["k"]]
    contrasts = at["any_industry"][cell["venues"]] * (cell["k"] > 0)
    contrasts = contrasts + at["only_industry"][cell["venues"]] * cell["all"]
    out = []
    for half, level, effect in (("number", "level", curve), ("contrasts", "level_contrasts", contrasts)):
        log_odds = at[level][cell["venue_year"]] + at[f"topic_{half}"][cell["topic"]]
        out.append(log_odds + at[f"size_{half}"][cell["venues"], cell["size"]] + effect)
    return out[0], out[1]


def test_authors_are_counted_by_their_number(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    frame = tables["papers"].set_index("id")
    one = frame[(frame["venue"] == "NeurIPS") & (frame["year"] == 2019) & (frame["track"] == "main")]
    one = one[(one["code_coded"].isin(["yes", "no"])) & (one["research"] == "empirical")]
    one = one[(one["coder_excluded"] != "yes") & one["team_coded"].isin(TEAM_TYPES) & one["n_authors"].notna()]
    one = one[(one["slots_per"] == "author") & (one["authors_unknown"] == 0)]
    k = (one["authors_company"] + one["authors_double"]).clip(upper=MOST)
    mine = data["at_venue_year"] == data["venue_year"].values.tolist().index("NeurIPS 2019")
    for number in range(MOST + 1):
        cells = mine & (data["at_k"] == number)
        assert int(data["n"].where(cells, 0).sum()) == int((k == number).sum())
        released = (k == number) & (one["code_coded"] == "yes")
        assert int(data["y"].where(cells, 0).sum()) == int(released.sum())
    # All from industry: no author elsewhere, not even beside a company.
    elsewhere = one[["authors_education", "authors_government", "authors_nonprofit", "authors_double"]].sum(axis=1)
    assert int(data["n"].where(mine & (data["at_all"] == 1), 0).sum()) == int(((k > 0) & (elsewhere == 0)).sum())


def test_both_models_of_authors_are_those_written_down(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    model = MODEL.build(data, PRIORS)
    at, found = point(model, [*AUTHOR_NAMES, "curve", "step_share"], 1)
    np.testing.assert_allclose(at["step_share"].sum(axis=1), 1)
    np.testing.assert_allclose(at["number_effect"], at["curve"][:, None] * at["step_share"].cumsum(axis=1))
    for name in ("size_number", "topic_contrasts"):
        np.testing.assert_allclose(at[name].sum(axis=-1), 0, atol=1e-9)
    n, y = data["n"].values, data["y"].values
    wanted = sum(binom.logpmf(y, n, expit(log_odds)).sum() for log_odds in authors_log_odds(data, at))
    assert found == pytest.approx(wanted, rel=1e-9)


def test_estimands_of_authors_by_hand(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    model = MODEL.build(data, PRIORS)
    at, _ = point(model, AUTHOR_NAMES, 2)
    found = MODEL.estimands(as_draws(at, model), data, CHOICES).isel(chain=0, draw=0)
    np.testing.assert_allclose(found["odds_ratio_by_number"], np.exp(at["number_effect"]))
    np.testing.assert_allclose(found["odds_ratio_all_authors"], np.exp(at["any_industry"] + at["only_industry"]))
    assert int(found["n_by_number"].sum() + data["n"].where(data["at_k"] == 0, 0).sum()) == int(data["n"].sum())
    for name, log_odds in zip(("number", "contrasts"), authors_log_odds(data, at), strict=True):
        p = expit(log_odds)
        cells = pd.DataFrame(
            {key: data[f"at_{key}"].values for key in ("venues", "era", "k", "all")}
            | {"y": data["y"].values, "np": data["n"].values * p, "v": data["n"].values * p * (1 - p)}
        )
        table = cells.groupby(["venues", "era", "k", "all"]).sum()
        misfit = ((table["y"] - table["np"]) ** 2 / table["v"]).mean()
        assert float(found[f"misfit_{name}"]) == pytest.approx(misfit)


@pytest.mark.slow
def test_number_of_authors_is_not_taken_for_the_size_of_the_team(tables: dict[str, Any], compiled: Compiled):
    """Releases that rise with team size and fall with every author from industry: only both tell the curve."""
    data = MODEL.prepare(tables, CHOICES)
    size = np.linspace(-0.6, 0.6, data.sizes["size"])[data["at_size"].values]
    hits = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        log_odds = rng.normal(-1, 0.5, data.sizes["venue_year"])[data["at_venue_year"].values] + size
        log_odds = log_odds - 0.12 * data["at_k"].values
        given = data.assign(y=("cell", rng.binomial(data["n"].values, expit(log_odds))))
        drawn = sample(ready_for(compiled, MODEL, given, PRIORS), seed, FAST)["posterior"].to_dataset()
        low, high = np.log(MODEL.estimands(drawn, given, CHOICES)["odds_ratio_by_number"]).quantile(
            [0.055, 0.945], ("chain", "draw")
        )
        truth = -0.12 * np.arange(1, MOST + 1)
        hits += int(((low <= truth) & (truth <= high)).sum())
    assert hits >= binom.ppf(0.001, 6 * 2 * MOST / 2, 0.89) * 2  # neighbours go together: as if half as many
