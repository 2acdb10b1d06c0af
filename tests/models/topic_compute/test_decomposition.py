"""The decomposition of the change in the academia-only share: a planted cause accounts for it, nothing else does."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from models.topic_compute.cells import prepare
from models.topic_compute.decomposition import BOOTSTRAP_TOLERANCE, TEAM_SIZE, TOPIC, UNEXPLAINED, Raker, rake
from models.topic_compute.estimands import compute_estimands
from tests.models.topic_papers import CHOICES, TOPICS, Draws, make_constant_draws, make_papers, make_random_draws

GIVEN = dataclasses.replace(CHOICES, resampled=False)  # papers as given: shares by hand


def prepare_periods(periods: dict[str, list[dict[str, Any]]], **common: Any) -> xr.Dataset:
    """Prepare papers of three periods, ``times`` of each."""
    years = {"early": 2013, "middle": 2016, "late": 2019}
    rows = [common | {"year": years[name]} | row for name, papers in periods.items() for row in papers]
    return prepare({"papers": make_papers(rows)}, CHOICES)


TWO, SEVEN = {"team": {"education": 2}}, {"team": {"education": 7}}
VISION, SCALE = {"topic": TOPICS[0]}, {"terms": ["scale"]}
LANGUAGE = {"topic": TOPICS[1]}
# Teams grow, topics shift and terms spread together: large teams use terms most.
EARLY = [TWO | VISION | {"times": 40}, SEVEN | VISION | SCALE | {"times": 10}, TWO | LANGUAGE | SCALE | {"times": 10},
         SEVEN | LANGUAGE | {"times": 5}]  # fmt: skip
LATE = [
    TWO | VISION | {"times": 20}, SEVEN | VISION | SCALE | {"times": 60}, TWO | LANGUAGE | SCALE | {"times": 15},
    SEVEN | LANGUAGE | {"times": 45}, TWO | VISION | SCALE | {"times": 9}, SEVEN | VISION | {"times": 11},
]  # fmt: skip


@pytest.fixture(scope="module")
def shifting() -> xr.Dataset:
    return prepare_periods({"early": EARLY, "middle": LATE, "late": LATE})


def read_panel(data: xr.Dataset) -> str:
    """Return the venues of the balanced panel."""
    venues: str = json.loads(data.attrs["facts"])["spanning"]
    return venues


def read_value(values: xr.DataArray, **selected: str) -> float:
    """Return one entry of an estimand, at the first draw."""
    return float(values.sel(selected).isel(chain=0, draw=0))


CAUSES: dict[str, tuple[dict[str, dict[str, float]], str]] = {
    "team size": ({"size_effect": {"7-8": -2.0}}, TEAM_SIZE),
    "topic": ({"topic_effect": {TOPICS[1]: -2.0}}, TOPIC),
    "terms": ({"slope": {"scale": -2.0}}, "compute terms"),
    "years": ({"venue_year_effect": {"NeurIPS 2019": -2.0}}, UNEXPLAINED),
}


@pytest.mark.parametrize("cause", list(CAUSES))
def test_the_change_is_accounted_for_by_its_cause(shifting: xr.Dataset, cause: str):
    effects, wanted = CAUSES[cause]
    found = compute_estimands(make_constant_draws(shifting, **effects), shifting, GIVEN)
    change = read_value(found["change_spanning"])
    assert change < -0.03
    for factor in found["factor"].values:
        last = read_value(found["goes_with_last"], factor=factor)
        if factor == wanted:  # the other factors, reweighted before, account for what correlates with them
            assert change <= last < 0.3 * change
        else:
            assert last == pytest.approx(0, abs=1e-6), factor
    assert read_value(found["waterfall"], step=UNEXPLAINED) == pytest.approx(
        change if wanted == UNEXPLAINED else 0.0, abs=1e-6
    )
    if wanted == UNEXPLAINED:
        return
    assert read_value(found["goes_with_first"], factor=wanted) == pytest.approx(change, abs=1e-6)
    steps = found["waterfall"]["step"].values.tolist()
    for step in steps[steps.index(wanted) + 1 :]:  # after the cause nothing remains
        assert read_value(found["waterfall"], step=step) == pytest.approx(0, abs=1e-6), step


def test_shares_and_waterfall_by_hand(shifting: xr.Dataset):
    effects = {"size_effect": {"7-8": -1.0}, "slope": {"scale": -0.5}, "venue_year_effect": {"NeurIPS 2019": -0.3}}
    found = compute_estimands(make_constant_draws(shifting, **effects), shifting, GIVEN)

    def compute_share(rows: list[dict[str, Any]], year: float) -> float:
        n = np.array([row["times"] for row in rows])
        log_odds = [year - (row["team"] == SEVEN["team"]) - 0.5 * ("terms" in row) for row in rows]
        return float((n * expit(log_odds)).sum() / n.sum())

    early, late = compute_share(EARLY, 0), compute_share(LATE, -0.3)
    shares = [read_value(found["share_spanning"], period=period) for period in found["period"].values]
    assert shares == pytest.approx([early, compute_share(LATE, 0), late])
    assert read_value(found["change_spanning"]) == pytest.approx(late - early)
    assert found["n_spanning"].values.tolist() == [65, 160, 160]
    draws = make_random_draws(shifting, 2)
    found = compute_estimands(draws, shifting, CHOICES)
    assert found["waterfall"]["step"].values.tolist() == [TEAM_SIZE, TOPIC, "compute terms", UNEXPLAINED]
    xr.testing.assert_allclose(found["waterfall"].sum("step"), found["change_spanning"])
    first = found["goes_with_first"].sel(factor=TEAM_SIZE, drop=True)
    xr.testing.assert_allclose(found["waterfall"].sel(step=TEAM_SIZE, drop=True), first)
    last = found["goes_with_last"].sel(factor="compute terms", drop=True)
    xr.testing.assert_allclose(found["waterfall"].sel(step="compute terms", drop=True), last)


def test_new_and_growing_venues_make_no_change():
    """Venues differ, none changes; one grows, another is new: at a fixed mix of venues the share does not change."""
    one, other, new = ({"venue": venue} | TWO for venue in ("NeurIPS", "CVPR", "ICLR"))
    periods = {
        "early": [one | SCALE | {"times": 50}, other | {"times": 25}],
        "middle": [one | {"times": 50}, other | {"times": 60}],
        "late": [one | SCALE | {"times": 30}, other | {"times": 300}, new | {"times": 200}],
    }
    data = prepare_periods(periods)
    assert read_panel(data) == "CVPR, NeurIPS"
    assert data["n_spanning"].values.tolist() == [75, 110, 330]
    effects = {"venue_year_effect": {f"CVPR {year}": -2.0 for year in (2013, 2016, 2019)} | {"ICLR 2019": -4.0}}
    found = compute_estimands(make_constant_draws(data, **effects), data, GIVEN)
    assert read_value(found["change_spanning"]) == pytest.approx(0, abs=1e-9)
    mix = np.array([50 + 50 + 30, 25 + 60 + 300])
    wanted = float((mix * expit([0, -2.0])).sum() / mix.sum())
    assert found["share_spanning"].isel(chain=0, draw=0).values == pytest.approx([wanted] * 3)


def test_without_a_balanced_panel_there_is_no_decomposition():
    data = prepare_periods({"early": [SCALE | {"times": 19}], "middle": [{"times": 50}], "late": [{"times": 50}]})
    assert "panel_weight" not in data
    found = compute_estimands(make_random_draws(data, 3), data, CHOICES)
    assert "change_spanning" not in found
    assert "odds_ratio" in found


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ([TWO | VISION | SCALE], [TWO | LANGUAGE]),  # no topic in common
        (
            [SEVEN | VISION | SCALE],
            [TWO | VISION, SEVEN | LANGUAGE],
        ),  # each margin has a common category, no paper has both
    ],
)
def test_papers_with_nothing_in_common_give_finite_estimands(early: list[dict[str, Any]], late: list[dict[str, Any]]):
    periods = {"early": early, "middle": early, "late": late}
    data = prepare_periods({name: [row | {"times": 30} for row in rows] for name, rows in periods.items()})
    assert np.isfinite(data.get("panel_weight", xr.DataArray(0.0))).all()
    found = compute_estimands(make_random_draws(data, 4), data, CHOICES)
    assert all(np.isfinite(values.values.astype(float)).all() for values in found.data_vars.values())


def test_hardware_has_its_own_periods():
    read = {"code_coded": "no", "team_coded": "mixed"}
    named = read | {"hardware_kind": "accelerator"}
    rows = [row | {"year": year, "times": 15} for row in (read, named) for year in (2014, 2018, 2022)]
    data = prepare({"papers": make_papers(rows)}, dataclasses.replace(CHOICES, exposure="hardware", last_year=2022))
    assert data["period"].values.tolist() == ["2014-16", "2017-19", "2020-22"]
    assert data.attrs["factors"] == "team size; topic mix; hardware named"


def compute_margin(weights: Draws, idx: Any) -> Draws:
    """Return the share of the weights in each category."""
    return np.bincount(idx, weights, int(idx.max()) + 1) / weights.sum()


def test_raking_gives_the_margins_of_the_target():
    rng = np.random.default_rng(1)
    margins = [rng.integers(0, levels, 300) for levels in (2, 5, 7)]
    weights, target = rng.gamma(1, 1, 300), rng.gamma(1, 1, 300)
    found = rake(weights, target, margins)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    for idx in margins:
        np.testing.assert_allclose(compute_margin(found, idx), compute_margin(target, idx), atol=1e-7)
    np.testing.assert_allclose(rake(weights, 3 * weights, margins), weights / weights.sum())
    idx = margins[0]
    factor = compute_margin(target, idx) / compute_margin(weights, idx)
    np.testing.assert_allclose(rake(weights, target, [idx]) * weights.sum() / weights, factor[idx])


def test_raking_keeps_odds_ratios():
    """Scaling rows and columns leaves the odds ratios of the weights unchanged (Deming and Stephan 1940)."""
    weights, target = np.array([4.0, 1, 2, 3]), np.array([1.0, 1, 1, 5])
    found = rake(weights, target, [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])])
    assert found[0] * found[3] / found[1] / found[2] == pytest.approx(4 * 3 / 1 / 2)


def test_raking_with_categories_that_one_side_lacks():
    idx = np.array([0, 1, 2, 2])
    found = rake(np.array([0.0, 1, 2, 2]), np.array([5.0, 3, 1, 0]), [idx])  # category 0 is in the target alone
    np.testing.assert_allclose(found, [0, 3 / 4, 1 / 8, 1 / 8])
    found = rake(np.array([2.0, 1, 2, 2]), np.array([0.0, 3, 1, 0]), [idx])  # category 0 is in the weights alone
    np.testing.assert_allclose(found, [0, 3 / 4, 1 / 8, 1 / 8])
    assert np.isfinite(rake(np.array([0.0, 2, 3]), np.array([1.0, 0, 0]), [np.array([0, 1, 1])])).all()
    both = [np.array([0, 1, 0]), np.array([0, 1, 1])]  # each margin has a common category, together they have none
    assert np.isfinite(rake(np.array([1.0, 1, 0]), np.array([0.0, 0, 1]), both)).all()


# Papers as draws from possible ones.


def test_many_raked_weights_are_those_of_raking_each():
    """Some weights are a thousand times others, and venues are associated with topics, as in the bootstrap."""
    rng = np.random.default_rng(2)
    cells = 400
    venue = rng.integers(0, 4, cells)
    margins = [venue, np.clip(3 * venue + rng.integers(0, 4, cells), 0, 11), rng.integers(0, 6, cells)]
    n, target_n = rng.integers(0, 4, cells), rng.integers(0, 4, cells)
    n[margins[2] == 5] = 0  # a category that the weights lack, and one that the target lacks
    target_n[margins[1] == 3] = 0
    start = rake(n * 1.0, target_n * 1.0, margins)  # the factors of the observed papers
    raker = Raker(start, target_n * 1.0, margins)
    drawn = rng.standard_gamma(1.0, (cells, 30))
    values = rng.uniform(size=(cells, 30))
    found = raker.average_values(values, start[:, None] * drawn, target_n[:, None] * drawn)
    for i in range(30):
        raked = rake(n * drawn[:, i], target_n * drawn[:, i], margins)
        assert found[i] == pytest.approx(raked @ values[:, i], abs=20 * BOOTSTRAP_TOLERANCE)
    assert found.std() > 100 * BOOTSTRAP_TOLERANCE


def test_intervals_are_those_of_a_plain_bootstrap_of_papers():
    """One paper at a time, with exponential weights, and every margin raked from the start (Rubin 1981)."""
    second = {"venue": "CVPR"}
    periods = {"early": EARLY, "middle": EARLY, "late": LATE}
    periods = {name: [*rows, *(row | second | {"times": 1 + row["times"] // 3} for row in rows)]
               for name, rows in periods.items()}  # fmt: skip
    data = prepare_periods(periods)
    effects = {"size_effect": {"7-8": -1.0}, "slope": {"scale": -0.5}, "venue_year_effect": {"NeurIPS 2019": -0.3}}
    draws = make_constant_draws(data, **effects)
    draws = draws.isel(draw=np.zeros(2000, int)).assign_coords(draw=np.arange(2000))
    found = compute_estimands(draws, data, CHOICES)
    venue_of = np.unique(data["venue_year_venue"].values, return_inverse=True)[1]
    cell = np.repeat(np.arange(data.sizes["cell"]), data["n"].values)  # of each paper
    index = {name: data[f"{name}_idx"].values[cell] for name in ("venue_year", "size", "topic", "exposure")}
    venue, year = venue_of[index["venue_year"]], data["venue_year_year"].values[index["venue_year"]]
    used = (data["value"].values @ (data["family"].values == "scale"))[index["exposure"]]
    log_odds = -1.0 * (data["size"].values == "7-8")[index["size"]] - 0.5 * used
    p = expit(log_odds - 0.3 * (data["venue_year"].values == "NeurIPS 2019")[index["venue_year"]])
    factors = dict(zip(data.attrs["factors"].split("; "), ("size", "topic", "exposure"), strict=True))
    rng = np.random.default_rng(3)
    mix = np.bincount(venue)
    made: list[dict[str, float]] = []
    for _ in range(1000):
        weight = rng.exponential(size=len(p))
        sums = np.bincount(index["venue_year"], weight)
        weight *= (np.bincount(index["venue_year"]) / sums)[index["venue_year"]]
        early, late = (
            weight * (year == one) * mix[venue] / np.bincount(venue, weight * (year == one))[venue]
            for one in (2013, 2019)
        )

        def reweight(*names: str, early: Any = early, late: Any = late) -> float:
            return float(rake(late, early, [venue, *(index[factors[name]] for name in names)], 1e-7) @ p)

        as_late, to_early = late @ p / late.sum(), reweight(*factors)
        made.append({"change_spanning": as_late - early @ p / early.sum(), "rest": to_early - early @ p / early.sum()})
        made[-1] |= {f"first {name}": as_late - reweight(name) for name in factors}
        made[-1] |= {f"last {name}": reweight(*(other for other in factors if other != name)) - to_early
                     for name in factors}  # fmt: skip
    pairs = {"change_spanning": found["change_spanning"], "rest": found["waterfall"].sel(step=UNEXPLAINED)}
    pairs |= {f"{order} {name}": found[f"goes_with_{order}"].sel(factor=name)
              for order in ("first", "last") for name in factors}  # fmt: skip
    for name, values in pairs.items():
        plain = np.array([one[name] for one in made])
        assert float(values.std()) == pytest.approx(plain.std(), rel=0.12), name  # 4 Monte Carlo errors
        assert abs(float(values.mean()) - plain.mean()) < 5 * plain.std() * np.sqrt(1 / 1000 + 1 / 2000), name
    given = compute_estimands(draws, data, GIVEN)
    assert float(given["change_spanning"].std()) < 1e-9  # constant draws: only papers vary


@pytest.mark.parametrize("cause", list(CAUSES))
def test_what_does_not_cause_a_change_accounts_for_none_with_any_weights_of_papers(shifting: xr.Dataset, cause: str):
    effects, wanted = CAUSES[cause]
    found = compute_estimands(make_constant_draws(shifting, **effects), shifting, CHOICES)
    for factor in found["factor"].values:
        last = found["goes_with_last"].sel(factor=factor)
        if factor == wanted:
            assert float(abs(last).min()) > 0.02
        else:
            assert float(abs(last).max()) < 20 * BOOTSTRAP_TOLERANCE, factor


def test_weights_of_papers_are_the_same_at_each_call(shifting: xr.Dataset):
    draws = make_random_draws(shifting, 5)
    one, other = (compute_estimands(draws, shifting, CHOICES)["goes_with_last"] for _ in range(2))
    xr.testing.assert_identical(one, other)
