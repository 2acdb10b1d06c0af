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
probability that a team with some shows none: ``cells.unseen_industry``.

*Second exposure*: the same model for papers read in full text (five venues, 2014-2022; kind of team as coded, topic
from the title): an accelerator named, and eight or more of them in the largest set-up, in the place of the families.

*Topic-year regression* (as published, ``topic_year.py``): the share of academia-only papers of a topic and
year on its share of papers with terms.

*What goes with the fall*: ``decomposition.py``.

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

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.common.claim import Model
from models.common.pymc_helpers import CHECK_BOUNDS, add_binomial_with_false_positives, add_data, add_hyperparameters
from models.topic_compute.cells import prepare
from models.topic_compute.choices import ContrastPriors
from models.topic_compute.estimands import compute_estimands
from models.topic_compute.test_quantities import compute_test_quantities

CELL_DATA = ("n", "q", "at_venue_year_topic", "at_topic_exposure", "at_group_size_partly", "pair_at", "y", "value")
SCALES = ("venue_year_sd", "pair_sd", "topic_slope_sd", "topic_family_sd")
HYPERPARAMETERS = (
    "level_mean", "level_sd", "venue_year_sd", "topic_sd", "size_sd", "pair_sd", "family_sd", "topic_slope_sd",
    "topic_family_sd", "sd_spread",
)  # fmt: skip
TOP_LEVEL = ("level", "topic_effect", "size_effect", "family_slope", *SCALES)
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


def build(dataset: xr.Dataset, priors: ContrastPriors) -> pm.Model:
    """The paper-level contrast.

    Deterministics (log-odds): ``venue_year_effect`` (venue_year,), ``pair_effect`` (pair,), ``slope`` (topic, family).
    """
    coords = {name: dataset[name].to_numpy() for name in ("family", "venue_year", "topic", "group", "size", "pair")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, CELL_DATA)
        shift = pm.Data("unseen_shift", dataset.attrs["unseen_shift"])
        prior = add_hyperparameters(priors, HYPERPARAMETERS)

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
        of_terms = pt.dot(slope, data["value"].T)
        of_size = size[:, :, None] + pt.stack([0.0, shift])
        odds = pt.exp(of_place).flatten()[data["at_venue_year_topic"]]
        odds *= pt.exp(of_terms).flatten()[data["at_topic_exposure"]]
        odds *= pt.exp(of_size).flatten()[data["at_group_size_partly"]]
        add_binomial_with_false_positives("y_obs", odds, data["n"], data["y"], data["q"])
    return model


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
