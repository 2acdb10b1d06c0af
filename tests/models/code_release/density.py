"""Code release: the joint density from the docstring alone, paper by paper, by names of levels, and the model's own.

Every paper's levels (venue-year, topic, size, kind of team, group of venues, era) are read off the table of papers and
looked up by name among the values of the parameters. No position of the prepared dataset enters.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import xarray as xr
from scipy import stats
from scipy.special import expit, log_expit

from models.code_release.choices import Choices, ReleasePriors
from models.code_release.model import MODEL

Tables = dict[str, pd.DataFrame]
Point = dict[str, np.ndarray]
Named = dict[str, xr.DataArray]
PRIORS = ReleasePriors()
AI = ("AAAI", "IJCAI")
FIVE = (*AI, "ICLR", "ICML", "NeurIPS")
INDUSTRY = ("mixed", "industry-only")
TEAMS = ("academia-only", *INDUSTRY)
BILLIONTH = 1e-9  # of a paper, in the model's fractions of passages: no 0 / 0
# By a shift that leaves the effects' priors as they are.
SHIFTED = ("venue_year_raw", "any_raw", "only_raw", "willing_raw")
EFFECTS = ("venue_year_effect", "any_industry", "only_industry", "willing_logit")
DERIVED = (*EFFECTS, "sensitivity_team", "specificity_team")
CONFIGURATIONS = {
    f"{error}, {willing}": Choices(error=error, willing=willing)
    for error in ("none", "pooled", "by team")
    for willing in ("by team", "common", "all")
} | {
    "shifts, pooled": Choices(error="pooled", shift_sensitivity=-0.7, shift_specificity=0.4),
    "shifts, by team": Choices(error="by team", shift_sensitivity=0.5, shift_specificity=-0.9),
    "shifts without error": Choices(error="none", shift_sensitivity=-0.7, shift_specificity=0.4),
    "by hand alone, without AAAI": Choices(error="by team", calibration="hand", without_venue="AAAI"),
    "addresses": Choices(error="none", outcome="address"),
    "passages alone, promises count, theory too": Choices(
        error="by team", calibration="passages", promised=True, research="all"
    ),
    "pages, listed teams": Choices(outcome="page", error="none", team="listed", papers="with a link field"),
    "listed teams": Choices(error="by team", team="listed"),
}


# --- tables -----------------------------------------------------------------------------------------------------------


def invented(papers: int = 700, seed: int = 5) -> Tables:
    """Papers of three venues, one of which starts late; papers coded by hand, to 2024; passages of some papers."""
    rng = np.random.default_rng(seed)
    venue = rng.choice(["AAAI", "NeurIPS", "ICLR", "CVPR"], papers, p=[0.35, 0.35, 0.25, 0.05])
    frame = pd.DataFrame(
        {
            "id": [f"paper{i}" for i in range(papers)],
            "venue": venue,
            "year": np.where(venue == "ICLR", rng.integers(2018, 2023, papers), rng.integers(2014, 2023, papers)) * 1.0,
            "topic_title": rng.choice(["a", "b", "c d"], papers, p=[0.5, 0.4, 0.1]),
            "n_authors": rng.choice([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 30, np.nan], papers),
            "team_coded": rng.choice([*TEAMS, "unknown"], papers, p=[0.5, 0.25, 0.15, 0.1]),
            "team_listed": rng.choice([*TEAMS, "unknown"], papers, p=[0.5, 0.25, 0.15, 0.1]),
            "track": rng.choice(["main", "datasets"], papers, p=[0.95, 0.05]),
            "research": rng.choice(["empirical", "theoretical"], papers, p=[0.9, 0.1]),
            "coder_excluded": rng.choice(["no", "yes"], papers, p=[0.95, 0.05]),
            "code_coded": rng.choice(["no", "yes", "unread"], papers, p=[0.5, 0.4, 0.1]),
            "code_statement": rng.choice(["nothing", "own, address"], papers),
            "code_page": rng.choice(["none", "link", "missing"], papers),
            "slots_per": "author", "sources": "coakley", "authors_unknown": 0.0,
        }
    )  # fmt: skip
    hand = 120
    by_hand = pd.DataFrame(
        {
            "id": [f"paper{i}" if i % 2 else f"hand{i}" for i in range(hand)],
            "venue": rng.choice(["AAAI", "NeurIPS"], hand),
            "year": rng.integers(2013, 2025, hand) * 1.0,
            "research": rng.choice(["empirical", "theoretical"], hand, p=[0.9, 0.1]),
            "team_hand": rng.choice(["0", "1", "unknown"], hand),
            "code_hand": rng.choice(["0", "1", "unknown"], hand),
            "code_coder": rng.choice(["0", "1"], hand),
        }
    )
    taken = frame[frame["code_coded"] == "yes"].sample(150, random_state=seed)
    kinds = ["own, address", "own, elsewhere", "promised", "of others"]
    passages = pd.DataFrame(
        {"id": taken["id"], "team_coded": taken["team_coded"], "label": rng.choice(kinds, len(taken))}
    )
    return {"papers": frame, "coder_labels": by_hand, "code_labels": passages}


@functools.cache
def real() -> Tables:
    """The repository's tables."""
    from data.tables.load import load

    return {name: load(name) for name in ("papers", "coder_labels", "code_labels")}


