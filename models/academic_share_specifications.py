"""The specifications of the academic share: the ladder's rungs, prior sets, alternatives, and what was published."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from models._claim import Alternative, Headline, Published
from models.registry import RAW

if TYPE_CHECKING:
    from models.academic_share import Priors

EARLY, LATE = "2010-14", "2020-22"
# Scales that a prior set halves or doubles.
SHARES_SCALES = ("level_sd", "trend_sd", "walk_sd")
EXCESS_SCALES = (
    *SHARES_SCALES, "domain_sd", "compute_sd", "growth_sd", "compute_walk_sd", "offset_sd", "offset_trend_sd",
    "compute_domain_sd", "spread_sd", "spread_sector_sd",
)  # fmt: skip
# At PyMC's own 0.8 seven fits in forty had one divergence each; at 0.9 none, for 0.1 s more a fit.
SMALLER_STEPS = {"target_accept": 0.9}
# A sceptic of the claim: shares hardly change, kinds of team hardly differ in compute.
SCEPTICAL = {"trend_sd": 0.45, "walk_sd": 0.1}
SCEPTICAL_OF_COMPUTE = SCEPTICAL | {"offset_sd": 0.2, "offset_trend_sd": 0.15, "spread_sector_sd": 0.05}


def specifications(priors: Priors) -> tuple[Alternative, ...]:
    """Every specification, the ladder's rungs first and in order; ``priors`` are the defaults that are scaled."""

    def scaled(names: tuple[str, ...], factor: float) -> dict[str, float]:
        return {name: factor * asdict(priors)[name] for name in names}

    half, twice = scaled(SHARES_SCALES, 0.5), scaled(SHARES_SCALES, 2.0)
    half_b, twice_b = scaled(EXCESS_SCALES, 0.5), scaled(EXCESS_SCALES, 2.0)
    b = "latent_excess"
    every = (
        Alternative("raw", "the labelled rows, counted", "sampling", RAW, {"team": "labelled"}),
        Alternative("labelled", "the labelled rows, modelled", "prior", "shares", {"team": "labelled"}),
        Alternative("main", "blank sectors resolved", "main", "shares"),
        Alternative("vintage_2025_06", "the vintage of June 2025", "sampling", "shares", {"vintage": "2025-06"}),
        Alternative("half_scale", "priors of half the scale", "prior", "shares", priors=half, aside=True),
        Alternative("twice_scale", "priors of twice the scale", "prior", "shares", priors=twice, aside=True),
        Alternative("sceptical", "sceptical priors: little change", "prior", "shares", priors=SCEPTICAL, aside=True),
        Alternative("all_models", "all models, notable or not", "definition", "shares", {"models": "all"}, aside=True),
        Alternative("without_use_alone", "without models notable for wide use alone", "definition", "shares",
                    {"models": "without use alone"}, aside=True),
        Alternative("by_sponsor", "by who paid for the compute", "definition", "shares", {"team": "sponsor"},
                    aside=True),
        Alternative("hard_threshold", "only models 0.76 sd above the trend of compute", "definition", "shares",
                    {"above_line": 0.76}, aside=True),
        Alternative("resolved_lean_to_industry", "resolved collaborations all lean to industry", "measurement",
                    "shares", {"resolved_leaning": "industry"}),
        Alternative("vintage_2026_05", "the vintage of May 2026, years to 2025", "sampling", "shares",
                    {"vintage": "2026-05", "last_year": 2025}),
        Alternative("vintage_2026_05_without_cost", "May 2026 without models notable for cost alone", "definition",
                    "shares", {"vintage": "2026-05", "last_year": 2025, "models": "without cost alone"}, aside=True),
        Alternative("large_scale", "B: the upper tail of compute", "main", b),
        Alternative("large_scale_half_scale", "priors of half the scale", "prior", b, priors=half_b, aside=True),
        Alternative("large_scale_twice_scale", "priors of twice the scale", "prior", b, priors=twice_b, aside=True),
        Alternative("large_scale_sceptical", "sceptical priors: kinds alike", "prior", b, priors=SCEPTICAL_OF_COMPUTE,
                    aside=True),
        Alternative("large_scale_equal_spread", "equal spread of all kinds", "prior", b,
                    priors={"spread_sector_sd": 0.01}, aside=True),
        Alternative("large_scale_labelled", "labelled teams only", "measurement", b, {"team": "labelled"}, aside=True),
        Alternative("large_scale_vintage_2025_06", "the vintage of June 2025", "sampling", b, {"vintage": "2025-06"},
                    aside=True),
        Alternative("large_scale_error_speculative", "unlabelled error 0.90 dex", "measurement", b,
                    {"unlabelled_se": 0.90}, aside=True),
        Alternative("large_scale_fixed_mix", "a fixed mix of domains", "composition", b, {"domain_mix": "fixed"},
                    aside=True),
        *(
            Alternative(f"large_scale_z_{name}", f"upper {share} %: z > {z}", "definition", b, {"z": z}, aside=True)
            for name, share, z in (("0", 50, 0.0), ("1", 16, 1.0), ("1_5", 7, 1.5))
        ),
        Alternative("large_scale_missing_academia", "missing compute of academia-only 1 dex more", "measurement", b,
                    {"missing_compute": 1.0, "missing_kinds": ("academia-only",)}, aside=True),
        *(
            Alternative(f"large_scale_missing_{name}", f"missing compute {abs(shift)} dex {name[:4]}", "measurement", b,
                        {"missing_compute": shift}, aside=True)
            for name, shift in (("less_1", -1.0), ("less_0_5", -0.5), ("more_0_5", 0.5), ("more_1", 1.0))
        ),
    )  # fmt: skip
    return tuple(replace(each, sampler=SMALLER_STEPS) for each in every)


