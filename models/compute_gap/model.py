r"""The hardware gap: the accelerators that teams with authors from industry use, and their number.

The claim
---------
At NeurIPS 2021, teams with an author from industry use hardware about five times as strong (Besiroglu et al. 2024). The
quantity is the peak performance of the largest set-up that a paper states: number of chips times peak FLOP/s of a chip.

The model
---------
Performance is no continuous number. Three papers in four use one chip, and most others two, four or eight of a few
types: a lattice, on which papers tie. A few runs are of hundreds of chips, and carry every arithmetic mean. So a paper
draws a number of chips, and then a chip. Numbers are rounded to powers of two.

For paper i by team type k, in year t at venue u, on topic d, with team size s:

    more than one chip       ~ Bernoulli(logit^-1 eta1_i)
    more than eight, if more than one  ~ Bernoulli(logit^-1 eta2_i)
    two, four or eight       ~ Categorical(softmax(o_k + o' x_t))
    16, 32, ..., 2048        ~ discrete normal of log2 with mean m + m_k + m' x_t and scale r
    chip j                   ~ Categorical(softmax_j(pi_jt + (g_k + g'_k x_t + g_c) p_j + (h_k + h_c) z_j))

    eta_i = a + v[u, t] + topic[d] + size[s] + b[k, t] + w[k, u]

c is the class of the number (one, two to eight, more), p_j the peak of a chip in dex from the mean of all chips, z_j
its kind (a TPU, a card for consumers, or neither), x_t time. b and w are zero for academia-only. b[k, t] has a mean, a
trend and a random walk. pi_jt is the popularity of a chip in a year. Which chip a paper uses is a discrete choice among
the chips of its year (McFadden 1974), tilted to stronger ones, and to kinds, by team type.

A run of more than eight chips needs more than one machine. It is a kind of its own, with effects of its own: a mixture
of ordinary and very large runs, with the kind known where the number is.

*Unknown numbers.* One paper in ten states a chip and no number. Its class is latent, and summed over: for the papers of
a year and team type, P(chip) is the sum over classes of their mean P(class) times P(chip given class).

*Errors of the parser.* The class of the number that the parser found is wrong with probability e_k, and then has
probabilities q:  P(found c) = (1 - e_k) P(c) + e_k q_c. Labels that the parser has never seen give e_k and q. Papers
whose passage a reader labelled, among them the fifty largest, have no error. Errors in the type of the chip (one in
forty) are not modelled, and the class that tilts the choice of the chip is the one that was found.

Estimands
---------
Probabilities are standardised: averaged over the papers of a year (or venue-year) that state an accelerator, as if each
were by one team type. With the chips they give the distribution of log10 performance, on a lattice, and from it the
geometric and arithmetic mean, the median, the 90 % quantile, and the probability that a random paper of one team type
uses more than one of another, ties counted half. See ``estimands.py``.

Assumptions
-----------
Papers that state no accelerator are left out; bounds and shifts say what that may hide. Chips do not depend on topic
and team size, given the number of them. The model is not causal.

References
----------
Besiroglu et al. (2024), arXiv:2401.02452. McFadden (1974), Conditional logit analysis of qualitative choice behavior,
in Frontiers in Econometrics. Tutz (1991), Computational Statistics and Data Analysis 11:275 (sequential models).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.common.claim import Model
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters, multiply_odds
from models.common.walks import make_walk_basis
from models.compute_gap.cells import prepare
from models.compute_gap.choices import SetupsPriors
from models.compute_gap.counts import add_multinomial
from models.compute_gap.definitions import CLASSES, LARGE
from models.compute_gap.estimands import compute_estimands
from models.compute_gap.linear_predictor import EFFECTS, STAGES, compute_large_weights, tabulate_log_odds
from models.compute_gap.test_quantities import compute_test_quantities

DIMS = (
    "team",
    "industry",
    "venue",
    "venue_year",
    "topic",
    "size",
    "year",
    "chip",
    "class",
    "kind",
    "ordinary_number",
    "large",
)
INDEXED = ("team_venue_year", "topic", "size")
DATA = (
    "count", "checked", "team_idx", *(f"{name}_idx" for name in INDEXED),
    "unknown_n", "unknown_group_idx", *(f"unknown_{name}_idx" for name in INDEXED),
    "venue_year_year_idx", "venue_year_venue_idx",
    "ordinary_count", "large_count", "chip_count", "unknown_count",
    "peak_centred", "kind_of_chip", "time",
    "scored", "misread", "misread_as",
)  # fmt: skip
TOP_LEVEL = (
    "intercept", "venue_year_sd", "topic_sd", "size_sd", "industry_effect", "industry_trend", "industry_walk_sd",
    "industry_venue_sd", "ordinary", "ordinary_trend", "large_location", "large_team", "large_trend",
    "large_spread", "taste_team", "taste_trend", "taste_class", "kind_team", "kind_class", "chip_popularity",
    "error_logit", "wrong",
)  # fmt: skip


def build(dataset: xr.Dataset, priors: SetupsPriors) -> pm.Model:
    """Build the model of set-ups.

    Deterministics: ``venue_year_effect`` (stage, venue_year), ``topic_effect`` (stage, topic), ``size_effect`` (stage,
    size), ``industry_year_effect`` (stage, industry, year) and ``industry_venue_effect`` (stage, industry, venue),
    log-odds;
    ``ordinary_probability`` (year, team, ordinary_number), ``large_probability`` (year, team, large) and
    ``chip_probability`` (year, team, class, chip), probabilities; ``error`` (team,), probability.
    """
    dataset = derive_data(dataset)
    coords: dict[str, Any] = {name: dataset[name].to_numpy() for name in DIMS}
    coords |= {"stage": STAGES, "step": np.arange(dataset.sizes["year"] - 1)}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, DATA)
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])

        # The number of chips: more than one, more than eight, and which.
        effect = add_effects(dataset, data, prior)
        ordinary, large = add_ordinary(data, prior), add_large(data, prior)
        classes = compute_classes(effect, data, "")

        # The parser finds a number, of the wrong class now and then.
        error, wrong = add_errors(data, prior)
        chance = error[data["team_idx"]] * (1 - data["checked"])
        found = (1 - chance)[:, None] * classes + chance[:, None] * wrong

        # The chip, of those of the year. If no number is stated, the class is summed over.
        chip = add_chips(data, prior)
        of_unknown = average_classes(compute_classes(effect, data, "unknown_"), data)
        mixed = (of_unknown[..., None] * chip).sum(axis=2)

        # Papers counted.
        by_year = ("year", "team")
        add_multinomial("count_obs", found, data["count"], ("cell", "class"))
        add_multinomial("ordinary_obs", ordinary, data["ordinary_count"], (*by_year, "ordinary_number"))
        add_multinomial("large_obs", large, data["large_count"], (*by_year, "large"))
        add_multinomial("chip_obs", chip, data["chip_count"], (*by_year, "class", "chip"))
        add_multinomial("unknown_obs", mixed, data["unknown_count"], (*by_year, "chip"))
    return model


def add_effects(dataset: xr.Dataset, data: Mapping[str, Any], prior: Mapping[str, Any]) -> dict[str, Any]:
    """Add the effects of both stages, non-centred, and return them by name, log-odds: dims as in ``EFFECTS``."""
    mean, sd = (pt.stack([prior[f"{stage}_{what}"] for stage in STAGES]) for what in ("mean", "sd"))
    intercept = pm.Normal("intercept", mean, sd, dims="stage")
    effect = {
        f"{what}_effect": add_sd(f"{what}_sd", prior[f"{what}_sd"], prior, "stage")[:, None]
        * pm.ZeroSumNormal(f"{what}_raw", dims=("stage", what))
        for what in ("venue_year", "topic", "size")
    }
    effect["venue_year_effect"] += intercept[:, None]
    dims = ("stage", "industry")
    basis = make_walk_basis(dataset.sizes["year"])
    level = pm.Normal("industry_effect", 0, prior["industry_sd"], dims=dims)
    trend = pm.Normal("industry_trend", 0, prior["industry_trend_sd"], dims=dims)
    walk_sd = add_sd("industry_walk_sd", prior["industry_walk_sd"], prior, "stage")
    walk = walk_sd[:, None, None] * pt.dot(pm.Normal("industry_walk_raw", dims=(*dims, "step")), basis.T)
    venue_sd = add_sd("industry_venue_sd", prior["industry_venue_sd"], prior, "stage")
    at_venue = venue_sd[:, None, None] * pm.Normal("industry_venue_raw", dims=(*dims, "venue"))
    by_year = level[..., None] + trend[..., None] * data["time"] + walk
    effect |= {"industry_year_effect": by_year, "industry_venue_effect": at_venue}
    return {name: pm.Deterministic(name, value, dims=EFFECTS[name]) for name, value in effect.items()}


def derive_data(dataset: xr.Dataset) -> xr.Dataset:
    """Add the centred peaks, and the year and team type of each cell without a number as one index."""
    year = dataset["venue_year_year_idx"][dataset["unknown_venue_year_idx"]]
    group = (year * dataset.sizes["team"] + dataset["unknown_team_idx"]).reset_coords(drop=True)
    return dataset.assign(peak_centred=dataset["peak"] - dataset["peak"].mean(), unknown_group_idx=group)


def compute_classes(effect: Mapping[str, Any], data: Mapping[str, Any], prefix: str) -> Any:
    """Return the probabilities of one chip, two to eight, and more, of each cell, (cell, class)."""
    years, venues = data["venue_year_year_idx"], data["venue_year_venue_idx"]
    odds = []
    for i in range(len(STAGES)):
        of_stage = {name: value[i] for name, value in effect.items()}
        table = tabulate_log_odds(of_stage, years, venues, lambda parts: pt.concatenate(parts, axis=-2))
        tables = (table, of_stage["topic_effect"], of_stage["size_effect"])
        odds.append(multiply_odds(*zip(tables, (data[f"{prefix}{name}_idx"] for name in INDEXED), strict=True)))
    several, many = (1 - 1 / (1 + each) for each in odds)
    return pt.stack([1 - several, several * (1 - many), several * many], axis=-1)


def average_classes(classes: Any, data: Mapping[str, Any]) -> Any:
    """Average the classes of papers without a number by year and team type: (year, team, class).

    Without such papers in a group, each class has one third, on which nothing observed depends.
    """
    shape = data["unknown_count"].shape[:2]
    total = data["unknown_count"].sum(axis=-1).flatten()[:, None]
    empty = pt.zeros((shape[0] * shape[1], len(CLASSES)))
    sums = pt.inc_subtensor(empty[data["unknown_group_idx"]], data["unknown_n"][:, None] * classes)
    return pt.switch(total > 0, sums / pt.maximum(total, 1), 1 / len(CLASSES)).reshape((*shape, len(CLASSES)))


def add_ordinary(data: Mapping[str, Any], prior: Mapping[str, Any]) -> Any:
    """Add the probabilities of two, four and eight chips, if two to eight: (year, team, ordinary_number)."""
    by_team = pm.ZeroSumNormal("ordinary", sigma=prior["ordinary_sd"], dims=("team", "ordinary_number"))
    trend = pm.ZeroSumNormal("ordinary_trend", sigma=prior["ordinary_trend_sd"], dims="ordinary_number")
    log_odds = by_team + trend * data["time"][:, None, None]
    return pm.Deterministic(
        "ordinary_probability", pm.math.softmax(log_odds, axis=-1), dims=("year", "team", "ordinary_number")
    )


def add_large(data: Mapping[str, Any], prior: Mapping[str, Any]) -> Any:
    """Add the probabilities of 16 to 2,048 chips, if more than eight: (year, team, large)."""
    location = pm.Normal("large_location", prior["large_mean"], prior["large_sd"])
    team = pm.ZeroSumNormal("large_team", sigma=prior["large_team_sd"], dims="team")
    trend = pm.Normal("large_trend", 0, prior["large_trend_sd"])
    spread = add_sd("large_spread", prior["large_spread"], prior)
    mean = location + team + trend * data["time"][:, None]
    weights = compute_large_weights(mean, pt.ones_like(mean) * spread, np.array(LARGE))
    return pm.Deterministic("large_probability", pm.math.softmax(weights, axis=-1), dims=("year", "team", "large"))


def add_errors(data: Mapping[str, Any], prior: Mapping[str, Any]) -> tuple[Any, Any]:
    """Add the parser's errors and their labels: the rate (team,), and the class of a wrong number (class,)."""
    rate = pm.Normal("error_logit", prior["error_mean"], prior["error_sd"], dims="team")
    error = pm.Deterministic("error", pm.math.sigmoid(rate), dims="team")
    wrong = pm.Dirichlet("wrong", np.ones(len(CLASSES)), dims="class")
    pm.Binomial("misread_obs", n=data["scored"], p=error, observed=data["misread"], dims="team")
    pm.Multinomial("misread_as_obs", n=data["misread_as"].sum(), p=wrong, observed=data["misread_as"], dims="class")
    return error, wrong