@functools.cache
def small() -> Tables:
    """The invented tables."""
    return invented()


# --- the density, from the docstring ----------------------------------------------------------------------------------


def era(year: float) -> str:
    """Era of a year; papers coded by hand of other years go to the nearest."""
    return "2014-18" if year <= 2018 else "2019-20" if year <= 2020 else "2021-22"


def size(authors: float) -> str:
    """Name of the band of a number of authors."""
    return f"{authors:.0f}" if authors < 5 else "5-6" if authors < 7 else "7-8" if authors < 9 else "9 or more"


def described(tables: Tables, choices: Choices) -> pd.DataFrame:
    """Names of the levels of each paper of the analysis, and whether it counts as a release."""
    frame = tables["papers"]
    team = "team_coded" if choices.team == "coded" else "team_listed"
    kept = frame["venue"].isin(FIVE) & frame["code_coded"].isin(["yes", "no"]) & (frame["track"] == "main")
    kept &= (frame["coder_excluded"] != "yes") & frame[team].isin(TEAMS) & frame["n_authors"].notna()
    if choices.research == "empirical":
        kept &= frame["research"] == "empirical"
    if choices.without_venue:
        kept &= frame["venue"] != choices.without_venue
    if choices.papers == "with a link field":
        kept &= (frame["code_page"] != "missing") & ~((frame["venue"] == "ICLR") & (frame["year"] == 2018))
    frame = frame[kept]
    coded = frame["code_coded"] == "yes"
    released = {
        "coder": coded,
        "address": coded & (frame["code_statement"] == "own, address"),
        "page": frame["code_page"] == "link",
    }[choices.outcome]
    return pd.DataFrame(
        {
            "id": frame["id"],
            "venue": frame["venue"],
            "year": frame["year"].astype(int),
            "venue_year": [f"{v} {y:.0f}" for v, y in zip(frame["venue"], frame["year"], strict=True)],
            "topic": frame["topic_title"],
            "size": frame["n_authors"].map(size),
            "team": frame[team],
            "group": np.where(frame["venue"].isin(AI), "AI", "machine learning"),
            "era": frame["year"].map(era),
            "released": released,
        }
    )


def named(values: xr.DataArray, **names: pd.Series) -> np.ndarray:
    """Values of a parameter, looked up by names of levels, one a row."""
    return values.sel({dim: xr.DataArray(at.to_numpy(), dims="row") for dim, at in names.items()}).to_numpy()


def log_odds(values: Named, papers: pd.DataFrame) -> np.ndarray:
    """Log-odds of a release, of papers that would release at all: eta."""
    topic_venue = papers["topic"] + " at " + papers["venue"]
    size_venue = papers["size"] + " at " + papers["venue"]
    industry, alone = papers["team"].isin(INDUSTRY), papers["team"] == "industry-only"
    place = {"venues": papers["group"], "era": papers["era"]}
    # Any of industry's, to be looked up; not used for academia-only.
    team = papers["team"].where(industry, "mixed")
    return (
        named(values["venue_year_effect"], venue_year=papers["venue_year"])
        + named(values["topic_effect"], topic=papers["topic"])
        + named(values["topic_trend"], topic=papers["topic"]) * (papers["year"].to_numpy() - 2018) / 4
        + named(values["size_effect"], size=papers["size"])
        + values["topic_venue_sd"].item() * named(values["topic_venue_raw"], topic_venue=topic_venue)
        + values["size_venue_sd"].item() * named(values["size_venue_raw"], size_venue=size_venue)
        + np.where(industry, named(values["any_industry"], **place), 0)
        + np.where(alone, named(values["only_industry"], **place), 0)
        + np.where(industry, named(values["size_team_effect"], industry=team, size=papers["size"]), 0)
    )


def willing(values: Named, choices: Choices, team: pd.Series) -> np.ndarray:
    """Log-odds of the share of papers that would release code at all; the first kind's if common; infinite if all."""
    if choices.willing == "all":
        return np.full(len(team), np.inf)
    logits = named(values["willing_logit"], team=team)
    return logits if choices.willing == "by team" else np.full(len(team), values["willing_logit"].item(0))


