"""Code release: the joint density written from the model's docstring, paper by paper, and the model's density.

The coordinates of each paper (venue-year, topic, team size, team type, venue group, era) are read from the table of
papers. Parameters are looked up by the names of these coordinates; no index of the prepared dataset is used.
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
ERAS = ("2014-18", "2019-20", "2021-22")
BILLIONTH = 1e-9  # papers: the model adds it to fractions of passages to avoid 0 / 0
# The sampler moves in these effects less an offset, those of eras also partly centred: effect to sampled variable.
EFFECTS = {
    "venue_year_effect": "venue_year_effect_shifted",
    "any_industry_common": "any_industry_common_shifted",
    "only_industry_common": "only_industry_common_shifted",
    "any_industry": "any_industry_shifted_raw",
    "only_industry": "only_industry_shifted_raw",
    "ceiling_logit": "ceiling_logit_shifted",
}
CONFIGURATIONS = {
    f"error {error}, ceiling {ceiling}": Choices(error=error, ceiling=ceiling)
    for error in ("none", "pooled", "by team")
    for ceiling in ("by team", "common", "none")
} | {
    "shifts, pooled": Choices(error="pooled", shift_sensitivity=-0.7, shift_specificity=0.4),
    "shifts, by team": Choices(error="by team", shift_sensitivity=0.5, shift_specificity=-0.9),
    "shifts without error": Choices(error="none", shift_sensitivity=-0.7, shift_specificity=0.4),
    "human labels of papers alone, without AAAI": Choices(error="by team", calibration="hand", without_venue="AAAI"),
    "same error, by team": Choices(error="by team", calibration="same error"),
    "addresses": Choices(error="none", outcome="address"),
    "passages alone, promises count, theory too": Choices(
        error="by team", calibration="passages", promised=True, research="all"
    ),
    "pages, listed teams": Choices(outcome="page", error="none", team="listed", papers="with a link field"),
    "listed teams": Choices(error="by team", team="listed"),
}


# --- tables -----------------------------------------------------------------------------------------------------------


def make_tables(papers: int = 700, seed: int = 5) -> Tables:
    """Make papers of three venues, one of which starts late, human labels of papers up to 2024, and passages."""
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
    n_human = 120
    human = pd.DataFrame(
        {
            "id": [f"paper{i}" if i % 2 else f"human{i}" for i in range(n_human)],
            "venue": rng.choice(["AAAI", "NeurIPS"], n_human),
            "year": rng.integers(2013, 2025, n_human) * 1.0,
            "research": rng.choice(["empirical", "theoretical"], n_human, p=[0.9, 0.1]),
            "team_hand": rng.choice(["0", "1", "unknown"], n_human),
            "code_hand": rng.choice(["0", "1", "unknown"], n_human),
            "code_coder": rng.choice(["0", "1"], n_human),
        }
    )
    released = frame[frame["code_coded"] == "yes"].sample(150, random_state=seed)
    labels = ["own, address", "own, elsewhere", "promised", "of others"]
    passages = pd.DataFrame(
        {"id": released["id"], "team_coded": released["team_coded"], "label": rng.choice(labels, len(released))}
    )
    return {"papers": frame, "coder_labels": human, "code_labels": passages}


@functools.cache
def load_real() -> Tables:
    """Load the repository's tables."""
    from data.tables.load import load

    return {name: load(name) for name in ("papers", "coder_labels", "code_labels")}


@functools.cache
def make_small() -> Tables:
    """Make the invented tables once."""
    return make_tables()


# --- the density, from the docstring ----------------------------------------------------------------------------------


def find_era(year: float) -> str:
    """Return the era of a year; papers with a human label of other years have the nearest era."""
    return "2014-18" if year <= 2018 else "2019-20" if year <= 2020 else "2021-22"


def find_size(authors: float) -> str:
    """Return the name of the band of a number of authors."""
    return f"{authors:.0f}" if authors < 5 else "5-6" if authors < 7 else "7-8" if authors < 9 else "9 or more"


def describe_papers(tables: Tables, choices: Choices) -> pd.DataFrame:
    """Return the coordinates of each paper of the analysis by name, and whether the paper counts as a release."""
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
    labelled = frame["code_coded"] == "yes"
    released = {
        "label": labelled,
        "address": labelled & (frame["code_statement"] == "own, address"),
        "page": frame["code_page"] == "link",
    }[choices.outcome]
    return pd.DataFrame(
        {
            "id": frame["id"],
            "venue": frame["venue"],
            "year": frame["year"].astype(int),
            "venue_year": [f"{v} {y:.0f}" for v, y in zip(frame["venue"], frame["year"], strict=True)],
            "topic": frame["topic_title"],
            "size": frame["n_authors"].map(find_size),
            "team": frame[team],
            "group": np.where(frame["venue"].isin(AI), "AI", "machine learning"),
            "era": frame["year"].map(find_era),
            "released": released,
        }
    )


