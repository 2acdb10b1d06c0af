"""Expected LLM labels of code release, paper by paper and by names of coordinates, and the chart data.

The annotator is a language model that errs.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import pytensor
import pytest
import xarray as xr
from scipy.special import expit

from models.code_release.chart_data import make_chart_data
from models.code_release.choices import Choices, ReleasePriors
from models.code_release.model import MODEL
from tests.models.small_models import AS_WRITTEN, table_of_releases

CHAINS, DRAWS = 2, 2
TEAMS, GROUPS = ("academia-only", "mixed", "industry-only"), ("machine learning", "AI")
ERAS = ("2014-18", "2019-20", "2021-22")
READ = ("AAAI", "ICLR", "NeurIPS")
# Error rates differ so much between team types and eras that no rate can be confused with another.
SENSITIVITY, TEAM_DEVIATION = 2.2, {"academia-only": 0.9, "mixed": -0.9, "industry-only": -1.7}
SPECIFICITY = {"2014-18": 2.9, "2019-20": 2.0, "2021-22": 1.2}
TEAM_ERA_DEVIATION = {team: {era: 0.3 * (i - 1) + 0.25 * j * (2 - i) for j, era in enumerate(ERAS)}
                      for i, team in enumerate(TEAMS)}  # fmt: skip
SHIFTS = {"shift_sensitivity": -0.6, "shift_specificity": 0.5}
SPECIFIED: dict[str, dict[str, Any]] = {
    "pooled": {"error": "pooled"},
    "by team": {"error": "by team"},
    "pooled, shifted": {"error": "pooled", **SHIFTS},
    "by team, shifted": {"error": "by team", **SHIFTS},
}
LOGITS = (
    "ceiling_logit", "sensitivity_logit", "specificity_logit", "sensitivity_team_logit", "specificity_team_logit",
)  # fmt: skip
PROBABILITIES = ("ceiling", "sensitivity", "specificity")
Key = tuple[str, str]


def draw_parameters(data: xr.Dataset) -> xr.Dataset:
    """Draw effects, and the log-odds of the ceiling and of the error rates, with the model's coordinates."""
    rng = np.random.default_rng(8)
    lead = {"chain": [0, 1], "draw": [0, 1]}

    def normal(*dims: str, centre: Any = 0.0, sd: float = 0.5) -> xr.DataArray:
        coords = lead | {dim: data[dim].to_numpy() for dim in dims}
        shape = [len(names) for names in coords.values()]
        return xr.DataArray(centre + sd * rng.normal(size=shape), coords, list(coords))

    deviation = np.array(list(TEAM_DEVIATION.values()))
    team_era_deviation = np.array([list(by_era.values()) for by_era in TEAM_ERA_DEVIATION.values()])
    specificity = normal("era", centre=np.array(list(SPECIFICITY.values())), sd=0.1)
    sensitivity = normal(centre=SENSITIVITY, sd=0.1)
    return xr.Dataset(
        {
            "venue_year_effect": normal("venue_year"),
            "topic_effect": normal("topic"),
            "topic_trend": normal("topic"),
            "size_effect": normal("size"),
            "size_team_effect": normal("industry", "size"),
            **{f"{name}_venue_effect": normal(f"{name}_venue") for name in ("topic", "size")},
            "any_industry": normal("venues", "era"),
            "only_industry": normal("venues", "era"),
            **{f"{name}_industry_common": normal("venues") for name in ("any", "only")},
            "industry_era_sd": abs(normal()),
            "ceiling_logit": normal("team", centre=np.array([2.0, 1.0, 0.3])),
            "sensitivity_logit": sensitivity,
            "specificity_logit": specificity,
            "sensitivity_team_logit": sensitivity + normal("team", centre=deviation, sd=0.1),
            "specificity_team_logit": normal("team", "era", centre=team_era_deviation, sd=0.1) + specificity,
        }
    )


