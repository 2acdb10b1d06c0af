"""Every hyper-parameter has its stated value: the log prior of each model against densities written out here.

``TABLE`` states each field a second time: its value, and the variables whose prior it sets. The densities below use
only scipy. The model agrees with them at the stated values, and when every field has another value.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from inference.store.declarations import import_part
from models.registry import CLAIMS
from tests.models.declared import models_of
from tests.models.small_models import CASES, Values, evaluated

Found = dict[str, float | np.ndarray]
Field = tuple[float | tuple[float, ...], set[str]]
# intercept_mean sets no density: it enters the log-odds, next to the effects that it centres.
SHARES: dict[str, Field] = {
    "intercept_mean": ((0.55, -0.15, -0.15, 0.55, -0.8), {"log_odds"}),
    "intercept_sd": (0.7, {"intercept"}),
    "trend_sd": (1.8, {"trend"}),
    "walk_sd": (0.2, {"walk_sd"}),
}
STRATA: dict[str, Field] = {
    "stratum_mean": (-1.0, {"intercept_mean"}),
    "stratum_sd": (1.5, {"intercept_sd"}),
    "industry_sd": (0.5, {"any_industry", "only_industry"}),
}
RELEASE: dict[str, Field] = {
    "intercept_mean": (0.0, {"intercept"}),
    "intercept_sd": (0.9, {"intercept"}),
    "venue_year_sd": (0.8, {"venue_year_sd"}),
    "topic_sd": (0.5, {"topic_effect"}),
    "size_sd": (0.3, {"size_effect"}),
    "topic_trend_sd": (0.3, {"topic_trend"}),
    "size_team_sd": (0.3, {"size_team_effect"}),
    "topic_venue_sd": (0.2, {"topic_venue_sd"}),
    "size_venue_sd": (0.1, {"size_venue_sd"}),
    "venue_log_sd": (0.6, {"topic_venue_sd", "size_venue_sd"}),
    "industry_sd": (0.5, {"any_industry_common_shifted", "only_industry_common_shifted"}),
    # The centring of the eras' effects depends on the median of their sd.
    "industry_era_sd": (0.15, {"industry_era_sd", "any_industry_shifted_raw", "only_industry_shifted_raw"}),
    "industry_era_log_sd": (0.6, {"industry_era_sd"}),
    "ceiling_mean": (0.0, {"ceiling_logit_shifted"}),
    "ceiling_sd": (1.7, {"ceiling_logit_shifted"}),
    "sensitivity_mean": (2.5, {"sensitivity_logit"}),
    "sensitivity_sd": (1.0, {"sensitivity_logit"}),
    "specificity_mean": (2.5, {"specificity_logit"}),
    "specificity_sd": (1.0, {"specificity_logit"}),
    "error_team_sd": (0.7, set()),  # errors are pooled
    "unfound_mean": (-2.5, {"unfound_logit"}),
    "unfound_sd": (1.0, {"unfound_logit"}),
}
SDS = ("own_term_topic_sd", "year_sd", "topic_trend_sd", "walk_sd", "term_walk_sd")
TOPIC_YEAR: dict[str, Field] = {
    "intercept_mean": (0.5, {"intercept"}),
    "intercept_sd": (1.0, {"intercept"}),
    "topic_sd": (0.7, {"topic_effect"}),  # with several venues also venue_effect
    "term_intercept_mean": (-2.0, {"term_intercept"}),
    "term_intercept_sd": (0.7, {"term_intercept"}),
    "term_sd": (0.7, {"term_topic", "term_year"}),  # with several venues also term_venue
    "term_trend_sd": (0.5, {"term_trend"}),
    "slope_sd": (10.0, {"contextual", "contextual_between"}),
    "own_term_sd": (0.5, {"own_term"}),
    "own_term_topic_sd": (0.2, {"own_term_topic_sd"}),
    "trend_sd": (1.0, {"trend_shifted"}),
    "year_sd": (0.1, {"year_sd"}),
    "topic_trend_sd": (0.3, {"topic_trend_sd"}),
    "walk_sd": (0.1, {"walk_sd"}),
    "term_walk_sd": (0.1, {"term_walk_sd"}),
    "sd_log_sd": (0.7, set(SDS)),
}
UPPER_TAIL: dict[str, Field] = SHARES | {
    "domain_sd": (0.3, {"domain_sd"}),
    "compute_mean": (20.0, {"compute_intercept"}),
    "compute_sd": (1.5, {"compute_intercept"}),
    "growth_mean": (6.0, {"growth"}),
    "growth_sd": (2.0, {"growth"}),
    "compute_walk_sd": (0.3, {"compute_walk_sd"}),
    "offset_sd": (0.6, {"offset"}),
    "offset_trend_sd": (0.5, {"offset_trend"}),
    "compute_domain_sd": (0.7, {"compute_domain_sd"}),
    "sd_median": (1.4, {"log_sd"}),
    "sd_log_sd": (0.3, {"log_sd"}),
    "sd_sector_log_sd": (0.2, {"log_sd_sector"}),
}
OF_STAGES = ("venue_year", "topic", "size")
SETUPS: dict[str, Field] = {
    # Means and sds of the two stages.
    **{name: (size, {"intercept"}) for name, size in (
        ("several_mean", -1.5), ("several_sd", 1.0), ("many_mean", -2.0), ("many_sd", 1.0))},
    "venue_year_sd": (0.4, {"venue_year_sd"}),
    "topic_sd": (0.6, {"topic_sd"}),
    "size_sd": (0.4, {"size_sd"}),
    "industry_sd": (0.7, {"industry_effect"}),
    "industry_trend_sd": (0.5, {"industry_trend"}),
    "industry_venue_sd": (0.2, {"industry_venue_sd"}),
    "industry_walk_sd": (0.15, {"industry_walk_sd"}),
    "sd_log_sd": (0.6, {"venue_year_sd", "topic_sd", "size_sd", "industry_venue_sd", "industry_walk_sd",
                        "large_spread"}),
    "ordinary_sd": (1.0, {"ordinary"}),
    "ordinary_trend_sd": (0.5, {"ordinary_trend"}),
    "large_mean": (5.5, {"large_location"}),
    "large_sd": (1.0, {"large_location"}),
    "large_team_sd": (0.7, {"large_team"}),
    "large_trend_sd": (0.7, {"large_trend"}),
    "large_spread": (1.5, {"large_spread"}),
    "chip_sd": (2.0, {"chip_popularity"}),
    "taste_sd": (1.5, {"taste_team", "taste_class"}),
    "taste_trend_sd": (1.5, {"taste_trend"}),
    "kind_sd": (1.5, {"kind_team", "kind_class"}),
    "error_mean": (-2.75, {"error_logit"}),
    "error_sd": (1.0, {"error_logit"}),
}  # fmt: skip
PERFORMANCE: dict[str, Field] = {
    "intercept_mean": (13.3, {"intercept"}),
    "intercept_sd": (1.0, {"intercept"}),
    "venue_year_sd": (0.2, {"venue_year_sd"}),
    "topic_sd": (0.1, {"topic_sd"}),
    "size_sd": (0.1, {"size_sd"}),
    "residual_sd": (0.5, {"residual_sd"}),
    "industry_sd": (0.5, {"industry_effect"}),
    "industry_trend_sd": (0.5, {"industry_trend"}),
    "industry_venue_sd": (0.05, {"industry_venue_sd"}),
    "sd_log_sd": (0.6, {"venue_year_sd", "topic_sd", "size_sd", "residual_sd", "industry_venue_sd"}),
    "nu_rate": (0.1, {"nu"}),
}
ACCESS: dict[str, Field] = {
    "known_mean": (1.5, {"level"}),  # of the first stage
    "level_sd": (1.5, {"level"}),
    "trend_sd": (1.0, {"trend"}),
    "walk_sd": (0.3, {"walk_sd"}),
    "domain_sd": (0.5, {"domain_sd"}),
    "slope_sd": (1.0, {"slope_common"}),
    "slope_sector_sd": (0.5, {"slope_sector"}),
    "gap_sd": (1.0, {"gap"}),
    "notable_sd": (1.0, {"notable_effect"}),
    "sd_log_sd": (0.6, {"walk_sd", "domain_sd"}),
    "error_mean": (-3.0, {"error_logit"}),
    "error_sd": (1.0, {"error_logit"}),
}
MENTIONS: dict[str, Field] = {
    "intercept_mean": (-4.6, {"intercept"}),
    "intercept_sd": (1.5, {"intercept"}),
    "trend_sd": (1.5, {"trend"}),
    "walk_sd": (0.3, {"walk_sd"}),
    "field_sd": (1.0, {"field_sd"}),
    "field_trend_sd": (0.3, {"field_trend_sd"}),
    "venue_sd": (0.5, {"venue_sd"}),
    "team_sd": (0.7, {"team_effect"}),
    "team_trend_sd": (0.5, {"team_trend"}),
    "team_walk_sd": (0.15, {"team_walk_sd"}),
    "sd_log_sd": (0.6, {"walk_sd", "field_sd", "field_trend_sd", "venue_sd", "team_walk_sd", "origin_team_sd"}),
    "use_sd": (1.5, {"use_logit"}),
    "origin_mean": (2.0, {"origin_mean"}),
    "origin_sd": (1.5, {"origin_mean"}),
    "origin_team_sd": (0.5, {"origin_team_sd"}),
}
WITHOUT_ERRORS: dict[str, Field] = ACCESS | {name: (ACCESS[name][0], set()) for name in ("error_mean", "error_sd")}
TABLE: dict[str, dict[str, Field]] = {
    "shares": SHARES,
    "upper_tail": UPPER_TAIL | {"spread_trend_sd": (0.4, set())},  # the spread is constant
    "upper_tail, changing spread": UPPER_TAIL | {"spread_trend_sd": (0.4, {"spread_trend"})},
    "contrast": {
        "intercept_mean": (0.5, {"intercept"}),
        "intercept_sd": (1.0, {"intercept"}),
        "topic_sd": (0.7, {"topic_effect"}),
        "size_sd": (0.8, {"size_effect"}),
        "family_sd": (0.5, {"family_slope"}),
        # The centring of venue-years depends on the median of their sd.
        "venue_year_sd": (0.5, {"venue_year_sd", "venue_year_effect_raw"}),
        "topic_venue_sd": (0.2, {"topic_venue_sd"}),
        "topic_slope_sd": (0.1, {"topic_slope_sd"}),
        "topic_family_sd": (0.1, {"topic_family_sd"}),
        "sd_log_sd": (0.7, {"venue_year_sd", "topic_venue_sd", "topic_slope_sd", "topic_family_sd"}),
    },
    "topic_year": TOPIC_YEAR,
    "topic_year, spanning": TOPIC_YEAR
    | {
        "topic_sd": (0.7, {"topic_effect", "venue_effect"}),
        "term_sd": (0.7, {"term_topic", "term_year", "term_venue"}),
    },
    "release": RELEASE,
    "release, by team": RELEASE | {"error_team_sd": (0.7, {"sensitivity_team_logit", "specificity_team_logit"})},
    "release, common ceiling": RELEASE,
    "release, no error or ceiling": RELEASE
    | {
        field: (RELEASE[field][0], set())
        for field in RELEASE
        if field.startswith(("ceiling", "sensitivity", "specificity", "unfound"))
    },
    "measurements": STRATA
    | {"stratum_mean_sd": (1.0, {"intercept_mean"}), "found_sd": (1.5, {"found_logit", "linked_logit"})},
    "authors": STRATA
    | {
        "stratum_mean": (-1.0, {"intercept_number", "intercept_contrasts"}),
        "stratum_sd": (1.5, {"intercept_number", "intercept_contrasts"}),
        "curve_sd": (0.7, {"curve"}),
        "topic_sd": (0.5, {"topic_number", "topic_contrasts"}),
        "size_sd": (0.3, {"size_number", "size_contrasts"}),
    },
    "training_code": {"access_sd": (1.0, {"intercept", "sector_contrast", "trend", "slope", "gap"})},
    "setups": SETUPS,
    "performance": PERFORMANCE,
    "performance, normal": PERFORMANCE | {"nu_rate": (0.1, set())},
    "mentions": MENTIONS,
    "access": ACCESS,
    "access, no errors": WITHOUT_ERRORS,
    "ordered": WITHOUT_ERRORS | {"cut_log_sd": (0.75, {"cut_log_step"})},
}


# --- densities --------------------------------------------------------------------------------------------------------


def normal(x: Any, mean: Any, sd: Any) -> float:
    return float(stats.norm.logpdf(x, mean, sd).sum())


def unit(x: Any) -> float:
    return normal(x, 0, 1)


def half_normal(x: Any, sd: float) -> float:
    return float(stats.halfnorm.logpdf(x, scale=sd).sum())


def log_normal(x: Any, median: float, log_sd: float) -> float:
    """Return the log density of a variable whose logarithm is normal around that of the median."""
    return float((stats.norm.logpdf(np.log(x), np.log(median), log_sd) - np.log(x)).sum())


def zero_sum(x: Any, sd: float) -> float:
    """Return the log density of a normal on the plane where the last axis sums to zero, one dimension less per row."""
    np.testing.assert_allclose(x.sum(axis=-1), 0, atol=1e-9)
    free = x.size - x.size // x.shape[-1]
    return float(-free * np.log(sd * np.sqrt(2 * np.pi)) - (x**2).sum() / (2 * sd**2))


def shares(v: Values, p: Any, data: xr.Dataset) -> Found:
    years = data["year"].to_numpy()
    walk = np.vstack([np.zeros(v["walk_raw"].shape[1]), np.cumsum(v["walk_raw"], axis=0)]) * v["walk_sd"]
    line = np.polyfit(years, walk, 1)
    walk = walk - line[0] * years[:, None] - line[1]
    x = (years - (years[0] + years[-1]) / 2)[:, None] / 10
    return {
        "log_odds": np.array(p.intercept_mean) + v["intercept"] + v["trend"] * x + walk,
        "intercept": zero_sum(v["intercept"], p.intercept_sd),
        "trend": zero_sum(v["trend"], p.trend_sd),
        "walk_sd": half_normal(v["walk_sd"], p.walk_sd),
        "walk_raw": zero_sum(v["walk_raw"], 1.0),
    }


def upper_tail(v: Values, p: Any, data: xr.Dataset) -> Found:
    return shares(v, p, data) | {
        "domain_sd": half_normal(v["domain_sd"], p.domain_sd),
        "domain_raw": zero_sum(v["domain_raw"], 1.0),
        "compute_intercept": normal(v["compute_intercept"], p.compute_mean, p.compute_sd),
        "growth": normal(v["growth"], p.growth_mean, p.growth_sd),
        "compute_walk_sd": half_normal(v["compute_walk_sd"], p.compute_walk_sd),
        "compute_walk_raw": unit(v["compute_walk_raw"]),
        "offset": zero_sum(v["offset"], p.offset_sd),
        "offset_trend": zero_sum(v["offset_trend"], p.offset_trend_sd),
        "compute_domain_sd": half_normal(v["compute_domain_sd"], p.compute_domain_sd),
        "compute_domain_raw": zero_sum(v["compute_domain_raw"], 1.0),
        "log_sd": normal(v["log_sd"], np.log(p.sd_median), p.sd_log_sd),
        "log_sd_sector": zero_sum(v["log_sd_sector"], p.sd_sector_log_sd),
        **({"spread_trend": normal(v["spread_trend"], 0, p.spread_trend_sd)} if "spread_trend" in v else {}),
    }


def contrast(v: Values, p: Any, data: xr.Dataset) -> Found:
    papers = np.array([data["n"].values[data["venue_year_idx"] == i].sum() for i in range(data.sizes["venue_year"])])
    information = 0.2 * papers
    w = information / (information + 1 / p.venue_year_sd**2)
    scales = ("venue_year_sd", "topic_venue_sd", "topic_slope_sd", "topic_family_sd")
    sd = v["venue_year_sd"]
    return {name: log_normal(v[name], getattr(p, name), p.sd_log_sd) for name in scales} | {
        "intercept": normal(v["intercept"], p.intercept_mean, p.intercept_sd),
        # The effect is normal around the intercept for any w; the sampled variable is scaled by sd^(1 - w).
        "venue_year_effect_raw": normal(v["venue_year_effect"], v["intercept"], sd)
        + float(((1 - w) * np.log(sd)).sum()),
        "topic_effect": zero_sum(v["topic_effect"], p.topic_sd),
        "size_effect": zero_sum(v["size_effect"], p.size_sd),
        "family_slope": normal(v["family_slope"], 0, p.family_sd),
        **{name: unit(v[name]) for name in ("topic_venue_raw", "topic_slope_raw")},
        "topic_family_raw": zero_sum(v["topic_family_raw"], 1.0),
    }


def topic_year(v: Values, p: Any, data: xr.Dataset) -> Found:
    """The sampler moves in the trend and in effects of years plus an offset, which have the densities of these."""
    n = data["n"].sum("venue").transpose("topic", "year").to_numpy()
    share = (v["share_of_terms"] * n).sum(axis=1) / n.sum(axis=1)
    line = v["intercept"] + v["contextual_between"] * (share - share.mean())
    venues = {"term_venue": p.term_sd, "venue_effect": p.topic_sd} if data.sizes["venue"] > 1 else {}
    return {
        "term_intercept": normal(v["term_intercept"], p.term_intercept_mean, p.term_intercept_sd),
        "term_topic": zero_sum(v["term_topic"], p.term_sd),
        "term_year": zero_sum(v["term_year"], p.term_sd),
        "term_trend": zero_sum(v["term_trend"], p.term_trend_sd),
        "contextual": normal(v["contextual"], 0, p.slope_sd),
        "contextual_between": normal(v["contextual_between"], 0, p.slope_sd),
        "own_term": normal(v["own_term"], 0, p.own_term_sd),
        "intercept": normal(v["intercept"], p.intercept_mean, p.intercept_sd),
        "topic_effect": normal(v["topic_effect"], line, p.topic_sd),
        "year_direction_shifted": normal(v["year_direction"], 0, float(v["year_sd"])),
        "trend_shifted": normal(v["trend"], 0, p.trend_sd),
        **{name: log_normal(v[name], getattr(p, name), p.sd_log_sd) for name in SDS},
        **{name: unit(v[name]) for name in ("term_walk_raw", "topic_trend_raw", "own_term_topic_raw", "walk_raw")},
        **{name: zero_sum(v[name], sd) for name, sd in venues.items()},
    }


def release(v: Values, p: Any, data: xr.Dataset) -> Found:
    """The sampler moves in an effect minus an offset, which has the density of the effect."""
    out = {
        "intercept": normal(v["intercept"], p.intercept_mean, p.intercept_sd),
        "industry_era_sd": log_normal(v["industry_era_sd"], p.industry_era_sd, p.industry_era_log_sd),
        "venue_year_sd": half_normal(v["venue_year_sd"], p.venue_year_sd),
        "venue_year_effect_shifted": normal(v["venue_year_effect"], v["intercept"], v["venue_year_sd"]),
        "topic_effect": zero_sum(v["topic_effect"], p.topic_sd),
        "size_effect": zero_sum(v["size_effect"], p.size_sd),
        "topic_trend": zero_sum(v["topic_trend"], p.topic_trend_sd),
        "size_team_effect": zero_sum(v["size_team_effect"], p.size_team_sd),
        "topic_venue_sd": log_normal(v["topic_venue_sd"], p.topic_venue_sd, p.venue_log_sd),
        "size_venue_sd": log_normal(v["size_venue_sd"], p.size_venue_sd, p.venue_log_sd),
        **{name: unit(v[name]) for name in ("topic_venue_raw", "size_venue_raw")},
    }
    teams = {
        (team, group, era): data["n"]
        .values[(data["team_idx"] == team) & (data["venue_group_idx"] == group) & (data["era_idx"] == era)]
        .sum()
        for team in range(3)
        for group in range(2)
        for era in range(3)
    }
    for i, name in enumerate(("any_industry", "only_industry")):
        common, sd = v[f"{name}_common"], v["industry_era_sd"]
        out[f"{name}_common_shifted"] = normal(common, 0, p.industry_sd)
        scaled = 0.0
        for group in range(2):
            for era in range(3):
                n, m = teams[i, group, era], teams[i + 1, group, era]
                information = 0.2 * n * m / max(n + m, 1)
                # The effect is normal around the common one for any w; the sampled variable is scaled by sd^(1 - w).
                scaled += float((1 - information / (information + 1 / p.industry_era_sd**2)) * np.log(sd))
        out[f"{name}_shifted_raw"] = normal(v[name], common[:, None], sd) + scaled
    if data.attrs["ceiling"] != "none":
        out["ceiling_logit_shifted"] = normal(v["ceiling_logit"], p.ceiling_mean, p.ceiling_sd)
    if data.attrs["error"] != "none":
        out["sensitivity_logit"] = normal(v["sensitivity_logit"], p.sensitivity_mean, p.sensitivity_sd)
        out["specificity_logit"] = normal(v["specificity_logit"], p.specificity_mean, p.specificity_sd)
        if data.attrs["calibration"] == "both":
            out["unfound_logit"] = normal(v["unfound_logit"], p.unfound_mean, p.unfound_sd)
    if data.attrs["error"] == "by team":
        for rate in ("sensitivity", "specificity"):
            out[f"{rate}_team_logit"] = normal(v[f"{rate}_team_logit"], v[f"{rate}_logit"], p.error_team_sd)
    return out


def measurements(v: Values, p: Any, data: xr.Dataset) -> Found:
    return {
        "intercept_mean": normal(v["intercept_mean"], p.stratum_mean, p.stratum_mean_sd),
        "intercept_sd": half_normal(v["intercept_sd"], p.stratum_sd),
        "intercept": normal(v["intercept"], v["intercept_mean"], v["intercept_sd"]),
        **{name: normal(v[name], 0, p.industry_sd) for name in ("any_industry", "only_industry")},
        **{name: normal(v[name], 0, p.found_sd) for name in ("found_logit", "linked_logit")},
    }


def authors(v: Values, p: Any, data: xr.Dataset) -> Found:
    steps = v["step_share"]
    return {
        "curve": normal(v["curve"], 0, p.curve_sd),
        "step_share": float(sum(stats.dirichlet.logpdf(row, np.full(len(row), 2.0)) for row in steps)),
        **{name: normal(v[name], p.stratum_mean, p.stratum_sd) for name in ("intercept_number", "intercept_contrasts")},
        **{name: normal(v[name], 0, p.industry_sd) for name in ("any_industry", "only_industry")},
        **{name: zero_sum(v[name], p.topic_sd) for name in ("topic_number", "topic_contrasts")},
        **{name: zero_sum(v[name], p.size_sd) for name in ("size_number", "size_contrasts")},
    }


def training_code(v: Values, p: Any, data: xr.Dataset) -> Found:
    names = ("intercept", "sector_contrast", "slope", "gap")
    # A trend per decade has twice the sd of a contrast between sectors.
    return {name: normal(v[name], 0, p.access_sd) for name in names} | {"trend": normal(v["trend"], 0, 2 * p.access_sd)}


def setups(v: Values, p: Any, data: xr.Dataset) -> Found:
    means, sds = np.array([p.several_mean, p.many_mean]), np.array([p.several_sd, p.many_sd])
    scales = (*(f"{name}_sd" for name in OF_STAGES), "industry_venue_sd", "industry_walk_sd", "large_spread")
    return {
        "intercept": normal(v["intercept"], means, sds),
        **{name: log_normal(v[name], getattr(p, name), p.sd_log_sd) for name in scales},
        **{f"{name}_raw": zero_sum(v[f"{name}_raw"], 1.0) for name in OF_STAGES},
        "industry_effect": normal(v["industry_effect"], 0, p.industry_sd),
        "industry_trend": normal(v["industry_trend"], 0, p.industry_trend_sd),
        **{name: unit(v[name]) for name in ("industry_walk_raw", "industry_venue_raw")},
        "ordinary": zero_sum(v["ordinary"], p.ordinary_sd),
        "ordinary_trend": zero_sum(v["ordinary_trend"], p.ordinary_trend_sd),
        "large_location": normal(v["large_location"], p.large_mean, p.large_sd),
        "large_team": zero_sum(v["large_team"], p.large_team_sd),
        "large_trend": normal(v["large_trend"], 0, p.large_trend_sd),
        "chip_popularity": zero_sum(v["chip_popularity"], p.chip_sd),
        **{name: zero_sum(v[name], p.taste_sd) for name in ("taste_team", "taste_class")},
        "taste_trend": zero_sum(v["taste_trend"], p.taste_trend_sd),
        **{name: zero_sum(v[name], p.kind_sd) for name in ("kind_team", "kind_class")},
        "error_logit": normal(v["error_logit"], p.error_mean, p.error_sd),
        "wrong": float(stats.dirichlet.logpdf(v["wrong"], np.ones(3))),
    }


def performance(v: Values, p: Any, data: xr.Dataset) -> Found:
    scales = (*(f"{name}_sd" for name in OF_STAGES), "industry_venue_sd", "residual_sd")
    nu = {"nu": float(stats.gamma.logpdf(v["nu"], 2, scale=1 / p.nu_rate))} if data.attrs["tail"] == "student" else {}
    return nu | {
        "intercept": normal(v["intercept"], p.intercept_mean, p.intercept_sd),
        **{name: log_normal(v[name], getattr(p, name), p.sd_log_sd) for name in scales},
        **{f"{name}_raw": zero_sum(v[f"{name}_raw"], 1.0) for name in OF_STAGES},
        "industry_effect": normal(v["industry_effect"], 0, p.industry_sd),
        "industry_trend": normal(v["industry_trend"], 0, p.industry_trend_sd),
        "industry_venue_raw": unit(v["industry_venue_raw"]),
    }


def mentions(v: Values, p: Any, data: xr.Dataset) -> Found:
    scales = ("walk_sd", "field_sd", "field_trend_sd", "venue_sd", "team_walk_sd", "origin_team_sd")
    return {
        "intercept": normal(v["intercept"], p.intercept_mean, p.intercept_sd),
        "trend": normal(v["trend"], 0, p.trend_sd),
        **{name: log_normal(v[name], getattr(p, name), p.sd_log_sd) for name in scales},
        **{name: zero_sum(v[name], 1.0) for name in ("field_raw", "field_trend_raw", "venue_raw")},
        **{name: unit(v[name]) for name in ("walk_raw", "team_walk_raw", "origin_raw")},
        "team_effect": normal(v["team_effect"], 0, p.team_sd),
        "team_trend": normal(v["team_trend"], 0, p.team_trend_sd),
        "use_logit": normal(v["use_logit"], 0, p.use_sd),
        "origin_mean": normal(v["origin_mean"], p.origin_mean, p.origin_sd),
    }


def access(v: Values, p: Any, data: xr.Dataset) -> Found:
    mean = np.zeros((len(v["level"]), 1))
    mean[0] = p.known_mean
    error: Found = {"error_logit": normal(v["error_logit"], p.error_mean, p.error_sd)} if "error_logit" in v else {}
    return error | {
        "level": normal(v["level"], mean, p.level_sd),
        "trend": normal(v["trend"], 0, p.trend_sd),
        **{name: log_normal(v[name], getattr(p, name), p.sd_log_sd) for name in ("walk_sd", "domain_sd")},
        "walk_raw": unit(v["walk_raw"]),
        "domain_raw": zero_sum(v["domain_raw"], 1.0),
        "slope_common": normal(v["slope_common"], 0, p.slope_sd),
        "slope_sector": zero_sum(v["slope_sector"], p.slope_sector_sd),
        "gap": normal(v["gap"], 0, p.gap_sd),
        "notable_effect": normal(v["notable_effect"], 0, p.notable_sd),
    }


def ordered(v: Values, p: Any, data: xr.Dataset) -> Found:
    return access(v, p, data) | {"cut_log_step": normal(v["cut_log_step"], 0, p.cut_log_sd)}


DENSITIES: dict[str, Callable[[Values, Any, xr.Dataset], Found]] = {
    "shares": shares, "upper_tail": upper_tail, "contrast": contrast, "topic_year": topic_year, "release": release,
    "measurements": measurements, "authors": authors, "training_code": training_code,
    "setups": setups, "performance": performance, "mentions": mentions,
    "access": access, "ordered": ordered,
}  # fmt: skip


def expected(name: str, values: Values, sizes: Mapping[str, Any]) -> Found:
    return DENSITIES[CASES[name].name](values, SimpleNamespace(**sizes), evaluated(name).dataset)


def found_by(name: str, point: Values, priors: Any) -> tuple[Values, Found]:
    """Return values at a point, and the model's log prior of each free variable."""
    at = evaluated(name)
    values, densities = at(point, priors)
    free = {variable.name: float(densities[variable.name].sum()) for variable in at.model.free_RVs}
    centred = CASES[name].name in ("shares", "upper_tail")  # by intercept_mean
    return values, free | ({"log_odds": values["log_odds"]} if centred else {})


