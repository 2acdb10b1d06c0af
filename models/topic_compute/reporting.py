"""Reporting of compute terms: ladder, headlines, labels for readers, and published values.

A change in this module causes no refit.
"""

from __future__ import annotations

from math import log

from models.common.claim import Headline, Published
from models.topic_compute.definitions import TEN_POINTS
from models.topic_compute.specifications import ERAS, READ_IN_FULL

LANGUAGE = "natural language processing"
# Steps in order, each with the one thing that it changes.
LADDER = {
    "plain": "definition",
    "with_years": "composition",
    "as_published": "measurement",
    "with_trends": "composition",
    "main": "model",
    "project_papers": "source",
}
SEPARATE_QUANTITIES = {"ratio_per_ten_points": ("full_text", "ratio_per_ten_points")}
LABELS = {
    "ratio_per_ten_points": "odds ratio of an academia-only team, ten points more papers with compute terms",
    "odds_ratio": "odds ratio of an academia-only team, papers with compute terms (or hardware) to papers without",
    "odds_ratio_by_topic": "odds ratio of an academia-only team, with terms to without",
    "odds_ratio_by_topic_same_mix": "odds ratio of an academia-only team, with terms to without, same mix of families",
    "odds_ratio_by_family": "odds ratio of an academia-only team, with terms to without",
    "odds_ratio_new_topic": "odds ratio of an academia-only team in a new topic",
    "difference": "difference in P(academia only), papers with compute terms",
    "difference_by_topic": "difference in P(academia only)",
    "difference_by_family": "difference in P(academia only)",
    "difference_corpus": "difference in P(academia only), all papers",
    "sd_between_topics": "sd of the log odds ratio between topics",
    "sd_between_families": "sd of the log odds ratio between families",
    "topics_differ_in_sign": "topics differ in sign",
    "families_differ_more": "families differ more than topics",
    "reliability": "reliability: part of the variance of counted shares within topics that is not sampling error",
    "share_spanning": "academia-only share, balanced panel of venues",
    "change_spanning": "change in the academia-only share, balanced panel of venues",
    "goes_with_first": "part of the change accounted for, reweighted first",
    "goes_with_last": "part of the change accounted for, reweighted last",
    "waterfall": "part of the change accounted for, in order",
    "slope_within": "slope within topics, log-odds per unit of share",
    "slope_between": "slope between topics, log-odds per unit of share",
}

HEADLINES = (
    Headline("main", "ratio_per_ten_points"),
    Headline("main", "odds_ratio", ladder=False),
    Headline("main", "odds_ratio_by_topic", {"topic": LANGUAGE}, ladder=False),
    Headline("full_text", "odds_ratio", ladder=False),
    Headline("main", "goes_with_last", {"factor": "team size"}),
    Headline("main", "goes_with_last", {"factor": "compute terms"}),
)

_SOURCE = "besiroglu2024"
# The published claim concerns terms; no figure was published for hardware.
_HARDWARE = (
    "full_text", "full_text_half_scale", "full_text_twice_scale",
    *(f"full_text_without_{venue.lower()}" for venue in READ_IN_FULL),
    *(f"full_text_{era.replace('-', '_')}" for era in ERAS),
)  # fmt: skip
# Half-width of the region of practical equivalence: that of the odds ratio between papers, 1/1.1 to 1.1, in the unit of
# the ladder.
_ROPE = TEN_POINTS * log(1.1)
PUBLISHED = (
    Published("ratio_per_ten_points", sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE, rope=_ROPE),
    Published("odds_ratio", sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE),
    Published("odds_ratio_by_topic", {"topic": LANGUAGE}, sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE),
    Published("slope_within", sign=-1, source=_SOURCE),
    Published("change_spanning", sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE),
)