# Rungs in order, each with the one thing in which it differs from the one before.
LADDER = {"raw": "sampling", "labelled": "prior", "main": "measurement", "vintage_2025_06": "sampling"}
# Another quantity, to stand beside the ladder of the first.
BESIDE = {
    "share_academia_only": ("large_scale", "large_scale_share_academia_only"),
    "share_industry_with_leaning_by_year": ("large_scale", "large_scale_share_industry_with_leaning_by_year"),
}
# Names for readers; those of the upper tail say so.
_SHARES = {
    "share_academia_only": "academia-only share",
    "share_collaboration": "share of collaborations without those leaning to industry",
    "share_collaboration_with_leaning": "share of all collaborations",
    "share_industry_only": "industry-only share",
    "share_industry_with_leaning": "industry with leaning collaborations",
    "share_other": "share of other teams",
    "change_academia_only": "change of the academia-only share",
    "change_academia_only_log_odds": "log-odds change of the academia-only share",
    "industry_only_never_stays_above_half": "industry-only never stays above one half",
    "industry_only_above_half_from": "industry-only above one half from then on",
}
TITLES = (
    _SHARES
    | {f"large_scale_{name}": f"{title}, upper tail" for name, title in _SHARES.items()}
    | {
        "compute_ratio": "ratio of training compute, industry-only to academia-only",
        "threshold": "threshold of the upper tail, log10 FLOP",
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
_TAIL = "the source's definition of large-scale is not public; this is the upper tail of notable models' compute"
_HARDWARE = "the published five-fold gap is of hardware named in papers; this is training compute of models"
PUBLISHED = (
    Published("share_academia_only", {"period": EARLY}, 0.65, tolerance=_LOG_ODDS, source=_SOURCE),
    Published("share_academia_only", {"period": LATE}, 0.10, tolerance=_LOG_ODDS, source=_SOURCE),
    Published(
        "share_industry_with_leaning_by_year",
        {"year": 2022},
        0.81,
        tolerance=_LOG_ODDS,
        source=_SOURCE,
        not_comparable_in=("vintage_2025_06", "vintage_2026_05"),  # leaning there is counted from organisations
    ),
    Published("change_academia_only", sign=-1, source=_SOURCE),
    Published("change_academia_only_log_odds", sign=-1, source=_SOURCE),
    Published("share_industry_only_by_year", {"year": 2017}, sign=1, source=_SOURCE),
    Published("large_scale_share_academia_only", {"period": EARLY}, 0.65, source=_SOURCE, not_comparable=_TAIL),
    Published("large_scale_share_academia_only", {"period": LATE}, 0.10, source=_SOURCE, not_comparable=_TAIL),
    Published("compute_ratio", {"period": LATE}, 5.0, source=_SOURCE, not_comparable=_HARDWARE),
)
