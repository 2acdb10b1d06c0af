"""Expected labels of code release where the coder errs, paper by paper and by names of levels, and the chart data."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from models.code_release.chart_data import make_chart_data
from models.code_release.choices import Choices
from models.code_release.model import MODEL
from tests.models.small_models import table_of_releases

CHAINS, DRAWS = 2, 2
TEAMS, GROUPS = ("academia-only", "mixed", "industry-only"), ("machine learning", "AI")
ERAS = ("2014-18", "2019-20", "2021-22")
READ = ("AAAI", "ICLR", "NeurIPS")
# Errors differ by kind of team and era so much that no two can be taken for each other, nor one kind's for the other.
SENSITIVITY, OF_TEAM = 2.2, {"academia-only": 0.9, "mixed": -0.9, "industry-only": -1.7}
SPECIFICITY = {"2014-18": 2.9, "2019-20": 2.0, "2021-22": 1.2}
OF_TEAM_AND_ERA = {team: {era: 0.3 * (i - 1) + 0.25 * j * (2 - i) for j, era in enumerate(ERAS)}
                   for i, team in enumerate(TEAMS)}  # fmt: skip
SHIFTS = {"shift_sensitivity": -0.6, "shift_specificity": 0.5}
SPECIFIED: dict[str, dict[str, Any]] = {
    "pooled": {"error": "pooled"},
    "by team": {"error": "by team"},
    "pooled, shifted": {"error": "pooled", **SHIFTS},
    "by team, shifted": {"error": "by team", **SHIFTS},
}
Key = tuple[str, str]


def draws_of(data: xr.Dataset) -> xr.Dataset:
    """Draws of every variable that the estimands read, with the model's coordinates."""
    rng = np.random.default_rng(7)
    lead = {"chain": [0, 1], "draw": [0, 1]}

    def normal(*dims: str, centre: Any = 0.0, sd: float = 0.5) -> xr.DataArray:
        coords = lead | {dim: data[dim].to_numpy() for dim in dims}
        return xr.DataArray(centre + sd * rng.normal(size=[len(at) for at in coords.values()]), coords, list(coords))

    return xr.Dataset(
        {
            "venue_year_effect": normal("venue_year"),
            "topic_effect": normal("topic"),
            "topic_trend": normal("topic"),
            "size_effect": normal("size"),
            "size_team_effect": normal("industry", "size"),
            **{f"{name}_venue_sd": abs(normal()) for name in ("topic", "size")},
            **{f"{name}_venue_raw": normal(f"{name}_venue") for name in ("topic", "size")},
            "any_industry": normal("venues", "era"),
            "only_industry": normal("venues", "era"),
            "willing_logit": normal("team", centre=np.array([2.0, 1.0, 0.3])),
            "sensitivity_logit": normal(centre=SENSITIVITY, sd=0.1),
            "sensitivity_team": normal("team", centre=np.array(list(OF_TEAM.values())), sd=0.1),
            "specificity_logit": normal("era", centre=np.array(list(SPECIFICITY.values())), sd=0.1),
            "specificity_team": normal(
                "team", "era", centre=np.array([list(of.values()) for of in OF_TEAM_AND_ERA.values()]), sd=0.1
            ),
        }
    )


def era_of(year: float) -> str:
    return "2014-18" if year <= 2018 else "2019-20" if year <= 2020 else "2021-22"


def size_of(authors: float) -> str:
    return {1: "1", 3: "3", 5: "5-6", 8: "7-8"}[int(authors)]


def by_names(draws: xr.Dataset) -> dict[tuple[str, ...], np.ndarray]:
    """Draws (chain, draw) of each parameter by its name and the names of its levels."""
    out = {}
    for name, values in draws.items():
        ordered = values.transpose(..., "chain", "draw")
        levels = [ordered[dim].to_numpy().tolist() for dim in ordered.dims[:-2]]
        flat = ordered.to_numpy().reshape(-1, CHAINS, DRAWS)
        out |= {(name, *at): flat[i] for i, at in enumerate(itertools.product(*levels))}
    return out


def rates(draws: xr.Dataset, name: str, team: str, era: str) -> tuple[np.ndarray, np.ndarray]:
    """Sensitivity and specificity of the coder, by draw."""
    choices, at = SPECIFIED[name], by_names(draws)
    a, b = at["sensitivity_logit",], at["specificity_logit", era]
    if choices["error"] == "by team":
        a, b = a + at["sensitivity_team", team], b + at["specificity_team", team, era]
    if team != "academia-only":
        a, b = a + choices.get("shift_sensitivity", 0.0), b + choices.get("shift_specificity", 0.0)
    return expit(a), expit(b)


