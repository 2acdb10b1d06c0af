"""Code release: estimands against a calculation paper by paper."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from models.code_release.cells import prepare, select
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS, GROUPS, WHOLE
from models.code_release.estimands import NEW_ERA_SEED, compute_estimands, count_papers_by_era, count_raw
from models.common.team_types import TEAM_TYPES
from tests.models.code_release.papers import make_papers

CHOICES = Choices()


def make_draws(data: xr.Dataset) -> xr.Dataset:
    """Make two draws of every variable that the estimands read."""
    rng = np.random.default_rng(6)

    def normal(*dims: str) -> tuple[tuple[str, ...], Any]:
        return ("chain", "draw", *dims), rng.normal(0, 0.5, (1, 2, *(data.sizes[dim] for dim in dims)))

    def probability(*dims: str) -> tuple[tuple[str, ...], Any]:
        names, values = normal(*dims)
        return names, expit(values)

    names = ("team", "venues", "era", "topic", "size", "topic_venue", "size_venue", "venue_year", "industry")
    return xr.Dataset(
        {
            "intercept": normal(),
            "venue_year_effect": normal("venue_year"),
            "topic_effect": normal("topic"),
            "topic_trend": normal("topic"),
            "size_team_effect": normal("industry", "size"),
            "size_effect": normal("size"),
            "topic_venue_effect": normal("topic_venue"),
            "size_venue_effect": normal("size_venue"),
            "any_industry": normal("venues", "era"),
            "only_industry": normal("venues", "era"),
            "any_industry_common": normal("venues"),
            "only_industry_common": normal("venues"),
            "industry_era_sd": (("chain", "draw"), np.array([[0.2, 0.4]])),
            "unfound": probability(),
            "ceiling": probability("team"),
            "sensitivity": probability("team"),
            "specificity": probability("team", "era"),
        },
        coords={"chain": [0], "draw": [0, 1]} | {name: data[name] for name in names},
    )


def compute_eta(one: xr.Dataset, paper: Any) -> float:
    """Compute the log-odds of a release of a paper, by an academia-only team and below the ceiling."""
    return float(
        one["venue_year_effect"].sel(venue_year=f"{paper.venue} {paper.year:.0f}")
        + one["topic_effect"].sel(topic=paper.topic)
        + one["topic_trend"].sel(topic=paper.topic) * (paper.year - 2018) / 4
        + one["topic_venue_effect"].sel(topic_venue=f"{paper.topic} at {paper.venue}")
        + one["size_effect"].sel(size=paper.size)
        + one["size_venue_effect"].sel(size_venue=f"{paper.size} at {paper.venue}")
    )


def test_estimands_by_hand():
    tables = make_papers(400, 5)
    choices = Choices(error="by team")
    data = prepare(tables, choices)
    draws = make_draws(data)
    found = compute_estimands(draws, data, choices)
    rows, _ = select(tables, choices)
    one = draws.isel(chain=0, draw=1)
    total: dict[tuple[str, str, str], list[float]] = {}
    by_year: dict[tuple[str, int], list[float]] = {}
    for paper in rows.frame.itertuples():
        eta = compute_eta(one, paper)
        some, only = (
            float(one[f"{name}_industry"].sel(venues=paper.venues, era=paper.era)) for name in ("any", "only")
        )
        by_size = [0.0, *(float(one["size_team_effect"].sel(size=paper.size)[i]) for i in range(2))]
        effects = np.array([0.0, some, some + only]) + by_size
        for i, (team, effect) in enumerate(zip(TEAM_TYPES, effects, strict=True)):
            p = float(one["ceiling"][i]) * expit(eta + effect)
            for era in (paper.era, WHOLE):
                total.setdefault((team, paper.venues, era), []).append(p)
                total.setdefault((team, "all", era), []).append(p)
            by_year.setdefault((team, int(paper.year)), []).append(p)
    mean = {key: float(np.mean(values)) for key, values in total.items()}
    got = found.isel(chain=0, draw=1)
    for group in GROUPS:
        for era in (*ERAS, WHOLE):
            coords = {"venues": group, "era": era}
            academia, mixed, industry = (mean[team, group, era] for team in TEAM_TYPES)
            assert float(got["share"].sel(coords, drop=True).sel(team="mixed")) == pytest.approx(mixed)
            assert float(got["ratio_mixed"].sel(coords)) == pytest.approx(mixed / academia)
            assert float(got["ratio_industry_only"].sel(coords)) == pytest.approx(industry / academia)
            odds = [p / (1 - p) for p in (academia, industry)]
            assert float(got["odds_ratio_industry_only"].sel(coords)) == pytest.approx(odds[1] / odds[0])
    for era in (*ERAS, WHOLE):
        pooled = mean["mixed", "all", era] / mean["academia-only", "all", era]
        assert float(got["ratio_mixed_pooled"].sel(era=era)) == pytest.approx(pooled)
        ratios = [mean["mixed", group, era] / mean["academia-only", group, era] for group in GROUPS]
        assert bool(got["groups_differ_mixed"].sel(era=era)) == ((ratios[0] > 1) != (ratios[1] > 1))
    for (team, year), values in by_year.items():
        assert float(got["share_by_year"].sel(team=team, year=year)) == pytest.approx(np.mean(values))
    assert float(got["sensitivity"].sel(team="mixed")) == float(one["sensitivity"].sel(team="mixed"))
    specificity = one["specificity"].sel(team="mixed", era="2021-22")
    assert float(got["specificity"].sel(team="mixed", years="2021-22")) == float(specificity)
    np.testing.assert_array_equal(got["willing"].sel(team=list(TEAM_TYPES)), one["ceiling"])
    assert float(got["stated_not_found"]) == float(one["unfound"])
    assert int(found["n_stated_not_found"]) == 0  # these papers have no human labels
    assert float(got["industry_era_sd"]) == float(one["industry_era_sd"])
    papers = count_papers_by_era(data)
    assert int(papers.sel(era=WHOLE).sum()) == len(rows.frame)
    assert found["ratio_mixed"].attrs["rows"] == "n_mixed" and "venues" in found["n_mixed"].dims


def test_a_new_era_has_effects_around_the_common_ones():
    """The last era's papers, with effects of a new era: common effects and the sd times standard normals."""
    tables = make_papers(400, 5)
    choices = Choices(error="by team")
    data = prepare(tables, choices)
    draws = make_draws(data)
    found = compute_estimands(draws, data, choices)
    rows = select(tables, choices)[0].frame
    last = rows[rows["era"] == list(ERAS)[-1]]
    normal = np.random.default_rng(NEW_ERA_SEED).standard_normal((2, 1, 2, len(GROUPS)))
    for draw, (g, group) in itertools.product((0, 1), enumerate(GROUPS)):
        one = draws.isel(chain=0, draw=draw)
        some, only = (
            float(one[f"{name}_industry_common"].sel(venues=group) + one["industry_era_sd"] * normal[i, 0, draw, g])
            for i, name in enumerate(("any", "only"))
        )
        mean = np.zeros(3)
        here = last[last["venues"] == group]
        for paper in here.itertuples():
            by_size = [0.0, *one["size_team_effect"].sel(size=paper.size).values]
            effects = np.array([0.0, some, some + only]) + by_size
            mean += one["ceiling"].values * expit(compute_eta(one, paper) + effects) / len(here)
        for i, name in ((1, "mixed"), (2, "industry_only")):
            ratio = found[f"ratio_{name}_new_era"].isel(chain=0, draw=draw).sel(venues=group)
            assert float(ratio) == pytest.approx(mean[i] / mean[0]), (name, group, draw)
    teams = here["team"].isin(["academia-only", "mixed"])
    assert int(found["n_mixed_new_era"].sel(venues=group)) == teams.sum()


