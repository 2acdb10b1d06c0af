r"""Compute terms and academia-only publication.

The claim
---------
From 2012 to 2021, topics that mention compute more often have fewer academia-only papers. A topic (for instance natural
language processing) also comes to have fewer as it comes to mention compute more often (Besiroglu et al. 2024; an
earlier form in Ahmed and Wahed 2020).

The model
---------
The *contrast*, the main model, compares papers within venue-years. Papers are counted in cells, by topic t, venue-year
v, team size s, and the set of families of compute terms that the abstract uses. x[f] is 1 if the abstract uses family f
(hardware, cost of using compute, cost of saving it, scale, parallel, FLOP) and 0 otherwise. g is the venue group. Then

    y ~ Binomial(n, p + (1 - p) q),
    logit p = venue_year[v] + topic[t] + topic_venue[t, venue] + size[g, s] + sum_f slope[t, f] x[f],
    slope[t, f] = family[f] + topic_slope[t] + topic_family[t, f],

where p is the probability that a team is academia-only.

- venue_year is normal around an intercept. It absorbs differences between years or venues, so no slope compares them.
- topic sums to zero, and size sums to zero within each venue group.
- topic_venue, topic_slope and topic_family are normal; topic_family sums to zero over families.
- The sds of venue_year, topic_venue, topic_slope and topic_family have log-normal priors. These sds may be small, and a
  log-normal keeps them away from zero, where the sampler fails. The prior thus limits how small they can be (compare
  the gamma of Chung et al. 2013).
- family has a fixed sd: there are too few families to learn one.

With both interactions, topic_venue and topic_family, a plain binomial describes the cells of abstracts: see the
predictive checks.

*Partly observed teams.* If the team type is known, q = 0. Otherwise y counts teams with no observed industry author,
and q is the probability that none is observed of a team that has some: ``cells.compute_unseen_industry``. A
specification may also shift logit p for partly observed teams, by ``unseen_shift``, which is 0 in the main one.

*Second exposure.* The same model serves papers read in full text (five venues, 2014-2022), with the team type by the
LLM annotator and the topic from the title. Three indicators replace the families: the paper names an accelerator; it
names eight or more in its largest set-up; it does not state their number.

Further models: ``topic_year.py``, the regression as published; ``decomposition.py``, what accounts for the change in
the academia-only share.

Assumptions
-----------
Observed authors are a random subset of the team. Effects of families add up on the log-odds scale. Terms are those that
a lexicon finds in the abstract. Hardware is what the text states: a paper that states none may have used much. No
estimate is causal: teams with industry authors may choose topics and words for reasons related to the compute that they
have.

References
----------
Besiroglu et al. (2024), arXiv:2401.02452. Ahmed and Wahed (2020), arXiv:2010.15581. Gelman and Hill (2007), Data
Analysis Using Regression and Multilevel/Hierarchical Models. Mundlak (1978), Econometrica 46:69. Deming and Stephan
(1940), Annals of Mathematical Statistics 11:427. Chung et al. (2013), Psychometrika 78:685.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.common.claim import Model
from models.common.pymc_helpers import (
    CHECK_BOUNDS,
    add_binomial_with_false_positives,
    add_data,
    add_hyperparameters,
    compute_centring,
    multiply_odds,
    partly_centred_normal,
)
from models.topic_compute.cells import prepare
from models.topic_compute.choices import ContrastPriors
from models.topic_compute.estimands import compute_estimands
from models.topic_compute.linear_predictor import INDICES, compute_log_odds
from models.topic_compute.test_quantities import compute_test_quantities

DIMS = ("venue_year", "topic", "topic_venue", "venue_group", "size", "family")
DATA = ("n", "y", "q", "topic_venue_idx", "value", *INDICES)
SCALES = ("venue_year_sd", "topic_venue_sd", "topic_slope_sd", "topic_family_sd")
TOP_LEVEL = ("intercept", "topic_effect", "size_effect", "family_slope", *SCALES)


def build(dataset: xr.Dataset, priors: ContrastPriors) -> pm.Model:
    """Build the contrast between papers.

    Parameters
    ----------
    dataset
        As ``cells.prepare`` returns it.
    priors
        Hyper-parameters.

    Returns
    -------
    pymc.Model
        Deterministics, log-odds: ``venue_year_effect`` (venue_year,), ``topic_venue_effect`` (topic_venue,), ``slope``
        (topic, family).
    """
    papers = np.bincount(dataset["venue_year_idx"], dataset["n"], dataset.sizes["venue_year"])
    centring = ("venue_year", compute_centring(papers, priors.venue_year_sd))
    coords = {name: dataset[name].to_numpy() for name in DIMS}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset.assign(venue_year_centring=centring), (*DATA, "venue_year_centring"))
        unseen_shift = pm.Data("unseen_shift", dataset.attrs["unseen_shift"])
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])

        # Effects on the log-odds of an academia-only team.
        intercept = pm.Normal("intercept", prior["intercept_mean"], prior["intercept_sd"])
        sd = {name: pm.LogNormal(name, pt.log(prior[name]), prior["sd_log_sd"]) for name in SCALES}
        venue_year = partly_centred_normal(
            "venue_year_effect", intercept, sd["venue_year_sd"], data["venue_year_centring"], dims="venue_year"
        )
        topic = pm.ZeroSumNormal("topic_effect", sigma=prior["topic_sd"], dims="topic")
        topic_venue_raw = pm.Normal(
            "topic_venue_raw", dims="topic_venue"
        )  # non-centred, as below: few papers per level
        topic_venue = pm.Deterministic("topic_venue_effect", sd["topic_venue_sd"] * topic_venue_raw, dims="topic_venue")
        size = pm.ZeroSumNormal("size_effect", sigma=prior["size_sd"], dims=("venue_group", "size"), n_zerosum_axes=1)

        # Slopes of the exposures. topic_family sums to zero over families: topic_slope is what a topic's slopes share.
        family_slope = pm.Normal("family_slope", 0, prior["family_sd"], dims="family")
        topic_slope = sd["topic_slope_sd"] * pm.Normal("topic_slope_raw", dims="topic")
        topic_family = sd["topic_family_sd"] * pm.ZeroSumNormal("topic_family_raw", dims=("topic", "family"))
        slope = family_slope[None, :] + topic_slope[:, None] + topic_family
        slope = pm.Deterministic("slope", slope, dims=("topic", "family"))

        # Linear predictor and likelihood.
        effect = {
            "venue_year_effect": venue_year,
            "topic_effect": topic,
            "topic_venue_effect": topic_venue,
            "size_effect": size,
        }
        tables = compute_log_odds(effect, slope, data, unseen_shift)
        odds = multiply_odds(*zip(tables, (data[name] for name in INDICES), strict=True))
        add_binomial_with_false_positives("y_obs", odds, data["n"], data["y"], data["q"])
    return model


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
