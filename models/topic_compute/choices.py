"""Choices of the analysis and hyper-parameters of its two models: they enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    exposure: Literal["terms", "term count", "hardware"] = (
        "terms"  # of abstracts; hardware: of papers read in full text
    )
    first_year: int = 2012
    last_year: int = 2021  # of the published claim; full texts are read to 2022
    papers: Literal["table", "project"] = "table"  # project: the snapshot's papers, in a run on a user's table
    # From all available text, or from a part of it, by the project's lexicon; or as OpenAlex classifies the paper.
    topic: Literal["topic", "topic_title", "topic_keywords", "topic_openalex"] = "topic"
    # "listed": the list, and the LLM label where it is incomplete. "listed where coded": so for papers with a label.
    team: Literal["listed", "coded", "listed where coded"] = "listed"
    unseen: Literal["random", "complete cases", "all academic", "all industry"] = "random"  # authors not observed
    unseen_shift: float = 0.0  # log-odds of an academia-only team, partly observed teams minus others
    industry: tuple[str, ...] = ("company", "double")  # sectors of authors that count as industry
    tei: bool = True  # include papers known from TEI texts alone: most of natural language processing before 2020
    without_venue: str = ""
    without_family: str = ""
    # Of the decomposition: papers are draws from those that a venue-year might have published, or given.
    resampled: bool = True
    # Of the topic-year regression:
    topic_trends: bool = True  # a linear trend for each topic
    year_effects: bool = True  # effects of years that all topics share
    share_of_terms: Literal["with errors", "counted"] = "with errors"  # modelled, or taken as counted
    walk_order: Literal[1, 2] = 1  # of the deviations of topic-years from their trends; 2 is smoother
    venues: Literal["all", "spanning"] = "all"  # spanning: the balanced panel of venues, with an effect of each


@dataclass(frozen=True)
class ContrastPriors:
    """Hyper-parameters of the contrast, with their implications, which a prior predictive test checks."""

    intercept_mean: float = 0.5  # log-odds; academia-only papers are a majority (0.62) at a typical venue
    intercept_sd: float = 1.0  # between 0.25 and 0.9
    topic_sd: float = 0.7  # log-odds; theory and language, say, differ by a factor of two to four in odds
    size_sd: float = 0.8  # log-odds; wide, as each further author may come from industry
    family_sd: float = 0.5  # log-odds; odds ratios of 0.4 to 2.5 for a paper with terms, no effect most likely
    # Medians of log-normal sds: under a half-normal, the logarithm of a small sd would have a long lower tail.
    venue_year_sd: float = 0.5  # log-odds; venue-years differ by a factor of about two in odds
    topic_venue_sd: float = 0.2  # log-odds; a topic at one venue and at another
    topic_slope_sd: float = 0.1  # log-odds; effects differ between topics by a factor of 1.1 in odds, or up to 1.5
    topic_family_sd: float = 0.1
    sd_log_sd: float = 0.7  # sd of the logarithms of these sds: between a third of the median and three times it


@dataclass(frozen=True)
class TopicYearPriors:
    """Hyper-parameters of the topic-year regression, with their implications."""

    intercept_mean: float = 0.5  # log-odds; as in the contrast
    intercept_sd: float = 1.0
    topic_sd: float = 0.7
    term_intercept_mean: float = -2.0  # log-odds; one abstract in eight has a term
    term_intercept_sd: float = 0.7
    term_sd: float = 0.7  # log-odds; between topics and between years
    term_trend_sd: float = 0.5  # log-odds a decade, deviations of topics from what all share
    # Log-odds per unit of share. At a slope of 10.0, ten percentage points more papers with terms change the odds by a
    # factor of 2.7. The prior is wide, as an ecological slope may be many times the slope between papers.
    slope_sd: float = 10.0
    own_term_sd: float = 0.5  # log-odds; odds ratios of 0.4 to 2.5 for a paper that uses a term, no effect most likely
    trend_sd: float = 1.0  # log-odds a decade, common to all topics
    # Medians of log-normal sds: under a half-normal, the logarithm of a small sd would have a long lower tail.
    year_sd: float = 0.1  # log-odds; effects of years that all topics share
    own_term_topic_sd: float = 0.2  # log-odds; that odds ratio differs between topics by a factor of 1.2, or up to 2
    topic_trend_sd: float = 0.3  # log-odds a decade, deviations of topics from the common trend
    walk_sd: float = 0.1  # log-odds a year, step of a topic's random walk: after ten years a factor of 1.4 in odds
    term_walk_sd: float = 0.1
    sd_log_sd: float = 0.7  # sd of the logarithms of these sds: between a third of the median and three times it
