"""Shares, bounds and comparisons of access, by direct calculation model by model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit, logit

from models.common.estimand import check_estimands
from models.weights_access import estimands
from models.weights_access.cells import prepare
from models.weights_access.choices import Choices
from models.weights_access.definitions import CLASSES, RECENT, SECTORS
from models.weights_access.estimands import compute_estimands
from tests.models.weights_access.entries import label_many, make_many, make_tables
from tests.models.weights_access.posteriors import make_draws

CHOICES = Choices()
YEARS = (2021, 2022, 2023, 2024)
Entry = dict[str, Any]
Event = Callable[[Entry], float]


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return make_many(500, 3, YEARS)


@pytest.fixture(scope="module")
def dataset(entries: list[Entry]) -> xr.Dataset:
    return prepare(make_tables(entries, label_many(entries)), CHOICES)


@pytest.fixture(scope="module")
def draws(dataset: xr.Dataset) -> xr.Dataset:
    return make_draws(dataset, 4)


class Draw:
    """One draw, and the chances of single models, from the table of models rather than from cells."""

    def __init__(self, draws: xr.Dataset, number: int) -> None:
        self.draw = draws.isel(chain=0, draw=number)

    def compute_log_odds(self, entry: Entry, stage: str, sector: str | None = None, step: float = 0.0) -> float:
        of = self.draw.sel(stage=stage)
        sector = sector or find_sector(entry)
        eta = float(of["sector_year_effect"].sel(sector=sector, year=find_year(entry)))
        eta += float(of["domain_effect"].sel(domain=entry["domain"]))
        if np.isnan(entry["log10_compute"]):
            eta += float(of["gap"])
        else:
            compute = (float(entry["log10_compute"]) - 22) / 3 + step
            eta += float(of["slope"].sel(sector=sector)) * compute
        return eta + float(of["notable_effect"]) * float(entry["notability"] != "")

    def find_chance(self, entry: Entry, stage: str, sector: str | None = None, step: float = 0.0) -> float:
        if "cut" not in self.draw:
            return float(expit(self.compute_log_odds(entry, stage, sector, step)))
        if stage == "known":
            return float(expit(self.compute_log_odds(entry, stage, sector, step)))
        at_least = expit(self.compute_log_odds(entry, "access", sector, step) - np.array([0, *self.draw["cut"].values]))
        return float({"open": at_least[1], "unrestricted": at_least[2] / at_least[1],
                      "served": (at_least[0] - at_least[1]) / (1 - at_least[1])}[stage])  # fmt: skip


def find_sector(entry: Entry) -> str:
    return "collaboration" if entry["team_resolved"].endswith("collaboration") else str(entry["team_resolved"])


def find_year(entry: Entry) -> int:
    return int(entry["date"][:4])


def is_known(entry: Entry) -> bool:
    return bool(entry["weights_access"] != "unknown")


def average(entries: list[Entry], event: Event, **of: Any) -> float:
    """Average a chance over the models of a sector and of some years."""
    inside = [each for each in entries if find_sector(each) == of["sector"] and find_year(each) in of["years"]]
    return float(np.mean([event(each) for each in inside]))


def list_events(draw: Draw) -> dict[str, Event]:
    """List the chance that a model counts in each share."""
    p = draw.find_chance
    return {
        "open": lambda m: p(m, "open"),
        "unrestricted": lambda m: p(m, "open") * p(m, "unrestricted"),
        "served": lambda m: (1 - p(m, "open")) * p(m, "served"),
        "known": lambda m: p(m, "known"),
        "open_low": lambda m: p(m, "open") if is_known(m) else 0.0,
        "open_high": lambda m: p(m, "open") if is_known(m) else 1.0,
    }


@pytest.mark.parametrize("ordered", [False, True], ids=["stages", "ordered"])
@pytest.mark.parametrize("number", [0, 1])
def test_shares_and_bounds_model_by_model(
    dataset: xr.Dataset, entries: list[Entry], ordered: bool, number: int
) -> None:
    draws = make_draws(dataset, 5, ordered)
    found = compute_estimands(draws, dataset, CHOICES).isel(chain=0, draw=number)
    for name, event in list_events(Draw(draws, number)).items():
        for sector in SECTORS:
            for year in YEARS:
                expected = average(entries, event, sector=sector, years=(year,))
                assert float(found[f"{name}_by_year"].sel(sector=sector, year=year)) == pytest.approx(expected), name
            expected = average(entries, event, sector=sector, years=(2023, 2024, 2025))
            assert float(found[name].sel(sector=sector, period=RECENT)) == pytest.approx(expected), name
            expected = average(entries, event, sector=sector, years=(2021, 2022))
            assert float(found[name].sel(sector=sector, period="2018-22")) == pytest.approx(expected), name
    large = [m for m in entries if m["log10_compute"] >= 23]
    for sector in SECTORS:
        event = list_events(Draw(draws, number))["open"]
        expected = average(large, event, sector=sector, years=(2023, 2024))
        assert float(found["open_large"].sel(sector=sector).squeeze()) == pytest.approx(expected)


def test_classes_of_access_are_the_shares_and_sum_to_one(dataset: xr.Dataset, draws: xr.Dataset) -> None:
    found = compute_estimands(draws, dataset, CHOICES)
    classes = found["access_by_year"]
    assert classes["access"].values.tolist() == list(CLASSES)
    np.testing.assert_allclose(classes.sum("access"), 1)
    assert (classes > 0).all()
    np.testing.assert_allclose(classes.sel(access="served"), found["served_by_year"])
    np.testing.assert_allclose(classes.sel(access="unrestricted"), found["unrestricted_by_year"])
    is_open = classes.sel(access=["restricted", "unrestricted"]).sum("access")
    np.testing.assert_allclose(is_open, found["open_by_year"])


def test_sectors_are_compared_over_their_own_and_over_the_same_models(
    dataset: xr.Dataset, entries: list[Entry], draws: xr.Dataset
) -> None:
    found = compute_estimands(draws, dataset, CHOICES).isel(chain=0, draw=1)
    draw = Draw(draws, 1)
    own = [average(entries, list_events(draw)["open"], sector=sector, years=(2023, 2024))
           for sector in ("industry-only", "academia-only")]  # fmt: skip
    assert float(found["open_difference"].sel(period=RECENT)) == pytest.approx(own[0] - own[1])
    assert float(found["open_ratio"].sel(period=RECENT)) == pytest.approx(own[0] / own[1])
    recent = [m for m in entries if find_year(m) in (2023, 2024)]
    same = [np.mean([draw.find_chance(m, "open", sector) for m in recent])
            for sector in ("industry-only", "academia-only")]  # fmt: skip
    assert found["open_ratio_same_models"].values.tolist() == pytest.approx([same[0] / same[1]])
    assert found["n_same"].values.tolist() == [len(recent)]
    assert int(found["n_two"].sel(period=RECENT)) == sum(find_sector(m) != "collaboration" for m in recent)


@pytest.mark.parametrize("ordered", [False, True], ids=["stages", "ordered"])
def test_a_thousandfold_compute_is_centred_on_models_of_known_compute(
    dataset: xr.Dataset, entries: list[Entry], ordered: bool
) -> None:
    draws = make_draws(dataset, 6, ordered)
    found = compute_estimands(draws, dataset, CHOICES).isel(chain=0, draw=0)
    draw = Draw(draws, 0)
    stated = [m for m in entries if not np.isnan(m["log10_compute"])]
    for sector in SECTORS:
        here = {"sector": sector, "years": YEARS}
        change = average(
            stated, lambda m: draw.find_chance(m, "open", step=0.5) - draw.find_chance(m, "open", step=-0.5), **here
        )
        assert float(found["open_change_thousandfold"].sel(sector=sector)) == pytest.approx(change)
        assert int(found["n_compute"].sel(sector=sector)) == sum(find_sector(m) == sector for m in stated)
        slope = draws["slope"].isel(chain=0, draw=0).sel(stage="access" if ordered else "open", sector=sector)
        assert float(found["odds_ratio_thousandfold"].sel(sector=sector)) == pytest.approx(np.exp(float(slope)))


def test_a_shift_moves_models_of_unknown_access_alone(
    dataset: xr.Dataset, entries: list[Entry], draws: xr.Dataset
) -> None:
    none = compute_estimands(draws, dataset, CHOICES)
    found = compute_estimands(draws, dataset, dataclasses.replace(CHOICES, unknown_shift=-1.0))
    draw = Draw(draws, 0)

    def find_open(entry: Entry) -> float:
        p = draw.find_chance(entry, "open")
        return p if is_known(entry) else float(expit(logit(p) - 1.0))

    def find_served(entry: Entry) -> float:
        return (1 - find_open(entry)) * draw.find_chance(entry, "served")

    for sector in SECTORS:
        for name, event in {"open": find_open, "served": find_served}.items():
            expected = average(entries, event, sector=sector, years=(2022,))
            here = found[f"{name}_by_year"].isel(chain=0, draw=0).sel(sector=sector, year=2022)
            assert float(here) == pytest.approx(expected)
    for name in ("open_low", "open_high", "known", "open_ratio_same_models", "open_change_thousandfold"):
        xr.testing.assert_allclose(found[name], none[name])
    bounds = [compute_estimands(draws, dataset, dataclasses.replace(CHOICES, unknown_shift=s)) for s in (-50.0, 50.0)]
    np.testing.assert_allclose(bounds[0]["open_by_year"], none["open_low_by_year"], atol=1e-9)
    np.testing.assert_allclose(bounds[1]["open_by_year"], none["open_high_by_year"], atol=1e-9)


def test_models_of_unknown_access_can_be_left_out(dataset: xr.Dataset, entries: list[Entry], draws: xr.Dataset) -> None:
    left_out = dataclasses.replace(CHOICES, unknown="left out")
    found = compute_estimands(draws, dataset, left_out).isel(chain=0, draw=1)
    events = list_events(Draw(draws, 1))
    known = [m for m in entries if is_known(m)]
    for name, event in events.items():
        of = known if name in ("open", "unrestricted", "served") else entries  # bounds and known are of all
        for sector in SECTORS:
            expected = average(of, event, sector=sector, years=(2021,))
            assert float(found[f"{name}_by_year"].sel(sector=sector, year=2021)) == pytest.approx(expected), name


def test_years_without_models_of_every_sector_have_no_estimate(entries: list[Entry]) -> None:
    kept = [m for m in entries if (find_sector(m), find_year(m)) != ("academia-only", 2022)]
    data = prepare(make_tables(kept, label_many(kept)), CHOICES)
    found = compute_estimands(make_draws(data, 7), data, CHOICES)
    assert data["year"].values.tolist() == list(YEARS)
    assert found["open_by_year"]["year"].values.tolist() == [2021, 2023, 2024]
    late = [m for m in entries if find_year(m) > 2022]
    data = prepare(make_tables(late, label_many(late)), CHOICES)
    found = compute_estimands(make_draws(data, 7), data, CHOICES)
    assert found["open"]["period"].values.tolist() == [RECENT]
    early = [m for m in entries if find_year(m) < 2023]
    data = prepare(make_tables(early, label_many(early)), CHOICES)
    found = compute_estimands(make_draws(data, 7), data, CHOICES)
    assert found["open"]["period"].values.tolist() == ["2018-22"]
    assert not {"open_ratio_same_models", "open_large"} & set(found)
    for name in found:
        assert np.isfinite(found[name]).all(), name


def test_sectors_without_known_access_have_no_share_if_the_others_are_left_out(entries: list[Entry]) -> None:
    gone = {"weights_access": "unknown", "weights_terms": ""}
    changed = [m | gone if (find_sector(m), find_year(m)) == ("academia-only", 2024) else m for m in entries]
    changed = [m | gone if find_sector(m) == "academia-only" and m["log10_compute"] >= 23 else m for m in changed]
    data = prepare(make_tables(changed), CHOICES)
    draws = make_draws(data, 7)
    assert compute_estimands(draws, data, CHOICES)["year"].values.tolist() == list(YEARS)
    found = compute_estimands(draws, data, dataclasses.replace(CHOICES, unknown="left out"))
    assert found["year"].values.tolist() == [2021, 2022, 2023]
    assert "open_large" not in found
    for name in found:
        assert np.isfinite(found[name]).all(), name
    assert (found["open_by_year"] > 0).all()


def test_large_models_need_every_sector(entries: list[Entry]) -> None:
    kept = [m for m in entries if find_sector(m) != "academia-only" or not m["log10_compute"] >= 23]
    data = prepare(make_tables(kept), CHOICES)
    found = compute_estimands(make_draws(data, 8), data, CHOICES)
    assert "open_large" not in found and "open" in found


def test_estimands_are_counted_finite_and_ordered(dataset: xr.Dataset, entries: list[Entry], draws: xr.Dataset) -> None:
    found = check_estimands(compute_estimands(draws, dataset, CHOICES))
    for name in found:
        assert np.isfinite(found[name]).all(), name
    n = [[sum((find_sector(m), find_year(m)) == (sector, year) for m in entries) for year in YEARS]
         for sector in SECTORS]  # fmt: skip
    assert found["n_by_year"].values.tolist() == n
    for suffix in ("", "_by_year"):
        low, share, high = (found[f"open{end}{suffix}"] for end in ("_low", "", "_high"))
        assert (low < share).all() and (share < high).all()
    np.testing.assert_allclose(found["label_error"], draws["error"])
    assert int(found["n_compared"]) == int(dataset["compared"]) > 0


def test_draws_in_chunks_are_the_same(monkeypatch: pytest.MonkeyPatch, dataset: xr.Dataset) -> None:
    draws = make_draws(dataset, 9, draws=5)
    whole = compute_estimands(draws, dataset, CHOICES)
    monkeypatch.setattr(estimands, "CHUNK", 2)
    xr.testing.assert_allclose(compute_estimands(draws, dataset, CHOICES), whole)