def add_chips(data: Mapping[str, Any], prior: Mapping[str, Any]) -> Any:
    """Add the probabilities of the chips, (year, team, class, chip)."""
    popularity = pm.ZeroSumNormal("chip_popularity", sigma=prior["chip_sd"], dims=("year", "chip"))
    taste = pm.ZeroSumNormal("taste_team", sigma=prior["taste_sd"], dims="team")
    trend = pm.ZeroSumNormal("taste_trend", sigma=prior["taste_trend_sd"], dims="team")
    of_class = pm.ZeroSumNormal("taste_class", sigma=prior["taste_sd"], dims="class")
    tilt = taste + trend * data["time"][:, None]
    by_team = tilt[:, :, None] * data["peak_centred"]
    by_class = of_class[:, None] * data["peak_centred"]
    of_team, of_class = (
        pm.ZeroSumNormal(f"kind_{dim}", sigma=prior["kind_sd"], dims=("kind", dim)) for dim in ("team", "class")
    )
    by_team += pt.dot(of_team.T, data["kind_of_chip"])
    by_class += pt.dot(of_class.T, data["kind_of_chip"])
    utility = popularity[:, None, None, :] + by_team[:, :, None, :] + by_class
    return pm.Deterministic(
        "chip_probability", pm.math.softmax(utility, axis=-1), dims=("year", "team", "class", "chip")
    )


def add_sd(name: str, median: Any, prior: Mapping[str, Any], dims: str | None = None) -> Any:
    """Add an sd with a log-normal prior."""
    return pm.LogNormal(name, pt.log(median), prior["sd_log_sd"], dims=dims)


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
