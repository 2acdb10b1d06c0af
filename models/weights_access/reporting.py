"""Reporting of access to weights: headlines, labels for readers, and why nothing is comparable.

A change in this module causes no refit. There is no ladder: the source is a narrative and gives no number.
"""

from __future__ import annotations

from models.common.claim import Headline, Published
from models.weights_access.definitions import INDUSTRY_ONLY, RECENT, SECTORS

LADDER: dict[str, str] = {}
SEPARATE_QUANTITIES: dict[str, tuple[str, str]] = {}
LABELS = {
    "open": "share of models with open weights",
    "unrestricted": "share of models with open weights, without restriction",
    "served": "share of models that are served, not open",
    "known": "share of models whose access is known",
    "open_low": "lower bound of the share with open weights",
    "open_high": "upper bound of the share with open weights",
    "open_difference": "open weights, industry-only less academia-only models",
    "open_ratio": "open weights, industry-only over academia-only models",
    "open_ratio_same_models": "open weights, industry-only over academia-only, same models",
    "open_large": "share with open weights, models of 10^23 FLOP or more",
    "open_change_thousandfold": "change in the share with open weights for a thousandfold compute",
    "odds_ratio_thousandfold": "odds ratio of open weights, thousandfold compute",
    "label_error": "share of wrong labels, open or not",
}

_HERE = {"period": RECENT}
HEADLINES = (
    Headline("main", "open", {"sector": INDUSTRY_ONLY} | _HERE, ladder=False),
    Headline("main", "open", {"sector": SECTORS[0]} | _HERE, ladder=False),
    Headline("main", "open_ratio_same_models", {"recent": RECENT}, ladder=False),
    Headline("main", "open_change_thousandfold", {"sector": INDUSTRY_ONLY}, ladder=False),
    Headline("main", "known", {"sector": SECTORS[0]} | _HERE, ladder=False),
)

_SOURCE = "besiroglu2024"
_NARRATIVE = "the source describes access in words and gives no share, ratio or slope"
PUBLISHED = tuple(
    Published(one.estimand, dict(one.coords), source=_SOURCE, not_comparable=_NARRATIVE) for one in HEADLINES
)
