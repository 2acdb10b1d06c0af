"""Code release: estimands against a calculation paper by paper."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from models.code_release.cells import prepare, select
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS, GROUPS, WHOLE
from models.code_release.estimands import compute_estimands, count_papers_by_era
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
            "ceiling": probability("team"),
            "sensitivity": probability("team"),
            "specificity": probability("team", "era"),
        },
        coords={"chain": [0], "draw": [0, 1]} | {name: data[name] for name in names},
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
        eta = float(
            one["venue_year_effect"].sel(venue_year=f"{paper.venue} {paper.year:.0f}")
            + one["topic_effect"].sel(topic=paper.topic)
            + one["topic_trend"].sel(topic=paper.topic) * (paper.year - 2018) / 4
            + one["topic_venue_effect"].sel(topic_venue=f"{paper.topic} at {paper.venue}")
            + one["size_effect"].sel(size=paper.size)
            + one["size_venue_effect"].sel(size_venue=f"{paper.size} at {paper.venue}")
        )
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
    papers = count_papers_by_era(data)
    assert int(papers.sel(era=WHOLE).sum()) == len(rows.frame)
    assert found["ratio_mixed"].attrs["rows"] == "n_mixed" and "venues" in found["n_mixed"].dims


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
    draws = make_draws(data).drop_vars(["sensitivity", "specificity"])
    reported = {"willing", "sensitivity", "specificity", "n_willing", "n_sensitivity", "n_specificity"}
    assert not reported & set(compute_estimands(draws, data, choices))


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
