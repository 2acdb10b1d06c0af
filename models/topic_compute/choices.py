"""Choices of the analysis and hyper-parameters of its two models: they enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    exposure: Literal["terms", "term count", "hardware"] = "terms"  # of abstracts; hardware: of papers read in full
    first_year: int = 2012
    last_year: int = 2021  # of the published claim; full texts are read to 2022
    topic: Literal["topic", "topic_title", "topic_keywords"] = "topic"  # from all the text there is, or a part of it
    # Listed: coded where the list is incomplete; listed where coded: of papers that have been coded alone.
    team: Literal["listed", "coded", "listed where coded"] = "listed"
    unseen: Literal["random", "complete cases", "all academic", "all industry"] = "random"
    unseen_shift: float = 0.0  # log-odds; incomplete teams are so much more often academia-only than others
    industry: tuple[str, ...] = ("company", "double")  # sectors of authors that count as industry
    tei: bool = True  # papers known from TEI texts alone: most of natural language processing before 2020
    without_venue: str = ""
    without_family: str = ""
    # Of the topic-year regression:
    topic_trends: bool = True  # a linear trend of each topic's own
    year_effects: bool = True  # what all topics share in a year
    share_of_terms: Literal["with errors", "counted"] = "with errors"  # counted: taken as it is
    venues: Literal["all", "spanning"] = "all"  # spanning: in each period that the fall compares; an effect of each


@dataclass(frozen=True)
class ContrastPriors:
    """Hyper-parameters of the contrast, with what they imply. The prior predictive test holds them to it."""

    level_mean: float = 0.5  # log-odds; academia-only papers are a majority (0.62) at a typical venue
    level_sd: float = 1.0  # between 0.25 and 0.9
    topic_sd: float = 0.7  # log-odds; theory against language, say, by a factor of two to four in odds
    size_sd: float = 0.8  # log-odds; each further author may come from industry: wide
    family_sd: float = 0.5  # log-odds; odds ratios of 0.4 to 2.5 for a paper with terms, no effect most likely
    # Scales that are learned, medians of log-normals: under a half-normal the logarithm of a small one has no end.
    venue_year_sd: float = 0.5  # log-odds; venue-years differ by some factor of two in odds
    pair_sd: float = 0.2  # log-odds; a topic at one venue against the same at another
    topic_slope_sd: float = 0.1  # log-odds; topics differ in odds by a factor of 1.1, between hardly and by 1.5
    topic_family_sd: float = 0.1
    sd_spread: float = 0.7  # of their logarithms: between a third of the median and three times as much


@dataclass(frozen=True)
class TopicYearPriors:
    """Hyper-parameters of the topic-year regression, with what they imply."""

    level_mean: float = 0.5  # log-odds; as in the contrast
    level_sd: float = 1.0
    topic_sd: float = 0.7
    term_level_mean: float = -2.0  # log-odds; one abstract in eight has a term
    term_level_sd: float = 0.7
    term_sd: float = 0.7  # log-odds; between topics and years
    # Log-odds per unit of share: ten points more papers with terms, odds by a factor of 2.7. Wide, for an ecological
    # slope may be many times that of papers.
    slope_sd: float = 10.0
    year_sd: float = 0.2  # log-odds, median of a log-normal; what all topics share in a year
    trend_sd: float = 1.0  # log-odds a decade, of all topics
    topic_trend_sd: float = 0.5  # log-odds a decade, of a topic beside that
    excess_sd: float = 0.2  # log-odds; topic-years beyond the binomial
    sd_spread: float = 0.7  # of the logarithm of year_sd: between a third of the median and three times as much
