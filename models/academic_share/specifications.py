"""Specifications of the academic share: the steps of its ladder, named priors, and extended specifications.

Each says three things about itself. Its *role*: an analysis that a reader may prefer to the main fit is defensible, an
extreme that nobody expects is a bound. Models without a compute may well differ by half a dex from those with one, in
all team types or in academia-only alone; a whole dex is a bound, and so is that all resolved collaborations lean to
industry. The *main fit* with which it is compared. And the headlines that are the *same quantity* there. None is among
all models, above a hard threshold, by sponsor, in a fixed mix of domains, or at another threshold of the tail. Another
selection or vintage has other models in its table, so that only the trend is compared. Vintages from 2025 on label
organisations, of which a leaning is another quantity. "From 2017 on" means to 2022.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from models.academic_share.choices import Choices, SharesPriors, UpperTailPriors
from models.common.claim import RAW, Specification

SEED = 20240105  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
PRIORS: dict[str, Any] = {"shares": SharesPriors(), "upper_tail": UpperTailPriors()}
# At PyMC's default target_accept of 0.8, seven of forty fits had one divergence each; at 0.9 none, for 0.1 s more each.
# The draws give the slowest parameter of the upper tail, domain_sd, an effective sample size of about 1,300, at which
# rank R-hat stays under 1.01; to centre its effects partly did not help.
SAMPLERS = {"shares": {"target_accept": 0.9, "draws": 1200}, "upper_tail": {"target_accept": 0.9, "draws": 3000}}

# By model, groups of hyper-parameters that one named prior scales, and the parameters whose priors power-scaling scales
# with them. Scaling all at once would hide a prior whose effect another one cancels.
type Groups = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
_OF_TEAM_TYPES: Groups = {
    "intercept": (("intercept_sd",), ("intercept",)),
    "trend": (("trend_sd",), ("trend",)),
    "walk": (("walk_sd",), ("walk_sd",)),
}
PRIOR_GROUPS: dict[str, Groups] = {
    "shares": _OF_TEAM_TYPES,
    "upper_tail": _OF_TEAM_TYPES
    | {
        "effects of domains": (("domain_sd",), ("domain_sd",)),
        "level of compute": (("compute_sd",), ("compute_intercept",)),
        "growth of compute": (("growth_sd",), ("growth",)),
        "walk of compute": (("compute_walk_sd",), ("compute_walk_sd",)),
        "differences in compute": (("offset_sd", "offset_trend_sd"), ("offset", "offset_trend")),
        "domains of compute": (("compute_domain_sd",), ("compute_domain_sd",)),
        "spread": (("sd_log_sd",), ("log_sd",)),
        "differences in spread": (("sd_sector_log_sd",), ("log_sd_sector",)),
        "trend of the spread": (("spread_trend_sd",), ("spread_trend",)),
    },
}
# The pairs of a main fit and a group that power-scaling finds above 0.05 for one of its headlines, or near it.
REFITTED = (
    ("main", "trend"),
    ("large_scale", "differences in compute"),
    ("large_scale", "differences in spread"),
)
# A sceptic of the claim expects that shares hardly change, or that team types hardly differ in compute.
SCEPTICAL = {"trend_sd": 0.45}
SCEPTICAL_OF_COMPUTE = {"offset_sd": 0.2, "offset_trend_sd": 0.15}

# Headlines that may be the same quantity in other specifications.
_TREND = ("share_academia_only", "change_academia_only_log_odds")
_LEANING = ("share_industry_with_leaning_by_year",)
_LEADS = ("industry_only_above_half_from", "industry_only_largest_from")  # from a year to the end of the window
_TABLE = ("table_share_academia_only", "table_share_industry_with_leaning_by_year")
_TAIL = ("large_scale_share_academia_only", "compute_ratio")
_FITTED = (*_TREND, *_LEANING, *_LEADS)
# What a named prior may move. No prior enters the shares among the models in the table: their sectors are known.
HEADLINES_OF = {"main": _FITTED, "large_scale": _TAIL}


def list_named_priors(pairs: Iterable[tuple[str, str]]) -> tuple[Specification, ...]:
    """List, for each pair of a main fit and a group of its priors, the fits with half and twice the group's scales."""
    out = []
    for fit, group in pairs:
        model = {"main": "shares", "large_scale": "upper_tail"}[fit]
        names, _ = PRIOR_GROUPS[model][group]
        for word, factor in (("half", 0.5), ("twice", 2.0)):
            priors = {name: factor * asdict(PRIORS[model])[name] for name in names}
            name = f"{fit}_{group.replace(' ', '_')}_{word}"
            out.append(
                Specification(name, f"{word} the scale of the {group}", "prior", model, priors=priors, extended=True,
                              role="defensible", compared_with=fit, same_quantity=HEADLINES_OF[fit])
            )  # fmt: skip
    return tuple(out)


