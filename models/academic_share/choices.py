"""Choices of the analysis and hyper-parameters of its two models. They enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    vintage: str = "2023-12"
    # "without X alone" excludes the models that are notable for X and for nothing else.
    models: Literal["notable", "all", "without use alone", "without cost alone"] = "notable"
    team: Literal["resolved", "labelled", "sponsor"] = "resolved"  # source of the team type
    resolved_leaning: Literal["derived", "industry"] = "derived"  # leaning of collaborations whose label was missing
    first_year: int = 2010  # the window of the published claim; 2023 is incomplete in this vintage
    last_year: int = 2022
    domains: tuple[str, ...] = ("Language", "Vision", "Games", "Drawing", "Multimodal", "Speech")  # all others: Other
    above_line: float | None = None  # shares: only models this many sd above the line of log10 compute on time
    unlabelled_se: float = 0.61  # dex; a missing, unknown or unverified confidence is treated as Likely
    z: float = 0.76  # large-scale: above this quantile of a standard normal, the upper 22 %
    missing_compute: float = 0.0  # dex by which models without a compute differ from those with one
    missing_team_types: tuple[str, ...] | None = None  # team types to which missing_compute applies; None: all
    domain_mix: Literal["observed", "fixed"] = "observed"  # in a three-year window, or over all years
    spread: Literal["constant", "changing"] = "constant"  # large-scale: sd of log10 compute over time


@dataclass(frozen=True)
class SharesPriors:
    """Hyper-parameters of the shares, with their implications, which the prior predictive test checks.

    Effects of the five team types sum to zero. With the scale s, one of them has the sd s sqrt(1 - 1/5) = 0.89 s, and
    the difference between two of them, which the data inform, has the sd s sqrt(2) = 1.41 s.
    """

    # The priors of the team types are as wide as the model of the upper tail allows. That model adds priors of compute;
    # with much wider priors of the team types, it would imply that one team type makes all or none of the large-scale
    # models (tests/models has the limit). At the prior mean, academia-only, both types of collaboration together,
    # and industry-only are equally likely (0.31 each). The rare other team types are a quarter as likely.
    intercept_mean: tuple[float, ...] = (0.55, -0.15, -0.15, 0.55, -0.8)
    intercept_sd: float = 0.7  # log-odds; academia-only in the middle year between about 0.1 and 0.6
    trend_sd: float = 1.8  # log-odds per decade; the odds between two team types change by e^2.5 = 12 in ten years
    walk_sd: float = 0.2  # log-odds per year; two team types deviate from their line by about 0.2, rarely 0.5


@dataclass(frozen=True)
class UpperTailPriors(SharesPriors):
    """Hyper-parameters of the upper tail of compute: those of the team types' shares, and of log10 compute."""

    domain_sd: float = 0.3  # log-odds; odds between two team types differ between domains by about 1.2, rarely by 3
    compute_mean: float = 20.0  # log10 FLOP in the middle year; with the sd, 10^17 to 10^23
    compute_sd: float = 1.5
    growth_mean: float = 6.0  # dex per decade: doubling in six months (Sevilla et al. 2022), with a wide margin
    growth_sd: float = 2.0
    compute_walk_sd: float = 0.3  # dex per year
    offset_sd: float = 0.6  # dex; two team types differ by a factor of about 7, rarely 50
    offset_trend_sd: float = 0.5  # dex per decade
    compute_domain_sd: float = 0.7  # dex
    sd_median: float = 1.4  # dex; sd of log10 compute within a team type, year and domain
    sd_log_sd: float = 0.3  # sd of the logarithm of that sd, common to all team types
    sd_sector_log_sd: float = 0.2  # scale of its logarithm between team types: two sds differ by about 1.3, rarely 1.7
    spread_trend_sd: float = 0.4  # of a changing spread alone; sds change by about 1.5 in ten years, rarely by 2.2
