"""The academic share without sampling: data, estimands against hand calculations, priors."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr

import models.academic_share as claim
from data.io import InputError
from inference.fit import INTERPRETED
from models._blocks import over_periods, stays_above_half, walk_departures
from models.academic_share_rows import above_line, select
from models.academic_share_tail import large_scale_shares, upper_tail
from models.registry import RAW

CHOICES = claim.Choices()
LABELLED = claim.Choices(team="labelled")


def test_rows_are_those_of_the_published_shares(tables: dict[str, Any]):
    data = claim.prepare(tables, LABELLED)
    academia = data["count"].sel(sector="academia-only")
    assert int(academia.sel(year=slice(2010, 2014)).sum()) == 17
    assert int(data["n"].sel(year=slice(2010, 2014)).sum()) == 25
    assert int(academia.sel(year=slice(2020, 2022)).sum()) == 8
    assert int(data["n"].sel(year=slice(2020, 2022)).sum()) == 86
    last = data["count"].sel(year=2022) / data["n"].sel(year=2022)
    assert float(last.sel(sector="industry-only")) == pytest.approx(0.62, abs=0.01)
    assert float(last.sel(sector="industry-leaning collaboration")) == pytest.approx(0.19, abs=0.01)


@pytest.mark.parametrize("model", list(claim.MODELS))
def test_every_exclusion_is_counted(tables: dict[str, Any], model: str):
    data = claim.MODELS[model].prepare(tables, CHOICES)
    flow = json.loads(data.attrs["flow"])
    for before, after in itertools.pairwise(flow):
        assert before["left"] - after["n"] == after["left"]
    assert flow[-1]["left"] == int(data["n_compute" if model == "latent_excess" else "n"].sum())


def test_both_parts_of_b_hold_the_same_models(tables: dict[str, Any]):
    data = claim.prepare_latent_excess(tables, CHOICES)
    like_for_like = claim.prepare(tables, CHOICES)
    assert int(data["count"].sum()) == int(data["n"].sum())
    assert (data["n_compute"] == like_for_like["n"]).all()
    np.testing.assert_allclose(data["domain_mix"].sum("domain"), 1)
    # A row's own time lies in its year.
    year = data["row_decade"] * 10 + data.attrs["middle"] + 0.5
    assert (np.floor(year) == data["row_year"] + CHOICES.first_year).all()


def test_data_that_cannot_carry_the_analysis_are_refused(tables: dict[str, Any]):
    frame = tables["models"]
    cases = {
        "no models of this vintage": frame.assign(vintage="2020-01"),
        "no academia-only model": frame[frame["team_resolved"] != "academia-only"],
        "no labelled model within a year of 2010": frame[~frame["date"].str[:4].isin(["2010", "2011", "2012"])],
    }
    for words, given in cases.items():
        with pytest.raises(InputError, match=words):
            claim.prepare_latent_excess({"models": given}, CHOICES)


def test_error_follows_the_label_where_the_column_is_blank(tables: dict[str, Any]):
    right = claim.prepare_latent_excess(tables, CHOICES)
    blank = tables["models"].assign(log10_compute_se=np.nan)
    found = claim.prepare_latent_excess({"models": blank}, CHOICES)
    np.testing.assert_allclose(found["se"], right["se"], atol=1e-5)


def test_rows_behind_an_estimand_are_those_that_inform_it(tables: dict[str, Any]):
    data = claim.prepare_latent_excess(tables, LABELLED)
    draws = excess_draws(np.random.default_rng(2), 2, years=13, domains=7)
    draws = draws.assign_coords(domain=data["domain"].values)
    found = claim.estimands_latent_excess(draws, data, LABELLED)
    assert int(found["n_by_period"].sel(period="2020-22")) == 86  # with a known compute
    assert int(found["n_ratio_by_period"].sel(period="2020-22")) == 8 + 63
    assert found["compute_ratio"].attrs["rows"] == "n_ratio"


def test_wrong_compute_is_no_compute(tables: dict[str, Any]):
    frame = tables["models"].copy()
    known = frame["log10_compute"].notna() & (frame["notability"] != "") & (frame["date"] > "2015")
    known &= (frame["date"] < "2020") & (frame["vintage"] == CHOICES.vintage)
    frame.loc[frame[known & (frame["team"] == "industry-only")].index[0], "confidence"] = "wrong"
    assert (
        int(claim.prepare({"models": frame}, CHOICES)["n"].sum()) == int(claim.prepare(tables, CHOICES)["n"].sum()) - 1
    )


def tiny() -> tuple[xr.Dataset, xr.Dataset]:
    """Two draws of five kinds in four years, and the counts that weight them."""
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
        {"chain": [0], "draw": [0, 1], "year": years, "sector": list(claim.SECTORS)},
        ("chain", "draw", "year", "sector"),
    )
    data = xr.Dataset({"n": ("year", [1, 3, 10, 30])}, {"year": years})
    return xr.Dataset({"share": share}), data


def test_estimand_a_by_hand():
    draws, data = tiny()
    found = claim.estimands(draws, data, CHOICES)
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
    assert found["n_by_period"].sel(period="2020-22") == 40


def test_crossing_is_the_first_year_from_which_it_stays():
    share = xr.DataArray([0.6, 0.4, 0.7, 0.8], {"year": [1, 2, 3, 4]}, ("year",))
    assert stays_above_half(share).values.tolist() == [False, False, True, True]
    assert stays_above_half(share * 0.5).values.tolist() == [False] * 4


def test_period_without_rows_is_left_out():
    share = xr.DataArray([0.2, 0.4], {"year": [2010, 2011]}, ("year",))
    n = xr.DataArray([3, 1], {"year": [2010, 2011]}, ("year",))
    found = over_periods(share, n, {"a": (2010, 2011), "b": (2015, 2016)})
    assert found["period"].values.tolist() == ["a"]
    assert float(found.sel(period="a")) == pytest.approx(0.25)


def test_walk_departs_from_its_own_line():
    departures = walk_departures(13) @ np.random.default_rng(1).normal(size=12)
    line = np.column_stack([np.ones(13), np.arange(13)])
    np.testing.assert_allclose(line.T @ departures, 0, atol=1e-10)
    assert np.sqrt((walk_departures(13) ** 2).sum(1)).max() < 1.2


def excess_draws(rng: np.random.Generator, draws: int, years: int = 2, domains: int = 3) -> xr.Dataset:
    kinds = list(claim.SECTORS)
    shape = {"chain": [0], "draw": list(range(draws)), "year": list(range(2010, 2010 + years)), "sector": kinds}

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
            "spread": np.exp(0.3 * array("sector")),
        }
    )


def test_upper_tail_agrees_with_brute_force():
    rng = np.random.default_rng(7)
    draws = excess_draws(rng, 3)
    mix = xr.DataArray(
        [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], draws["location"][0, 0, :, 0].coords | {}, ("year", "domain")
    )
    mix = mix.drop_vars([name for name in mix.coords if name != "year"])
    share, threshold = large_scale_shares(draws, mix, 0.76)
    models = 400_000
    for draw in range(3):
        for year in range(2):
            domain = rng.choice(3, models, p=mix.values[year])
            log_odds = (draws["log_odds"][0, draw, year] + draws["log_odds_domain"][0, draw]).transpose(
                "domain", "sector"
            )
            chance = np.exp(log_odds.values) / np.exp(log_odds.values).sum(1, keepdims=True)
            kind = (rng.random(models)[:, None] > chance[domain].cumsum(1)).sum(1)
            mean = draws["location"][0, draw, year].values[kind] + draws["location_domain"][0, draw].values[domain]
            compute = mean + draws["spread"][0, draw].values[kind] * rng.normal(size=models)
            cut = np.quantile(compute, 0.7763727)  # Phi(0.76)
            tail = np.bincount(kind[compute > cut], minlength=5) / (compute > cut).sum()
            assert float(threshold[0, draw, year]) == pytest.approx(cut, abs=0.02)
            np.testing.assert_allclose(share[0, draw, year], tail, atol=5 * np.sqrt(0.25 / (0.22 * models)))


def test_tail_holds_what_it_should():
    weight = np.full((1, 2, 3), 1 / 6)
    location = np.array([[[0.0, 1.0, 5.0], [2.0, -1.0, 0.0]]])
    excess, threshold = upper_tail(weight, location, np.ones((1, 2, 3)), 0.1)
    assert excess.sum() == pytest.approx(0.1, abs=1e-8)
    assert excess[0].argmax() == 2
    assert 3 < threshold[0] < 7


def prior_shares(model: str, tables: dict[str, Any], priors: claim.Priors) -> dict[str, xr.DataArray]:
    """Prior draws of the shares that the claim speaks of, collaborations of both leanings together."""
    spec = claim.MODELS[model]
    data = spec.prepare(tables, CHOICES)
    with spec.build(data, priors):
        names = [
            "share" if model == "shares" else name
            for name in ("log_odds", "log_odds_domain", "location", "location_domain", "spread")
        ]
        interpreted: dict[str, Any] = {"random_seed": claim.SEED, "compile_kwargs": {"mode": INTERPRETED}}
        prior = pm.sample_prior_predictive(1500, var_names=names, **interpreted)
    found = spec.estimands(prior["prior"].to_dataset(), data, CHOICES)
    prefix = "" if model == "shares" else "large_scale_"
    names = ("academia_only", "collaboration_with_leaning", "industry_only")
    return {name: found[f"{prefix}share_{name}_by_year"] for name in names}


def piled(share: xr.DataArray) -> float:
    """The largest prior probability, over years, of a share below 0.02 or above 0.98."""
    return float(((share < 0.02) | (share > 0.98)).mean(("chain", "draw")).max())


@pytest.mark.parametrize("model", list(claim.MODELS))
def test_prior_shares_are_not_piled_up(tables: dict[str, Any], model: str):
    for name, share in prior_shares(model, tables, claim.Priors()).items():
        assert piled(share) < 0.15, name


@pytest.mark.parametrize("model", list(claim.MODELS))
def test_an_absurdly_wide_prior_is_piled_up(tables: dict[str, Any], model: str):
    wide = dataclasses.replace(claim.Priors(), level_sd=8.0, trend_sd=8.0, offset_sd=8.0)
    assert max(piled(share) for share in prior_shares(model, tables, wide).values()) > 0.15


def test_each_rung_differs_from_the_one_before_in_exactly_one_thing():
    specified = {alternative.name: alternative for alternative in claim.ALTERNATIVES}

    def things(name: str) -> dict[str, Any]:
        alternative = specified[name]
        fields = dataclasses.asdict(dataclasses.replace(claim.Choices(), **alternative.choices))
        fields |= dataclasses.asdict(dataclasses.replace(claim.Priors(), **alternative.priors))
        return fields | {"model": alternative.model}

    rungs = list(claim.LADDER)
    assert len(rungs) <= 5
    assert rungs[0] == "raw"
    assert rungs.index("main") >= len(rungs) - 2  # at most one step beyond
    for before, after in itertools.pairwise(rungs):
        differ = [name for name, value in things(after).items() if things(before)[name] != value]
        assert len(differ) == 1, (before, after, differ)
    kinds = {"definition", "measurement", "composition", "sampling", "prior"}
    assert set(claim.LADDER.values()) <= kinds


def test_prior_sets_halve_and_double_every_scale():
    priors = dataclasses.asdict(claim.Priors())
    sets = {a.name: a.priors for a in claim.ALTERNATIVES if a.kind == "prior" and a.priors}
    for name, factor in (("half_scale", 0.5), ("twice_scale", 2.0)):
        for prefix, others in (("", set()), ("large_scale_", {"offset_sd", "spread_sd", "compute_sd"})):
            values = sets[prefix + name]
            assert {"level_sd", "trend_sd", "walk_sd"} | others <= set(values)
            for field, value in values.items():
                assert value == pytest.approx(factor * priors[field])
    assert sets["sceptical"]["trend_sd"] <= priors["trend_sd"] / 4


def test_raw_counts_are_those_of_the_rows(tables: dict[str, Any]):
    found = claim.MODELS["shares"].raw(claim.prepare(tables, LABELLED))
    assert found["share_academia_only"].sel(period="2010-14").values.tolist() == [17, 25]
    assert found["share_academia_only"].sel(period="2020-22").values.tolist() == [8, 86]
    assert found["share_industry_with_leaning_by_year"].sel(year=2022).values.tolist() == [26, 32]


def test_choices_of_rows(tables: dict[str, Any]):
    def n(**choices: Any) -> int:
        return int(claim.prepare(tables, dataclasses.replace(CHOICES, **choices))["n"].sum())

    assert n(team="labelled") == 172
    assert n(team="labelled") < n() < n(models="all")
    assert n() - 20 < n(models="without use alone") < n()
    assert n(team="sponsor") < n()
    assert 40 < n(above_line=0.76) < n() / 3
    later = claim.prepare(tables, dataclasses.replace(CHOICES, vintage="2026-05", last_year=2025))
    assert later["year"].values[-1] == 2025
    assert n(vintage="2025-06") > n()


def test_resolved_collaborations_may_lean_to_industry(tables: dict[str, Any]):
    kinds = ["industry-only", "industry-leaning collaboration"]

    def industry(**choices: Any) -> int:
        data = claim.prepare(tables, dataclasses.replace(CHOICES, **choices))
        return int(data["count"].sel(year=2022, sector=kinds).sum())

    assert (industry(), industry(resolved_leaning="industry")) == (26, 30)


@pytest.mark.parametrize("vintage", ["2025-06", "2026-05"])
def test_every_main_model_can_be_prepared_from_each_vintage(tables: dict[str, Any], vintage: str):
    for alternative in claim.ALTERNATIVES:
        if alternative.kind == "main":
            choices = dataclasses.replace(CHOICES, vintage=vintage)
            assert claim.MODELS[alternative.model].prepare(tables, choices)["n"].sum() > 200


def test_hard_threshold_keeps_models_above_the_line():
    frame = pd.DataFrame({"date": [f"{year}-07-01" for year in range(2010, 2020)], "log10_compute": np.arange(10.0)})
    frame.loc[4, "log10_compute"] += 3
    assert above_line(frame, 0.76).tolist() == [False] * 4 + [True] + [False] * 5
    assert above_line(frame.sample(frac=1, random_state=1), 0.76).sort_index().tolist()[4]


def test_fixed_mix_and_missing_share_by_hand(tables: dict[str, Any]):
    data = claim.prepare_latent_excess(tables, CHOICES)
    frame, _ = select(tables, CHOICES)
    np.testing.assert_allclose(
        data["domain_mix_fixed"], [(frame["domain"] == name).mean() for name in data["domain"].values]
    )
    window = frame[frame["year"].between(2019, 2021) & (frame["sector"] == "academia-only")]
    found = float(data["missing"].sel(year=2020, sector="academia-only"))
    assert found == pytest.approx((~window["has_compute"]).mean())


def test_missing_compute_shift_moves_the_kind_that_misses_most():
    draws = excess_draws(np.random.default_rng(3), 40)
    mix = xr.DataArray(np.full((2, 3), 1 / 3), {"year": draws["year"]}, ("year", "domain"))
    missing = xr.DataArray([[0.9, 0.1, 0.1, 0.1, 0.1]] * 2, {"year": draws["year"]}, ("year", "sector"))
    missing = missing.assign_coords(sector=list(claim.SECTORS))

    def academia(shift: Any) -> xr.DataArray:
        share, _ = large_scale_shares(draws, mix, 0.76, missing, shift)
        return share.sel(sector="academia-only")

    none, _ = large_scale_shares(draws, mix, 0.76)
    xr.testing.assert_allclose(academia(0.0), none.sel(sector="academia-only"))
    assert (academia(1.0) > academia(0.0)).all()
    assert (academia(-1.0) < academia(0.0)).all()
    only = xr.DataArray([1.0, 0, 0, 0, 0], {"sector": list(claim.SECTORS)}, ("sector",))
    assert (academia(only) > academia(1.0)).all()  # the others do not gain with it


def test_alternatives_and_declarations_name_what_exists(tables: dict[str, Any]):
    names = [alternative.name for alternative in claim.ALTERNATIVES]
    assert len(set(names)) == len(names)
    choices = {field.name for field in dataclasses.fields(claim.Choices)}
    priors = {field.name for field in dataclasses.fields(claim.Priors)}
    for alternative in claim.ALTERNATIVES:
        assert alternative.model in claim.MODELS or alternative.model == RAW
        assert set(alternative.choices) <= choices
        assert set(alternative.priors) <= priors
        assert (alternative.kind == "main") == (not alternative.choices and not alternative.priors)
    for spec in claim.MODELS.values():
        model = spec.build(spec.prepare(tables, CHOICES), claim.Priors())
        assert set(spec.top_level) <= {variable.name for variable in model.free_RVs}
        # What is not top-level is a population's innovations or effects, scaled by a top-level sd.
        rest = {variable.name for variable in model.free_RVs} - set(spec.top_level)
        assert all(name.endswith("_raw") for name in rest)
