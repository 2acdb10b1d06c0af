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
    "industry_only_largest_from": "industry-only stays the largest group from this year",
}
_OF_TREND = {name: title + ", trend" if name.startswith("share_") else title for name, title in _SHARES.items()}
_OF_TABLE = {f"table_{name}": _SHARES[name] + ", models in the table"
             for name in ("share_academia_only", "share_industry_only", "share_industry_with_leaning")}  # fmt: skip
LABELS = (
    _OF_TREND
    | _OF_TABLE
    | {f"large_scale_{name}": f"{title}, upper tail of compute" for name, title in _SHARES.items()}
    | {
        "compute_ratio": "ratio of training compute, industry-only to academia-only",
        "threshold": "threshold of the upper tail of compute, log10 FLOP",
    }
)

HEADLINES = (
    Headline("main", "share_academia_only", {"period": EARLY}),
    Headline("main", "table_share_academia_only", {"period": EARLY}, ladder=False),
    Headline("main", "share_academia_only", {"period": LATE}),
    Headline("main", "table_share_academia_only", {"period": LATE}, ladder=False),
    Headline("main", "change_academia_only_log_odds", ladder=False),
    Headline("main", "share_industry_with_leaning_by_year", {"year": 2022}),
    Headline("main", "table_share_industry_with_leaning_by_year", {"table_year": 2022}, ladder=False),
    Headline("main", "industry_only_above_half_from", {"year": 2017}, ladder=False),
    Headline("main", "industry_only_largest_from", {"year": 2017}, ladder=False),
    Headline("large_scale", "large_scale_share_academia_only", {"period": LATE}),
    Headline("large_scale", "compute_ratio", {"period": LATE}),
)

_SOURCE = "besiroglu2024"
_LOG_ODDS = 0.5  # tolerance of shares
_TAIL = "the source's definition of large-scale is not public; this is the upper tail of compute of notable models"
_HARDWARE = "the published gap concerns hardware named in papers; this is the training compute of models"
_LATER = ("vintage_2025_06", "vintage_2026_05", "vintage_2026_05_without_cost")  # derive a leaning from organisations

# A published number of shares is compared with the trend and with the share among the models in the table. An estimand
# that is another quantity than the published one has no number here, so that none is printed with it.
PUBLISHED = (
    Published("share_academia_only", {"period": EARLY}, 0.65, tolerance=_LOG_ODDS, source=_SOURCE),
    Published("share_academia_only", {"period": LATE}, 0.10, tolerance=_LOG_ODDS, source=_SOURCE),
    Published("table_share_academia_only", {"period": EARLY}, 0.65, tolerance=_LOG_ODDS, source=_SOURCE),
    Published("table_share_academia_only", {"period": LATE}, 0.10, tolerance=_LOG_ODDS, source=_SOURCE),
    Published("share_industry_with_leaning_by_year", {"year": 2022}, 0.81, tolerance=_LOG_ODDS, source=_SOURCE,
              not_comparable_in=_LATER),
    Published("table_share_industry_with_leaning_by_year", {"table_year": 2022}, 0.81, tolerance=_LOG_ODDS,
              source=_SOURCE, not_comparable_in=_LATER),
    Published("change_academia_only", sign=-1, source=_SOURCE),
    Published("change_academia_only_log_odds", sign=-1, source=_SOURCE),
    Published("share_industry_only_by_year", {"year": 2017}, sign=1, source=_SOURCE),
    # "Dominates since 2017" is read in two ways: as a majority, and as the largest group.
    Published("industry_only_above_half_from", {"year": 2017}, sign=1, source=_SOURCE),
    Published("industry_only_largest_from", {"year": 2017}, sign=1, source=_SOURCE),
    Published("large_scale_share_academia_only", {"period": EARLY}, source=_SOURCE, not_comparable=_TAIL),
    Published("large_scale_share_academia_only", {"period": LATE}, source=_SOURCE, not_comparable=_TAIL),
    Published("compute_ratio", {"period": LATE}, source=_SOURCE, not_comparable=_HARDWARE),
)  # fmt: skip
