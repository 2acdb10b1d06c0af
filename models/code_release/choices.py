"""Choices of the analysis and hyper-parameters of its four models: they enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    # What counts as a release: the LLM label yes of the full text; the LLM label yes together with an address of the
    # paper's own code; or a link on the paper's abstract page.
    outcome: Literal["label", "address", "page"] = "label"
    papers: Literal[
        "all", "with a link field", "with affiliations", "without affiliations", "of several institutions"
    ] = "all"
    error: Literal["none", "pooled", "by team"] = "pooled"  # errors of the annotator
    # hand: papers with a human label alone; same error: both, as if human labels and passages measured the same error
    calibration: Literal["both", "same error", "hand", "passages"] = "both"
    promised: bool = False  # a passage that promises code counts as a release
    ceiling: Literal["by team", "common", "none"] = "by team"  # the release ceiling w
    research: Literal["empirical", "all"] = "empirical"  # theory rarely has code to release
    team: Literal["coded", "listed"] = "coded"  # team type by the LLM annotator, or by the list's affiliations
    institutions: bool = False  # split team size by the number of institutions, for papers of several
    without_venue: str = ""
    # Log-odds: shifts for teams with industry, beyond what the calibration says.
    shift_sensitivity: float = 0.0
    shift_specificity: float = 0.0
    access_vintage: str = "2025-06"  # of Epoch's models, for access to training code

    def __post_init__(self) -> None:
        """Refuse choices of ``error``, ``institutions`` and ``promised`` that contradict other choices."""
        if self.outcome != "label" and self.error != "none":
            raise ValueError(f"the error rates are those of the LLM label, not of {self.outcome!r}: use error 'none'")
        if self.institutions and self.papers != "of several institutions":
            raise ValueError("a mixed team has at least two institutions: use institutions with papers of several")
        if self.promised and self.error != "none" and self.calibration != "passages":
            raise ValueError("human labels count no promise as a release: use promised with calibration 'passages'")


@dataclass(frozen=True)
class ReleasePriors:
    """Hyper-parameters of the release model, with their implications, which a prior predictive test checks."""

    intercept_mean: float = 0.0  # log-odds below the ceiling: 0.5, with intercept_sd between 0.19 and 0.81
    intercept_sd: float = 0.9
    venue_year_sd: float = 0.8  # log-odds, half-normal; 2014 and 2022 differ by a factor of ten in odds
    topic_sd: float = 0.5  # log-odds; topics differ by a factor of about 2 in odds, rarely 4
    size_sd: float = 0.3  # log-odds
    topic_trend_sd: float = 0.3  # log-odds in four years; from 2014 to 2022 topics diverge 2- to 3-fold in odds
    size_team_sd: float = 0.3  # log-odds; how the effect of industry differs between team sizes
    # Medians of log-normal sds, log-odds: each sd lies between a third of its median and three times its median. Under
    # a half-normal prior, the logarithm of a small sd would have a long lower tail.
    topic_venue_sd: float = 0.2
    size_venue_sd: float = 0.1
    venue_log_sd: float = 0.6  # sd of the logarithms of these two sds
    # Log-odds, sd of the common any and only: below the ceiling, odds ratios between 0.45 and 2.2, rarely 0.3 or 3. The
    # sum of the two, industry-only to academia-only, has the sd 0.7: odds ratios between 0.32 and 3.1.
    industry_sd: float = 0.5
    # Median of the log-normal sd of the eras' effects around the common one, log-odds, and sd of its logarithm. The sd
    # lies between 0.06 and 0.39: the odds ratios of two eras differ by a factor of about 1.1, rarely 1.8.
    industry_era_sd: float = 0.15
    industry_era_log_sd: float = 0.6
    # Log-odds of the release ceiling: about uniform on the probability, with median 0.5 and 89 % between 0.06 and 0.94.
    # It asserts nothing about how many papers would release code at all. 89 % of the shares that it implies lie between
    # 0.03 and 0.6, and of the ratios of two team types between 1/8 and 8.
    ceiling_mean: float = 0.0
    ceiling_sd: float = 1.7
    sensitivity_mean: float = 2.5  # log-odds: 0.92, between 0.71 and 0.98
    sensitivity_sd: float = 1.0
    specificity_mean: float = 2.5
    specificity_sd: float = 1.0
    error_team_sd: float = 0.7  # log-odds; team types differ by a factor of about 2 in the odds of an error
    # Log-odds of the share of stated releases that are never found: 0.08, between 0.02 and 0.29. A broken address or an
    # empty repository is an exception, but not a rare one.
    unfound_mean: float = -2.5
    unfound_sd: float = 1.0


@dataclass(frozen=True)
class MeasurementPriors:
    """Hyper-parameters of the model of the detection methods without correction."""

    # Each detection method has an intercept at each venue-year, and each list a share of releases that it finds.
    stratum_mean: float = -1.0  # log-odds: 0.27, between 0.03 and 0.80
    stratum_sd: float = 1.5
    stratum_mean_sd: float = 1.0
    found_sd: float = 1.5  # log-odds: between 0.08 and 0.92
    industry_sd: float = 0.5  # log-odds; as in the release model


@dataclass(frozen=True)
class AuthorsPriors:
    """Hyper-parameters of release by the number of authors from industry."""

    stratum_mean: float = -1.0  # log-odds: 0.27, between 0.03 and 0.80
    stratum_sd: float = 1.5
    curve_sd: float = 0.7  # log-odds, for five and more authors from industry
    industry_sd: float = 0.5  # log-odds; this and the two sds below are as in the release model
    topic_sd: float = 0.5
    size_sd: float = 0.3


@dataclass(frozen=True)
class TrainingCodePriors:
    """Hyper-parameters of access to training code."""

    # Log-odds: between sectors, per factor of a thousand in compute; half of the sd per decade (see ``TREND``).
    access_sd: float = 1.0