def add_probabilities(parameters: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Replace the log-odds of each draw by the probabilities that the model itself computes from them."""
    model = MODEL.build(data, ReleasePriors())
    names = [name for name in LOGITS if name in model.named_vars]
    dims = {name: model.named_vars_to_dims.get(name, ()) for name in (*names, *PROBABILITIES)}
    evaluate = pytensor.function(
        [model[name] for name in names], [model[name] for name in PROBABILITIES], mode=AS_WRITTEN,
        on_unused_input="ignore",
    )  # fmt: skip
    logits = [parameters[name].transpose("chain", "draw", *dims[name]).to_numpy() for name in names]
    found = [[evaluate(*(each[i, j] for each in logits)) for j in range(DRAWS)] for i in range(CHAINS)]
    out = {
        name: (("chain", "draw", *dims[name]), np.array([[draw[k] for draw in chain] for chain in found]))
        for k, name in enumerate(PROBABILITIES)
    }
    return parameters.drop_vars(LOGITS).assign(out)


def find_era(year: float) -> str:
    return "2014-18" if year <= 2018 else "2019-20" if year <= 2020 else "2021-22"


def find_size(authors: float) -> str:
    return {1: "1", 3: "3", 5: "5-6", 8: "7-8"}[int(authors)]


def index_by_names(draws: xr.Dataset) -> dict[tuple[str, ...], np.ndarray]:
    """Return the draws (chain, draw) of each parameter by its name and the names of its coordinates."""
    out = {}
    for name, values in draws.items():
        ordered = values.transpose(..., "chain", "draw")
        coords = [ordered[dim].to_numpy().tolist() for dim in ordered.dims[:-2]]
        flat = ordered.to_numpy().reshape(-1, CHAINS, DRAWS)
        out |= {(str(name), *key): flat[i] for i, key in enumerate(itertools.product(*coords))}
    return out


def compute_rates(parameters: xr.Dataset, name: str, team: str, era: str) -> tuple[np.ndarray, np.ndarray]:
    """Compute the annotator's sensitivity and specificity by draw, with the shifts."""
    choices, drawn = SPECIFIED[name], index_by_names(parameters)
    a, b = drawn["sensitivity_logit",], drawn["specificity_logit", era]
    if choices["error"] == "by team":
        a, b = drawn["sensitivity_team_logit", team], drawn["specificity_team_logit", team, era]
    if team != "academia-only":
        a, b = a + choices.get("shift_sensitivity", 0.0), b + choices.get("shift_specificity", 0.0)
    return expit(a), expit(b)


def compute_release(drawn: dict[tuple[str, ...], np.ndarray], paper: Any) -> np.ndarray:
    """Compute the probability that a paper truly releases its code, by draw."""
    venue, topic, size, team = paper.venue, paper.topic_title, find_size(paper.n_authors), paper.team_coded
    group, era = "AI" if venue == "AAAI" else "machine learning", find_era(paper.year)
    eta = drawn["venue_year_effect", f"{venue} {paper.year:.0f}"]
    eta = eta + drawn["topic_effect", topic] + drawn["size_effect", size]
    eta = eta + drawn["topic_trend", topic] * (paper.year - 2018) / 4
    eta = eta + drawn["topic_venue_effect", f"{topic} at {venue}"] + drawn["size_venue_effect", f"{size} at {venue}"]
    if team != "academia-only":
        eta = eta + drawn["any_industry", group, era] + drawn["size_team_effect", team, size]
    if team == "industry-only":
        eta = eta + drawn["only_industry", group, era]
    return expit(drawn["ceiling_logit", team]) * expit(eta)


@functools.cache
def prepare_fit(name: str) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Return the data, parameters and estimands of a specification."""
    choices = Choices(**SPECIFIED[name])
    data = MODEL.prepare(table_of_releases(), choices)
    parameters = draw_parameters(data)
    return data, parameters, MODEL.estimands(add_probabilities(parameters, data), data, choices)


@functools.cache
def group_releases() -> dict[Key, list[np.ndarray]]:
    """Group each paper's probability of a release by venue-year and team type; errors do not change it."""
    drawn = index_by_names(prepare_fit("pooled")[1])
    frame = table_of_releases()["papers"]
    out: dict[Key, list[np.ndarray]] = {}
    for paper in frame[frame["venue"].isin(READ)].itertuples():
        out.setdefault((f"{paper.venue} {paper.year:.0f}", paper.team_coded), []).append(compute_release(drawn, paper))
    return out


def compute_expected(name: str) -> dict[Key, np.ndarray]:
    """Compute the expected share of papers with an LLM label of a release, by venue-year and team type."""
    _, parameters, _ = prepare_fit(name)
    out = {}
    for (venue_year, team), releases in group_releases().items():
        a, b = compute_rates(parameters, name, team, find_era(float(venue_year.split(" ")[1])))
        out[venue_year, team] = np.mean([r * a + (1 - r) * (1 - b) for r in releases], axis=0)
    return out


@pytest.mark.parametrize("name", SPECIFIED)
def test_fitted_shares_are_those_that_the_annotator_would_label_as_released(name: str):
    fitted = prepare_fit(name)[2]["fitted"].transpose("chain", "draw", ...)
    wanted = compute_expected(name)
    assert len(wanted) > 30
    for venue_year in fitted["venue_year"].to_numpy():
        for team in TEAMS:
            found = fitted.sel(venue_year=venue_year, team=team)
            np.testing.assert_allclose(found, wanted.get((venue_year, team), np.zeros((CHAINS, DRAWS))), rtol=1e-9)


@pytest.mark.parametrize("name", SPECIFIED)
def test_reported_error_rates_have_their_deviations_and_shifts(name: str):
    _, parameters, found = prepare_fit(name)
    for team in TEAMS:
        for era in ERAS:
            a, b = compute_rates(parameters, name, team, era)
            np.testing.assert_allclose(found["sensitivity"].sel(team=team).transpose("chain", "draw"), a)
            np.testing.assert_allclose(found["specificity"].sel(team=team, years=era).transpose("chain", "draw"), b)
    # No sensitivity equals a specificity in any draw, so neither can be confused with the other.
    gap = abs(found["sensitivity"] - found["specificity"])
    assert float(gap.mean(("chain", "draw")).min()) > 0.01


@pytest.mark.parametrize("name", ["pooled", "by team, shifted"])
def test_the_figure_shows_them_with_the_observed_labels(name: str):
    """The figure shows the main specification, whichever treatment of error that has."""
    trees = {}
    for spec, fitted in (("main", name), ("by_team", "by team")):
        data, _, found = prepare_fit(fitted)
        trees[spec] = xr.DataTree.from_dict({"constant_data": data, "estimands": found})
    rows = make_chart_data(trees, [])["code_release_fitted"]
    frame = table_of_releases()["papers"]
    frame = frame[frame["venue"].isin(READ)]
    labelled = frame.assign(
        yes=frame["code_coded"] == "yes", venue_year=frame["venue"] + " " + frame["year"].map("{:.0f}".format)
    )
    observed = labelled.groupby(["venue_year", "team_coded"])["yes"].agg(["size", "mean"])
    wanted = compute_expected(name)
    assert len(rows) == len(wanted)
    assert {(row["venue_year"], row["team"]) for row in rows} == set(wanted)
    for row in rows:
        key = (row["venue_year"], row["team"])
        expected = np.quantile(wanted[key], [0.055, 0.5, 0.945])
        shown = [row[name] for name in ("low89", "median", "high89")]
        np.testing.assert_allclose(shown, expected, rtol=1e-9, err_msg=str(key))
        assert row["n"] == observed.loc[key, "size"]
        assert row["observed"] == pytest.approx(observed.loc[key, "mean"], rel=1e-12)