def agree(found: Found, wanted: Found) -> None:
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-9, err_msg=name)


# --- tests ------------------------------------------------------------------------------------------------------------


def times(size: Any, factor: float) -> Any:
    """Multiply a size, or each of its parts; a size of zero becomes the factor less one."""
    if isinstance(size, tuple):
        return tuple(times(part, factor) for part in size)
    return factor * size if size else factor - 1


def stated(name: str) -> dict[str, Any]:
    return {field: size for field, (size, _) in TABLE[name].items()}


@pytest.mark.parametrize("name", TABLE)
def test_log_prior_is_that_of_the_stated_sizes(name: str):
    """The model has the declared priors, the densities have the literal values of ``TABLE``."""
    values, found = found_by(name, evaluated(name).point(1), CASES[name].priors)
    agree(found, expected(name, values, stated(name)))


@pytest.mark.parametrize("name", TABLE)
def test_log_prior_follows_every_field(name: str):
    """Each field has a different value, so a field that is ignored or confused with another is detected."""
    sizes = {field: times(size, 1.3 + 0.17 * i) for i, (field, size) in enumerate(stated(name).items())}
    priors = dataclasses.replace(CASES[name].priors, **sizes)
    values, found = found_by(name, evaluated(name).point(2), priors)
    agree(found, expected(name, values, sizes))


