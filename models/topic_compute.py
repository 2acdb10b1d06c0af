r"""Compute terms and academia-only publication.

The claim
---------
From 2012 to 2021, topics that speak more of compute have fewer academia-only papers, and so within topics (for instance
natural language processing) as their compute terms become more frequent (Besiroglu et al. 2024; an earlier form in
Ahmed and Wahed 2020).

Two models
----------
*Contrast* (main): papers in cells topic t x venue-year v x team size s x set of families of terms used. With x[f] = 1
where the abstract uses family f (hardware, cost of computing borne, cost saved, scale, parallel, FLOP),

    y ~ Binomial(n, p + (1 - p) q),
    logit p = venue_year[v] + topic[t] + size[g, s] + pair[t, venue] + sum_f slope[t, f] x[f],
    slope[t, f] = family[f] + topic_slope[t] + topic_family[t, f],

p the probability that a team is academia-only. Venue-years are strata: they vary around a level, so that no comparison
is made between times or venues. topic, and size within each group g of venues, sum to zero; pair and the parts of the
slope that vary by topic have normal distributions, topic_family summing to zero over families. Their scales, which may
be small, are log-normal: away from zero, where they could not be sampled, at the price that how small they are at least
is told by the prior (compare the gamma of Chung et al. 2013). Families, too few for a scale of their own, have fixed
ones. With both interactions in, a plain binomial describes the cells of abstracts: the predictive checks say so.

*Authors unseen.* Where the kind of team is known q = 0. Else y counts teams that show no industry author, and q is the
probability that a team with some shows none: ``topic_compute_rows.unseen_industry``.

*Second exposure*: the same model for papers read in full text (five venues, 2014-2022; kind of team as coded, topic
from the title): an accelerator named, and eight or more of them in the largest set-up, in the place of the families.

*Topic-year regression* (as published, ``topic_compute_regression``): the share of academia-only papers of a topic and
year on its share of papers with terms.

*What goes with the fall*: ``topic_compute_fall``.

Assumptions
-----------
Seen authors are a random subset of the team. Families add on the log-odds scale. Terms are those of the abstract, found
by a lexicon; hardware is what the text states, and a paper that states none may have used much. Nothing here is causal:
a team that has industry authors may choose topics and words for reasons that it shares with the compute it has.

References
----------
Besiroglu et al. (2024), arXiv:2401.02452. Ahmed and Wahed (2020), arXiv:2010.15581. Gelman and Hill (2007), Data
Analysis Using Regression and Multilevel/Hierarchical Models. Mundlak (1978), Econometrica 46:69. Deming and Stephan
(1940), Annals of Mathematical Statistics 11:427. Chung et al. (2013), Psychometrika 78:685.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models._blocks import CHECK_BOUNDS, data_of, hyperparameters
from models._cells import FEW, Part, counts_with_false_positives, levels, standardised
from models._claim import Model, Tables
from models.topic_compute_fall import FALL_OF, fall_estimands, fall_weights
from models.topic_compute_regression import (
    build_topic_year,
    estimands_topic_year,
    prepare_topic_year,
    raw,
    statistics_topic_year,
)
from models.topic_compute_rows import TEN_POINTS, cells, select
from models.topic_compute_specifications import (
    BESIDE,
    HEADLINES,
    LADDER,
    PUBLISHED,
    TITLES,
    specifications,
)
from models.topic_compute_statistics import statistics

__all__ = [
    "ALTERNATIVES",
    "BESIDE",
    "HEADLINES",
    "LADDER",
    "MODELS",
    "PUBLISHED",
    "SEED",
    "TITLES",
    "Choices",
    "Priors",
]

SEED = 20210704
CELL_DATA = ("n", "q", "at_venue_year_topic", "at_topic_exposure", "at_group_size_partly", "pair_at")
SCALES = ("venue_year_sd", "pair_sd", "topic_slope_sd", "topic_family_sd")
CONTRAST_HYPER = (
    "level_mean", "level_sd", "venue_year_sd", "topic_sd", "size_sd", "pair_sd", "family_sd", "topic_slope_sd",
    "topic_family_sd", "sd_spread",
)  # fmt: skip
TOP = ("level", "topic_effect", "size_effect", "family_slope", *SCALES)
REGRESSION_TOP = (
    "term_level", "term_topic", "term_year", "term_trend", "term_venue", "term_excess_sd", "topic_year_level", "within",
    "between", "topic_level", "place_effect", "year_sd", "trend", "topic_trend_sd", "excess_sd",
)  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    exposure: Literal["terms", "term count", "hardware"] = "terms"  # of abstracts; hardware: of papers read in full
    first_year: int = 2012
    last_year: int = 2021  # of the published claim; full texts are read to 2022
    topic: Literal["topic", "topic_title", "topic_keywords"] = "topic"  # from all the text there is, or a part of it
    # Listed: coded where the list is incomplete; listed where coded: of papers that have been coded alone.
    team: Literal["listed", "coded", "listed where coded"] = "listed"
    unseen: Literal["random", "complete cases", "all academic", "all industry"] = "random"
    unseen_shift: float = 0.0  # log-odds; incomplete teams are so much more often academia-only than others
    industry: tuple[str, ...] = ("company", "double")  # sectors of authors that count as industry
    tei: bool = True  # papers known from TEI texts alone: most of natural language processing before 2020
    without_venue: str = ""
    without_family: str = ""
    # Of the topic-year regression:
    topic_trends: bool = True  # a linear trend of each topic's own
    year_effects: bool = True  # what all topics share in a year
    share_of_terms: Literal["with errors", "counted"] = "with errors"  # counted: taken as it is
    venues: Literal["all", "spanning"] = "all"  # spanning: in each period that the fall compares; an effect of each


@dataclass(frozen=True)
class Priors:
    """Hyper-parameters, with what they imply. The prior predictive test holds them to it."""

    level_mean: float = 0.5  # log-odds; academia-only papers are a majority (0.62) at a typical venue
    level_sd: float = 1.0  # between 0.25 and 0.9
    topic_sd: float = 0.7  # log-odds; theory against language, say, by a factor of two to four in odds
    size_sd: float = 0.8  # log-odds; each further author may come from industry: wide
    family_sd: float = 0.5  # log-odds; odds ratios of 0.4 to 2.5 for a paper with terms, no effect most likely
    # Scales that are learned, medians of log-normals: under a half-normal the logarithm of a small one has no end.
    venue_year_sd: float = 0.5  # log-odds; venue-years differ by some factor of two in odds
    pair_sd: float = 0.2  # log-odds; a topic at one venue against the same at another
    topic_slope_sd: float = 0.1  # log-odds; topics differ in odds by a factor of 1.1, between hardly and by 1.5
    topic_family_sd: float = 0.1
    sd_spread: float = 0.7  # of their logarithms: between a third of the median and three times as much
    # Topic-year regression.
    term_level_mean: float = -2.0  # log-odds; one abstract in eight has a term
    term_level_sd: float = 0.7
    term_sd: float = 0.7  # log-odds; between topics and years
    # Log-odds per unit of share: ten points more papers with terms, odds by a factor of 2.7. Wide, for an ecological
    # slope may be many times that of papers.
    slope_sd: float = 10.0
    year_sd: float = 0.2  # log-odds, median of a log-normal; what all topics share in a year
    trend_sd: float = 1.0  # log-odds a decade, of all topics
    topic_trend_sd: float = 0.5  # log-odds a decade, of a topic beside that
    excess_sd: float = 0.2  # log-odds; topic-years beyond the binomial


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Cells of papers with their exposures; see ``topic_compute_rows.cells``, and weights for the fall.

    Raises
    ------
    InputError
        If no paper is left.
    """
    return fall_weights(cells(select(tables, choices), choices), FALL_OF[choices.exposure == "hardware"])


