"""Choices of the analysis and hyper-parameters of its two models: they enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    vintage: str = "2023-12"
    models: Literal["notable", "all", "without use alone", "without cost alone"] = "notable"  # alone: nothing else
    team: Literal["resolved", "labelled", "sponsor"] = "resolved"  # whose label says who made a model
    resolved_leaning: Literal["derived", "industry"] = "derived"  # of collaborations whose label was blank
    first_year: int = 2010  # the published claim's window; 2023 is incomplete in this vintage
    last_year: int = 2022
    domains: tuple[str, ...] = ("Language", "Vision", "Games", "Drawing", "Multimodal", "Speech")  # the rest is Other
    above_line: float | None = None  # A: only models so many sd above the line of log10 compute on time
    unlabelled_se: float = 0.61  # dex; blank, unknown or unverified confidence, taken as Likely
    z: float = 0.76  # large-scale: above this quantile of a standard normal, so the upper 22 %
    missing_compute: float = 0.0  # dex; models without a compute differ so much from those with one
    missing_kinds: tuple[str, ...] | None = None  # in these kinds of team; in all where None
    domain_mix: Literal["observed", "fixed"] = "observed"  # in a three-year window, or that of the whole window


@dataclass(frozen=True)
class SharesPriors:
    """Hyper-parameters, with what they imply. The prior predictive test holds them to it."""

    # The sector part is as wide as the upper tail allows: in B these add to the computes' priors, and much wider ones
    # would say beforehand that one kind makes all or none of the large-scale models (tests/models has the limit).
    # At the prior mean academia-only, collaborations of both leanings together, and industry-only are equally likely
    # (0.31 each), the rare other kinds a quarter of that.
    level_mean: tuple[float, ...] = (0.55, -0.15, -0.15, 0.55, -0.8)
    level_sd: float = 0.7  # log-odds; academia-only in the middle year between about 0.1 and 0.6
    trend_sd: float = 1.8  # log-odds a decade; the odds of one kind to another change by e^2.5 = 12 in ten years
    walk_sd: float = 0.2  # log-odds a year; departures from the line of some 0.2, rarely 0.5


@dataclass(frozen=True)
class UpperTailPriors(SharesPriors):
    """Hyper-parameters of the upper tail of compute: those of the team types' shares, and of log10 compute."""

    domain_sd: float = 0.3  # log-odds; domains differ by a factor of about 1.3 in odds, rarely 2
    compute_mean: float = 20.0  # log10 FLOP in the middle year; with the sd, 10^17 to 10^23
    compute_sd: float = 1.5
    growth_mean: float = 6.0  # dex a decade: doubling in six months (Sevilla et al. 2022), and much either side
    growth_sd: float = 2.0
    compute_walk_sd: float = 0.3  # dex a year
    offset_sd: float = 0.6  # dex; two kinds of team differ by a factor of about 7, rarely 50
    offset_trend_sd: float = 0.5  # dex a decade
    compute_domain_sd: float = 0.7  # dex
    spread_median: float = 1.4  # dex within a kind of team, year and domain
    spread_sd: float = 0.3  # of its logarithm
    spread_sector_sd: float = 0.2  # of its logarithm between kinds: spreads within about 1.5 of each other
