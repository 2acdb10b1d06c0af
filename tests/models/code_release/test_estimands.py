"""Code release: estimands against a hand calculation."""

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
from tests.models.code_release.papers import invented

CHOICES = Choices()


def drawn(data: xr.Dataset) -> xr.Dataset:
    """Two draws of every variable that estimands are made of, invented."""
    rng = np.random.default_rng(6)
    shape = {name: data.sizes[name] for name in data.sizes}

    def normal(*dims: str) -> tuple[tuple[str, ...], Any]:
        return ("chain", "draw", *dims), rng.normal(0, 0.5, (1, 2, *(shape[dim] for dim in dims)))

    return xr.Dataset(
        {
            "venue_year_effect": normal("venue_year"),
            "topic_effect": normal("topic"),
            "topic_trend": normal("topic"),
            "size_team_effect": normal("industry", "size"),
            "size_effect": normal("size"),
            "topic_venue_sd": normal(),
            "topic_venue_raw": normal("topic_venue"),
            "size_venue_sd": normal(),
            "size_venue_raw": normal("size_venue"),
            "any_industry": normal("venues", "era"),
            "only_industry": normal("venues", "era"),
            "willing_logit": normal("team"),
            "sensitivity_logit": normal(),
            "sensitivity_team": normal("team"),
            "specificity_logit": normal("era"),
            "specificity_team": normal("team", "era"),
        },
        coords={"chain": [0], "draw": [0, 1]}
        | {name: data[name] for name in ("team", "venues", "era", "topic", "size", "year")},
    )


def test_estimands_by_hand():
    tables = invented(400, 5)
    data = prepare(tables, dataclasses.replace(CHOICES, error="by team", shift_specificity=0.5))
    draws = drawn(data)
    choices = Choices(error="by team")
    found = compute_estimands(draws, data, choices)
    rows, levels = select(tables, choices)
    one = draws.isel(chain=0, draw=1)
    total: dict[tuple[str, str, str], list[float]] = {}
    by_year: dict[tuple[str, int], list[float]] = {}
    for paper in rows.frame.itertuples():
        venue_at = {
            name: levels[name].index(getattr(paper, name)) for name in ("venue_year", "topic_venue", "size_venue")
        }
        eta = float(
            one["venue_year_effect"][venue_at["venue_year"]]
            + one["topic_effect"].sel(topic=paper.topic)
            + one["topic_trend"].sel(topic=paper.topic) * (paper.year - 2018) / 4
            + one["topic_venue_sd"] * one["topic_venue_raw"][venue_at["topic_venue"]]
            + one["size_effect"].sel(size=paper.size)
            + one["size_venue_sd"] * one["size_venue_raw"][venue_at["size_venue"]]
        )
        some, only = (
            float(one[f"{name}_industry"].sel(venues=paper.venues, era=paper.era)) for name in ("any", "only")
        )
        by_size = [0.0, *(float(one["size_team_effect"].sel(size=paper.size)[i]) for i in range(2))]
        effects = np.array([0.0, some, some + only]) + by_size
        for i, (team, effect) in enumerate(zip(TEAM_TYPES, effects, strict=True)):
            p = expit(float(one["willing_logit"][i])) * expit(eta + effect)
            for era in (paper.era, WHOLE):
                total.setdefault((team, paper.venues, era), []).append(p)
                total.setdefault((team, "all", era), []).append(p)
            by_year.setdefault((team, int(paper.year)), []).append(p)
    mean = {key: float(np.mean(values)) for key, values in total.items()}
    got = found.isel(chain=0, draw=1)
    for group in GROUPS:
        for era in (*ERAS, WHOLE):
            at = {"venues": group, "era": era}
            academia, mixed, industry = (mean[team, group, era] for team in TEAM_TYPES)
            assert float(got["share"].sel(at, drop=True).sel(team="mixed")) == pytest.approx(mixed)
            assert float(got["ratio_mixed"].sel(at)) == pytest.approx(mixed / academia)
            assert float(got["ratio_industry_only"].sel(at)) == pytest.approx(industry / academia)
            odds = [p / (1 - p) for p in (academia, industry)]
            assert float(got["odds_ratio_industry_only"].sel(at)) == pytest.approx(odds[1] / odds[0])
    for era in (*ERAS, WHOLE):
        pooled = mean["mixed", "all", era] / mean["academia-only", "all", era]
        assert float(got["ratio_mixed_pooled"].sel(era=era)) == pytest.approx(pooled)
        ratios = [mean["mixed", group, era] / mean["academia-only", group, era] for group in GROUPS]
        assert bool(got["groups_differ_mixed"].sel(era=era)) == ((ratios[0] > 1) != (ratios[1] > 1))
    for (team, year), values in by_year.items():
        assert float(got["share_by_year"].sel(team=team, year=year)) == pytest.approx(np.mean(values))
    specificity = expit(float(one["specificity_logit"][2] + one["specificity_team"][1, 2]) + 0.5)
    assert float(got["specificity"].sel(team="mixed", years="2021-22")) == pytest.approx(specificity)
    for willing, of in (("by team", [0, 1, 2]), ("common", [0, 0, 0]), ("all", None)):
        other = prepare(tables, dataclasses.replace(choices, willing=willing))  # type: ignore[arg-type]
        share = compute_estimands(draws, other, choices)["willing"].isel(chain=0, draw=1)
        np.testing.assert_allclose(share, 1.0 if of is None else expit(one["willing_logit"].values[of]))
    papers = count_papers_by_era(data)
    assert int(papers.sel(era=WHOLE).sum()) == len(rows.frame)
    assert found["ratio_mixed"].attrs["rows"] == "n_mixed" and "venues" in found["n_mixed"].dims


def test_a_kind_without_papers_at_a_venue_year_leaves_the_other_kinds_as_they_are():
    tables = invented(400, 2)
    papers = tables["papers"]
    there = (papers["venue"] == "NeurIPS") & (papers["year"] == 2020)
    fewer = papers[~(there & (papers["team_coded"] == "industry-only"))]
    choices = dataclasses.replace(CHOICES, error="none")
    before, after = (
        compute_estimands(drawn(data), data, choices)["fitted"].sel(venue_year="NeurIPS 2020")
        for data in (prepare({**tables, "papers": each}, choices) for each in (papers, fewer))
    )
    assert (before > 0).all() and (after.sel(team="industry-only") == 0).all()
    others = ["academia-only", "mixed"]
    np.testing.assert_allclose(after.sel(team=others), before.sel(team=others))
