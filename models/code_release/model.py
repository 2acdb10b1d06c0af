r"""Who releases code: papers with authors from industry, and without.

The claim
---------
The more authors from industry, the less often a paper's code is released (Besiroglu et al. 2024, and others before).

The model
---------
Papers read in full text at five venues fall into cells c: venue-year v, topic t, team size s, kind of team k. With g
the venue's group (machine learning or AI) and e the era, a paper truly releases its code with probability

    r[c] = w[k] logistic(eta[c]),
    eta[c] = venue_year[v] + topic[t] + trend[t] x[v] + size[s] + topic_venue[t, venue] + size_venue[s, venue]
             + any[g, e] (k is mixed or industry-only) + only[g, e] (k is industry-only) + size_team[k, s],

x years from 2018 in units of four; venue_year normal around a common level; topic, its trend, size, and size_team (of
mixed and industry-only, 0 for academia-only) zero-sum, the last over sizes; the interactions with the venue normal,
with scales of their own, log-normal; any and only independent normals: six of each, too few for a hierarchy. w[k] is
the share of papers by teams of kind k that would release code at all. Without it the shape of the logistic curve would
tell the coder's sensitivity by kind of team, and far more loudly than the labels do: a share of papers that never
releases and a share of releases that is never seen bend the curve alike, and only labels can tell them apart.

The label is a coder's yes or no. With sensitivity a and specificity b of the coder,

    y[c] ~ Binomial(n[c], r a[k] + (1 - r)(1 - b[k, e])),
    logit a[k] = a0 + d a'[k],   logit b[k, e] = b0[e] + d b'[k, e],

where d is 0 (errors do not depend on the team) or 1 (they do); without error a and b are 1. A specification shifts the
log-odds of a, or of b, of teams with industry in y alone, beyond what the labels say: as if the labelled were read
better, or worse, than the rest. The specificity has its era: where more papers speak of code, more speak of code that
they do not release. Two sources calibrate the coder in the same likelihood:

    papers coded by hand:  coded yes | release ~ Binomial(., a[k]),   coded no | none ~ Binomial(., b[k, e])
    labelled passages that the coder took for a release, by kind, year, group:
        own code ~ Binomial(., sum n r a / sum n (r a + (1 - r)(1 - b))),  sums over the cells of these.

Assumptions
-----------
Given era and kind of team (or not even that), the coder errs at the same rates at all venues and on all topics; its
sensitivity is the same in all years, and so is w, at all venues and on all topics. Papers coded by hand of 2023 and
2024 stand for the last era; with industry, they are taken for mixed, for the table does not have them. What a paper
says it releases is taken for released. A hand label says whether the paper releases code, a passage's label whether
the coder misread a statement: both are taken to measure the same error. None of this is causal.

References
----------
Besiroglu et al. (2024), arXiv:2401.02452. Coakley et al. (2026), arXiv:2606.16974 (the coded full texts). Rogan and
Gladen (1978), American Journal of Epidemiology 107:71. Chung et al. (2013), Psychometrika 78:685 (scales kept off 0).
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.code_release.cells import prepare
from models.code_release.choices import ReleasePriors
from models.code_release.estimands import compute_estimands, count_raw
from models.code_release.test_quantities import compute_test_quantities
from models.common.claim import Model
from models.common.pymc_helpers import CHECK_BOUNDS, add_binomial, add_data, add_hyperparameters

# By how much log-odds of w make up for a log sensitivity: 1 / (1 - w), of a w between those of the kinds of team.
WILLING_PULL = 4.0
NO_PAPER = 1e-9  # papers: a kind of team without papers in a year leaves no 0 / 0
TOP_LEVEL = (
    "level", "venue_year_sd", "topic_effect", "topic_trend", "size_effect", "size_team_effect", "topic_venue_sd",
    "size_venue_sd", "any_raw", "only_raw", "willing_raw", "sensitivity_logit", "specificity_logit",
    "sensitivity_of_team", "specificity_of_team",
)  # fmt: skip
DIMS = ("venue_year", "topic", "size", "topic_venue", "size_venue", "venues", "era", "team", "industry", "year")
OBSERVED = ("y", "hand_release_coded", "hand_none_coded", "passages_own")
DATA = (
    "n", "at_venue_year_topic", "at_team_venue_year_size", "at_error", "at_stratum", "topic_of", "size_of",
    "topic_venue_at", "size_venue_at", "topic_year_at", "hand_release", "hand_none", "passages", "stratum_error",
    "n_by_stratum", "shift_sensitivity", "shift_specificity", "willing_of", "with_error", "error_by_team",
    "some_unwilling", "pull_venue_year", "pull_venue_year_false", "pull_era", "pull_era_false", "venue_year_era",
    "venue_year_venues", "year_scaled", "mix",
)  # fmt: skip


def build(dataset: xr.Dataset, priors: ReleasePriors) -> pm.Model:
    """The model of releases in cells, with the coder's errors.

    No deterministics of cells, of which there are thousands: ``venue_year_effect`` (venue_year,), ``any_industry`` and
    ``only_industry`` (venues, era) alone, the deviations a' and b', ``sensitivity_team`` (team,) and
    ``specificity_team`` (team, era), and ``willing_logit`` (team,), the log-odds of w; log-odds all. Free variables as
    in the module's docstring; the interactions are non-centred (``topic_venue_raw``, ``size_venue_raw``);
    ``sensitivity_logit`` and ``specificity_logit`` (era,) are a0 and b0, ``sensitivity_of_team`` (team,) and
    ``specificity_of_team`` (team, era) a0 + a' and b0 + b' where errors depend on the team, else a' and b'.
    """
    coords: dict[str, Any] = {name: dataset[name].to_numpy() for name in DIMS}
    teams, groups, eras, years = (dataset.sizes[name] for name in ("team", "venues", "era", "year"))
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, DATA)
        observed = add_data(dataset, OBSERVED)
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])

        # The coder's errors, by kind of team and era.
        a_mean = pm.Normal("sensitivity_logit", prior["sensitivity_mean"], prior["sensitivity_sd"])
        b_mean = pm.Normal("specificity_logit", prior["specificity_mean"], prior["specificity_sd"], dims="era")
        # Centred where errors depend on the team: labels tell the rates of a team, not the deviations from a mean that
        # they hardly tell. Sampled as deviations they are a ridge with it.
        of_team = {}
        for name, mean, dims in (
            ("sensitivity", a_mean, ("team",)),
            ("specificity", b_mean[None, :], ("team", "era")),
        ):
            centre = data["error_by_team"] * mean
            sampled = pm.Normal(f"{name}_of_team", centre, prior["error_team_sd"], dims=dims)
            deviation = pm.Deterministic(f"{name}_team", sampled - centre, dims=dims)
            of_team[name] = mean + data["error_by_team"] * deviation
        a = pt.zeros(eras)[None, :] + of_team["sensitivity"][:, None]
        b = of_team["specificity"]

        # Papers tell w a, the share of the willing that is seen, better than either: sampled is log-odds of w less, to
        # first order, what makes up for the sensitivity.
        used = data["with_error"] * data["some_unwilling"] * pt.eq(data["willing_of"], np.arange(teams))
        pull = WILLING_PULL * used * pt.log(pm.math.sigmoid(of_team["sensitivity"]))
        willing_raw = pm.Normal("willing_raw", prior["willing_mean"] + pull, prior["willing_sd"], dims="team")
        willing_logit = pm.Deterministic("willing_logit", willing_raw - pull, dims="team")
        willing = 1 - data["some_unwilling"] * (1 - pm.math.sigmoid(willing_logit[data["willing_of"]]))

        def taken(shift_a: Any, shift_b: Any) -> tuple[Any, Any, Any]:
            """By kind of team and era, of papers of which logistic(eta) says yes: seen, or mistaken; else mistaken."""
            # Without error the label is the release: both rates are one.
            sensitivity = 1 - data["with_error"] * (1 - pm.math.sigmoid(a + shift_a))
            false = data["with_error"] * (1 - pm.math.sigmoid(b + shift_b))
            return willing[:, None] * sensitivity, (1 - willing)[:, None] * false, false

        # What the data tell is the share that the coder takes for a release: fewer that are willing or seen go with a
        # higher eta, more that are mistaken with a lower one. Sampled is eta less what makes up for these, to first
        # order: -log(w a) / (1 - share) - (1 - b) / share. The priors are those of eta.
        seen, _, false = taken(0.0, 0.0)
        log_seen = pt.log(seen)
        level = pm.Normal("level", prior["level_mean"], prior["level_sd"])
        industry = []
        for i, name in enumerate(("any", "only")):
            shift = data["pull_era"] * (log_seen[i] - log_seen[i + 1])
            shift += data["pull_era_false"] * (false[i] - false[i + 1])
            raw_effect = pm.Normal(f"{name}_raw", -shift, prior["industry_sd"], dims=("venues", "era"))
            industry.append(pm.Deterministic(f"{name}_industry", raw_effect + shift, dims=("venues", "era")))
        some, only = industry
        topic = pm.ZeroSumNormal("topic_effect", sigma=prior["topic_sd"], dims="topic")
        size = pm.ZeroSumNormal("size_effect", sigma=prior["size_sd"], dims="size")
        topic_venue_sd = pm.LogNormal("topic_venue_sd", pt.log(prior["topic_venue_sd"]), prior["venue_sd_spread"])
        topic_venue = topic[data["topic_of"]] + topic_venue_sd * pm.Normal("topic_venue_raw", dims="topic_venue")
        size_venue_sd = pm.LogNormal("size_venue_sd", pt.log(prior["size_venue_sd"]), prior["venue_sd_spread"])
        size_venue = size[data["size_of"]] + size_venue_sd * pm.Normal("size_venue_raw", dims="size_venue")
        trend = pm.ZeroSumNormal("topic_trend", sigma=prior["topic_trend_sd"], dims="topic")
        in_years = (trend[:, None] * data["year_scaled"]).flatten()
        venue_year_sd = pm.HalfNormal("venue_year_sd", prior["venue_year_sd"])
        # They tell it of a venue-year's average paper: sampled is also less its papers' mean effect of topic and size.
        average = data["mix"] @ pt.concatenate([topic_venue, size_venue, in_years])
        era_of = data["venue_year_era"]
        shift = -data["pull_venue_year"] * log_seen[0, era_of] - data["pull_venue_year_false"] * false[0, era_of]
        shift -= average
        raw_effect = pm.Normal("venue_year_raw", level - shift, venue_year_sd, dims="venue_year")
        venue_year = pm.Deterministic("venue_year_effect", raw_effect + shift, dims="venue_year")
        size_team = pm.ZeroSumNormal(
            "size_team_effect", sigma=prior["size_team_sd"], dims=("industry", "size"), n_zerosum_axes=1
        )
        by_size = pt.concatenate([pt.zeros((1, dataset.sizes["size"])), size_team])
        place = data["venue_year_venues"] * eras + era_of
        some, only = (effect.flatten()[place] for effect in (some, only))
        by_team = pt.stack([pt.zeros_like(some), some, some + only])  # in the order of TEAMS
        # Products of entries of two tables of odds: fewer exponentials, fewer effects to gather for every cell.
        table = {"topic_venue_at": topic_venue, "topic_year_at": in_years, "size_venue_at": size_venue}
        by_topic, by_year, at_size = (
            effect[data[at].flatten()].reshape(data[at].shape) for at, effect in table.items()
        )
        of_topic = venue_year[:, None] + by_topic + by_year
        of_team_and_size = by_team[:, :, None] + by_size[:, None, :] + at_size[None, :, :]
        odds = pt.exp(of_topic).flatten()[data["at_venue_year_topic"]]
        odds *= pt.exp(of_team_and_size).flatten()[data["at_team_venue_year_size"]]

        # What the coder sees of it.
        by_hand = {"release": pm.math.sigmoid(a), "none": pm.math.sigmoid(b)}
        for name, rate in by_hand.items():
            n, right = data[f"hand_{name}"], observed[f"hand_{name}_coded"]
            pm.Binomial(f"hand_{name}_obs", n, rate, observed=right, dims=("team", "era"))

        p = odds / (1 + odds)
        seen, mistaken, false = taken(data["shift_sensitivity"][:, None], data["shift_specificity"][:, None])
        base_rate, gain = (rate.flatten()[data["at_error"]] for rate in (false, seen + mistaken - false))
        add_binomial("y_obs", base_rate + p * gain, data["n"], observed["y"])
        # The labels measure the errors without the shifts, which are beyond what they say.
        seen, mistaken, false = (rate.flatten()[data["stratum_error"]] for rate in taken(0.0, 0.0))
        nothing = pt.zeros(teams * years * groups)
        yes = pt.inc_subtensor(nothing[data["at_stratum"]], data["n"] * p).reshape((teams, years, groups))
        right = yes * seen
        wrong = yes * mistaken + (data["n_by_stratum"] - yes) * false
        own = (right + NO_PAPER) / (right + wrong + 2 * NO_PAPER)
        pm.Binomial(
            "passages_obs", data["passages"], own, observed=observed["passages_own"], dims=("team", "year", "venues")
        )
    return model


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL, count_raw)
