"""Code release: rows, estimands against hand calculations, priors, refusals."""

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
from scipy.special import expit

import models.code_release as claim
from data.io import InputError
from inference.fit import INTERPRETED, Compiled, Sampler, sample
from models.code_release_estimands import papers_by_era
from models.code_release_rows import (
    ERAS,
    GROUPS,
    SIZES_OF_INSTITUTIONS,
    TEAMS,
    VENUES,
    WHOLE,
    era_of,
    institutions_band,
    select,
)
from models.registry import RAW

CHOICES, PRIORS = claim.Choices(), claim.Priors()
MODEL = claim.MODELS["statements"]
FAST = Sampler(draws=300, tune=400, chains=2)
YEARS = range(2014, 2023)
AI_YEARS = {"AAAI": YEARS, "NeurIPS": YEARS}
NO_HAND = pd.DataFrame(columns=["id", "venue", "year", "research", "team_hand", "code_hand", "code_coder"])
NO_PASSAGES = pd.DataFrame(columns=["id", "team_coded", "label"])


@pytest.fixture(scope="module")
def real() -> dict[str, pd.DataFrame]:
    from data.tables import load

    return {name: load(name) for name in ("papers", "coder_labels", "code_labels", "institutions")}


def invented(papers: int, seed: int, teams: tuple[str, ...] = TEAMS) -> dict[str, pd.DataFrame]:
    """Papers of two venues and three topics; nobody's code is released."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": [f"paper{i}" for i in range(papers)],
            "venue": rng.choice(list(AI_YEARS), papers),
            "year": rng.choice(YEARS, papers).astype(float),
            "topic_title": rng.choice(["a", "b", "c"], papers),
            "n_authors": rng.choice([1.0, 3.0, 5.0], papers),
            "team_coded": rng.choice(teams, papers, p=np.array([5, 3, 2])[: len(teams)] / sum([5, 3, 2][: len(teams)])),
            "track": "main", "research": "empirical", "coder_excluded": "no", "code_coded": "no",
            "code_statement": "nothing", "code_page": "none", "slots_per": "author", "sources": "coakley",
            "authors_unknown": 0.0,
        }
    )  # fmt: skip
    frame["team_listed"] = frame["team_coded"]
    return {"papers": frame, "coder_labels": NO_HAND, "code_labels": NO_PASSAGES}


# --- rows -------------------------------------------------------------------------------------------------------------


def test_rows_are_those_that_the_design_counts(real: dict[str, pd.DataFrame]):
    data = claim.prepare(real, CHOICES)
    flow = json.loads(data.attrs["flow"])
    for before, after in itertools.pairwise(flow):
        assert before["left"] - after["n"] == after["left"]
    assert flow[-1]["left"] == int(data["n"].sum()) == int(data["base_n"].sum()) == int(data["n_by_team_year"].sum())
    assert int(data["hand_release"].sum()) == 74 and int(data["hand_release_coded"].sum()) == 72
    assert int(data["hand_none"].sum()) == 74 and int(data["hand_none_coded"].sum()) == 65
    by_team = data["hand_none_coded"].sum("era").sel(team=["academia-only", "mixed", "industry-only"])
    assert by_team.values.tolist() == [34, 27, 4]  # of the kind that the table knows; by the hand's own, 35 and 30
    # The labelled passages of papers that other rules leave out are few.
    assert 570 <= int(data["passages"].sum()) <= 597
    assert (data["passages_own"] <= data["passages"]).all()


def test_positions_agree_with_each_other(real: dict[str, pd.DataFrame]):
    data = claim.prepare(real, CHOICES)
    base = data["at_base"].values
    for name in ("venue_year", "topic", "size", "topic_venue", "size_venue", "venues", "era"):
        assert (data[f"base_at_{name}"].values[base] == data[f"at_{name}"].values).all(), name
    assert (data["topic_of"].values[data["at_topic_venue"]] == data["at_topic"]).all()
    assert (data["size_of"].values[data["at_size_venue"]] == data["at_size"]).all()
    assert (data["venue_year_venues"].values[data["at_venue_year"]] == data["at_venues"]).all()
    of_cells = {
        "at_venue_year_topic": ("venue_year", "topic"),
        "at_team_venue_year_size": ("team", "venue_year", "size"),
        "at_error": ("team", "era"),
    }
    for name, dims in of_cells.items():
        found = np.unravel_index(data[name].values, [data.sizes[dim] for dim in dims])
        assert (np.array(found) == [data[f"at_{dim}"].values for dim in dims]).all(), name
    kinds, eras = np.unravel_index(data["stratum_error"].values, (len(TEAMS), len(ERAS)))
    assert (kinds == np.arange(len(TEAMS))[:, None, None]).all()
    assert (era_of(data["year"].to_series()).map(list(ERAS).index).values[:, None] == eras).all()
    year = data["venue_year_year"].values[data["base_at_venue_year"].values] - 2014
    assert (data["base_at_topic_year"].values == data["base_at_topic"].values * 9 + year).all()
    for name, by in {"topic_venue": "topic", "size_venue": "size", "topic_year": "topic"}.items():
        here = data[f"{name}_at"].values[data["base_at_venue_year"], data[f"base_at_{by}"]]
        assert (here == data[f"base_at_{name}"].values).all(), name


def test_specifications_of_one_model_share_its_dimensions(real: dict[str, pd.DataFrame]):
    main = claim.prepare(real, CHOICES)
    for alternative in claim.ALTERNATIVES:
        if alternative.model == "statements":
            data = claim.prepare(real, dataclasses.replace(CHOICES, **alternative.choices))
            names = ["venue_year", "topic", "topic_venue", "team", "venues", "era", "year"]
            # Team size by the number of institutions has more levels: one compilation more.
            names += [] if alternative.name == "institutions" else ["size", "size_venue"]
            for name in names:
                assert data[name].equals(main[name]), f"{alternative.name}: {name}"


def test_institutions_part_team_sizes_of_the_same_papers(real: dict[str, pd.DataFrame]):
    choices = dataclasses.replace(CHOICES, papers="of several institutions")
    without = claim.prepare(real, choices)
    data = claim.prepare(real, dataclasses.replace(choices, institutions=True))
    assert int(data["n"].sum()) == int(without["n"].sum())
    assert list(data["size"].values) == SIZES_OF_INSTITUTIONS
    assert (data["size_of"].values[data["at_size_venue"]] == data["at_size"]).all()
    # By hand, from the tables: papers of two authors of two institutions, with a release.
    listed = dataclasses.replace(CHOICES, papers="with affiliations")
    papers = select(real, listed)[0].frame.merge(real["institutions"], on="id")
    papers = papers[papers["slots_without_text"] == 0]
    assert int(data["n"].sum()) == (papers["institutions"] >= 2).sum()
    chosen = papers[(papers["n_authors"] == 2) & (papers["institutions"] == 2)]
    at = data["at_size"].values == SIZES_OF_INSTITUTIONS.index("2 of 2 institutions")
    assert int(data["n"].values[at].sum()) == len(chosen) > 400
    assert int(data["y"].values[at].sum()) == (chosen["code_coded"] == "yes").sum()
    assert institutions_band(pd.Series([2.0, 3, 40])).tolist() == ["2 institutions", "3 or more", "3 or more"]
    # Both kinds of team that are compared are in every band, at the venues of both groups.
    several = papers[papers["institutions"] >= 2]
    kinds = several.groupby(["team", "venues", institutions_band(several["institutions"])]).size()
    assert len(kinds.loc[["academia-only", "mixed"]]) == 8 and kinds.loc[["academia-only", "mixed"]].min() > 200


def test_asked_for_alternatives_are_there():
    given = [dict(a.choices) for a in claim.ALTERNATIVES if a.model == "statements"]
    asked: list[dict[str, Any]] = [
        {"outcome": "address", "error": "none"}, {"promised": True, "calibration": "passages"}, {"research": "all"},
        {"team": "listed"}, {"papers": "without affiliations"},
        {"papers": "of several institutions"}, {"papers": "of several institutions", "institutions": True},
        *({f"shift_{rate}": shift, **measured} for rate in ("sensitivity", "specificity") for shift in (-0.5, 0.5)
          for measured in ({}, {"error": "by team"})),
        *({"without_venue": venue} for venue in VENUES),
    ]  # fmt: skip
    for choices in asked:
        assert choices in given, choices


def test_each_rung_differs_from_the_one_before_in_one_thing():
    known = {alternative.name: alternative for alternative in claim.ALTERNATIVES}
    rungs = [known[name] for name in claim.LADDER]
    assert len(rungs) <= 6 and rungs[-2].name == "main"
    for before, after in itertools.pairwise(rungs):
        assert RAW not in (before.model, after.model)
        fields = [
            {f"choices.{name}": value for name, value in dataclasses.asdict(choices).items()}
            | {f"priors.{name}": value for name, value in dataclasses.asdict(priors).items()}
            for choices, priors in (
                (dataclasses.replace(CHOICES, **each.choices), dataclasses.replace(PRIORS, **each.priors))
                for each in (before, after)
            )
        ]
        changed = [name for name in fields[0] if fields[0][name] != fields[1][name]]
        assert len(changed) + (before.model != after.model) == 1, (before.name, after.name, changed)


def test_links_of_iclr_2018_and_missing_ones_do_not_count(real: dict[str, pd.DataFrame]):
    rows, _ = select(real, claim.Choices(outcome="page", papers="with a link field", error="none"))
    assert not ((rows.frame["venue"] == "ICLR") & (rows.frame["year"] == 2018)).any()
    assert (rows.frame["code_page"] != "missing").all()
    assert (rows.frame["event"] == (rows.frame["code_page"] == "link")).all()


def test_passages_follow_their_papers(real: dict[str, pd.DataFrame]):
    all_venues, without = (claim.prepare(real, claim.Choices(without_venue=venue)) for venue in ("", "NeurIPS"))
    assert int(without["passages"].sum()) < int(all_venues["passages"].sum())
    assert int(without["hand_none"].sum()) < int(all_venues["hand_none"].sum())
    assert int(claim.prepare(real, claim.Choices(calibration="hand"))["passages"].sum()) == 0
    assert int(claim.prepare(real, claim.Choices(calibration="passages"))["hand_none"].sum()) == 0
    promised = claim.prepare(real, claim.Choices(promised=True, calibration="passages"))
    assert int(promised["passages_own"].sum()) > int(all_venues["passages_own"].sum())


def test_papers_coded_by_hand_have_the_kind_of_team_that_the_table_knows():
    tables = invented(10, 1)
    tables["papers"] = tables["papers"].assign(
        team_coded=["industry-only", "mixed", "academia-only", "unknown", *["mixed"] * 6]
    )
    ids = [*tables["papers"]["id"][:4], "not there", "nor there"]
    tables["coder_labels"] = pd.DataFrame(
        {"id": ids, "venue": "ICML", "year": 2021.0, "research": "empirical", "team_hand": ["1"] * 5 + ["0"],
         "code_hand": "1", "code_coder": "1"}
    )  # fmt: skip
    counts = claim.prepare(tables, CHOICES)["hand_release"].sum("era").to_series().to_dict()
    assert counts == {"academia-only": 2, "mixed": 3, "industry-only": 1}


@pytest.mark.parametrize(
    "wrong",
    [{"outcome": "page"}, {"outcome": "address", "error": "by team"}, {"promised": True}, {"institutions": True}],
    ids=str,
)
def test_labels_of_one_outcome_are_no_errors_of_another(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=r"error 'none'|calibration 'passages'|papers of several"):
        claim.Choices(**wrong)


# --- refusals and tiny tables -----------------------------------------------------------------------------------------


def test_a_table_without_full_texts_is_refused():
    tables = invented(10, 1)
    tables["papers"]["code_coded"] = ""
    with pytest.raises(InputError, match="read in full text"):
        claim.prepare(tables, CHOICES)
    with pytest.raises(InputError, match="known kind of team"):
        claim.prepare({**tables, "papers": invented(10, 1)["papers"].assign(team_coded="unknown")}, CHOICES)


@pytest.mark.slow
@pytest.mark.parametrize("papers, teams", [(3, TEAMS), (60, ("academia-only",))])
def test_a_tiny_table_leaves_the_effects_at_their_prior(papers: int, teams: tuple[str, ...]):
    tables = invented(papers, 3, teams)
    if papers == 3:
        tables["papers"] = tables["papers"].assign(venue="ICML", year=2020.0)
    data = claim.prepare(tables, CHOICES)
    draws = sample(Compiled().get(MODEL.build(data, PRIORS), "tiny"), 1, FAST)["posterior"].to_dataset()
    assert abs(draws["any_industry"].mean(("chain", "draw"))).max() < 0.3
    assert float(draws["only_industry"].std(("chain", "draw")).min()) > 0.35
    found = MODEL.estimands(draws, data, CHOICES)
    for name, values in found.items():
        assert np.isfinite(values).all(), name
    assert found["ratio_mixed"].sizes["venues"] == (1 if papers == 3 else 2)


# --- priors -----------------------------------------------------------------------------------------------------------


def test_prior_shares_are_not_piled_at_the_ends():
    data = claim.prepare(invented(3000, 2), CHOICES)
    with MODEL.build(data, PRIORS):
        prior = pm.sample_prior_predictive(500, random_seed=1, compile_kwargs={"mode": INTERPRETED})
    found = MODEL.estimands(prior["prior"].to_dataset(), data, CHOICES)
    share = found["share_by_year"].values.ravel()
    assert (share < 0.02).mean() < 0.05 and (share > 0.98).mean() < 0.05
    assert (share < 0.1).mean() > 0.02 and (share > 0.6).mean() > 0.02
    ratio = found["ratio_industry_only"].values.ravel()
    assert np.quantile(ratio, 0.02) < 0.5 and np.quantile(ratio, 0.98) > 1.5  # the claim and its contrary
    observed = prior["prior_predictive"]["y_obs"].sum("cell") / data["n"].sum()
    assert float(observed.quantile(0.05)) > 0.02 and float(observed.quantile(0.95)) < 0.95


# --- estimands against a hand calculation -----------------------------------------------------------------------------


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
    data = claim.prepare(tables, dataclasses.replace(CHOICES, error="by team", shift_specificity=0.5))
    draws = drawn(data)
    choices = claim.Choices(error="by team")
    found = MODEL.estimands(draws, data, choices)
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
        for i, (team, effect) in enumerate(zip(TEAMS, effects, strict=True)):
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
            academia, mixed, industry = (mean[team, group, era] for team in TEAMS)
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
        other = claim.prepare(tables, dataclasses.replace(choices, willing=willing))  # type: ignore[arg-type]
        share = MODEL.estimands(draws, other, choices)["willing"].isel(chain=0, draw=1)
        np.testing.assert_allclose(share, 1.0 if of is None else expit(one["willing_logit"].values[of]))
    papers = papers_by_era(data)
    assert int(papers.sel(era=WHOLE).sum()) == len(rows.frame)
    assert found["ratio_mixed"].attrs["rows"] == "n_mixed" and "venues" in found["n_mixed"].dims


def test_a_kind_without_papers_at_a_venue_year_leaves_the_other_kinds_as_they_are():
    tables = invented(400, 2)
    papers = tables["papers"]
    there = (papers["venue"] == "NeurIPS") & (papers["year"] == 2020)
    fewer = papers[~(there & (papers["team_coded"] == "industry-only"))]
    choices = dataclasses.replace(CHOICES, error="none")
    before, after = (
        MODEL.estimands(drawn(data), data, choices)["fitted"].sel(venue_year="NeurIPS 2020")
        for data in (claim.prepare({**tables, "papers": each}, choices) for each in (papers, fewer))
    )
    assert (before > 0).all() and (after.sel(team="industry-only") == 0).all()
    others = ["academia-only", "mixed"]
    np.testing.assert_allclose(after.sel(team=others), before.sel(team=others))
