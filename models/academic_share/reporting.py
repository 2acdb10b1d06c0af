"""Reporting of the academic share: ladder, headlines, labels for readers, and published values.

A change in this module causes no refit.
"""

from __future__ import annotations

from models.academic_share.definitions import EARLY, LATE
from models.common.claim import Headline, Published

# Steps in order, each with the one thing that it changes.
LADDER = {"raw": "sampling", "labelled": "prior", "main": "measurement", "vintage_2025_06": "sampling"}
# By the estimand of a ladder: the separate quantity that is shown with it, as (specification, estimand).
SEPARATE_QUANTITIES = {
    "share_academia_only": ("large_scale", "large_scale_share_academia_only"),
    "share_industry_with_leaning_by_year": ("large_scale", "large_scale_share_industry_with_leaning_by_year"),
}
_SHARES = {
    "share_academia_only": "academia-only share",
    "share_collaboration": "share of collaborations, industry-leaning ones excluded",
    "share_collaboration_with_leaning": "share of all collaborations",
    "share_industry_only": "industry-only share",
    "share_industry_with_leaning": "share of industry-only teams and industry-leaning collaborations",
    "share_other": "share of other teams",
    "change_academia_only": "change in the academia-only share",
    "change_academia_only_log_odds": "change in the academia-only share, log-odds",
    "industry_only_never_stays_above_half": "industry-only never stays above one half",
    "industry_only_above_half_from": "industry-only stays above one half from this year",
}
LABELS = (
    _SHARES
    | {f"large_scale_{name}": f"{title}, upper tail of compute" for name, title in _SHARES.items()}
    | {
        "compute_ratio": "ratio of training compute, industry-only to academia-only",
        "threshold": "threshold of the upper tail of compute, log10 FLOP",
    }
)

HEADLINES = (
    Headline("main", "share_academia_only", {"period": EARLY}),
    Headline("main", "share_academia_only", {"period": LATE}),
    Headline("main", "change_academia_only_log_odds", ladder=False),
    Headline("main", "share_industry_with_leaning_by_year", {"year": 2022}),
    Headline("large_scale", "large_scale_share_academia_only", {"period": LATE}),
    Headline("large_scale", "compute_ratio", {"period": LATE}),
)

_SOURCE = "besiroglu2024"
_LOG_ODDS = 0.5  # tolerance of shares
_TAIL = "the source's definition of large-scale is not public; this is the upper tail of compute of notable models"
_HARDWARE = "the published five-fold gap concerns hardware named in papers; this is the training compute of models"
PUBLISHED = (
    Published("share_academia_only", {"period": EARLY}, 0.65, tolerance=_LOG_ODDS, source=_SOURCE),
    Published("share_academia_only", {"period": LATE}, 0.10, tolerance=_LOG_ODDS, source=_SOURCE),
    Published(
        "share_industry_with_leaning_by_year",
        {"year": 2022},
        0.81,
        tolerance=_LOG_ODDS,
        source=_SOURCE,
        not_comparable_in=("vintage_2025_06", "vintage_2026_05"),  # these derive the leaning from the organisations
    ),
    Published("change_academia_only", sign=-1, source=_SOURCE),
    Published("change_academia_only_log_odds", sign=-1, source=_SOURCE),
    Published("share_industry_only_by_year", {"year": 2017}, sign=1, source=_SOURCE),
    Published("large_scale_share_academia_only", {"period": EARLY}, 0.65, source=_SOURCE, not_comparable=_TAIL),
    Published("large_scale_share_academia_only", {"period": LATE}, 0.10, source=_SOURCE, not_comparable=_TAIL),
    Published("compute_ratio", {"period": LATE}, 5.0, source=_SOURCE, not_comparable=_HARDWARE),
)
