"""Reporting of compute terms: ladder, headlines, labels for readers, and published values.

A change in this module causes no refit.
"""

from __future__ import annotations

from math import log

from models.common.claim import Headline, Published
from models.topic_compute.definitions import TEN_POINTS
from models.topic_compute.specifications import SPECIFICATIONS

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
    "slope_within": "total slope within topics, log-odds per unit of share",
    "slope_contextual": "contextual slope within topics, beyond papers' own terms, log-odds per unit of share",
    "slope_between": "total slope between topics, log-odds per unit of share",
}

HEADLINES = (
    Headline("main", "ratio_per_ten_points"),
    Headline("main", "odds_ratio", ladder=False),
    Headline("main", "odds_ratio_by_topic", {"topic": LANGUAGE}, ladder=False),
    Headline("full_text", "odds_ratio", ladder=False),
    Headline("main", "goes_with_last", {"factor": "team size"}),
    Headline("main", "goes_with_last", {"factor": "compute terms"}),
    # The published claim about topics is about the total slope, as it compares shares; the contextual one is a part.
    Headline("with_trends", "slope_within", ladder=False),
    Headline("with_trends", "slope_contextual", ladder=False),
)

_SOURCE = "besiroglu2024"
# The published claim concerns terms; no figure was published for hardware.
_HARDWARE = tuple(one.name for one in SPECIFICATIONS if one.choices.get("exposure") == "hardware")
# Half-width of the region of practical equivalence. Of the odds ratio between papers it is 1/1.1 to 1.1. Other
# quantities have the same region on the scale of papers: that of ten points more papers is a tenth as wide on the log
# scale (1.01), and a slope is the change from no paper with terms to all papers with terms, as that odds ratio is.
_ROPE = log(1.1)
_ROPE_OF_TEN_POINTS = TEN_POINTS * _ROPE
PUBLISHED = (
    Published("ratio_per_ten_points", sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE, rope=_ROPE_OF_TEN_POINTS),
    Published("odds_ratio", sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE, rope=_ROPE),
    Published("odds_ratio_by_topic", {"topic": LANGUAGE}, sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE),
    Published("slope_within", sign=-1, source=_SOURCE, rope=_ROPE),
    Published("change_spanning", sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE),
)
