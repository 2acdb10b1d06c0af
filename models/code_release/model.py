r"""Code release by papers with authors from industry, and by papers without.

The claim
---------
Papers with more authors from industry release their code less often (Besiroglu et al. 2024, and others before).

The model
---------
Papers of five venues that were read in full text are counted in cells c, by venue-year v, topic t, team size s and team
type k. g is the venue group (machine learning or AI), e the era, and x[v] the time since 2018 in units of four years. A
paper in cell c states that it releases its code with probability

    r[c] = w[k] logistic(eta[c]),
    eta[c] = venue_year[v] + topic[t] + topic_trend[t] x[v] + topic_venue[t, venue] + size[s] + size_venue[s, venue]
             + any[g, e] (k is mixed or industry-only) + only[g, e] (k is industry-only) + size_team[k, s].

w[k] is the *release ceiling*: the share of papers by teams of type k that would release code at all. Without a ceiling,
the shape of the logistic curve would identify the annotator's sensitivity by team type, far more strongly than the
labels do. Papers that never release code bend the curve in the same way as releases that the annotator never sees. Only
labels distinguish the two.

- venue_year is normal around an intercept, with a half-normal sd.
- topic, topic_trend, size and size_team sum to zero (size_team over sizes; it is 0 for academia-only).
- topic_venue and size_venue are normal. Each has its own sd, with a log-normal prior.
- any[g, e] is normal around a common any[g], and only[g, e] around a common only[g]; these are normal around 0. Both
  contrasts have one sd between eras, with a log-normal prior. A new era would have effects from the same distribution.
- logit w[k] is normal, and so spread that w is about uniform.

The annotator is a language model that read each paper. Its sensitivity is a and its specificity b. It labels y of the n
papers of a cell as releasing code:

    y[c] ~ Binomial(n[c], r[c] a[k] + (1 - r[c]) (1 - b[k, e])).

A specification treats the annotator's errors in one of three ways. They are absent (a = b = 1); *pooled* over team
types (a, b[e]), with logit a and logit b[e] normal; or *by team type*, with logit a[k] normal around logit a, and
logit b[k, e] normal around logit b[e]. The specificity depends on the era: where more papers mention code, more papers
mention code that they do not release. A specification may also shift the log-odds of a or b for teams with industry in
the likelihood of y alone, as if the annotator had read the labelled papers better or worse than the others.

Two kinds of labels calibrate a and b. A passage that the annotator took for a release was read again: either the paper
states a release there, or the annotator misread it. By team type, year and venue group,

    passage of the paper's own code ~ Binomial(., sum n r a / sum n (r a + (1 - r) (1 - b))),

where the sums are over the cells of a team type, year and venue group. The human label of a paper says whether it
releases code. It is taken as yes if the paper states a release and the code was found. A share u of stated releases was
never found. By team type and era, with R the expected share of papers that state a release,

    LLM label yes | human label yes ~ Binomial(., a[k]),
    LLM label no | human label no ~ Binomial(., ((1 - R) b + R u (1 - a)) / (1 - R + R u)),  with R, a, b at [k, e].

logit u is normal. A specification that uses one kind of labels alone has no u, and r is then the share of papers with
what these labels mean by a release. With u = 0, both kinds would measure the same error; a test quantity compares them.

Assumptions
-----------
Given team type and era, the annotator errs at the same rates at all venues and on all topics. Its sensitivity is the
same in all years. The ceiling is the same in all years, at all venues and on all topics. Papers of 2023 and 2024 with a
human label represent the last era. Among papers with a human label, the share that states a release is that of all
papers of their team type and era. u is the same for all team types and eras, so ratios of stated releases are those of
found ones. Code that is found is stated: of 74 papers with a release by human label, the annotator labels 72 as one. A
paper with a human label and authors from industry counts as mixed if the table of papers does not give its team type.
The labels of passages, made by a second language model, are taken as right: errors that both models share do not show.
No estimate is causal.

References
----------
Besiroglu et al. (2024), arXiv:2401.02452. Coakley et al. (2026), arXiv:2606.16974 (the LLM labels of full texts). Rogan
and Gladen (1978), American Journal of Epidemiology 107:71. Chung et al. (2013), Psychometrika 78:685 (sds away from 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.code_release.annotator import add_calibration, add_error_rates, add_unfound, shift_error_rates
from models.code_release.cells import prepare
from models.code_release.choices import ReleasePriors
from models.code_release.estimands import compute_estimands, count_raw
from models.code_release.linear_predictor import compute_log_odds
from models.code_release.offsets import compute_ceiling_offset, compute_offsets
from models.code_release.test_quantities import compute_test_quantities
from models.common.claim import Model
from models.common.pymc_helpers import (
    CHECK_BOUNDS,
    add_binomial,
    add_data,
    add_hyperparameters,
    compute_centring,
    multiply_odds,
    partly_centred_normal,
    shifted_normal,
)

TOP_LEVEL = (
    "intercept", "venue_year_sd", "topic_effect", "topic_trend", "size_effect", "size_team_effect", "topic_venue_sd",
    "size_venue_sd", "any_industry_common_shifted", "only_industry_common_shifted", "industry_era_sd",
    "ceiling_logit_shifted", "sensitivity_logit", "specificity_logit", "sensitivity_team_logit",
    "specificity_team_logit", "unfound_logit",
)  # fmt: skip
DIMS = ("venue_year", "topic", "size", "topic_venue", "size_venue", "venues", "era", "team", "industry", "year")
CELLS = ("n", "y", "venue_year_topic_idx", "team_venue_year_size_idx", "team_idx", "team_era_idx")
VENUE_YEARS = (
    "topic_venue_idx", "size_venue_idx", "venue_year_group_idx", "venue_year_era_idx", "time", "topic_share",
    "size_share", "seen_factor", "false_factor", "seen_factor_venue_year", "false_factor_venue_year",
)  # fmt: skip
CENTRING = ("any_industry_centring", "only_industry_centring")
LABELS = (
    "shift_sensitivity", "shift_specificity", "human_release", "human_release_labelled", "human_none",
    "human_none_labelled", "passages", "passages_own", "stratum_n", "stratum_idx", "stratum_team_era_idx",
    "year_in_era",
)  # fmt: skip


def build(dataset: xr.Dataset, priors: ReleasePriors) -> pm.Model:
    """Build the model of releases in cells (``cells.prepare``).

    Deterministics, log-odds: ``venue_year_effect`` (venue_year,), ``topic_venue_effect`` (topic_venue,),
    ``size_venue_effect`` (size_venue,), ``any_industry`` and ``only_industry`` (venues, era), and the common effects
    ``any_industry_common`` and ``only_industry_common`` (venues,). Deterministics, probabilities: ``ceiling`` (team,)
    if the model has one; ``sensitivity`` (team,) and ``specificity`` (team, era), as they enter the likelihood of y, if
    it has errors; ``unfound``, if both kinds of labels calibrate them.
    """
    with_error = dataset.attrs["error"] != "none"
    coords = {name: dataset[name].to_numpy() for name in DIMS}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, (*CELLS, *VENUE_YEARS, *(LABELS if with_error else ())))
        data |= add_data(compute_era_centring(dataset, priors), CENTRING)
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])

        # Error rates of the annotator, and the release ceiling.
        a_logit, b_logit = add_error_rates(dataset, prior)
        sensitivity, specificity = pm.math.sigmoid(a_logit), pm.math.sigmoid(b_logit)
        ceiling = add_ceiling(dataset, prior, a_logit)

        # Effects on the log-odds of a release.
        intercept = pm.Normal("intercept", prior["intercept_mean"], prior["intercept_sd"])
        venue_year_sd = pm.HalfNormal("venue_year_sd", prior["venue_year_sd"])
        effect = {
            "topic_effect": pm.ZeroSumNormal("topic_effect", sigma=prior["topic_sd"], dims="topic"),
            "topic_trend": pm.ZeroSumNormal("topic_trend", sigma=prior["topic_trend_sd"], dims="topic"),
            "topic_venue_effect": add_interaction("topic_venue", prior),
            "size_effect": pm.ZeroSumNormal("size_effect", sigma=prior["size_sd"], dims="size"),
            "size_venue_effect": add_interaction("size_venue", prior),
            "size_team_effect": pm.ZeroSumNormal(
                "size_team_effect", sigma=prior["size_team_sd"], dims=("industry", "size")
            ),
        }
        offset = compute_offsets(effect, ceiling, sensitivity, specificity, data)
        era_sd = pm.LogNormal("industry_era_sd", pt.log(prior["industry_era_sd"]), prior["industry_era_log_sd"])
        for name, of_effect in (("any_industry", offset.any_industry), ("only_industry", offset.only_industry)):
            effect[name] = add_industry_effect(name, era_sd, of_effect, data[f"{name}_centring"], prior)
        effect["venue_year_effect"] = shifted_normal(
            "venue_year_effect", intercept, venue_year_sd, offset.venue_year, dims="venue_year"
        )

        # The paper states that it releases its code.
        by_topic, by_team_size = compute_log_odds(effect, data)
        odds = multiply_odds((by_topic, data["venue_year_topic_idx"]), (by_team_size, data["team_venue_year_size_idx"]))
        release = ceiling[data["team_idx"]] * odds / (1 + odds)

        # The annotator labels the paper as releasing code.
        if with_error:
            a, b = shift_error_rates(a_logit, b_logit, data)
            label = release * a[data["team_idx"]] + (1 - release) * (1 - b).flatten()[data["team_era_idx"]]
            add_calibration(release, sensitivity, specificity, add_unfound(dataset, prior), data)
        add_binomial("y_obs", label if with_error else release, data["n"], data["y"])
    return model


def add_ceiling(dataset: xr.Dataset, prior: Mapping[str, Any], sensitivity_logit: Any) -> Any:
    """Add the release ceiling: by team type, common to all, or none (1). Return it as a probability, (team,).

    The data best identify the product of ceiling and sensitivity, so the sampler moves in the log-odds of the ceiling
    minus an offset.
    """
    if dataset.attrs["ceiling"] == "none":
        return pt.ones(dataset.sizes["team"])
    by_team = dataset.attrs["ceiling"] == "by team"
    offset = compute_ceiling_offset(sensitivity_logit if by_team else sensitivity_logit[0])
    logit = shifted_normal(
        "ceiling_logit", prior["ceiling_mean"], prior["ceiling_sd"], offset, dims="team" if by_team else ()
    )
    return pm.Deterministic("ceiling", pm.math.sigmoid(logit) + pt.zeros(dataset.sizes["team"]), dims="team")


def add_industry_effect(name: str, era_sd: Any, offset: Any, centring: Any, prior: Mapping[str, Any]) -> Any:
    """Add an effect of industry by venue group and era, normal around the common effect of the venue group.

    Return it as (venues, era). The common effect is sampled less the mean offset of the eras, so that it moves with
    their effects. ``centring`` is that of ``partly_centred_normal``.
    """
    common = shifted_normal(f"{name}_common", 0, prior["industry_sd"], offset.mean(axis=1), dims="venues")
    dims = ("venues", "era")
    shifted = partly_centred_normal(f"{name}_shifted", common[:, None] - offset, era_sd, centring, dims)  # type: ignore[arg-type]
    return pm.Deterministic(name, shifted + offset, dims=dims)


def compute_era_centring(dataset: xr.Dataset, priors: ReleasePriors) -> xr.Dataset:
    """Compute the centring of the eras' effects, (venues, era), from the papers that tell of each contrast."""
    papers = {name: dataset[name.replace("centring", "contrast_n")] for name in CENTRING}
    return xr.Dataset(
        {name: (n.dims, compute_centring(n.to_numpy(), priors.industry_era_sd)) for name, n in papers.items()}
    )


def add_interaction(name: str, prior: Mapping[str, Any]) -> Any:
    """Add a non-centred normal interaction with the venue, whose sd is log-normal: most levels have few papers."""
    sd = pm.LogNormal(f"{name}_sd", pt.log(prior[f"{name}_sd"]), prior["venue_log_sd"])
    return pm.Deterministic(f"{name}_effect", sd * pm.Normal(f"{name}_raw", dims=name), dims=name)


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL, count_raw)
