"""Choices of the analysis and hyper-parameters of its model: they enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    first_year: int = 2018  # of the first models that many papers build on
    last_year: int = 2022
    # Models that count: of industry, of anyone, of industry with weights that anyone can download.
    models: Literal["industry", "any", "open and industry"] = "industry"
    left_out: tuple[str, ...] = ()  # names of the lexicon that do not count
    where: Literal["title and abstract", "title"] = "title and abstract"
    # Team type: from the list's affiliations, else the LLM label; or of one source alone.
    team: Literal["either", "listed", "coded"] = "either"
    # Fields and venues over which a share is averaged: of all papers, or of each team type and year.
    mix: Literal["fixed", "own"] = "fixed"
    labels: Literal["all", "title and abstract"] = "all"  # labelled mentions that say how many are uses
    use_shift: float = 0.0  # log-odds: a mention is a use, academia-only papers less others
    without_field: str = ""


@dataclass(frozen=True)
class MentionPriors:
    """Hyper-parameters in log-odds, with their implications, which a prior predictive test checks."""

    # A mention in 2020: 0.01 of the papers at the mean, between 0.001 and 0.10.
    intercept_mean: float = -4.6
    intercept_sd: float = 1.5
    trend_sd: float = 1.5  # in two years
    walk_sd: float = 0.3  # a year, median of a log-normal sd
    field_sd: float = 1.0  # median of a log-normal sd, as are the other sds of effects
    field_trend_sd: float = 0.3  # in two years
    venue_sd: float = 0.5
    team_sd: float = 0.7  # of mixed and of industry-only against academia-only
    team_trend_sd: float = 0.5  # in two years
    team_walk_sd: float = 0.15
    sd_log_sd: float = 0.6  # sd of the logarithms of the log-normal sds
    # A mention is a use: 0.5, between 0.08 and 0.92.
    use_sd: float = 1.5
    # Of the papers that mention a model: industry released one, and it could be downloaded.
    origin_mean: float = 2.0
    origin_sd: float = 1.5
    origin_team_sd: float = 0.5  # how team types differ