def look_up(values: xr.DataArray, **names: pd.Series) -> np.ndarray:
    """Return the values of a parameter at the named coordinates, one per row."""
    rows = {dim: xr.DataArray(name.to_numpy(), dims="row") for dim, name in names.items()}
    return values.sel(rows).to_numpy()


def compute_eta(values: Named, papers: pd.DataFrame) -> np.ndarray:
    """Compute eta, the log-odds of a release below the ceiling, of each paper."""
    topic_venue = papers["topic"] + " at " + papers["venue"]
    size_venue = papers["size"] + " at " + papers["venue"]
    industry, alone = papers["team"].isin(INDUSTRY), papers["team"] == "industry-only"
    group_era = {"venues": papers["group"], "era": papers["era"]}
    # Academia-only teams look up an effect of industry that is then not used.
    team = papers["team"].where(industry, "mixed")
    return (
        look_up(values["venue_year_effect"], venue_year=papers["venue_year"])
        + look_up(values["topic_effect"], topic=papers["topic"])
        + look_up(values["topic_trend"], topic=papers["topic"]) * (papers["year"].to_numpy() - 2018) / 4
        + look_up(values["size_effect"], size=papers["size"])
        + values["topic_venue_sd"].item() * look_up(values["topic_venue_raw"], topic_venue=topic_venue)
        + values["size_venue_sd"].item() * look_up(values["size_venue_raw"], size_venue=size_venue)
        + np.where(industry, look_up(values["any_industry"], **group_era), 0)
        + np.where(alone, look_up(values["only_industry"], **group_era), 0)
        + np.where(industry, look_up(values["size_team_effect"], industry=team, size=papers["size"]), 0)
    )


def compute_ceiling(values: Named, choices: Choices, team: pd.Series) -> np.ndarray:
    """Compute the log-odds of the release ceiling: by team type, one scalar for all, or infinite without a ceiling."""
    if choices.ceiling == "none":
        return np.full(len(team), np.inf)
    if choices.ceiling == "common":
        return np.full(len(team), values["ceiling_logit"].item())
    return look_up(values["ceiling_logit"], team=team)


