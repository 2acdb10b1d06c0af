"""Specifications of the academic share: the steps of its ladder, prior sets, and extended specifications."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from models.academic_share.choices import Choices, SharesPriors, UpperTailPriors
from models.common.claim import RAW, Specification

SEED = 20240105  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
PRIORS: dict[str, Any] = {"shares": SharesPriors(), "upper_tail": UpperTailPriors()}
# At PyMC's default target_accept of 0.8, seven of forty fits had one divergence each; at 0.9 none, for 0.1 s more each.
SAMPLERS = {"shares": {"target_accept": 0.9, "draws": 1200}, "upper_tail": {"target_accept": 0.9}}

# Scales that a prior set halves or doubles.
SHARES_SCALES = ("intercept_sd", "trend_sd", "walk_sd")
UPPER_TAIL_SCALES = (
    *SHARES_SCALES, "domain_sd", "compute_sd", "growth_sd", "compute_walk_sd", "offset_sd", "offset_trend_sd",
    "compute_domain_sd", "sd_log_sd", "sd_sector_log_sd",
)  # fmt: skip
# A sceptic of the claim expects that shares hardly change, and that team types hardly differ in compute.
SCEPTICAL = {"trend_sd": 0.45, "walk_sd": 0.1}
SCEPTICAL_OF_COMPUTE = SCEPTICAL | {"offset_sd": 0.2, "offset_trend_sd": 0.15, "sd_sector_log_sd": 0.05}


def _scale_priors(model: str, names: tuple[str, ...], factor: float) -> dict[str, float]:
    """Return default hyper-parameters of a model, multiplied by a factor."""
    return {name: factor * asdict(PRIORS[model])[name] for name in names}


def _list_shares() -> tuple[Specification, ...]:
    """List the specifications of the yearly shares; the steps of the ladder come first, in order."""
    model = "shares"
    half, twice = _scale_priors(model, SHARES_SCALES, 0.5), _scale_priors(model, SHARES_SCALES, 2.0)
    without_cost = {"vintage": "2026-05", "last_year": 2025, "models": "without cost alone"}
    return (
        Specification("raw", "the labelled rows, counted", "sampling", RAW, {"team": "labelled"}),
        Specification("labelled", "the labelled rows, modelled", "prior", model, {"team": "labelled"}),
        Specification("main", "missing sectors resolved", "main", model),
        Specification("vintage_2025_06", "the vintage of June 2025", "sampling", model, {"vintage": "2025-06"}),
        Specification("half_scale", "priors of half the scale", "prior", model, priors=half, extended=True),
        Specification("twice_scale", "priors of twice the scale", "prior", model, priors=twice, extended=True),
        Specification("sceptical", "sceptical priors: little change", "prior", model, priors=SCEPTICAL, extended=True),
        Specification("all_models", "all models, notable or not", "definition", model, {"models": "all"},
                      extended=True),
        Specification("without_use_alone", "without models notable for wide use alone", "definition", model,
                      {"models": "without use alone"}, extended=True),
        Specification("by_sponsor", "by who paid for the compute", "definition", model, {"team": "sponsor"},
                      extended=True),
        Specification("hard_threshold", "only models 0.76 sd above the trend of compute", "definition", model,
                      {"above_line": 0.76}, extended=True),
        Specification("resolved_lean_to_industry", "resolved collaborations all lean to industry", "measurement",
                      model, {"resolved_leaning": "industry"}),
        Specification("vintage_2026_05", "the vintage of May 2026, years to 2025", "sampling", model,
                      {"vintage": "2026-05", "last_year": 2025}),
        Specification("vintage_2026_05_without_cost", "May 2026 without models notable for cost alone", "definition",
                      model, without_cost, extended=True),
    )  # fmt: skip


def _list_upper_tail() -> tuple[Specification, ...]:
    """List the specifications of the upper tail of compute."""
    model = "upper_tail"
    half, twice = _scale_priors(model, UPPER_TAIL_SCALES, 0.5), _scale_priors(model, UPPER_TAIL_SCALES, 2.0)
    academia = {"missing_compute": 1.0, "missing_team_types": ("academia-only",)}

    def extend(name: str, title: str, kind: str, choices: object = None, priors: object = None) -> Specification:
        return Specification(f"large_scale_{name}", title, kind, model, choices or {}, priors or {}, extended=True)  # type: ignore[arg-type]

    return (
        Specification("large_scale", "the upper tail of compute", "main", model),
        extend("half_scale", "priors of half the scale", "prior", priors=half),
        extend("twice_scale", "priors of twice the scale", "prior", priors=twice),
        extend("sceptical", "sceptical priors: team types alike", "prior", priors=SCEPTICAL_OF_COMPUTE),
        extend("equal_spread", "equal sd in all team types", "prior", priors={"sd_sector_log_sd": 0.01}),
        extend("labelled", "labelled teams only", "measurement", {"team": "labelled"}),
        extend("vintage_2025_06", "the vintage of June 2025", "sampling", {"vintage": "2025-06"}),
        extend("error_speculative", "unlabelled error 0.90 dex", "measurement", {"unlabelled_se": 0.90}),
        extend("fixed_mix", "a fixed mix of domains", "composition", {"domain_mix": "fixed"}),
        *(extend(f"z_{name}", f"upper {share} %: z > {z}", "definition", {"z": z})
          for name, share, z in (("0", 50, 0.0), ("1", 16, 1.0), ("1_5", 7, 1.5))),
        extend("missing_academia", "missing compute of academia-only 1 dex more", "measurement", academia),
        *(extend(f"missing_{name}", f"missing compute {abs(shift)} dex {name[:4]}", "measurement",
                   {"missing_compute": shift})
          for name, shift in (("less_1", -1.0), ("less_0_5", -0.5), ("more_0_5", 0.5), ("more_1", 1.0))),
    )  # fmt: skip


SPECIFICATIONS = (*_list_shares(), *_list_upper_tail())
