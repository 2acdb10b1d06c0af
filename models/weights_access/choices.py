"""Choices of the analysis and hyper-parameters of its models: they enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    vintage: str = "2026-03"  # all models of Epoch's database
    models: Literal["all", "notable"] = "all"
    first_year: int = 2018
    last_year: int = 2025
    # Errors of the label open or not: both sources err alike, and their disagreement says how often; or no errors.
    error: Literal["disagreement", "none"] = "disagreement"
    # Log-odds: open, models of unknown access less models of known access that are alike.
    unknown_shift: float = 0.0
    unknown: Literal["modelled", "left out"] = "modelled"  # models of unknown access, in the shares reported


@dataclass(frozen=True)
class AccessPriors:
    """Hyper-parameters of the stages, in log-odds, with their implications, which a prior predictive test checks."""

    # Median sector in 2021: P(known) 0.82, P(open), P(unrestricted if open) and P(served if not open) one half.
    known_mean: float = 1.5
    level_sd: float = 1.5  # of each sector: a share of 0.08 to 0.92
    trend_sd: float = 1.0  # in four years
    walk_sd: float = 0.3  # a year, median of a log-normal sd
    domain_sd: float = 0.5  # median of a log-normal sd
    slope_sd: float = 1.0  # for a thousandfold compute
    slope_sector_sd: float = 0.5  # how that slope differs between sectors
    gap_sd: float = 1.0  # compute unknown
    notable_sd: float = 1.0
    sd_log_sd: float = 0.6  # sd of the logarithms of the log-normal sds
    # Share of wrong labels, log-odds: 0.05, between 0.01 and 0.20.
    error_mean: float = -3.0
    error_sd: float = 1.0


@dataclass(frozen=True)
class OrderedPriors(AccessPriors):
    """Hyper-parameters of the ordered model, in log-odds."""

    cut_log_sd: float = 0.75  # sd of the logarithms of the distances between cut points: 0.3 to 3.3