def _list_shares() -> tuple[Specification, ...]:
    """List the specifications of the yearly shares; the steps of the ladder come first, in order."""
    model = "shares"
    without_cost = {"vintage": "2026-05", "last_year": 2025, "models": "without cost alone"}
    defensible: dict[str, Any] = {"role": "defensible"}
    return (
        Specification("raw", "the labelled rows, counted", "sampling", RAW, {"team": "labelled"}, role="step"),
        Specification("labelled", "the labelled rows, modelled", "prior", model, {"team": "labelled"}, **defensible,
                      same_quantity=(*_FITTED, *_TABLE)),
        Specification("main", "missing sectors resolved", "main", model, role="main",
                      same_quantity=(*_FITTED, *_TABLE)),
        Specification("vintage_2025_06", "the vintage of June 2025", "sampling", model, {"vintage": "2025-06"},
                      **defensible, same_quantity=(*_TREND, *_LEADS)),
        Specification("sceptical", "sceptical priors: little change", "prior", model, priors=SCEPTICAL, extended=True,
                      **defensible, same_quantity=HEADLINES_OF["main"]),
        Specification("all_models", "all models, notable or not", "definition", model, {"models": "all"},
                      extended=True),
        Specification("without_use_alone", "without models notable for wide use alone", "definition", model,
                      {"models": "without use alone"}, extended=True, **defensible,
                      same_quantity=(*_TREND, *_LEANING, *_LEADS)),
        Specification("by_sponsor", "by who paid for the compute", "definition", model, {"team": "sponsor"},
                      extended=True),
        Specification("hard_threshold", "only models 0.76 sd above the trend of compute", "definition", model,
                      {"above_line": 0.76}, extended=True),
        Specification("resolved_lean_to_industry", "resolved collaborations all lean to industry", "measurement",
                      model, {"resolved_leaning": "industry"}, role="bound",
                      same_quantity=(*_LEANING, "table_share_industry_with_leaning_by_year")),
        Specification("vintage_2026_05", "the vintage of May 2026, years to 2025", "sampling", model,
                      {"vintage": "2026-05", "last_year": 2025}, **defensible, same_quantity=_TREND),
        Specification("vintage_2026_05_without_cost", "May 2026 without models notable for cost alone", "definition",
                      model, without_cost, extended=True, **defensible, same_quantity=_TREND),
    )  # fmt: skip


def _list_upper_tail() -> tuple[Specification, ...]:
    """List the specifications of the upper tail of compute."""
    academia = ("academia-only",)

    def extend(
        name: str,
        title: str,
        kind: Any,
        choices: Any = None,
        priors: Any = None,
        role: Any = "defensible",
        checked: bool = False,
    ) -> Specification:
        return Specification(f"large_scale_{name}", title, kind, "upper_tail", choices or {}, priors or {}, role=role,
                             extended=True, compared_with="large_scale", checked=checked,
                             same_quantity=() if role == "separate" else _TAIL)  # fmt: skip

    return (
        Specification("large_scale", "the upper tail of compute", "main", "upper_tail", role="main",
                      compared_with="large_scale", same_quantity=_TAIL),
        extend("sceptical", "sceptical priors: team types alike", "prior", priors=SCEPTICAL_OF_COMPUTE),
        extend("equal_spread", "equal sd in all team types", "prior", priors={"sd_sector_log_sd": 0.01}),
        extend("changing_spread", "an sd that changes with time", "model", {"spread": "changing"}, checked=True),
        extend("labelled", "labelled teams only", "measurement", {"team": "labelled"}),
        extend("vintage_2025_06", "the vintage of June 2025", "sampling", {"vintage": "2025-06"}),
        extend("error_speculative", "unlabelled error 0.90 dex", "measurement", {"unlabelled_se": 0.90}),
        extend("fixed_mix", "a fixed mix of domains", "composition", {"domain_mix": "fixed"}, role="separate"),
        *(extend(f"z_{name}", f"upper {share} %: z > {z}", "definition", {"z": z}, role="separate")
          for name, share, z in (("0", 50, 0.0), ("1", 16, 1.0), ("1_5", 7, 1.5))),
        *(extend(f"missing_academia{name}", f"missing compute of academia-only {abs(shift):g} dex {word}",
                 "measurement", {"missing_compute": shift, "missing_team_types": academia}, role=role)
          for name, shift, word, role in (("", 1.0, "more", "bound"), ("_less", -1.0, "less", "bound"),
                                          ("_more_0_5", 0.5, "more", "defensible"),
                                          ("_less_0_5", -0.5, "less", "defensible"))),
        *(extend(f"missing_{name}", f"missing compute {abs(shift)} dex {name[:4]}", "measurement",
                 {"missing_compute": shift}, role="bound" if abs(shift) == 1 else "defensible")
          for name, shift in (("less_1", -1.0), ("less_0_5", -0.5), ("more_0_5", 0.5), ("more_1", 1.0))),
    )  # fmt: skip


SPECIFICATIONS = (*_list_shares(), *_list_upper_tail(), *list_named_priors(REFITTED))