def test_an_sd_of_zero_leaves_a_new_era_at_the_common_effects():
    data = prepare(make_papers(400, 5), Choices(error="none"))
    draws = make_draws(data)
    for name in ("any_industry", "only_industry"):
        same = draws[f"{name}_common"].expand_dims(era=list(ERAS), axis=-1)
        draws[name] = same.transpose("chain", "draw", "venues", "era")
    draws["industry_era_sd"] = 0 * draws["industry_era_sd"]
    found = compute_estimands(draws, data, Choices(error="none"))
    for name in ("mixed", "industry_only"):
        last = found[f"ratio_{name}"].sel(era=list(ERAS)[-1], drop=True)
        np.testing.assert_allclose(found[f"ratio_{name}_new_era"], last.transpose("chain", "draw", "venues"))


def test_without_papers_of_the_last_era_there_is_no_new_era():
    tables = make_papers(400, 5)
    tables["papers"]["year"] = tables["papers"]["year"].clip(upper=2020)
    choices = Choices(error="none")
    data = prepare(tables, choices)
    assert not [name for name in compute_estimands(make_draws(data), data, choices) if "new_era" in str(name)]


def test_crude_counts_by_hand():
    tables = make_papers(400, 5)
    released = np.random.default_rng(1).random(400) < 0.4
    tables["papers"]["code_coded"] = np.where(released, "yes", "no")
    found = count_raw(prepare(tables, Choices(error="none")))
    rows = select(tables, Choices(error="none"))[0].frame
    assert set(found) == {"ratio_mixed", "ratio_industry_only"}
    for name, counts in found.items():
        assert counts.attrs["measure"] == "ratio" and counts.dtype == np.int64
        team = str(name).removeprefix("ratio_").replace("_", "-")
        for group, era in itertools.product(GROUPS, (*ERAS, WHOLE)):
            here = rows[(rows["venues"] == group) & ((rows["era"] == era) | (era == WHOLE))]
            of_team, reference = (here.loc[here["team"] == each, "event"] for each in (team, "academia-only"))
            wanted = [of_team.sum(), len(of_team), reference.sum(), len(reference)]
            assert counts.sel(venues=group, era=era).values.tolist() == wanted, (name, group, era)
    # All papers of a team type count once in the whole period.
    whole = found["ratio_mixed"].sel(raw="n", era=WHOLE).sum()
    assert int(whole) == (rows["team"] == "mixed").sum()