@pytest.mark.parametrize("name", TABLE)
def test_each_field_sets_the_prior_of_its_variables_alone(name: str):
    """This uses the densities with which the model was compared above."""
    values, _ = found_by(name, evaluated(name).point(3), CASES[name].priors)
    sizes = stated(name)
    before = expected(name, values, sizes)
    for field, (size, variables) in TABLE[name].items():
        after = expected(name, values, sizes | {field: times(size, 2.0)})
        assert {key for key in before if not np.allclose(before[key], after[key], rtol=1e-12)} == variables, field


@pytest.mark.parametrize("name", TABLE)
def test_no_field_of_priors_is_left_out(name: str):
    assert {field.name for field in dataclasses.fields(CASES[name].priors)} == TABLE[name].keys()


def test_no_class_of_priors_and_no_model_is_left_out():
    assert TABLE.keys() == CASES.keys()
    models = {(claim, model) for claim in CLAIMS for model in models_of(claim)}
    assert {(case.claim, case.name) for case in CASES.values()} == models
    assert {(claim, model) for claim in CLAIMS for model in import_part(claim, "specifications").PRIORS} == models
    written = {
        each
        for claim in CLAIMS
        for name, each in inspect.getmembers(import_part(claim, "choices"), inspect.isclass)
        if name.endswith("Priors")
    }
    assert {type(case.priors) for case in CASES.values()} == written
