"""The continuous model of performance: rows, likelihood, estimands, recovery, and the misfits that its checks catch."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy import stats

from data.errors import InputError
from inference.sampling.compiled import INTERPRETED, Compiled, sample
from inference.sampling.settings import Sampler
from models.compute_gap.choices import Choices, PerformancePriors
from models.compute_gap.continuous import MODEL, build, compute_estimands, compute_test_quantities
from models.compute_gap.performance import prepare
from tests.models.compute_gap.papers import make_many, make_paper, make_tables
from tests.models.compute_gap.value_points import make_value_point
from tests.models.declared import ready_for

CHOICES, PRIORS = Choices(unknown="one"), PerformancePriors()
NORMAL = dataclasses.replace(CHOICES, tail="normal")
QUICK = Sampler(draws=300, tune=400, chains=1, cores=1)
SETS = 20
MISFIT = 0.01


@pytest.fixture(scope="module")
def dataset() -> xr.Dataset:
    return prepare(make_tables(make_many(600, 3)), CHOICES)


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_row_is_a_paper_and_an_unknown_number_counts_as_one():
    papers = [
        make_paper(0, accelerator_count=8.0),
        make_paper(1, team_coded="mixed", accelerator_count=np.nan),
        make_paper(2, hardware_kind="none", accelerator=""),
    ]
    data = prepare(make_tables(papers), CHOICES)
    assert data["performance"].values.tolist() == pytest.approx([13.2 + np.log10(8), 13.2])
    eight = prepare(make_tables(papers), dataclasses.replace(CHOICES, unknown="eight"))
    assert eight["performance"].values[1] == pytest.approx(13.2 + np.log10(8))
    assert data["team_idx"].values.tolist() == [0, 1]


def test_rows_of_nlp_papers_have_the_team_type_of_the_list():
    nlp = {"venue": "ACL", "year": 2018.0, "team_coded": "unknown", "hardware_coded": ""}
    papers = [
        make_paper(0, **nlp, team_listed="mixed", accelerator_count=2.0),
        make_paper(1, **nlp, team_listed="unknown"),
        make_paper(2, **(nlp | {"hardware_kind": "unknown"}), team_listed="mixed"),
        make_paper(3, **(nlp | {"track": "demo"}), team_listed="mixed"),
        make_paper(4, team_listed="mixed"),  # of NeurIPS
        make_paper(5, **nlp, team_listed="academia-only", accelerator="GPU"),  # without a peak
    ]
    data = prepare(make_tables(papers), dataclasses.replace(CHOICES, source="nlp"))
    assert data["performance"].values.tolist() == pytest.approx([13.2 + np.log10(2)])
    assert data["team"].values[data["team_idx"].values[0]] == "mixed"
    with pytest.raises(InputError, match="no paper of ACL, EMNLP states an accelerator"):
        prepare(make_tables(papers[4:]), dataclasses.replace(CHOICES, source="nlp"))


def make_models() -> dict[str, pd.DataFrame]:
    """Make models and chips: of each pair of lines, one that is taken or left out for one reason."""
    columns = ["model", "date", "hardware", "hardware_count", "team_resolved", "domain"]
    lines = [
        ("a", "2020-05-01", "V100", 8.0, "academia-only", "Vision"),
        ("b", "2021-05-01", "TPU v3", 64.0, "industry-only", "Language"),
        ("c", "2021-06-01", "V100", 16.0, "academia-leaning collaboration", "Language"),
        ("d", "2021-06-01", "V100", np.nan, "academia-only", "Language"),
        ("e", "2021-06-01", "", 4.0, "academia-only", "Language"),
        ("f", "2021-06-01", "V100; TPU v3", 4.0, "academia-only", "Language"),
        ("g", "2021-06-01", "abacus", 4.0, "academia-only", "Language"),
        ("h", "2021-06-01", "V100", 4.0, "government", "Language"),
        ("i", "2021-06-01", "V100", 4.0, "mixed", "Language"),  # of two sectors, not named
        ("j", "2009-06-01", "V100", 4.0, "academia-only", "Language"),
        ("k", "", "V100", 4.0, "academia-only", "Language"),
    ]
    models = pd.DataFrame(lines, columns=columns).assign(vintage="2026-05")
    other = models.iloc[:1].assign(vintage="2025-06")
    chips = pd.DataFrame({"chip": ["V100", "TPU v3"], "log10_fp32": [13.2, np.nan], "log10_tensor16": [14.1, 14.09]})
    return {"models": pd.concat([models, other]), "chips": chips}


def test_rows_of_models_are_chips_times_peak():
    choices = dataclasses.replace(CHOICES, source="epoch")
    data = prepare(make_models(), choices)
    expected = [13.2 + np.log10(8), 14.09 + np.log10(64), 13.2 + np.log10(16)]
    assert data["performance"].values.tolist() == pytest.approx(expected)
    assert data["team"].values[data["team_idx"].values].tolist() == ["academia-only", "industry-only", "mixed"]
    left_out = {step["reason"]: step["n"] for step in json.loads(data.attrs["flow"])}
    assert left_out == {
        "number of chips unknown": 1, "type of chip unknown": 1, "chips of several types": 1,
        "type of chip without a known peak": 1, "published before 2012, or without a date": 2,
        "neither academia nor industry, or unknown": 2,
    } | {reason: n for reason, n in left_out.items() if reason.startswith("models of vintage")}  # fmt: skip
    tensor = prepare(make_models(), dataclasses.replace(choices, peak="tensor"))
    assert tensor["performance"].values[0] == pytest.approx(14.1 + np.log10(8))
    with pytest.raises(InputError, match="no model of vintage 2030-01 has both a number and a known type of chips"):
        prepare(make_models(), dataclasses.replace(choices, epoch_vintage="2030-01"))


# --- likelihood and estimands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("choices", [CHOICES, NORMAL], ids=["student", "normal"])
def test_the_likelihood_row_by_row(choices: Choices):
    data = prepare(make_tables(make_many(200, 5)), choices)
    model = build(data, PRIORS)
    with model:
        drawn = pm.sample_prior_predictive(2, random_seed=2, compile_kwargs={"mode": INTERPRETED})["prior"].to_dataset()
    density = model.compile_logp(vars=model.observed_RVs, jacobian=False, mode=INTERPRETED)
    for draw in range(2):
        point = {name: drawn[name].isel(chain=0, draw=draw).to_numpy() for name in drawn}
        assert float(density(make_value_point(model, point))) == pytest.approx(
            compute_log_likelihood(data, point), rel=1e-9
        )


def compute_log_likelihood(data: xr.Dataset, point: dict[str, Any]) -> float:
    """Compute the log likelihood from the docstring."""
    total = 0.0
    for i in range(data.sizes["row"]):
        at = {name: int(data[f"{name}_idx"][i]) for name in ("team", "venue_year", "venue", "topic", "size", "year")}
        x = (int(data["year"][at["year"]]) - 2021) / 4
        mu = point["intercept"]
        mu = mu + sum(point[f"{name}_sd"] * point[f"{name}_raw"][at[name]] for name in ("venue_year", "topic", "size"))
        k = at["team"] - 1
        if k >= 0:
            mu = mu + point["industry_effect"][k] + point["industry_trend"][k] * x
            mu = mu + point["industry_venue_sd"] * point["industry_venue_raw"][k, at["venue"]]
        y, sd = float(data["performance"][i]), point["residual_sd"][at["team"]]
        total += stats.t.logpdf(y, point["nu"], mu, sd) if "nu" in point else stats.norm.logpdf(y, mu, sd)
    return total


def test_ratios_are_weighted_by_the_rows(dataset: xr.Dataset):
    rng = np.random.default_rng(1)
    sizes = dataset.sizes
    effect = rng.normal(0, 0.3, (1, 2, 2, sizes["year"], sizes["venue"]))
    trend = rng.normal(0, 0.3, (1, 2, 2))
    draws = xr.Dataset(
        {
            "industry_year_venue_effect": (("chain", "draw", "industry", "year", "venue"), effect),
            "industry_trend": (("chain", "draw", "industry"), trend),
            "nu": (("chain", "draw"), np.array([[3.0, 4.0]])),
        },
        {"chain": [0], "draw": [0, 1], "industry": dataset["industry"], "year": dataset["year"],
         "venue": dataset["venue"]},
    )  # fmt: skip
    found = compute_estimands(draws, dataset, CHOICES)
    team, year, venue = (dataset[f"{name}_idx"].values for name in ("team", "year", "venue"))
    published = (year == 2) & (dataset["venue"].values[venue] == "NeurIPS")
    for name, inside in {"ratio_geometric_pooled": np.ones(len(team), bool), "neurips_2021_ratio": published}.items():
        by_team = [effect[0, 1, k, year[inside], venue[inside]].mean() for k in range(2)]
        n = np.bincount(team[inside], minlength=3)
        anyone = np.average(by_team, weights=n[1:])
        assert found[name][0, 1].values.tolist() == pytest.approx([10**value for value in (anyone, *by_team)])
        assert found[found[name].attrs["rows"]].values.tolist() == [n.sum(), n[0] + n[1], n[0] + n[2]]
    np.testing.assert_allclose(found["slope_geometric"].values[0, 1, 1:], 10 ** (trend[0, 1] / 4))
    assert found["degrees_of_freedom"].values.tolist() == [[3.0, 4.0]]
    assert not [name for name in found if "arithmetic" in name]  # a Student-t on a logarithm has no such mean


# --- misfits and recovery ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return Compiled()


def simulate(data: xr.Dataset, seed: int, choices: Choices, null: bool = False) -> tuple[xr.Dataset, xr.Dataset]:
    """Draw parameters from the prior, and performance of as many rows; with ``null``, all team types are alike."""
    model = build(data.assign_attrs(tail=choices.tail), PRIORS)
    if null:
        names = ("industry_effect", "industry_trend", "industry_venue_raw")
        model = pm.do(model, {name: np.zeros(model[name].eval().shape) for name in names})
    with model:
        drawn = pm.sample_prior_predictive(1, random_seed=seed, compile_kwargs={"mode": INTERPRETED})
    values = drawn["prior_predictive"]["performance_obs"].values[0, 0]
    prior = drawn["prior"].to_dataset()
    if null:  # a variable that is set is no longer drawn
        prior = prior.assign(industry_trend=xr.zeros_like(prior["industry_year_venue_effect"][..., 0, 0]))
    truth = compute_estimands(prior, data, choices)
    return data.assign(performance=("row", values)), truth


def compute_p_values(data: xr.Dataset, compiled: Compiled, seed: int) -> dict[str, float]:
    """Fit normal residuals, and return the two-sided p of each test quantity."""
    draws = sample(ready_for(compiled, MODEL, data.assign_attrs(tail="normal"), PRIORS), seed, QUICK)["posterior"]
    model = build(data.assign_attrs(tail="normal"), PRIORS)
    with model:
        replicated = pm.sample_posterior_predictive(
            xr.DataTree.from_dict({"posterior": draws.to_dataset()}), random_seed=seed, progressbar=False,
            compile_kwargs={"mode": INTERPRETED}, freeze_vars=[variable.name for variable in model.free_RVs],
        )["posterior_predictive"].to_dataset()  # fmt: skip
    of_replicates = compute_test_quantities(replicated, data)
    observed = compute_test_quantities(xr.Dataset({"performance_obs": ("row", data["performance"].values)}), data)
    below = {name: float((of_replicates[name] <= observed[name]).mean()) for name in observed}
    above = {name: float((of_replicates[name] >= observed[name]).mean()) for name in observed}
    return {str(name): 2 * min(below[name], above[name], 0.5) for name in observed}


def test_a_heavy_tail_and_a_lattice_are_caught_and_a_normal_is_not(dataset: xr.Dataset, compiled: Compiled):
    """Three data sets of the same size, each fitted with normal residuals."""
    rng = np.random.default_rng(6)
    normal, _ = simulate(dataset, 11, NORMAL)
    assert not {name: p for name, p in compute_p_values(normal, compiled, 1).items() if p < MISFIT}
    tail = normal["performance"] + 0.5 * stats.t.rvs(2, size=dataset.sizes["row"], random_state=rng)
    heavy = compute_p_values(normal.assign(performance=tail), compiled, 2)
    assert max(heavy[f"kurtosis, {side}"] for side in ("academia-only", "with industry")) < MISFIT
    lattice = (normal["performance"] / np.log10(2)).round() * np.log10(2)
    ties = compute_p_values(normal.assign(performance=lattice), compiled, 3)
    name = "share of rows at the commonest value"
    assert max(ties[f"{name}, {side}"] for side in ("academia-only", "with industry")) < MISFIT


@pytest.mark.slow
@pytest.mark.parametrize("null", [False, True], ids=["truths", "nulls"])
def test_truths_are_covered_and_nulls_are_not_found(dataset: xr.Dataset, compiled: Compiled, null: bool):
    hits = decided = 0
    for seed in range(SETS):
        data, truth = simulate(dataset, 200 + seed, CHOICES, null)
        draws = sample(ready_for(compiled, MODEL, data, PRIORS), seed, QUICK)["posterior"].to_dataset()
        found = compute_estimands(draws, data, CHOICES)["ratio_geometric_pooled"].sel(industry="any industry")
        low, high = found.quantile([0.055, 0.945], ("chain", "draw")).values
        hits += low <= float(truth["ratio_geometric_pooled"].sel(industry="any industry").squeeze()) <= high
        decided += not low <= 1 <= high
    assert hits >= stats.binom.ppf(0.001, SETS, 0.89)
    assert not null or decided <= stats.binom.ppf(0.999, SETS, 0.11)
