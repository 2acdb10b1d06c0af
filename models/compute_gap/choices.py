"""Choices of the analysis and hyper-parameters of its model: they enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    first_year: int = 2015  # the first with thirty papers that state an accelerator
    last_year: int = 2022
    # Peak of a chip: at fp32, where a TPU has 16 bits alone; or at 16 bits on tensor cores, where the chip has them.
    peak: Literal["fp32", "tensor"] = "fp32"
    setups: Literal["largest", "sum"] = "largest"  # the largest set-up that a paper states, or all of them
    error: Literal["by team", "none"] = "by team"  # errors of the parser in the number of chips
    # A number of chips that is not stated: latent, or taken as one or eight.
    unknown: Literal["latent", "one", "eight"] = "latent"
    # The mean of ``neurips_2021_ratio``; the ratios of all four means are estimands of every specification.
    mean: Literal["geometric", "median", "quantile", "arithmetic"] = "geometric"
    # dex: papers that state no accelerator less those that do, in the team types named
    unstated_shift: float = 0.0
    unstated_teams: tuple[str, ...] = ("academia-only", "mixed", "industry-only")
    mix: Literal["common", "own"] = "common"  # topics and team sizes: of all papers, or of each team type's own
    without_venue: str = ""
    # Of the continuous model: its rows, and the form of its residuals.
    source: Literal["venues", "nlp", "epoch"] = "venues"
    epoch_vintage: str = "2026-05"
    tail: Literal["student", "normal"] = "student"


@dataclass(frozen=True)
class SetupsPriors:
    """Hyper-parameters of the model of set-ups, with their implications, which a prior predictive test checks."""

    # More than one chip (log-odds): 0.18 at the mean, between 0.04 and 0.53.
    several_mean: float = -1.5
    several_sd: float = 1.0
    # More than eight chips, if more than one: 0.12, between 0.03 and 0.41.
    many_mean: float = -2.0
    many_sd: float = 1.0
    venue_year_sd: float = 0.4  # log-odds, median of a log-normal sd; as are the other sds of effects
    topic_sd: float = 0.6  # log-odds; vision and theory, say, differ by a factor of two to four in odds
    size_sd: float = 0.4
    industry_sd: float = 0.7  # log-odds, of mixed and of industry-only against academia-only: ratios of 1/3 to 3
    industry_trend_sd: float = 0.5  # log-odds in four years
    industry_venue_sd: float = 0.2  # how that effect differs between venues
    industry_walk_sd: float = 0.15  # a year
    sd_log_sd: float = 0.6  # sd of the logarithms of the log-normal sds
    # Two, four and eight chips among two to eight, log-odds around their mean, by team type.
    ordinary_sd: float = 1.0
    ordinary_trend_sd: float = 0.5
    # Log2 of the number of chips, if more than eight: 16 to 128 are typical.
    large_mean: float = 5.5
    large_sd: float = 1.0
    large_team_sd: float = 0.7
    large_trend_sd: float = 0.7  # in four years
    large_spread: float = 1.5  # median of the log-normal scale
    chip_sd: float = 2.0  # log-odds, popularity of chips in a year
    # Log-odds per dex of peak, and for TPUs and chips sold to consumers.
    taste_sd: float = 1.5
    taste_trend_sd: float = 1.5
    kind_sd: float = 1.5
    # Share of papers whose number of chips the parser reads wrong, log-odds: 0.06, between 0.01 and 0.24.
    error_mean: float = -2.75
    error_sd: float = 1.0


@dataclass(frozen=True)
class PerformancePriors:
    """Hyper-parameters of the continuous model, in dex (log10 FLOP/s), with their implications."""

    intercept_mean: float = 13.3  # about one V100
    intercept_sd: float = 1.0
    venue_year_sd: float = 0.2  # median of a log-normal sd, as are those of topics, team sizes and residuals
    topic_sd: float = 0.1
    size_sd: float = 0.1
    residual_sd: float = 0.5
    industry_sd: float = 0.5  # ratios of a sixth to six times
    industry_trend_sd: float = 0.5  # in four years
    industry_venue_sd: float = 0.05  # median of a log-normal sd: how that effect differs between venues
    sd_log_sd: float = 0.6  # sd of the logarithms of the log-normal sds
    nu_rate: float = 0.1  # degrees of freedom: 17 at the median, between 4 and 45
