"""Choices of the analysis and hyper-parameters of its four models: they enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
class ReleasePriors:
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
    error_team_sd: float = 0.7  # log-odds; kinds of team differ by a factor of about 2 in the odds of an error


@dataclass(frozen=True)
class MeasurementPriors:
    """Hyper-parameters of the detection methods, each as it is."""

    # Each instrument at each venue-year has its own level, and each list its own share of what it finds.
    stratum_mean: float = -1.0  # log-odds: 0.27, between 0.03 and 0.80
    stratum_sd: float = 1.5
    stratum_mean_sd: float = 1.0
    found_sd: float = 1.5  # log-odds: between 0.08 and 0.92
    industry_sd: float = 0.5  # log-odds; as of release


@dataclass(frozen=True)
class AuthorsPriors:
    """Hyper-parameters of release by the number of authors from industry."""

    stratum_mean: float = -1.0  # log-odds: 0.27, between 0.03 and 0.80
    stratum_sd: float = 1.5
    curve_sd: float = 0.7  # log-odds, of five and more authors from industry
    industry_sd: float = 0.5  # log-odds; as of release, and the two scales below
    topic_sd: float = 0.5
    size_sd: float = 0.3


@dataclass(frozen=True)
class TrainingCodePriors:
    """Hyper-parameters of access to training code."""

    access_sd: float = 1.0  # log-odds, of sectors, a decade, a thousandfold of compute
