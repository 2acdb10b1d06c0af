"""Reporting of adoption: ladder, headlines, labels for readers, and published values.

A change in this module causes no refit.
"""

from __future__ import annotations

from models.common.claim import Headline, Published
from models.common.team_types import ACADEMIA_ONLY
from models.pretrained_adoption.definitions import ANY_INDUSTRY, ORIGINS
from models.pretrained_adoption.specifications import CHANGE, CHOICES

# Steps in order, each with the one thing that it changes.
LADDER = {"title": "definition", "abstract": "definition", "main": "composition"}
SEPARATE_QUANTITIES: dict[str, tuple[str, str]] = {}
LABELS = {
    "share": "share of papers that mention a pre-trained model of industry",
    "share_recent": "share of papers that mention a pre-trained model of industry, 2020-22",
    "share_nlp": "share of NLP papers that mention a pre-trained model of industry",
    "use": "share of papers that mention and use a pre-trained model of industry",
    "use_recent": "share of papers that mention and use a pre-trained model of industry, 2020-22",
    CHANGE: "change in the share that mentions a pre-trained model of industry, 2018 to 2022",
    "change_use": "change in the share that mentions and uses one, 2018 to 2022",
    "ratio_recent": "mentions of a pre-trained model of industry, academia-only over papers with industry, 2020-22",
    "difference_recent": "mentions of a pre-trained model of industry, academia-only less those with industry, 2020-22",
    "origin_share": "of the papers that mention a pre-trained model, those that mention one of this origin, 2020-22",
    "precision": "share of mentions that are a use",
}

_TEAM, _LAST = {"team": ACADEMIA_ONLY}, {"team": ACADEMIA_ONLY, "year": CHOICES.last_year}
_ORIGIN = {"origin": ORIGINS[0], "team": ACADEMIA_ONLY}
HEADLINES = (
    Headline("main", CHANGE, _TEAM),
    Headline("main", "ratio_recent", {"industry": ANY_INDUSTRY}, ladder=False),
    Headline("main", "share_nlp_by_year", _LAST, ladder=False),
    Headline("main", "origin_share", _ORIGIN, ladder=False),
    Headline("main", "use_by_year", _LAST, ladder=False),
)

_SOURCE = "besiroglu2024"
_DIRECTION = "the source gives a direction in words, and no number"
PUBLISHED = (
    Published(CHANGE, _TEAM, sign=1, source=_SOURCE),
    *(Published(one.estimand, dict(one.coords), source=_SOURCE, not_comparable=_DIRECTION) for one in HEADLINES[1:]),
)