def test_without_a_ceiling_shares_are_those_below_a_ceiling_of_one():
    choices = Choices(error="by team", ceiling="none")
    data = prepare(make_papers(400, 5), choices)
    draws = make_draws(data)
    with_ceiling = compute_estimands(draws, data, Choices(error="by team"))
    found = compute_estimands(draws.drop_vars("ceiling"), data, choices)
    assert (found["willing"] == 1).all() and found["willing"].dims == with_ceiling["willing"].dims
    for name in ("share", "share_by_year"):
        below = found[name] * draws["ceiling"].sel(team=found[name]["team"])
        np.testing.assert_allclose(with_ceiling[name], below.transpose(*with_ceiling[name].dims), rtol=1e-12)


def test_without_error_no_error_rate_is_reported():
    choices = Choices(error="none")
    data = prepare(make_papers(400, 5), choices)
    draws = make_draws(data).drop_vars(["sensitivity", "specificity", "unfound"])
    reported = {"willing", "sensitivity", "specificity", "stated_not_found"}
    reported |= {f"n_{name}" for name in reported}
    assert not reported & set(compute_estimands(draws, data, choices))


def test_without_a_second_calibration_no_share_is_never_found():
    choices = Choices(error="pooled", calibration="passages")
    data = prepare(make_papers(400, 5), choices)
    found = compute_estimands(make_draws(data).drop_vars("unfound"), data, choices)
    assert not {"stated_not_found", "n_stated_not_found"} & set(found) and "sensitivity" in found


def test_a_team_type_without_papers_at_a_venue_year_leaves_the_others_unchanged():
    tables = make_papers(400, 2)
    papers = tables["papers"]
    here = (papers["venue"] == "NeurIPS") & (papers["year"] == 2020)
    fewer = papers[~(here & (papers["team_coded"] == "industry-only"))]
    choices = dataclasses.replace(CHOICES, error="none")
    before, after = (
        compute_estimands(make_draws(data), data, choices)["fitted"].sel(venue_year="NeurIPS 2020")
        for data in (prepare({**tables, "papers": each}, choices) for each in (papers, fewer))
    )
    assert (before > 0).all() and (after.sel(team="industry-only") == 0).all()
    others = ["academia-only", "mixed"]
    np.testing.assert_allclose(after.sel(team=others), before.sel(team=others))
