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

where d is 0 (errors do not depend on the team) or 1 (they do); without error a and b are 1. An alternative shifts the
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

from dataclasses import dataclass, fields
from math import log
from typing import Any, Literal

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models._blocks import CHECK_BOUNDS, data_of, hyperparameters
from models._cells import Floats, Ints
from models._claim import Model
from models.code_release_estimands import estimands, raw
from models.code_release_instruments import (
    INSTRUMENT_PRIORS,
    INSTRUMENT_TOP,
    build_instruments,
    estimands_instruments,
    prepare_instruments,
    statistics_instruments,
)
from models.code_release_rows import prepare
from models.code_release_second import (
    ACCESS_TOP,
    AUTHORS_TOP,
    SECOND_PRIORS,
    build_access,
    build_authors,
    estimands_access,
    estimands_authors,
    prepare_access,
    prepare_authors,
    statistics_access,
    statistics_authors,
)
from models.code_release_specifications import BESIDE, HEADLINES, LADDER, PUBLISHED, TITLES, specifications
from models.code_release_statistics import statistics

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

SEED = 20240107
DRAWS = 1500  # of each chain
# By how much log-odds of w make up for a log sensitivity: 1 / (1 - w), of a w between those of the kinds of team.
WILLING_PULL = 4.0
TINY = 1e-9  # papers: a kind of team without papers in a year leaves no 0 / 0
TOP = (
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


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    # What counts as a release: what the coder says of the full text, only such with an address of the paper's own
    # code, or a link on the paper's abstract page.
    outcome: Literal["coder", "address", "page"] = "coder"
    papers: Literal[
        "all", "with a link field", "with affiliations", "without affiliations", "of several institutions"
    ] = "all"
    error: Literal["none", "pooled", "by team"] = "pooled"  # of the coder
    calibration: Literal["both", "hand", "passages"] = "both"
    promised: bool = False  # a passage that promises code counts as a release
    willing: Literal["by team", "common", "all"] = "by team"  # the share w of papers that would release code at all
    research: Literal["empirical", "all"] = "empirical"  # theory rarely has code to release
    team: Literal["coded", "listed"] = "coded"  # from the full text, or from the list's affiliations
    institutions: bool = False  # team size is split by the number of institutions, of papers of several
    without_venue: str = ""
    # Log-odds; of teams with industry beyond academia-only's, beyond what the calibration says.
    shift_sensitivity: float = 0.0
    shift_specificity: float = 0.0
    access_vintage: str = "2025-06"  # of Epoch's models, for access to training code

    def __post_init__(self) -> None:
        """Refuse labels of one outcome as the errors of another, and institutions of papers that are of one."""
        if self.outcome != "coder" and self.error != "none":
            raise ValueError(f"the labels are of what the coder says, not of outcome {self.outcome!r}: error 'none'")
        if self.institutions and self.papers != "of several institutions":
            raise ValueError("a mixed team is of two institutions at least: institutions with papers of several")
        if self.promised and self.error != "none" and self.calibration != "passages":
            raise ValueError("by hand a promise is no release: promised with calibration 'passages'")


@dataclass(frozen=True)
class Priors:
    """Hyper-parameters, with what they imply. The prior predictive test holds them to it."""

    level_mean: float = -0.5  # log-odds; venue-years' releases around 0.4, with level_sd 0.13 to 0.72
    level_sd: float = 0.9
    venue_year_sd: float = 0.8  # log-odds, half-normal; 2014 and 2022 differ by a factor of ten in odds
    topic_sd: float = 0.5  # log-odds; topics differ by a factor of about 2 in odds, rarely 4
    size_sd: float = 0.3  # log-odds
    topic_trend_sd: float = 0.3  # log-odds in four years; topics part by a factor of 2 to 3 in odds from 2014 to 2022
    size_team_sd: float = 0.3  # log-odds; how the effect of industry differs between team sizes
    # Log-odds, medians of log-normals: a spread between a third of these and three times as much. A half-normal would
    # let the logarithm of a small spread wander without end.
    topic_venue_sd: float = 0.2
    size_venue_sd: float = 0.1
    venue_sd_spread: float = 0.6  # of their logarithms
    # Log-odds; any and only: among the willing, odds ratios between 0.45 and 2.2, rarely 0.3 or 3. Of industry-only to
    # academia-only, any + only, the scale is 0.7: between 0.32 and 3.1.
    industry_sd: float = 0.5
    # Log-odds of the share of papers that would release code at all: 0.88, between 0.60 and 0.97.
    willing_mean: float = 2.0
    willing_sd: float = 1.0
    sensitivity_mean: float = 2.5  # log-odds: 0.92, between 0.71 and 0.98
    sensitivity_sd: float = 1.0
    specificity_mean: float = 2.5
    specificity_sd: float = 1.0
    # Each instrument at each venue-year has its own level, and each list its own share of what it finds.
    stratum_mean: float = -1.0  # log-odds: 0.27, between 0.03 and 0.80
    stratum_sd: float = 1.5
    stratum_mean_sd: float = 1.0
    found_sd: float = 1.5  # log-odds: between 0.08 and 0.92
    curve_sd: float = 0.7  # log-odds, of five and more authors from industry
    access_sd: float = 1.0  # log-odds, of sectors, a decade, a thousandfold of compute
    error_team_sd: float = 0.7  # log-odds; kinds of team differ by a factor of about 2 in the odds of an error


def build(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    """The model of releases in cells, with the coder's errors.

    No deterministics of cells, of which there are thousands: ``venue_year_effect`` (venue_year,), ``any_industry`` and
    ``only_industry`` (venues, era) alone, the deviations a' and b', ``sensitivity_team`` (team,) and
    ``specificity_team`` (team, era), and ``willing_logit`` (team,), the log-odds of w; log-odds all. Free variables as
    in the module's docstring; the interactions are non-centred (``topic_venue_raw``, ``size_venue_raw``);
    ``sensitivity_logit`` and ``specificity_logit`` (era,) are a0 and b0, ``sensitivity_of_team`` (team,) and
    ``specificity_of_team`` (team, era) a0 + a' and b0 + b' where errors depend on the team, else a' and b'.
    """
    coords: dict[str, Any] = {name: dataset[name].to_numpy() for name in DIMS}
    coords["cell"] = np.arange(dataset.sizes["cell"])
    teams, groups, eras, years = (dataset.sizes[name] for name in ("team", "venues", "era", "year"))
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = data_of(dataset, DATA)
        observed = {name: pm.Data(name, dataset[name].to_numpy(), dims=dataset[name].dims) for name in OBSERVED}
        names = [field.name for field in fields(priors) if field.name not in (*INSTRUMENT_PRIORS, *SECOND_PRIORS)]
        prior = hyperparameters(priors, names)

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
        counts("y_obs", base_rate + p * gain, data["n"], observed["y"])
        # The labels measure the errors without the shifts, which are beyond what they say.
        seen, mistaken, false = (rate.flatten()[data["stratum_error"]] for rate in taken(0.0, 0.0))
        nothing = pt.zeros(teams * years * groups)
        yes = pt.inc_subtensor(nothing[data["at_stratum"]], data["n"] * p).reshape((teams, years, groups))
        right = yes * seen
        wrong = yes * mistaken + (data["n_by_stratum"] - yes) * false
        own = (right + TINY) / (right + wrong + 2 * TINY)
        pm.Binomial(
            "passages_obs", data["passages"], own, observed=observed["passages_own"], dims=("team", "year", "venues")
        )
    return model


def counts(
    name: str, chance: pt.TensorVariable, trials: pt.TensorVariable, observed: pt.TensorVariable
) -> pt.TensorVariable:
    """Binomial counts, dim ``cell``, without their coefficient: a constant, and dearer than all the rest."""

    def logp(value: pt.TensorVariable, chance: pt.TensorVariable, trials: pt.TensorVariable) -> pt.TensorVariable:
        # log(1 - chance), written so that pytensor does not make it log1p(-chance), which is slower.
        return value * pt.log(chance) + (trials - value) * (pt.log(0.5 - 0.5 * chance) + log(2))

    def random(chance: Floats, trials: Ints, rng: np.random.Generator | None = None, size: Any = None) -> Ints:
        assert rng is not None
        out: Ints = rng.binomial(trials.astype(np.int64), np.clip(chance, 0, 1), size=size)
        return out

    out: pt.TensorVariable = pm.CustomDist(
        name, chance, trials, logp=logp, random=random, observed=observed, dims="cell", dtype="int64"
    )
    return out


MODELS = {
    "statements": Model(prepare, build, estimands, statistics, TOP, raw, DRAWS),
    "instruments": Model(
        prepare_instruments,
        build_instruments,
        estimands_instruments,
        statistics_instruments,
        INSTRUMENT_TOP,
        draws=DRAWS,
    ),
    "authors": Model(prepare_authors, build_authors, estimands_authors, statistics_authors, AUTHORS_TOP, draws=DRAWS),
    "access": Model(prepare_access, build_access, estimands_access, statistics_access, ACCESS_TOP, draws=DRAWS),
}

ALTERNATIVES = specifications(Priors())
