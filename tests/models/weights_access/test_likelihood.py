"""The likelihood of both models, row by row from their docstrings; mistakes that it catches; and sizes of the prior."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import binom

from inference.sampling.compiled import INTERPRETED
from models.weights_access import model as in_stages
from models.weights_access import ordered
from models.weights_access.cells import COUNTS, prepare
from models.weights_access.choices import AccessPriors, Choices, OrderedPriors
from models.weights_access.definitions import ORDERED_STAGES, STAGES
from tests.models.compute_gap.value_points import make_value_point
from tests.models.weights_access.entries import label_many, make_many, make_tables

CHOICES = Choices()
PRIORS: dict[str, Any] = {"stages": AccessPriors(), "ordered": OrderedPriors()}
BUILDS: dict[str, Callable[..., pm.Model]] = {"stages": in_stages.build, "ordered": ordered.build}
DRAWS = 3


def make_dataset(error: str = "disagreement") -> xr.Dataset:
    entries = make_many(300, 7)
    choices = dataclasses.replace(CHOICES, error=error)  # type: ignore[arg-type]
    return prepare(make_tables(entries, label_many(entries)), choices)


def compute_effects(data: xr.Dataset, point: Mapping[str, Any], stage: int) -> Any:
    """Return a[k, t] of a stage, (sector, year): a level, a trend, and a walk without its least-squares line."""
    years = data["year"].values.astype(float)
    out = []
    for k in range(data.sizes["sector"]):
        walk = np.concatenate([[0.0], np.cumsum(point["walk_raw"][stage, k])])
        walk = point["walk_sd"][stage] * (walk - np.polyval(np.polyfit(years - 2021, walk, 1), years - 2021))
        out.append(point["level"][stage, k] + point["trend"][stage, k] * (years - 2021) / 4 + walk)
    return np.array(out)


def compute_eta(data: xr.Dataset, point: Mapping[str, Any], stage: int, cell: int) -> float:
    """Return the log-odds of one stage in one cell."""
    k, t, d = (int(data[f"{name}_idx"][cell]) for name in ("sector", "year", "domain"))
    eta = compute_effects(data, point, stage)[k, t]
    eta += point["domain_sd"][stage] * point["domain_raw"][stage, d]
    eta += (point["slope_common"][stage] + point["slope_sector"][stage, k]) * float(data["compute"][cell])
    eta += point["gap"][stage] * float(data["compute_unknown"][cell])
    return float(eta + point["notable_effect"][stage] * float(data["notable"][cell]))


def compute_chances(data: xr.Dataset, point: Mapping[str, Any], cell: int) -> tuple[float, ...]:
    """Return the chance of a known access, of an open label, of no restriction, and of serving, of those that reach."""
    if "cut_log_step" not in point:
        known, is_open, unrestricted, served = (
            float(expit(compute_eta(data, point, i, cell))) for i in range(len(STAGES))
        )
        if data.attrs["error"] == "disagreement":
            e = float(expit(point["error_logit"]))
            is_open = is_open * (1 - e) + (1 - is_open) * e
        return known, is_open, unrestricted, served
    known, access = (compute_eta(data, point, i, cell) for i in range(len(ORDERED_STAGES)))
    first, second = np.exp(point["cut_log_step"])
    at_least = {"served": expit(access), "restricted": expit(access - first),
                "unrestricted": expit(access - first - second)}  # fmt: skip
    served = at_least["served"] - at_least["restricted"]
    unreleased = 1 - at_least["served"]
    return (
        float(expit(known)),
        at_least["restricted"],
        at_least["unrestricted"] / at_least["restricted"],
        served / (served + unreleased),
    )


def compute_log_likelihood(data: xr.Dataset, point: Mapping[str, Any]) -> float:
    """Compute the log likelihood, binomial coefficients included; ``point`` has the free parameters by name."""
    total = 0.0
    for cell in range(data.sizes["cell"]):
        known, is_open, unrestricted, served = compute_chances(data, point, cell)
        count = {name: int(data[name][cell]) for name in COUNTS}
        total += binom.logpmf(count["known"], count["n"], known)
        total += binom.logpmf(count["open"], count["known"], is_open)
        total += binom.logpmf(count["unrestricted"], count["with_terms"], unrestricted)
        total += binom.logpmf(count["served"], count["known"] - count["open"], served)
    if "error_logit" in point:
        e = expit(point["error_logit"])
        total += binom.logpmf(int(data["disagree"]), int(data["compared"]), e * (1 - e) + (1 - e) * e)
    return float(total)


def compare(data: xr.Dataset, which: str) -> list[float]:
    """Return the model's log likelihood less that of the docstring, at draws from the prior."""
    model = BUILDS[which](data, PRIORS[which])
    with model:
        drawn = pm.sample_prior_predictive(DRAWS, random_seed=5, compile_kwargs={"mode": INTERPRETED})
    prior = drawn["prior"].to_dataset()
    density = model.compile_logp(vars=model.observed_RVs, jacobian=False, mode=INTERPRETED)
    free = [variable.name for variable in model.free_RVs]
    out = []
    for draw in range(DRAWS):
        point = {name: prior[name].isel(chain=0, draw=draw).to_numpy() for name in free}
        found = float(density(make_value_point(model, point)))
        out.append((found - compute_log_likelihood(data, point)) / abs(found))
    return out


