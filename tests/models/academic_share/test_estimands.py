"""Estimands of the academic share against hand calculations: shares, their change, and the upper tail of compute."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from models.academic_share.choices import Choices
from models.academic_share.estimands import compute_estimands
from models.academic_share.rows import SECTORS, count_raw, prepare_shares, prepare_upper_tail
from models.academic_share.upper_tail_estimands import (
    compute_large_scale_shares,
    compute_upper_tail_estimands,
    split_upper_tail,
)
from models.common.estimand import check_estimands

CHOICES, LABELLED = Choices(), Choices(team="labelled")


def tiny() -> tuple[xr.Dataset, xr.Dataset]:
    """Return two draws of the shares of five team types in four years, and the counts that weight them."""
    years = [2010, 2014, 2020, 2022]
    first = [[0.6, 0.1, 0.1, 0.2, 0.0], [0.4, 0.1, 0.1, 0.3, 0.1], [0.2, 0.1, 0.1, 0.6, 0.0], [0.1, 0.1, 0.2, 0.6, 0.0]]
    second = [
        [0.5, 0.1, 0.1, 0.3, 0.0],
        [0.1, 0.1, 0.1, 0.6, 0.1],
        [0.3, 0.1, 0.1, 0.4, 0.1],
        [0.2, 0.2, 0.2, 0.4, 0.0],
    ]
    share = xr.DataArray(
        [[first, second]],
        {"chain": [0], "draw": [0, 1], "year": years, "sector": list(SECTORS)},
        ("chain", "draw", "year", "sector"),
    )
    counts = [[1, 0, 0, 0, 0], [2, 0, 0, 1, 0], [3, 1, 1, 5, 0], [2, 3, 5, 20, 0]]
    data = xr.Dataset(
        {
            "count": (("year", "sector"), counts),
            "n": ("year", [1, 3, 10, 30]),
            "unknown": ("year", [0, 0, 0, 0]),
        },
        {"year": years, "sector": list(SECTORS)},
    )
    return xr.Dataset({"share": share}), data


def test_shares_by_hand():
    draws, data = tiny()
    found = compute_estimands(draws, data, CHOICES)
    early = [(0.6 * 1 + 0.4 * 3) / 4, (0.5 * 1 + 0.1 * 3) / 4]
    late = [(0.2 * 10 + 0.1 * 30) / 40, (0.3 * 10 + 0.2 * 30) / 40]
    academia = found["share_academia_only"].isel(chain=0).transpose("draw", "period")
    np.testing.assert_allclose(academia.sel(period="2010-14"), early)
    np.testing.assert_allclose(academia.sel(period="2020-22"), late)
    np.testing.assert_allclose(found["change_academia_only"].isel(chain=0), np.subtract(late, early))
    odds = np.log(np.array(late) / (1 - np.array(late))) - np.log(np.array(early) / (1 - np.array(early)))
    np.testing.assert_allclose(found["change_academia_only_log_odds"].isel(chain=0), odds)
    np.testing.assert_allclose(found["share_industry_with_leaning_by_year"].sel(year=2022).isel(chain=0), [0.8, 0.6])
    np.testing.assert_allclose(found["share_collaboration_with_leaning_by_year"].sel(year=2022)[0], [0.3, 0.4])
    # Industry-only is above one half from 2020 on in the first draw; in the second only in 2014, so it never stays.
    np.testing.assert_array_equal(found["industry_only_above_half_from"][0], [[0, 0, 1, 1], [0, 0, 0, 0]])
    np.testing.assert_array_equal(found["industry_only_never_stays_above_half"][0], [0, 1])
    # It is the largest group from 2020 on in the first draw; in the second, all collaborations equal it in 2022.
    np.testing.assert_array_equal(found["industry_only_largest_from"][0], [[0, 0, 1, 1], [0, 0, 0, 0]])
    assert found["n_by_period"].sel(period="2020-22") == 40


def test_an_event_from_a_year_on_is_based_on_that_year_and_all_later_ones():
    draws, data = tiny()
    found = compute_estimands(draws, data, LABELLED)
    for name in ("industry_only_above_half_from", "industry_only_largest_from"):
        assert found[found[name].attrs["rows"]].values.tolist() == [44, 43, 40, 30], name


@pytest.mark.parametrize(
    ("shares", "leads"),
    [
        ([0.30, 0.10, 0.10, 0.45, 0.05], True),  # a plurality
        ([0.46, 0.05, 0.00, 0.44, 0.05], False),  # fewer than academia-only
        ([0.10, 0.25, 0.22, 0.43, 0.00], False),  # fewer than both types of collaboration together
        ([0.10, 0.00, 0.00, 0.44, 0.46], True),  # other teams are no group of the claim
    ],
)
def test_industry_leads_if_it_is_the_largest_of_three_groups(shares: list[float], leads: bool):
    draws, data = tiny()
    draws = draws.copy()
    draws["share"][:, :, -1] = shares
    found = compute_estimands(draws, data, CHOICES)["industry_only_largest_from"].sel(year=2022)
    assert (found == leads).all()


def test_shares_among_the_models_in_the_table_are_counts_if_every_team_type_is_known():
    draws, data = tiny()
    found = compute_estimands(draws, data, CHOICES)
    assert (found["table_share_academia_only"].sel(period="2010-14") == 3 / 4).all()
    assert (found["table_share_academia_only"].sel(period="2020-22") == 5 / 40).all()
    assert (found["table_share_industry_with_leaning"].sel(period="2020-22") == 31 / 40).all()
    assert (found["table_share_industry_with_leaning_by_year"].sel(table_year=2022) == 25 / 30).all()
    assert (found["table_share_industry_only_by_year"].sel(table_year=2022) == 20 / 30).all()


def test_the_raw_counts_of_a_table_without_unknown_teams_are_its_shares(tables: dict[str, Any]):
    data = prepare_shares(tables, CHOICES)
    assert int(data["unknown"].sum()) == 0
    draws = xr.Dataset({"share": ((data["count"] + 1) / (data["n"] + 5)).expand_dims(chain=1, draw=2)})
    found = compute_estimands(draws, data, CHOICES)
    for name in ("academia_only", "industry_only", "industry_with_leaning"):
        for suffix, dim, table in (("", "period", "period"), ("_by_year", "year", "table_year")):
            share, raw = found[f"table_share_{name}{suffix}"], count_raw(data)[f"share_{name}{suffix}"]
            for where in share[table].values:
                k, n = raw.sel({dim: where})
                assert (share.sel({table: where}) == float(k) / float(n)).all()
    early = count_raw(data)["share_academia_only"].sel(period="2010-14").values.tolist()
    assert early == [18, 28]


def test_unknown_team_types_are_drawn_from_the_shares_of_their_year():
    draws, data = tiny()
    many = draws.isel(draw=np.zeros(4000, int)).assign_coords(draw=np.arange(4000))  # the first draw, again and again
    data = data.assign(unknown=("year", [0, 4, 0, 10]))
    found = compute_estimands(many, data, CHOICES)
    share = found["table_share_academia_only"]
    early, late = (share.sel(period=period).to_numpy().ravel() for period in ("2010-14", "2020-22"))
    assert set(np.round(early * 8)) == {3, 4, 5, 6, 7}  # 3 known, 0 to 4 of the unknown ones
    for found_here, known, unknown, chance, total in ((early, 3, 4, 0.4, 8), (late, 5, 10, 0.1, 50)):
        sd = np.sqrt(unknown * chance * (1 - chance)) / total
        assert found_here.mean() == pytest.approx((known + unknown * chance) / total, abs=5 * sd / np.sqrt(4000))
        assert found_here.std() == pytest.approx(sd, rel=0.06)
    assert found["n_table_by_period"].sel(period="2020-22") == 50
    assert found["n_table_by_table_year"].sel(table_year=2014) == 7
    again = compute_estimands(many, data, CHOICES)
    xr.testing.assert_identical(found, again)  # the draws have a seed of their own
    check_estimands(found)


def test_a_year_without_models_has_no_share_in_the_table():
    draws, data = tiny()
    data["n"][0], data["count"][0] = 0, 0
    found = compute_estimands(draws, data, CHOICES)
    assert found["table_share_academia_only_by_year"]["table_year"].values.tolist() == [2014, 2020, 2022]
    assert found["share_academia_only_by_year"].sizes["year"] == 4  # the trend has one
    assert np.isfinite(found["table_share_academia_only_by_year"]).all()


def make_tail_draws(rng: np.random.Generator, draws: int, years: int = 2, domains: int = 3) -> xr.Dataset:
    sectors = list(SECTORS)
    shape = {"chain": [0], "draw": list(range(draws)), "year": list(range(2010, 2010 + years)), "sector": sectors}

    def array(*dims: str) -> xr.DataArray:
        sizes = {**shape, "domain": list(range(domains))}
        coords = {dim: sizes[dim] for dim in ("chain", "draw", *dims)}
        return xr.DataArray(rng.normal(size=[len(value) for value in coords.values()]), coords, list(coords))

    return xr.Dataset(
        {
            "log_odds": array("year", "sector"),
            "log_odds_domain": 0.5 * array("domain", "sector"),
            "location": 20 + array("year", "sector"),
            "location_domain": 0.5 * array("domain"),
            "sd": np.exp(0.3 * array("sector")),
        }
    )


def test_upper_tail_agrees_with_brute_force():
    rng = np.random.default_rng(7)
    draws = make_tail_draws(rng, 3)
    mix = xr.DataArray(
        [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], draws["location"][0, 0, :, 0].coords | {}, ("year", "domain")
    )
    mix = mix.drop_vars([name for name in mix.coords if name != "year"])
    share, threshold = compute_large_scale_shares(draws, mix, 0.76)
    models = 400_000
    for draw in range(3):
        for year in range(2):
            domain = rng.choice(3, models, p=mix.values[year])
            log_odds = (draws["log_odds"][0, draw, year] + draws["log_odds_domain"][0, draw]).transpose(
                "domain", "sector"
            )
            chance = np.exp(log_odds.values) / np.exp(log_odds.values).sum(1, keepdims=True)
            sector_idx = (rng.random(models)[:, None] > chance[domain].cumsum(1)).sum(1)
            mean = (
                draws["location"][0, draw, year].values[sector_idx] + draws["location_domain"][0, draw].values[domain]
            )
            compute = mean + draws["sd"][0, draw].values[sector_idx] * rng.normal(size=models)
            cut = np.quantile(compute, 0.7763727)  # Phi(0.76)
            tail = np.bincount(sector_idx[compute > cut], minlength=5) / (compute > cut).sum()
            assert float(threshold[0, draw, year]) == pytest.approx(cut, abs=0.02)
            np.testing.assert_allclose(share[0, draw, year], tail, atol=5 * np.sqrt(0.25 / (0.22 * models)))


def test_the_tail_holds_the_requested_probability():
    weight = np.full((1, 2, 3), 1 / 6)
    location = np.array([[[0.0, 1.0, 5.0], [2.0, -1.0, 0.0]]])
    excess, threshold = split_upper_tail(weight, location, np.ones((1, 2, 3)), 0.1)
    assert excess.sum() == pytest.approx(0.1, abs=1e-8)
    assert excess[0].argmax() == 2
    assert 3 < threshold[0] < 7


def test_counts_of_an_estimand_are_those_of_the_rows_that_inform_it(tables: dict[str, Any]):
    data = prepare_upper_tail(tables, LABELLED)
    draws = make_tail_draws(np.random.default_rng(2), 2, years=13, domains=7)
    draws = draws.assign_coords(domain=data["domain"].values)
    found = compute_upper_tail_estimands(draws, data, LABELLED)
    assert int(found["n_by_period"].sel(period="2020-22")) == 86  # with a known compute
    assert int(found["n_ratio_by_period"].sel(period="2020-22")) == 8 + 63
    assert found["compute_ratio"].attrs["rows"] == "n_ratio"


def test_missing_compute_shift_moves_the_team_type_with_most_missing():
    draws = make_tail_draws(np.random.default_rng(3), 40)
    mix = xr.DataArray(np.full((2, 3), 1 / 3), {"year": draws["year"]}, ("year", "domain"))
    missing = xr.DataArray([[0.9, 0.1, 0.1, 0.1, 0.1]] * 2, {"year": draws["year"]}, ("year", "sector"))
    missing = missing.assign_coords(sector=list(SECTORS))

    def academia(shift: Any) -> xr.DataArray:
        share, _ = compute_large_scale_shares(draws, mix, 0.76, missing, shift)
        return share.sel(sector="academia-only")

    none, _ = compute_large_scale_shares(draws, mix, 0.76)
    xr.testing.assert_allclose(academia(0.0), none.sel(sector="academia-only"))
    assert (academia(1.0) > academia(0.0)).all()
    assert (academia(-1.0) < academia(0.0)).all()
    only = xr.DataArray([1.0, 0, 0, 0, 0], {"sector": list(SECTORS)}, ("sector",))
    assert (academia(only) > academia(1.0)).all()  # the other team types do not gain as well