def released(at: dict[tuple[str, ...], np.ndarray], paper: Any) -> np.ndarray:
    """Probability that a paper truly releases its code, by draw."""
    venue, topic, size, team = paper.venue, paper.topic_title, size_of(paper.n_authors), paper.team_coded
    group, era = "AI" if venue == "AAAI" else "machine learning", era_of(paper.year)
    eta = at["venue_year_effect", f"{venue} {paper.year:.0f}"] + at["topic_effect", topic] + at["size_effect", size]
    eta = eta + at["topic_trend", topic] * (paper.year - 2018) / 4
    eta = eta + at["topic_venue_sd",] * at["topic_venue_raw", f"{topic} at {venue}"]
    eta = eta + at["size_venue_sd",] * at["size_venue_raw", f"{size} at {venue}"]
    if team != "academia-only":
        eta = eta + at["any_industry", group, era] + at["size_team_effect", team, size]
    if team == "industry-only":
        eta = eta + at["only_industry", group, era]
    return expit(at["willing_logit", team]) * expit(eta)


@functools.cache
def prepared(name: str) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Data, draws and estimands of a specification."""
    choices = Choices(**SPECIFIED[name])
    data = MODEL.prepare(table_of_releases(), choices)
    draws = draws_of(data)
    return data, draws, MODEL.estimands(draws, data, choices)


@functools.cache
def release_by_place() -> dict[Key, list[np.ndarray]]:
    """Each paper's probability of a release, by venue-year and kind of team; the same under every error."""
    at = by_names(prepared("pooled")[1])
    frame = table_of_releases()["papers"]
    out: dict[Key, list[np.ndarray]] = {}
    for paper in frame[frame["venue"].isin(READ)].itertuples():
        out.setdefault((f"{paper.venue} {paper.year:.0f}", paper.team_coded), []).append(released(at, paper))
    return out


def by_hand(name: str) -> dict[Key, np.ndarray]:
    """Expected share of a venue-year's papers of a kind of team that the coder says release code."""
    _, draws, _ = prepared(name)
    out = {}
    for (place, team), releases in release_by_place().items():
        a, b = rates(draws, name, team, era_of(float(place.split(" ")[1])))
        out[place, team] = np.mean([r * a + (1 - r) * (1 - b) for r in releases], axis=0)
    return out


@pytest.mark.parametrize("name", SPECIFIED)
def test_fitted_shares_are_those_that_the_coder_would_see(name: str):
    fitted = prepared(name)[2]["fitted"].transpose("chain", "draw", ...)
    wanted = by_hand(name)
    assert len(wanted) > 30
    for place in fitted["venue_year"].to_numpy():
        for team in TEAMS:
            found = fitted.sel(venue_year=place, team=team)
            np.testing.assert_allclose(found, wanted.get((place, team), np.zeros((CHAINS, DRAWS))), rtol=1e-9)


@pytest.mark.parametrize("name", SPECIFIED)
def test_reported_errors_have_their_deviations_and_shifts(name: str):
    _, draws, found = prepared(name)
    for team in TEAMS:
        for era in ERAS:
            a, b = rates(draws, name, team, era)
            np.testing.assert_allclose(found["sensitivity"].sel(team=team).transpose("chain", "draw"), a)
            np.testing.assert_allclose(found["specificity"].sel(team=team, years=era).transpose("chain", "draw"), b)
    # A sensitivity is none of the specificities, in any draw: the two cannot stand in each other's place.
    spread = abs(found["sensitivity"] - found["specificity"])
    assert float(spread.mean(("chain", "draw")).min()) > 0.01


@pytest.mark.parametrize("name", ["pooled", "by team, shifted"])
def test_the_figure_shows_them_beside_what_the_coder_saw(name: str):
    """Of the main specification, whichever treatment of error that has."""
    trees = {}
    for spec, of in (("main", name), ("by_team", "by team")):
        data, _, found = prepared(of)
        trees[spec] = xr.DataTree.from_dict({"constant_data": data, "estimands": found})
    rows = make_chart_data(trees, [])["code_release_fitted"]
    frame = table_of_releases()["papers"]
    frame = frame[frame["venue"].isin(READ)]
    seen = frame.assign(
        yes=frame["code_coded"] == "yes", place=frame["venue"] + " " + frame["year"].map("{:.0f}".format)
    )
    observed = seen.groupby(["place", "team_coded"])["yes"].agg(["size", "mean"])
    wanted = by_hand(name)
    assert len(rows) == len(wanted)
    assert {(row["venue_year"], row["team"]) for row in rows} == set(wanted)
    for row in rows:
        key = (row["venue_year"], row["team"])
        expected = np.quantile(wanted[key], [0.055, 0.5, 0.945])
        shown = [row[name] for name in ("low89", "median", "high89")]
        np.testing.assert_allclose(shown, expected, rtol=1e-9, err_msg=str(key))
        assert row["n"] == observed.loc[key, "size"]
        assert row["observed"] == pytest.approx(observed.loc[key, "mean"], rel=1e-12)