CASES = [("stages", "disagreement"), ("stages", "none"), ("ordered", "none")]


@pytest.mark.parametrize(("which", "error"), CASES)
def test_the_likelihood_row_by_row(which: str, error: str) -> None:
    data = make_dataset(error)
    assert int(data["disagree"]) > 0
    assert (data["with_terms"] < data["open"]).any()  # terms of some are unknown
    assert (data["n"] > 1).any()  # binomial coefficients matter
    assert compare(data, which) == pytest.approx([0.0] * DRAWS, abs=1e-9)


# --- planted mistakes -------------------------------------------------------------------------------------------------


def plant_denominator(stage: str, name: str) -> Callable[..., None]:
    """Count the events of a stage among other models than those that reach it."""

    def add_stage(of: str, chance: Any, events: Any, reached: Any) -> None:
        wrong = pm.modelcontext(None)[name] if of == stage else reached
        pm.Binomial(of, n=wrong, p=chance, observed=events, dims="cell")

    return add_stage


def ignore_errors(data: Mapping[str, Any], prior: Mapping[str, Any]) -> Any:
    """Add the errors, and return none."""
    return 0.0 * ADD_ERRORS(data, prior)


def confuse_disagreement(data: Mapping[str, Any], prior: Mapping[str, Any]) -> Any:
    """Take the share of disagreements as the share of wrong labels."""
    error = pm.math.sigmoid(pm.Normal("error_logit", prior["error_mean"], prior["error_sd"]))
    pm.Binomial("disagree_obs", n=data["compared"], p=error, observed=data["disagree"])
    return error


def forget_sectors(effect: Mapping[str, Any], stage: int, dataset: xr.Dataset, data: Mapping[str, Any]) -> Any:
    """Use the years of the first sector for all."""
    return COMPUTE_STAGE(effect, stage, dataset, dict(data) | {"sector_idx": 0 * data["sector_idx"]})


ADD_ERRORS, COMPUTE_STAGE = in_stages.add_errors, in_stages.compute_stage
MISTAKES: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "errors not applied": ("stages", "add_errors", ignore_errors),
    "disagreement taken as error": ("stages", "add_errors", confuse_disagreement),
    "served of all known": ("stages", "add_stage", plant_denominator("served_obs", "known")),
    "unrestricted of all open": ("stages", "add_stage", plant_denominator("unrestricted_obs", "open")),
    "open of all models": ("ordered", "add_stage", plant_denominator("open_obs", "n")),
    "sectors confused": ("ordered", "compute_stage", forget_sectors),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_it_objects_to_a_planted_mistake(monkeypatch: pytest.MonkeyPatch, mistake: str) -> None:
    which, function, wrong = MISTAKES[mistake]
    monkeypatch.setattr(in_stages if which == "stages" else ordered, function, wrong)
    found = compare(make_dataset("disagreement" if which == "stages" else "none"), which)
    assert np.abs(found).max() > 1e-4


# --- sizes of the prior -----------------------------------------------------------------------------------------------


def draw_prior(which: str) -> xr.Dataset:
    with BUILDS[which](make_dataset(), PRIORS[which]):
        drawn = pm.sample_prior_predictive(1500, random_seed=6, compile_kwargs={"mode": INTERPRETED})
    prior: xr.Dataset = drawn["prior"].to_dataset()
    return prior


def test_prior_draws_are_of_the_sizes_stated() -> None:
    prior = draw_prior("stages")
    here = xr.apply_ufunc(expit, prior["sector_year_effect"].sel(year=2021))
    middle = here.median(("chain", "draw", "sector")).to_series().to_dict()
    assert middle == pytest.approx({"known": 0.82, "open": 0.5, "unrestricted": 0.5, "served": 0.5}, abs=0.03)
    level = expit(prior["level"].sel(stage=["open", "unrestricted", "served"]).quantile([0.055, 0.945]).values)
    assert level == pytest.approx([0.08, 0.92], abs=0.015)
    assert prior["error"].quantile([0.055, 0.5, 0.945]).values == pytest.approx([0.01, 0.05, 0.2], abs=0.02)
    assert float(prior["error"].quantile(0.055)) == pytest.approx(0.01, abs=0.003)
    assert float(prior["trend"].std()) == pytest.approx(1.0, abs=0.05)  # in four years
    medians = {name: float(prior[name].median()) for name in ("walk_sd", "domain_sd")}
    assert medians == pytest.approx({"walk_sd": 0.3, "domain_sd": 0.5}, rel=0.06)
    # A thousandfold compute, of an average sector; sectors differ less.
    spread = [float(prior[name].std()) for name in ("slope_common", "gap", "notable_effect")]
    assert spread == pytest.approx([1.0, 1.0, 1.0], abs=0.05)
    deviations = prior["slope"] - prior["slope"].mean("sector")
    assert float(deviations.std()) == pytest.approx(0.5 * np.sqrt(2 / 3), rel=0.05)


def test_cut_points_of_the_prior_are_of_the_sizes_stated() -> None:
    cut = draw_prior("ordered")["cut"].values.reshape(-1, 2)
    distances = np.quantile(np.diff(cut, axis=1, prepend=0), [0.055, 0.5, 0.945])
    assert distances == pytest.approx([0.3, 1.0, 3.3], rel=0.1)