def errors(
    values: Named, choices: Choices, team: pd.Series, eras: pd.Series, *, shifted: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of the sensitivity and the specificity; infinite if the coder does not err."""
    if choices.error == "none":
        return np.full(len(team), np.inf), np.full(len(team), np.inf)
    a = np.full(len(team), values["sensitivity_logit"].item())
    b = named(values["specificity_logit"], era=eras)
    if choices.error == "by team":
        a = a + named(values["sensitivity_team"], team=team)
        b = b + named(values["specificity_team"], team=team, era=eras)
    industry = team.isin(INDUSTRY).to_numpy() * float(shifted)
    return a + industry * choices.shift_sensitivity, b + industry * choices.shift_specificity


def log_released(values: Named, choices: Choices, papers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of r and of 1 - r, of each paper."""
    eta, w = log_odds(values, papers), willing(values, choices, papers["team"])
    return log_expit(w) + log_expit(eta), np.logaddexp(log_expit(-eta), log_expit(eta) + log_expit(-w))


def of_papers(values: Named, choices: Choices, papers: pd.DataFrame) -> float:
    """Log likelihood of each paper's label, summed."""
    r, not_r = log_released(values, choices, papers)
    a, b = errors(values, choices, papers["team"], papers["era"], shifted=True)
    yes = np.logaddexp(r + log_expit(a), not_r + log_expit(-b))
    no = np.logaddexp(r + log_expit(-a), not_r + log_expit(b))
    return float(np.where(papers["released"], yes, no).sum())


def of_hand_coded(values: Named, choices: Choices, tables: Tables) -> dict[str, float]:
    """Log likelihood of the coder's labels of papers coded by hand: Bernoulli, and counted, by kind and era."""
    hand = tables["coder_labels"]
    hand = hand[(hand["research"] == "empirical") & hand["team_hand"].isin(["0", "1"])]
    hand = hand[hand["code_hand"].isin(["0", "1"]) & (hand["venue"] != choices.without_venue)]
    total = {"hand_release_obs": 0.0, "hand_none_obs": 0.0}
    if choices.error == "none" or choices.calibration == "passages" or hand.empty:
        return total
    hand = hand.merge(tables["papers"][["id", f"team_{choices.team}"]], on="id", how="left")
    by_hand = hand["team_hand"].map({"0": "academia-only", "1": "mixed"})
    team = hand[f"team_{choices.team}"].where(lambda kind: kind.isin(TEAMS), by_hand)
    labelled = pd.DataFrame(
        {"team": team, "era": hand["year"].map(era), "truth": hand["code_hand"], "coder": hand["code_coder"]}
    )
    for (kind, when, truth), part in labelled.groupby(["team", "era", "truth"]):
        a, b = errors(values, choices, pd.Series([kind]), pd.Series([when]), shifted=False)
        right = int((part["coder"] == part["truth"]).sum())
        name, chance = ("hand_release_obs", a) if truth == "1" else ("hand_none_obs", b)
        total[name] += stats.binom.logpmf(right, len(part), expit(chance[0]))
    return total


def of_passages(values: Named, choices: Choices, tables: Tables, papers: pd.DataFrame) -> float:
    """Log likelihood of the labelled passages, by kind of team, year and group of venues."""
    if choices.error == "none" or choices.calibration == "hand":
        return 0.0
    r, not_r = (np.exp(part) for part in log_released(values, choices, papers))
    a, b = errors(values, choices, papers["team"], papers["era"], shifted=False)
    by = ["team", "year", "group"]
    right = (papers[by].assign(of=r * expit(a))).groupby(by)["of"].sum()
    taken = (papers[by].assign(of=r * expit(a) + not_r * expit(-b))).groupby(by)["of"].sum()
    own = ["own, address", "own, elsewhere"] + ["promised"] * choices.promised
    labelled = tables["code_labels"].drop(columns="team_coded").merge(papers, on="id")
    return float(
        sum(
            stats.binom.logpmf(
                part["label"].isin(own).sum(), len(part), (right[place] + BILLIONTH) / (taken[place] + 2 * BILLIONTH)
            )
            for place, part in labelled.groupby(by)
        )
    )


def log_prior(values: Named) -> dict[str, float]:
    """Log densities of the priors that the docstring and ``ReleasePriors`` state; zero-sum effects on their plane."""

    def normal(of: xr.DataArray, mean: float, sd: float) -> float:
        return float(stats.norm.logpdf(of.to_numpy(), mean, sd).sum())

    def zero_sum(of: xr.DataArray, sd: float, dim: str) -> float:
        assert np.allclose(of.sum(dim), 0)
        free = of.size - of.size // of.sizes[dim]
        return float(-free * np.log(sd * np.sqrt(2 * np.pi)) - (of.to_numpy() ** 2).sum() / (2 * sd**2))

    def log_normal(of: xr.DataArray, median: float) -> float:
        return float(stats.norm.logpdf(np.log(of.item()), np.log(median), PRIORS.venue_sd_spread))  # of the logarithm

    spread = values["venue_year_sd"].item()
    return {
        "level": normal(values["level"], PRIORS.level_mean, PRIORS.level_sd),
        # Of its logarithm.
        "venue_year_sd": float(stats.halfnorm.logpdf(spread, scale=PRIORS.venue_year_sd) + np.log(spread)),
        "venue_year_effect": normal(values["venue_year_effect"], values["level"].item(), spread),
        "topic_effect": zero_sum(values["topic_effect"], PRIORS.topic_sd, "topic"),
        "topic_trend": zero_sum(values["topic_trend"], PRIORS.topic_trend_sd, "topic"),
        "size_effect": zero_sum(values["size_effect"], PRIORS.size_sd, "size"),
        "size_team_effect": zero_sum(values["size_team_effect"], PRIORS.size_team_sd, "size"),
        "topic_venue_sd": log_normal(values["topic_venue_sd"], PRIORS.topic_venue_sd),
        "size_venue_sd": log_normal(values["size_venue_sd"], PRIORS.size_venue_sd),
        "topic_venue_raw": normal(values["topic_venue_raw"], 0, 1),
        "size_venue_raw": normal(values["size_venue_raw"], 0, 1),
        "any_industry": normal(values["any_industry"], 0, PRIORS.industry_sd),
        "only_industry": normal(values["only_industry"], 0, PRIORS.industry_sd),
        "willing_logit": normal(values["willing_logit"], PRIORS.willing_mean, PRIORS.willing_sd),
        "sensitivity_logit": normal(values["sensitivity_logit"], PRIORS.sensitivity_mean, PRIORS.sensitivity_sd),
        "specificity_logit": normal(values["specificity_logit"], PRIORS.specificity_mean, PRIORS.specificity_sd),
        # Sampled around the mean or not, by the same volume.
        "sensitivity_of_team": normal(values["sensitivity_team"], 0, PRIORS.error_team_sd),
        "specificity_of_team": normal(values["specificity_team"], 0, PRIORS.error_team_sd),
    }


# --- the model --------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """The model's values, by name, and its log densities, at any point."""

    model: pm.Model
    dataset: xr.Dataset
    start: Point
    at: Callable[..., list[np.ndarray]]
    names: tuple[str, ...]  # of the values, the first outputs
    terms: tuple[str, ...]  # names of the variables whose log densities follow

    def point(self, seed: int, spread: float) -> Point:
        """A random point of the unconstrained space."""
        rng = np.random.default_rng(seed)
        return {name: np.asarray(value + rng.normal(0, spread, np.shape(value))) for name, value in self.start.items()}

    def __call__(self, point: Mapping[str, Any]) -> tuple[Named, dict[str, float]]:
        """Values of the named variables, and log densities of free and observed ones."""
        found = self.at(*(point[variable.name] for variable in self.model.value_vars))
        values = {}
        for name, value in zip(self.names, found, strict=False):
            dims = self.model.named_vars_to_dims.get(name, ())
            values[name] = xr.DataArray(value, dims=dims, coords={dim: self.dataset[dim].to_numpy() for dim in dims})
        terms = zip(self.terms, found[len(self.names) :], strict=True)
        return values, {name: float(np.sum(value)) for name, value in terms}

    def log_stretch(self, point: Point) -> float:
        """Logarithm of the volume of the shifted forms' effects to that of what the sampler sees."""

        def flat(at: Mapping[str, np.ndarray]) -> np.ndarray:
            values, _ = self(at)
            return np.concatenate([values[name].to_numpy().ravel() for name in EFFECTS])

        columns = []
        for name in SHIFTED:
            for i in np.ndindex(point[name].shape):
                step = np.zeros(point[name].shape)
                step[i] = 0.5
                columns.append(flat(point | {name: point[name] + step}) - flat(point | {name: point[name] - step}))
        sign, log_volume = np.linalg.slogdet(np.array(columns).T)
        assert sign != 0
        return float(log_volume)


@functools.cache
def evaluated_on(tables: Callable[[], Tables], choices: Choices) -> Evaluated:
    """Build the model of a specification and compile what is compared."""
    dataset = MODEL.prepare(tables(), choices)
    model = MODEL.build(dataset, PRIORS)
    variables = [*model.free_RVs, *(model[name] for name in DERIVED)]
    of = [*model.free_RVs, *model.observed_RVs]
    outputs = [*model.replace_rvs_by_values(variables), *model.logp(vars=of, sum=False)]
    function = pytensor.function(model.value_vars, outputs, mode="FAST_COMPILE", on_unused_input="ignore")
    names, terms = (tuple(variable.name for variable in some) for some in (variables, of))
    return Evaluated(model, dataset, model.initial_point(), function, names, terms)
