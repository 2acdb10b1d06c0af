"""What goes with the fall of academia-only papers: planted causes get the credit, and nothing else does."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from models.topic_compute.cells import prepare
from models.topic_compute.decomposition import REST, SIZE, TOPIC, rake
from models.topic_compute.estimands import compute_estimands
from tests.models.topic_papers import CHOICES, TOPICS, Draws, constant_draws, papers, random_draws


def spanning(periods: dict[str, list[dict[str, Any]]], **common: Any) -> xr.Dataset:
    """Papers of a venue in three periods: ``times`` of each."""
    years = {"early": 2013, "middle": 2016, "late": 2019}
    rows = [common | {"year": years[name]} | row for name, of in periods.items() for row in of]
    return prepare({"papers": papers(rows)}, CHOICES)


TWO, SEVEN = {"team": {"education": 2}}, {"team": {"education": 7}}
VISION, SCALE = {"topic": TOPICS[0]}, {"terms": ["scale"]}
LANGUAGE = {"topic": TOPICS[1]}
# Teams grow, topics shift and terms spread, all together: large teams use terms most.
EARLY = [TWO | VISION | {"times": 40}, SEVEN | VISION | SCALE | {"times": 10}, TWO | LANGUAGE | SCALE | {"times": 10},
         SEVEN | LANGUAGE | {"times": 5}]  # fmt: skip
LATE = [
    TWO | VISION | {"times": 20}, SEVEN | VISION | SCALE | {"times": 60}, TWO | LANGUAGE | SCALE | {"times": 15},
    SEVEN | LANGUAGE | {"times": 45}, TWO | VISION | SCALE | {"times": 9}, SEVEN | VISION | {"times": 11},
]  # fmt: skip


@pytest.fixture(scope="module")
def shifting() -> xr.Dataset:
    return spanning({"early": EARLY, "middle": LATE, "late": LATE})


def spans(data: xr.Dataset) -> str:
    venues: str = json.loads(data.attrs["facts"])["spanning"]
    return venues


def part(values: xr.DataArray, **at: str) -> float:
    return float(values.sel(at).isel(chain=0, draw=0))


CAUSES: dict[str, tuple[dict[str, dict[str, float]], str]] = {
    "team size": ({"size_effect": {"7-8": -2.0}}, SIZE),
    "topic": ({"topic_effect": {TOPICS[1]: -2.0}}, TOPIC),
    "terms": ({"slope": {"scale": -2.0}}, "compute terms"),
    "years": ({"venue_year_effect": {"NeurIPS 2019": -2.0}}, REST),
}


@pytest.mark.parametrize("cause", list(CAUSES))
def test_a_fall_goes_with_what_caused_it(shifting: xr.Dataset, cause: str):
    effects, wanted = CAUSES[cause]
    found = compute_estimands(constant_draws(shifting, **effects), shifting, CHOICES)
    change = part(found["change_spanning"])
    assert change < -0.03
    for factor in found["factor"].values:
        last = part(found["goes_with_last"], factor=factor)
        if factor == wanted:  # what the other factors take along with them is gone by then
            assert change <= last < 0.3 * change
        else:
            assert last == pytest.approx(0, abs=1e-6), factor
    assert part(found["waterfall"], step=REST) == pytest.approx(change if wanted == REST else 0.0, abs=1e-6)
    if wanted == REST:
        return
    assert part(found["goes_with_first"], factor=wanted) == pytest.approx(change, abs=1e-6)
    steps = found["waterfall"]["step"].values.tolist()
    for step in steps[steps.index(wanted) + 1 :]:  # after the cause nothing is left
        assert part(found["waterfall"], step=step) == pytest.approx(0, abs=1e-6), step


def test_shares_and_waterfall_by_hand(shifting: xr.Dataset):
    effects = {"size_effect": {"7-8": -1.0}, "slope": {"scale": -0.5}, "venue_year_effect": {"NeurIPS 2019": -0.3}}
    found = compute_estimands(constant_draws(shifting, **effects), shifting, CHOICES)

    def by_hand(rows: list[dict[str, Any]], year: float) -> float:
        n = np.array([row["times"] for row in rows])
        at = [year - (row["team"] == SEVEN["team"]) - 0.5 * ("terms" in row) for row in rows]
        return float((n * expit(at)).sum() / n.sum())

    early, late = by_hand(EARLY, 0), by_hand(LATE, -0.3)
    shares = [part(found["share_spanning"], period=period) for period in found["period"].values]
    assert shares == pytest.approx([early, by_hand(LATE, 0), late])
    assert part(found["change_spanning"]) == pytest.approx(late - early)
    assert found["n_spanning"].values.tolist() == [65, 160, 160]
    draws = random_draws(shifting, 2)
    found = compute_estimands(draws, shifting, CHOICES)
    assert found["waterfall"]["step"].values.tolist() == [SIZE, TOPIC, "compute terms", REST]
    xr.testing.assert_allclose(found["waterfall"].sum("step"), found["change_spanning"])
    first = found["goes_with_first"].sel(factor=SIZE, drop=True)
    xr.testing.assert_allclose(found["waterfall"].sel(step=SIZE, drop=True), first)
    last = found["goes_with_last"].sel(factor="compute terms", drop=True)
    xr.testing.assert_allclose(found["waterfall"].sel(step="compute terms", drop=True), last)


def test_venues_that_come_and_grow_make_no_fall():
    """Venues differ, none changes; one grows, another is there late only: at a fixed mix nothing falls."""
    one, other, new = ({"venue": venue} | TWO for venue in ("NeurIPS", "CVPR", "ICLR"))
    periods = {
        "early": [one | SCALE | {"times": 50}, other | {"times": 25}],
        "middle": [one | {"times": 50}, other | {"times": 60}],
        "late": [one | SCALE | {"times": 30}, other | {"times": 300}, new | {"times": 200}],
    }
    data = spanning(periods)
    assert spans(data) == "CVPR, NeurIPS"
    assert data["n_spanning"].values.tolist() == [75, 110, 330]
    effects = {"venue_year_effect": {f"CVPR {year}": -2.0 for year in (2013, 2016, 2019)} | {"ICLR 2019": -4.0}}
    found = compute_estimands(constant_draws(data, **effects), data, CHOICES)
    assert part(found["change_spanning"]) == pytest.approx(0, abs=1e-9)
    mix = np.array([50 + 50 + 30, 25 + 60 + 300])
    wanted = float((mix * expit([0, -2.0])).sum() / mix.sum())
    assert found["share_spanning"].isel(chain=0, draw=0).values == pytest.approx([wanted] * 3)


def test_without_a_venue_that_spans_there_is_no_fall():
    data = spanning({"early": [SCALE | {"times": 19}], "middle": [{"times": 50}], "late": [{"times": 50}]})
    assert "fall_weight" not in data
    found = compute_estimands(random_draws(data, 3), data, CHOICES)
    assert "change_spanning" not in found
    assert "odds_ratio" in found


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ([TWO | VISION | SCALE], [TWO | LANGUAGE]),  # no topic in common
        ([SEVEN | VISION | SCALE], [TWO | VISION, SEVEN | LANGUAGE]),  # each margin has a common level, no paper both
    ],
)
def test_papers_that_have_nothing_in_common_give_numbers(early: list[dict[str, Any]], late: list[dict[str, Any]]):
    periods = {"early": early, "middle": early, "late": late}
    data = spanning({name: [row | {"times": 30} for row in rows] for name, rows in periods.items()})
    assert np.isfinite(data.get("fall_weight", xr.DataArray(0.0))).all()
    found = compute_estimands(random_draws(data, 4), data, CHOICES)
    assert all(np.isfinite(values.values.astype(float)).all() for values in found.data_vars.values())


def test_hardware_has_periods_of_its_own():
    read = {"code_coded": "no", "team_coded": "mixed"}
    named = read | {"hardware_kind": "accelerator"}
    rows = [row | {"year": year, "times": 15} for row in (read, named) for year in (2014, 2018, 2022)]
    data = prepare({"papers": papers(rows)}, dataclasses.replace(CHOICES, exposure="hardware", last_year=2022))
    assert data["period"].values.tolist() == ["2014-16", "2017-19", "2020-22"]
    assert data.attrs["factors"] == "team size; topic mix; hardware named"


def margins(weights: Draws, at: Any) -> Draws:
    return np.bincount(at, weights, int(at.max()) + 1) / weights.sum()


def test_raking_gives_the_margins_of_the_target():
    rng = np.random.default_rng(1)
    at = [rng.integers(0, levels, 300) for levels in (2, 5, 7)]
    weights, target = rng.gamma(1, 1, 300), rng.gamma(1, 1, 300)
    found = rake(weights, target, at)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    for of in at:
        np.testing.assert_allclose(margins(found, of), margins(target, of), atol=1e-7)
    np.testing.assert_allclose(rake(weights, 3 * weights, at), weights / weights.sum())
    one = rake(weights, target, at[:1])
    np.testing.assert_allclose(one * weights.sum() / weights, (margins(target, at[0]) / margins(weights, at[0]))[at[0]])


def test_raking_keeps_the_odds_within():
    """A scaling of rows and columns: odds ratios of the weights stay (Deming and Stephan)."""
    weights, target = np.array([4.0, 1, 2, 3]), np.array([1.0, 1, 1, 5])
    found = rake(weights, target, [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])])
    assert found[0] * found[3] / found[1] / found[2] == pytest.approx(4 * 3 / 1 / 2)


def test_raking_with_levels_that_one_side_lacks():
    at = np.array([0, 1, 2, 2])
    found = rake(np.array([0.0, 1, 2, 2]), np.array([5.0, 3, 1, 0]), [at])  # the target's level 0 has no counterpart
    np.testing.assert_allclose(found, [0, 3 / 4, 1 / 8, 1 / 8])
    found = rake(np.array([2.0, 1, 2, 2]), np.array([0.0, 3, 1, 0]), [at])  # the late level 0 was not there before
    np.testing.assert_allclose(found, [0, 3 / 4, 1 / 8, 1 / 8])
    assert np.isfinite(rake(np.array([0.0, 2, 3]), np.array([1.0, 0, 0]), [np.array([0, 1, 1])])).all()
    both = [np.array([0, 1, 0]), np.array([0, 1, 1])]  # each margin has a common level, together they have none
    assert np.isfinite(rake(np.array([1.0, 1, 0]), np.array([0.0, 0, 1]), both)).all()