def compute_errors(
    values: Named, choices: Choices, team: pd.Series, eras: pd.Series, *, shifted: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the log-odds of the sensitivity and of the specificity; infinite if the annotator does not err."""
    if choices.error == "none":
        return np.full(len(team), np.inf), np.full(len(team), np.inf)
    if choices.error == "by team":
        a = look_up(values["sensitivity_team_logit"], team=team)
        b = look_up(values["specificity_team_logit"], team=team, era=eras)
    else:
        a = np.full(len(team), values["sensitivity_logit"].item())
        b = look_up(values["specificity_logit"], era=eras)
    industry = team.isin(INDUSTRY).to_numpy() * float(shifted)
    return a + industry * choices.shift_sensitivity, b + industry * choices.shift_specificity


def compute_log_release(values: Named, choices: Choices, papers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Compute the logarithms of r and of 1 - r of each paper."""
    eta, w = compute_eta(values, papers), compute_ceiling(values, choices, papers["team"])
    return log_expit(w) + log_expit(eta), np.logaddexp(log_expit(-eta), log_expit(eta) + log_expit(-w))


def sum_papers(values: Named, choices: Choices, papers: pd.DataFrame) -> float:
    """Sum the log likelihood of each paper's LLM label."""
    r, not_r = compute_log_release(values, choices, papers)
    a, b = compute_errors(values, choices, papers["team"], papers["era"], shifted=True)
    yes = np.logaddexp(r + log_expit(a), not_r + log_expit(-b))
    no = np.logaddexp(r + log_expit(-a), not_r + log_expit(b))
    return float(np.where(papers["released"], yes, no).sum())


def sum_human_labels(values: Named, choices: Choices, tables: Tables, papers: pd.DataFrame) -> dict[str, float]:
    """Sum the log likelihood of the LLM labels of papers with a human label, binomial by team type and era.

    A human label of none may be of a paper that states a release, if both kinds of labels are used: a share u of such
    releases is never found.
    """
    human = tables["coder_labels"]
    human = human[(human["research"] == "empirical") & human["team_hand"].isin(["0", "1"])]
    human = human[human["code_hand"].isin(["0", "1"]) & (human["venue"] != choices.without_venue)]
    total = {"human_release_obs": 0.0, "human_none_obs": 0.0}
    if choices.calibration == "passages" or human.empty:
        return total
    stated = papers.assign(r=np.exp(compute_log_release(values, choices, papers)[0]))
    u = expit(values["unfound_logit"].item()) if choices.calibration == "both" else 0.0
    human = human.merge(tables["papers"][["id", f"team_{choices.team}"]], on="id", how="left")
    team_hand = human["team_hand"].map({"0": "academia-only", "1": "mixed"})
    team = human[f"team_{choices.team}"].where(lambda known: known.isin(TEAMS), team_hand)
    labelled = pd.DataFrame(
        {"team": team, "era": human["year"].map(find_era), "human": human["code_hand"], "llm": human["code_coder"]}
    )
    for (team_type, era, label), part in labelled.groupby(["team", "era", "human"]):
        rates = compute_errors(values, choices, pd.Series([team_type]), pd.Series([era]), shifted=False)
        a, b = (expit(rate[0]) for rate in rates)
        agree = int((part["llm"] == part["human"]).sum())
        if label == "1":
            total["human_release_obs"] += stats.binom.logpmf(agree, len(part), a)
        else:
            alike = stated[(stated["team"] == team_type) & (stated["era"] == era)]
            share = alike["r"].mean() if len(alike) else 0.0
            no = ((1 - share) * b + share * u * (1 - a)) / ((1 - share) + share * u)
            total["human_none_obs"] += stats.binom.logpmf(agree, len(part), no)
    return total


def sum_passages(values: Named, choices: Choices, tables: Tables, papers: pd.DataFrame) -> float:
    """Sum the log likelihood of the labelled passages, binomial by team type, year and venue group."""
    if choices.calibration == "hand":
        return 0.0
    r, not_r = (np.exp(part) for part in compute_log_release(values, choices, papers))
    a, b = compute_errors(values, choices, papers["team"], papers["era"], shifted=False)
    by = ["team", "year", "group"]
    seen = (papers[by].assign(share=r * expit(a))).groupby(by)["share"].sum()
    labelled = (papers[by].assign(share=r * expit(a) + not_r * expit(-b))).groupby(by)["share"].sum()
    own = ["own, address", "own, elsewhere"] + ["promised"] * choices.promised
    passages = tables["code_labels"].drop(columns="team_coded").merge(papers, on="id")
    return float(
        sum(
            stats.binom.logpmf(
                part["label"].isin(own).sum(),
                len(part),
                (seen[stratum] + BILLIONTH) / (labelled[stratum] + 2 * BILLIONTH),
            )
            for stratum, part in passages.groupby(by)
        )
    )


def sum_likelihoods(values: Named, choices: Choices, tables: Tables) -> dict[str, float]:
    """Sum the log likelihood of each term that the docstring states; without error nothing calibrates the annotator."""
    papers = describe_papers(tables, choices)
    out = {"y_obs": sum_papers(values, choices, papers)}
    if choices.error == "none":
        return out
    out |= sum_human_labels(values, choices, tables, papers)
    return out | {"passages_obs": sum_passages(values, choices, tables, papers)}


def compute_log_prior(values: Named, choices: Choices) -> dict[str, float]:
    """Compute the log densities of the priors that the docstring and ``ReleasePriors`` state.

    Zero-sum effects have the density on their plane. Of a positive sd it is the density of its logarithm.
    """

    def normal(x: xr.DataArray, mean: Any, sd: float) -> float:
        return float(stats.norm.logpdf(x.to_numpy(), mean, sd).sum())

    def zero_sum(x: xr.DataArray, sd: float, dim: str) -> float:
        assert np.allclose(x.sum(dim), 0)
        free = x.size - x.size // x.sizes[dim]
        return float(-free * np.log(sd * np.sqrt(2 * np.pi)) - (x.to_numpy() ** 2).sum() / (2 * sd**2))

    def log_normal(x: xr.DataArray, median: float, log_sd: float = PRIORS.venue_log_sd) -> float:
        return float(stats.norm.logpdf(np.log(x.item()), np.log(median), log_sd))

    sd, era_sd = values["venue_year_sd"].item(), values["industry_era_sd"].item()
    out = {
        "intercept": normal(values["intercept"], PRIORS.intercept_mean, PRIORS.intercept_sd),
        "venue_year_sd": float(stats.halfnorm.logpdf(sd, scale=PRIORS.venue_year_sd) + np.log(sd)),
        "venue_year_effect": normal(values["venue_year_effect"], values["intercept"].item(), sd),
        "topic_effect": zero_sum(values["topic_effect"], PRIORS.topic_sd, "topic"),
        "topic_trend": zero_sum(values["topic_trend"], PRIORS.topic_trend_sd, "topic"),
        "size_effect": zero_sum(values["size_effect"], PRIORS.size_sd, "size"),
        "size_team_effect": zero_sum(values["size_team_effect"], PRIORS.size_team_sd, "size"),
        "topic_venue_sd": log_normal(values["topic_venue_sd"], PRIORS.topic_venue_sd),
        "size_venue_sd": log_normal(values["size_venue_sd"], PRIORS.size_venue_sd),
        "topic_venue_raw": normal(values["topic_venue_raw"], 0, 1),
        "size_venue_raw": normal(values["size_venue_raw"], 0, 1),
        "industry_era_sd": log_normal(values["industry_era_sd"], PRIORS.industry_era_sd, PRIORS.industry_era_log_sd),
    }
    for name in ("any_industry", "only_industry"):
        common = values[f"{name}_common"]
        out[f"{name}_common"] = normal(common, 0, PRIORS.industry_sd)
        out[name] = normal(values[name] - common, 0, era_sd)
    if choices.ceiling != "none":
        out["ceiling_logit"] = normal(values["ceiling_logit"], PRIORS.ceiling_mean, PRIORS.ceiling_sd)
    if choices.error != "none":
        a, b = values["sensitivity_logit"], values["specificity_logit"]
        out["sensitivity_logit"] = normal(a, PRIORS.sensitivity_mean, PRIORS.sensitivity_sd)
        out["specificity_logit"] = normal(b, PRIORS.specificity_mean, PRIORS.specificity_sd)
        if choices.calibration == "both":
            out["unfound_logit"] = normal(values["unfound_logit"], PRIORS.unfound_mean, PRIORS.unfound_sd)
        if choices.error == "by team":
            for name, pooled in (("sensitivity", a), ("specificity", b)):
                deviation = values[f"{name}_team_logit"] - pooled
                out[f"{name}_team_logit"] = normal(deviation, 0, PRIORS.error_team_sd)
    return out


# --- the model --------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """The model, with its values by name and its log densities at any point."""

    model: pm.Model
    dataset: xr.Dataset
    start: Point
    evaluate: Callable[..., list[np.ndarray]]
    names: tuple[str, ...]  # of the values, which are the first outputs
    terms: tuple[str, ...]  # names of the variables whose log densities follow

    def point(self, seed: int, sd: float) -> Point:
        """Return a random point of the unconstrained space."""
        rng = np.random.default_rng(seed)
        return {name: np.asarray(value + rng.normal(0, sd, np.shape(value))) for name, value in self.start.items()}

    def __call__(self, point: Mapping[str, Any]) -> tuple[Named, dict[str, float]]:
        """Return the values of free variables and deterministics, and log densities of free and observed variables."""
        found = self.evaluate(*(point[variable.name] for variable in self.model.value_vars))
        values = {}
        for name, value in zip(self.names, found, strict=False):
            dims = self.model.named_vars_to_dims.get(name, ())
            values[name] = xr.DataArray(value, dims=dims, coords={dim: self.dataset[dim].to_numpy() for dim in dims})
        terms = zip(self.terms, found[len(self.names) :], strict=True)
        return values, {name: float(np.sum(value)) for name, value in terms}

    def list_effects(self) -> list[str]:
        """List the effects of ``EFFECTS`` that this model has."""
        return [name for name in EFFECTS if name in self.names]

    def compute_log_jacobian(self, point: Point) -> float:
        """Compute the log determinant of the effects' derivatives by the variables in which the sampler moves."""

        def flatten(point: Mapping[str, np.ndarray]) -> np.ndarray:
            values, _ = self(point)
            return np.concatenate([values[name].to_numpy().ravel() for name in self.list_effects()])

        columns = []
        for name in (EFFECTS[effect] for effect in self.list_effects()):
            for i in np.ndindex(point[name].shape):
                step = np.zeros(point[name].shape)
                step[i] = 0.5
                columns.append(
                    flatten(point | {name: point[name] + step}) - flatten(point | {name: point[name] - step})
                )
        sign, log_determinant = np.linalg.slogdet(np.array(columns).T)
        assert sign != 0
        return float(log_determinant)


@functools.cache
def evaluate_on(tables: Callable[[], Tables], choices: Choices) -> Evaluated:
    """Build the model of a specification and compile its values and log densities."""
    dataset = MODEL.prepare(tables(), choices)
    model = MODEL.build(dataset, PRIORS)
    variables, terms = [*model.free_RVs, *model.deterministics], [*model.free_RVs, *model.observed_RVs]
    outputs = [*model.replace_rvs_by_values(variables), *model.logp(vars=terms, sum=False)]
    function = pytensor.function(model.value_vars, outputs, mode="FAST_COMPILE", on_unused_input="ignore")
    value_names, term_names = (tuple(variable.name for variable in some) for some in (variables, terms))
    return Evaluated(model, dataset, model.initial_point(), function, value_names, term_names)