INFORMATION = 0.2  # of a paper about a log-odds: p (1 - p) for shares around 0.7


def partly_centred(name: str, centre: Any, sd: Any, dataset: xr.Dataset, scale: float) -> Any:
    """Normal effects of a dim, ``{name}_effect``, centred as far as the papers of each level tell its effect.

    effect = centre + sd^(1 - w) (raw - w centre), raw ~ Normal(w centre, sd^w): normal around ``centre`` with ``sd``
    whatever w is; 1 is centred, 0 non-centred. With levels of one paper and of thousands neither of the two samples
    well (Papaspiliopoulos, Roberts and Skold 2007, Statistical Science 22:59; Gorinova, Moore and Hoffman 2020, ICML).
    w = information / (information + 1 / scale^2), ``scale`` the prior's median of sd.
    """
    papers = np.bincount(dataset[f"at_{name}"].to_numpy(), dataset["n"].to_numpy(), dataset.sizes[name])
    known = INFORMATION * papers
    w = pm.Data(f"{name}_centring", known / (known + scale**-2), dims=name)
    raw = pm.Normal(f"{name}_raw", w * centre, sd**w, dims=name)
    return pm.Deterministic(f"{name}_effect", centre + sd ** (1 - w) * (raw - w * centre), dims=name)


def build(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    """The paper-level contrast.

    Deterministics (log-odds): ``venue_year_effect`` (venue_year,), ``pair_effect`` (pair,), ``slope`` (topic, family).
    """
    coords = {name: dataset[name].to_numpy() for name in ("family", "venue_year", "topic", "group", "size", "pair")}
    coords |= {name: np.arange(dataset.sizes[name]) for name in ("cell", "exposure")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = data_of(dataset, CELL_DATA)
        y = pm.Data("y", dataset["y"].to_numpy(), dims="cell")
        value = pm.Data("value", dataset["value"].to_numpy(), dims=("exposure", "family"))
        shift = pm.Data("unseen_shift", dataset.attrs["unseen_shift"])
        prior = hyperparameters(priors, CONTRAST_HYPER)

        level = pm.Normal("level", prior["level_mean"], prior["level_sd"])
        spread = prior["sd_spread"]
        venue_year_sd = pm.LogNormal("venue_year_sd", pt.log(prior["venue_year_sd"]), spread)
        venue_year = partly_centred("venue_year", level, venue_year_sd, dataset, priors.venue_year_sd)
        topic = pm.ZeroSumNormal("topic_effect", sigma=prior["topic_sd"], dims="topic")
        size = pm.ZeroSumNormal("size_effect", sigma=prior["size_sd"], dims=("group", "size"))
        pair_sd = pm.LogNormal("pair_sd", pt.log(prior["pair_sd"]), spread)
        # Non-centred: few papers a pair.
        pair = pm.Deterministic("pair_effect", pair_sd * pm.Normal("pair_raw", dims="pair"), dims="pair")

        family_slope = pm.Normal("family_slope", 0, prior["family_sd"], dims="family")
        topic_slope_sd = pm.LogNormal("topic_slope_sd", pt.log(prior["topic_slope_sd"]), spread)
        topic_slope = topic_slope_sd * pm.Normal("topic_slope_raw", dims="topic")
        topic_family_sd = pm.LogNormal("topic_family_sd", pt.log(prior["topic_family_sd"]), spread)
        # Zero-sum over families: what a topic's slopes have in common is topic_slope's.
        topic_family = topic_family_sd * pm.ZeroSumNormal("topic_family_raw", dims=("topic", "family"))
        slope = family_slope[None, :] + topic_slope[:, None] + topic_family
        slope = pm.Deterministic("slope", slope, dims=("topic", "family"))
        # A topic not among these: its departures, drawn from their distributions.
        pm.Normal("new_topic_raw")
        pm.ZeroSumNormal("new_topic_family_raw", dims="family")

        # Products of entries of three tables of odds: fewer exponentials, fewer effects to gather for every cell.
        pair_at = data["pair_at"]
        of_place = venue_year[:, None] + topic + pair[pair_at.flatten()].reshape(pair_at.shape)
        of_terms = pt.dot(slope, value.T)
        of_size = size[:, :, None] + pt.stack([0.0, shift])
        odds = pt.exp(of_place).flatten()[data["at_venue_year_topic"]]
        odds *= pt.exp(of_terms).flatten()[data["at_topic_exposure"]]
        odds *= pt.exp(of_size).flatten()[data["at_group_size_partly"]]
        counts_with_false_positives("y_obs", odds, data["n"], y, data["q"])
    return model


def _exp(values: xr.DataArray) -> xr.DataArray:
    return xr.DataArray(np.exp(values))


def estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """The contrast by draw: odds ratios, differences in probability, and what goes with the fall.

    Parameters
    ----------
    draws
        Parameters as ``build`` names them (chain, draw, ...): posterior or prior.
    dataset, choices
        As given to ``prepare`` and ``build``.

    Returns
    -------
    xarray.Dataset
        ``odds_ratio``: of academia-only, papers with terms against the same without, averaged (on the log scale) over
        the papers with terms; ``ratio_per_ten_points``, what that comes to if ten papers more of a hundred have terms;
        ``odds_ratio_by_topic`` over the topic's own papers; ``_by_topic_same_mix`` with the mix of families of all
        topics, and ``odds_ratio_new_topic`` too; ``_by_family`` averaged over the topics of the papers with it.
        ``difference``, ``difference_by_topic``, ``difference_by_family``: in probability, over papers with terms;
        ``difference_corpus`` over all papers, each given the mix of families of papers with terms.
        ``sd_between_topics`` and ``sd_between_families`` (log-odds), ``topics_differ_in_sign`` (of the same mix) and
        ``families_differ_more`` go with the pooled effect. ``n_...``: papers with terms behind them. The fall: see
        ``topic_compute_fall``. ``fitted_...``: average probability of the papers whose team is known, for figures.
    """
    value, at = dataset["value"].to_numpy(), dataset["at_exposure"].to_numpy()
    papers, topics = dataset["n"].to_numpy(), dataset["at_topic"].to_numpy()
    exposed = (value[at] > 0).any(axis=1) * papers
    of_family = (value[at] > 0) * papers[:, None]
    by_topic = xr.DataArray(
        np.bincount(topics, exposed, dataset.sizes["topic"]).astype(int), {"topic": dataset["topic"]}
    )
    by_topic = by_topic[by_topic > 0]  # a topic or a family that no paper with terms has is not reported
    by_family = xr.DataArray(of_family.sum(axis=0), {"family": dataset["family"]})
    by_family = by_family[by_family > 0]
    weight = np.zeros((dataset.sizes["topic"], dataset.sizes["family"]))
    np.add.at(weight, topics, value[at] * papers[:, None])
    weights = xr.DataArray(weight, {"topic": dataset["topic"], "family": dataset["family"]})
    n_exposed = int(exposed.sum())
    mix = weights.sum("topic") / n_exposed  # of a paper with terms: use of each family
    slope = draws["slope"]
    enough = by_topic >= min(FEW, int(by_topic.max()))
    ratio = {"unit": "ratio", "scale": "log", "kind": "quantity", "reference": 1.0}

    log_ratio = (slope * mix).sum("family").sel(topic=by_topic["topic"])
    new = ((draws["family_slope"] + draws["topic_family_sd"] * draws["new_topic_family_raw"]) * mix).sum("family")
    new = new + draws["topic_slope_sd"] * draws["new_topic_raw"] * float(mix.sum())
    share = weights / weights.sum("topic").where(weights.sum("topic") > 0, 1)
    pooled = (slope * weights).sum(("topic", "family")) / n_exposed
    named = log_ratio.where(enough, drop=True)
    own_mix = (slope * weights).sum("family").sel(topic=by_topic["topic"]) / by_topic
    log_by_family = (slope * share).sum("topic").sel(family=by_family["family"])
    spread = {"unit": "log-odds", "scale": "identity", "kind": "quantity", "rows": "n_exposed"}
    between_topics = log_ratio.weighted(by_topic).std("topic")
    between_families = log_by_family.weighted(by_family).std("family")
    event = {"unit": "probability", "scale": "identity", "kind": "probability", "rows": "n_exposed"}
    out = {
        "odds_ratio": _exp(pooled).assign_attrs(ratio, rows="n_exposed"),
        "ratio_per_ten_points": _exp(TEN_POINTS * pooled).assign_attrs(ratio, rows="n_exposed"),
        "odds_ratio_by_topic": _exp(own_mix).assign_attrs(ratio, rows="n_by_topic"),
        "odds_ratio_by_topic_same_mix": _exp(log_ratio).assign_attrs(ratio, rows="n_by_topic"),
        "odds_ratio_by_family": _exp(log_by_family).assign_attrs(ratio, rows="n_by_family"),
        "odds_ratio_new_topic": _exp(new).assign_attrs(ratio, rows="n_exposed"),
        "sd_between_topics": between_topics.assign_attrs(spread),
        "sd_between_families": between_families.assign_attrs(spread),
        "families_differ_more": (between_families > between_topics).assign_attrs(event),
        "topics_differ_in_sign": ((named.min("topic") < 0) & (named.max("topic") > 0)).assign_attrs(event),
        "n_by_topic": by_topic.assign_attrs(kind="rows"),
        "n_by_family": by_family.assign_attrs(kind="rows"),
        "n_exposed": by_topic.sum().assign_attrs(kind="rows"),
        "n_all": xr.DataArray(int(papers.sum()), attrs={"kind": "rows"}),
    }
    out |= _differences(draws, dataset, mix, exposed, of_family)
    out |= _fitted(draws, dataset)
    if "fall_weight" in dataset:
        out |= fall_estimands(_parts(draws, dataset, slope), dataset)
    return xr.Dataset(out)


def _parts(draws: xr.Dataset, dataset: xr.Dataset, slope: xr.DataArray) -> list[Part]:
    """Additive parts of the cells' log-odds, the exposures with these slopes."""
    value = xr.DataArray(dataset["value"].to_numpy(), dims=("exposure", "family"))
    contrast = xr.dot(slope, value, dim="family")
    topic, group = dataset["at_topic"].to_numpy(), dataset["at_group"].to_numpy()
    shift = dataset["partly"].to_numpy() * 1
    shifts = xr.zeros_like(draws["level"]).expand_dims(partly=2, axis=-1) + xr.DataArray(
        [0.0, dataset.attrs["unseen_shift"]], dims="partly"
    )
    return [
        *((draws[f"{name}_effect"], dataset[f"at_{name}"].to_numpy()) for name in ("venue_year", "topic", "pair")),
        (levels(draws["size_effect"], "group", "size"), group * dataset.sizes["size"] + dataset["at_size"].to_numpy()),
        (levels(contrast, "topic", "exposure"), topic * dataset.sizes["exposure"] + dataset["at_exposure"].to_numpy()),
        (shifts, shift),
    ]


def _differences(
    draws: xr.Dataset, dataset: xr.Dataset, mix: xr.DataArray, exposed: Any, of_family: Any
) -> dict[str, xr.DataArray]:
    """Differences in probability: the same papers with their terms and without."""
    attrs = {"unit": "difference in probability", "scale": "identity", "kind": "quantity", "reference": 0.0}
    slope, none = draws["slope"], xr.zeros_like(draws["slope"])
    topics = dataset["topic"].to_numpy()
    with_terms = _parts(draws, dataset, slope)
    without = _parts(draws, dataset, none)
    at = dataset["at_topic"].to_numpy()
    sets = {"all": exposed} | {
        str(name): exposed * (at == i) for i, name in enumerate(topics) if (exposed * (at == i)).any()
    }
    of_topic = standardised(with_terms, sets, "topic") - standardised(without, sets, "topic")
    out = {
        "difference": of_topic.sel(topic="all", drop=True).assign_attrs(attrs, rows="n_exposed"),
        "difference_by_topic": of_topic.drop_sel(topic="all").assign_attrs(attrs, rows="n_by_topic"),
    }
    by_family = []
    for i, name in enumerate(dataset["family"].to_numpy()):
        if of_family[:, i].any():
            kept = slope.where(slope["family"] != name, 0.0)
            one = {name: of_family[:, i]}
            parts = _parts(draws, dataset, kept)
            by_family.append(standardised(with_terms, one, "family") - standardised(parts, one, "family"))
    out["difference_by_family"] = xr.concat(by_family, "family").assign_attrs(attrs, rows="n_by_family")
    corpus = {"all": dataset["n"].to_numpy()}
    given = (slope * mix).sum("family")
    typical = [*without, (given, at)]
    gain = standardised(typical, corpus, "which") - standardised(without, corpus, "which")
    out["difference_corpus"] = gain.isel(which=0, drop=True).assign_attrs(attrs, rows="n_all")
    return out


def _fitted(draws: xr.Dataset, dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Average probability by venue-year and by topic, over papers whose kind of team is known; for figures."""
    known = dataset["n"].to_numpy() * (dataset["partly"].to_numpy() == 0)
    draws = draws.isel(draw=slice(None, None, 5))  # enough for a line in a figure
    out = {}
    for name in ("venue_year", "topic"):
        at = dataset[f"at_{name}"].to_numpy()
        sets = {str(level): known * (at == i) for i, level in enumerate(dataset[name].to_numpy())}
        sets = {level: weights for level, weights in sets.items() if weights.any()}
        mean = standardised(_parts(draws, dataset, draws["slope"]), sets, f"fitted_{name}")
        out[f"fitted_by_{name}"] = mean.quantile([0.055, 0.5, 0.945], ("chain", "draw")).assign_attrs(kind="fitted")
    return out


MODELS = {
    "contrast": Model(prepare, build, estimands, statistics, TOP, draws=1500),
    "topic_year": Model(
        prepare_topic_year,
        build_topic_year,
        estimands_topic_year,
        statistics_topic_year,
        REGRESSION_TOP,
        raw,
        draws=3000,
    ),
}

ALTERNATIVES = specifications(Priors())
