"""Code release on simulated data with known truths and differential errors, and against Mantel and Haenszel."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import binom

from inference.sampling.compiled import Compiled, sample
from inference.sampling.fit import fit
from inference.sampling.settings import Sampler
from models.code_release import measurements
from models.code_release.cells import prepare
from models.code_release.choices import Choices, MeasurementPriors, ReleasePriors
from models.code_release.definitions import ERAS, WHOLE
from models.code_release.measurements import FIRST_PAGE, FULL_TEXT, OPEN_REVIEW
from models.code_release.model import MODEL
from models.code_release.specifications import SEED
from models.common.team_types import TEAM_TYPES
from tests.models.code_release.papers import make_papers
from tests.models.declared import ready_for

CHOICES, PRIORS, MEASUREMENT_PRIORS = Choices(), ReleasePriors(), MeasurementPriors()
FAST = Sampler(draws=300, tune=400, chains=2)
# Offsets that decorrelate effects where there are papers correlate them where there are none: small steps, long chains.
CAREFUL = Sampler(draws=1000, tune=600, chains=4, target_accept=0.95)
SETS = 20


# --- tiny tables ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("papers, teams", [(3, TEAM_TYPES), (60, ("academia-only",))])
def test_a_tiny_table_leaves_the_effects_at_their_prior(papers: int, teams: tuple[str, ...]):
    tables = make_papers(papers, 3, teams)
    if papers == 3:
        tables["papers"] = tables["papers"].assign(venue="ICML", year=2020.0)
    data = prepare(tables, CHOICES)
    draws = sample(ready_for(Compiled(), MODEL, data, PRIORS), 1, CAREFUL)["posterior"].to_dataset()
    assert abs(draws["any_industry"].mean(("chain", "draw"))).max() < 0.3
    assert float(draws["only_industry"].std(("chain", "draw")).min()) > 0.35
    found = MODEL.estimands(draws, data, CHOICES)
    for name, values in found.items():
        assert np.isfinite(values).all(), name
    assert found["ratio_mixed"].sizes["venues"] == (1 if papers == 3 else 2)


# --- planted truths ---------------------------------------------------------------------------------------------------

PLANTED = {"mixed": 0.0, "industry-only": -0.6}  # log-odds against academia-only, below the ceiling


@dataclass(frozen=True)
class World:
    """Planted truths by team type, and the numbers of labels."""

    sensitivity: tuple[float, float, float]
    specificity: tuple[float, float, float]
    ceiling: tuple[float, float, float]
    human_release: np.ndarray  # (team, era), papers with a human label
    human_none: np.ndarray
    passages: int  # most in each stratum of team type, year and venue group, fewer where fewer are labelled so
    unfound: float = 0.0  # share of stated releases that have a human label of none
    era_sd: float = 0.0  # sd between eras of each contrast of a venue group


MANY = np.full((len(TEAM_TYPES), len(ERAS)), 150)
EASY = World((0.97, 0.80, 0.80), (0.95, 0.95, 0.95), (1.0, 1.0, 1.0), MANY, MANY, 30)
# As few labels as the real ones, and no human label of an industry-only paper. Error rates are as human labels suggest.
FEW_RELEASE, FEW_NONE = np.array([[9, 10, 18], [8, 10, 19], [0, 0, 0]]), np.array([[8, 8, 27], [6, 7, 18], [0, 0, 0]])
HARD = World((0.97, 0.95, 0.95), (0.80, 0.97, 0.97), (0.95, 0.85, 0.60), FEW_RELEASE, FEW_NONE, 11, 0.06, 0.25)
# Human labels and passages disagree: a quarter of the stated releases is never found.
CONFLICT = World(EASY.sensitivity, EASY.specificity, EASY.ceiling, MANY, MANY, 30, 0.25)


def simulate(data: xr.Dataset, seed: int, world: World) -> tuple[xr.Dataset, dict[str, float]]:
    """Simulate LLM labels with errors by team type, and the labels that calibrate them; return also the true ratios."""
    rng = np.random.default_rng(seed)
    base = np.linspace(-1.5, 0.8, data.sizes["venue_year"] // 2).tolist() * 2
    venue_year = np.array(base) + rng.normal(0, 0.2, data.sizes["venue_year"])
    log_odds = (venue_year[:, None] + np.array([-0.4, 0.0, 0.4])).ravel()  # by venue-year and topic
    # Contrasts of neighbouring team types by venue group and era, then the effect of each team type.
    planted = np.diff([0.0, *PLANTED.values()])[:, None, None]
    contrasts = planted + world.era_sd * rng.standard_normal((2, data.sizes["venues"], len(ERAS)))
    effects = np.concatenate([np.zeros_like(contrasts[:1]), np.cumsum(contrasts, axis=0)])  # (team, venues, era)
    weights = data["base_n"].sum("team").values
    base = log_odds[data["base_venue_year_topic_idx"]]
    group, era = data["base_venue_group_idx"].values, data["base_era_idx"].values
    a, b, w = (np.array(each) for each in (world.sensitivity, world.specificity, world.ceiling))
    share = {
        name: w[k] * np.average(expit(base + effects[k, group, era]), weights=weights)
        for k, name in enumerate(TEAM_TYPES)
    }
    truth = {team: share[team] / share["academia-only"] for team in PLANTED}
    team, era = data["team_idx"].values, data["era_idx"].values
    p = w[team] * expit(log_odds[data["venue_year_topic_idx"]] + effects[team, data["venue_group_idx"].values, era])
    out = data.copy()
    released = rng.binomial(data["n"].values, p)
    seen = rng.binomial(released, a[team])
    mistaken = rng.binomial(data["n"].values - released, 1 - b[team])
    out["y"] = ("cell", seen + mistaken)
    # Papers with a human label of none: those that state no release, and those that state one that is never found.
    stated, n = np.zeros((2, len(TEAM_TYPES), len(ERAS)))
    np.add.at(stated, (team, era), data["n"].values * p)
    np.add.at(n, (team, era), data["n"].values)
    r, u = stated / n, world.unfound
    rate_of_none = ((1 - r) * b[:, None] + r * u * (1 - a[:, None])) / (1 - r + r * u)
    rates = {"release": np.repeat(a[:, None], len(ERAS), axis=1), "none": rate_of_none}
    for name, count in (("release", world.human_release), ("none", world.human_none)):
        out[f"human_{name}"] = (("team", "era"), count)
        out[f"human_{name}_labelled"] = (("team", "era"), rng.binomial(count, rates[name]))
    # Passages are a sample of the papers that the annotator labels as released.
    shape = out["passages"].shape
    stratum = data["stratum_idx"].values
    right, wrong = (np.bincount(stratum, each, int(np.prod(shape))).astype(int) for each in (seen, mistaken))
    labelled = np.minimum(world.passages, right + wrong)
    own = rng.hypergeometric(right, wrong, labelled)
    out["passages"] = (out["passages"].dims, labelled.reshape(shape))
    out["passages_own"] = (out["passages"].dims, own.reshape(shape))
    return out, truth


@pytest.fixture(scope="module")
def recovered() -> pd.DataFrame:
    """Estimate ratios from twenty simulated data sets of each world, compiling once for each treatment of errors."""
    prepared = prepare(make_papers(6000, 8), Choices(error="by team"))
    compiled = Compiled()
    rows = []
    cases = [
        ("easy", EASY, "none"), ("easy", EASY, "by team"), ("hard", HARD, "by team"),
        ("conflict", CONFLICT, "by team"),
    ]  # fmt: skip
    for number in range(SETS):
        for world_name, world, error in cases:
            data, truth = simulate(prepared, 100 + number, world)
            data = data.assign_attrs(error=error)
            ready = ready_for(compiled, MODEL, data, PRIORS)
            draws = sample(ready, number, FAST)["posterior"].to_dataset()
            found = MODEL.estimands(draws, data, Choices(error=error))  # type: ignore[arg-type]
            scalars: dict[str, float] = {}
            for name, true in (("stated_not_found", world.unfound), ("industry_era_sd", world.era_sd)):
                if name in found:
                    low, middle, high = np.quantile(found[name].values, [0.055, 0.5, 0.945])
                    scalars |= {f"{name}_covered": low <= true <= high, f"{name}_median": middle}
            for team, name in (("mixed", "mixed"), ("industry-only", "industry_only")):
                values = np.log(found[f"ratio_{name}_pooled"].sel(era=WHOLE).values.ravel())
                low, high = np.quantile(values, [0.055, 0.945])
                true = np.log(truth[team])
                rows.append(
                    {"world": world_name, "error": error, "team": team, "bias": values.mean() - true,
                     "sd": values.std(), "covered": low <= true <= high, "below": (values < 0).mean(), **scalars}
                )  # fmt: skip
    assert len(compiled._known) == len({error for _, _, error in cases}) == 2
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_differential_errors_bias_the_naive_estimate_and_human_labels_recover_the_truth(recovered: pd.DataFrame):
    least = int(binom.ppf(0.001, SETS, 0.89))
    for team in PLANTED:
        easy = recovered[(recovered["world"] == "easy") & (recovered["team"] == team)]
        naive, corrected = (easy[easy["error"] == error] for error in ("none", "by team"))
        error_of_mean = 3.3 / np.sqrt(SETS)
        assert naive["bias"].mean() < -error_of_mean * naive["bias"].std()  # industry appears to release less
        assert naive["covered"].sum() < least
        assert abs(corrected["bias"].mean()) < error_of_mean * corrected["sd"].mean() + 0.02
        assert corrected["covered"].sum() >= least


@pytest.mark.slow
def test_planted_nulls_are_not_found_and_planted_effects_are(recovered: pd.DataFrame):
    corrected = recovered[(recovered["error"] == "by team") & (recovered["world"] == "easy")]
    mixed, industry = (corrected[corrected["team"] == team]["below"] for team in PLANTED)
    decided = ((mixed >= 0.89) | (mixed <= 0.11)).sum()
    assert decided <= binom.ppf(0.999, SETS, 0.22)
    assert (industry >= 0.89).sum() >= SETS - 2
    naive = recovered[(recovered["error"] == "none") & (recovered["team"] == "mixed")]["below"]
    assert (naive >= 0.89).sum() >= SETS - 2  # the naive estimate finds a false effect


@pytest.mark.slow
def test_as_few_labels_as_there_are_still_cover_the_truth(recovered: pd.DataFrame):
    """Specificity and ceiling differ by team type, and no industry-only paper has a human label."""
    hard = recovered[recovered["world"] == "hard"]
    for team in PLANTED:
        by_team = hard[hard["team"] == team]
        assert by_team["covered"].sum() >= int(binom.ppf(0.001, SETS, 0.89)), by_team
        # With few labels the prior of differences between team types matters, but by less than the posterior sd.
        assert abs(by_team["bias"].mean()) < by_team["sd"].mean(), by_team


@pytest.mark.slow
def test_the_share_never_found_and_the_sd_between_eras_are_recovered(recovered: pd.DataFrame):
    """Three eras in two venue groups tell little of the sd between eras, so its median is not compared."""
    least = int(binom.ppf(0.001, SETS, 0.89))
    by_world = {name: rows[rows["team"] == "mixed"] for name, rows in recovered.groupby("world")}
    assert by_world["hard"]["industry_era_sd_covered"].astype(bool).sum() >= least
    for name in ("hard", "conflict"):
        assert by_world[name]["stated_not_found_covered"].astype(bool).sum() >= least, name
    assert by_world["conflict"]["stated_not_found_median"].mean() == pytest.approx(CONFLICT.unfound, abs=0.05)
    easy = by_world["easy"].query("error == 'by team'")  # the prior leaves a little
    assert easy["stated_not_found_median"].mean() < 0.03


@pytest.mark.slow
def test_a_conflict_of_the_calibrations_leaves_the_ratios(recovered: pd.DataFrame):
    conflict = recovered[recovered["world"] == "conflict"]
    for team in PLANTED:
        of_team = conflict[conflict["team"] == team]
        assert of_team["covered"].sum() >= int(binom.ppf(0.001, SETS, 0.89))
        assert abs(of_team["bias"].mean()) < 3.3 / np.sqrt(SETS) * of_team["sd"].mean() + 0.02


# --- two calibrations -------------------------------------------------------------------------------------------------

CALIBRATIONS = "mistaken LLM labels yes, human labels less passages, 2021-22"
# About as many human labels as the real ones have in the last era, so that each kind of labels alone may agree.
REAL_RELEASE, REAL_NONE = np.array([[2, 5, 31], [1, 4, 30], [0, 1, 0]]), np.array([[8, 8, 24], [7, 5, 18], [1, 0, 3]])
AGREE = World((0.96, 0.96, 0.96), (0.93, 0.93, 0.93), (0.95, 0.85, 0.60), REAL_RELEASE, REAL_NONE, 11)
DISAGREE = dataclasses.replace(AGREE, unfound=0.35)


@pytest.fixture(scope="module")
def checked() -> dict[tuple[str, str], list[float]]:
    """Compute posterior predictive p-values of the comparison, with and without a conflict, under both models."""
    prepared = prepare(make_papers(6000, 8), Choices())
    compiled = Compiled()
    out: dict[tuple[str, str], list[float]] = {}
    for calibration in ("same error", "both"):
        choices = Choices(calibration=calibration)  # type: ignore[arg-type]
        for name, world in (("agree", AGREE), ("disagree", DISAGREE)):
            for number in range(5):
                data = simulate(prepared, 300 + number, world)[0].assign_attrs(calibration=calibration)
                tree = fit(MODEL, data, choices, PRIORS, number, compiled, FAST)
                observed, replicated = (tree[group][CALIBRATIONS] for group in ("statistics", "posterior_statistics"))
                p = float((replicated > observed).mean() + (replicated == observed).mean() / 2)
                out.setdefault((calibration, name), []).append(p)
    return out


@pytest.mark.slow
def test_the_check_catches_calibrations_that_disagree(checked: dict[tuple[str, str], list[float]]):
    """Under the model in which both kinds of labels measure the same error, and only where they do not.

    Under a right model a p-value is outside 0.03 to 0.97 at most six times in a hundred.
    """
    assert np.median(checked["same error", "disagree"]) < 0.03
    assert max(checked["same error", "disagree"]) < 0.11
    for case in (("same error", "agree"), ("both", "agree"), ("both", "disagree")):
        assert 0.1 < np.median(checked[case]) < 0.9, (case, checked[case])
        outside = sum(not 0.03 < p < 0.97 for p in checked[case])
        assert outside <= binom.ppf(0.999, len(checked[case]), 0.06), (case, checked[case])


# --- against plain methods --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_mantel_haenszel_agrees_with_the_detection_methods_without_correction(
    tables: dict[str, Any], compiled: Compiled
):
    data = measurements.prepare(tables, CHOICES)
    ready = ready_for(compiled, measurements.MODEL, data, MEASUREMENT_PRIORS)
    draws = sample(ready, SEED, FAST)["posterior"].to_dataset()
    found = measurements.compute_estimands(draws, data, CHOICES)
    n, y, row = data["n"].values.astype(float), data["y"].values.astype(float), data["row_idx"].values
    for i, name in enumerate(data["row"].values):
        log_odds_ratio, se = compute_mantel_haenszel(y[row == i], n[row == i], 1)
        likely = fit_logit(y[row == i], n[row == i])
        posterior = np.log(found["naive_odds_ratio_mixed"].isel(row=i))
        if not se < 0.25:  # with few papers the prior dominates
            continue
        # The prior, N(0, 0.5), shrinks towards zero; the two frequentist estimates weight venue-years differently.
        shrinkage = 1 / (1 + se**2 / MEASUREMENT_PRIORS.industry_sd**2)
        assert float(posterior.mean()) == pytest.approx(likely * shrinkage, abs=0.25 * se + 0.02), name
        assert float(posterior.mean()) == pytest.approx(log_odds_ratio * shrinkage, abs=se), name
    read, page = (found["naive_odds_ratio_mixed"].sel(row=f"{which}: machine learning 2021-22") for which in
                  (FULL_TEXT, OPEN_REVIEW))  # fmt: skip
    # The conclusion depends on the detection method: mixed teams release more by links, but not by full texts.
    assert float((page > 1).mean()) > 0.99 and float((page > read).mean()) > 0.99
    assert float((read > 1).mean()) < 0.5
    assert data["found_n"].sel(lists=data["lists"].str.startswith(FIRST_PAGE)).sum() > 0


def fit_logit(y: np.ndarray, n: np.ndarray) -> float:
    """Estimate the log odds ratio of mixed to academia-only by a logit with venue-year intercepts (Newton's method)."""
    strata = len(n)
    design = np.zeros((strata, len(TEAM_TYPES), strata + 2))
    design[np.arange(strata), :, np.arange(strata)] = 1
    design[:, 1:, strata] = design[:, 2, strata + 1] = 1
    x, trials, seen = design.reshape(-1, strata + 2), n.ravel(), y.ravel()
    ridge = np.r_[
        np.full(strata, 1 / MEASUREMENT_PRIORS.stratum_sd**2), 0, 0
    ]  # a venue-year without releases has no maximum
    centre = np.r_[np.full(strata, MEASUREMENT_PRIORS.stratum_mean), 0, 0]
    beta = centre.copy()
    for _ in range(50):
        p = expit(x @ beta)
        gradient = x.T @ (seen - trials * p) - ridge * (beta - centre)
        beta = beta + np.linalg.solve((x.T * (trials * p * (1 - p))) @ x + np.diag(ridge + 1e-9), gradient)
    return float(beta[strata])


def compute_mantel_haenszel(y: np.ndarray, n: np.ndarray, k: int) -> tuple[float, float]:
    """Return the log of the common odds ratio of team type k to academia-only, and its se (Robins et al. 1986)."""
    a, b, c, d = y[:, k], n[:, k] - y[:, k], y[:, 0], n[:, 0] - y[:, 0]
    total = np.maximum(a + b + c + d, 1)
    r, s, p, q = a * d / total, b * c / total, (a + d) / total, (b + c) / total
    if not (r.sum() and s.sum()):
        return np.nan, np.nan
    variance = (p * r).sum() / (2 * r.sum() ** 2) + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
    variance += (q * s).sum() / (2 * s.sum() ** 2)
    return float(np.log(r.sum() / s.sum())), float(np.sqrt(variance))
