"""Specifications of the hardware gap: the steps of the ladder, prior sets, and extended specifications."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from models.common.claim import Specification
from models.compute_gap.choices import Choices, PerformancePriors, SetupsPriors
from models.compute_gap.definitions import PUBLISHED_AT, VENUES

type Kind = Literal["definition", "measurement", "composition", "sampling", "prior", "model"]
type Role = Literal["defensible", "bound", "step", "separate"]

SEED = 20211206  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
SETUPS, PERFORMANCE = "setups", "performance"
PRIORS: dict[str, Any] = {SETUPS: SetupsPriors(), PERFORMANCE: PerformancePriors()}
# With steps of PyMC's default target, 1,000 draws a chain give every estimand an effective sample size of 900 or more.
SAMPLERS = {
    SETUPS: {"tune": 400, "draws": 1000},
    PERFORMANCE: {"target_accept": 0.9, "tune": 600, "draws": 4000},
}

# Hyper-parameters and top-level priors that belong together. Named priors change those of one group.
PRIOR_GROUPS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    SETUPS: {
        "intercepts": (("several_sd", "many_sd"), ("intercept",)),
        "venue-years": (("venue_year_sd",), ("venue_year_sd",)),
        "topics": (("topic_sd",), ("topic_sd",)),
        "team sizes": (("size_sd",), ("size_sd",)),
        "effects of industry": (
            ("industry_sd", "industry_trend_sd"), ("industry_effect", "industry_trend"),
        ),
        "changes of these effects": (
            ("industry_walk_sd", "industry_venue_sd"), ("industry_walk_sd", "industry_venue_sd"),
        ),
        "two, four and eight chips": (("ordinary_sd", "ordinary_trend_sd"), ("ordinary", "ordinary_trend")),
        "more than eight chips": (
            ("large_sd", "large_team_sd", "large_trend_sd"), ("large_location", "large_team", "large_trend"),
        ),
        "spread of more than eight chips": (("large_spread",), ("large_spread",)),
        "choice of chips": (
            ("taste_sd", "taste_trend_sd", "kind_sd"),
            ("taste_team", "taste_trend", "taste_class", "kind_team", "kind_class"),
        ),
        "popularity of chips": (("chip_sd",), ("chip_popularity",)),
        "parser's errors": (("error_sd",), ("error_logit", "wrong")),
    }
}  # fmt: skip
# Groups to which a headline is sensitive: refitted with half and twice the scale.
SCALED = ("effects of industry", "changes of these effects", "more than eight chips", "popularity of chips")

GEOMETRIC = "neurips_2021_ratio"
RATIOS = (
    GEOMETRIC,
    "neurips_2021_ratio_median",
    "neurips_2021_ratio_quantile",
    "neurips_2021_ratio_arithmetic",
    "neurips_2021_more",
)  # the headlines
COUNTED = {"error": "none", "mix": "own"}  # numbers of chips as the parser found them


def _list_refreshed() -> tuple[Specification, ...]:
    """List the specifications that refresh fits, in the order of fitting."""

    def take_mean(name: str, title: str) -> Specification:
        return Specification(name, title, "definition", SETUPS, {**COUNTED, "mean": name}, role="step")

    return (
        take_mean("arithmetic", "ratio of arithmetic means, all papers that state their chips"),
        take_mean("quantile", "ratio of 90 % quantiles"),
        take_mean("geometric", "ratio of geometric means"),
        Specification("standardised", "same venue-years, topics and team sizes", "composition", SETUPS,
                      {"error": "none"}, role="step"),
        Specification("main", "parser's errors by team type", "main", SETUPS, role="main"),
    )  # fmt: skip


def _extend(
    name: str,
    title: str,
    kind: Kind,
    choices: Mapping[str, Any],
    role: Role = "defensible",
    same: tuple[str, ...] = RATIOS,
    model: str = SETUPS,
    priors: Mapping[str, float] | None = None,
) -> Specification:
    """Make a specification that refresh does not fit."""
    return Specification(name, title, kind, model, choices, priors or {}, extended=True, role=role,
                         same_quantity=() if role == "separate" else same, checked=model == PERFORMANCE)  # fmt: skip


def _list_named_priors() -> tuple[Specification, ...]:
    """List named priors: half and twice the scale of one group at a time."""
    out = []
    for group in SCALED:
        names = [name for name in PRIOR_GROUPS[SETUPS][group][0] if name.endswith("_sd")]
        for word, factor in (("half", 0.5), ("twice", 2.0)):
            priors = {name: factor * getattr(PRIORS[SETUPS], name) for name in names}
            name = f"{re.sub(r'[^a-z]+', '_', group)}_{word}"
            out.append(_extend(name, f"{word} the scale of the prior: {group}", "prior", {}, priors=priors))
    return tuple(out)


def _list_extended() -> tuple[Specification, ...]:
    """List the specifications that refresh does not fit, apart from named priors."""
    continuous = {"unknown": "one"}
    return (
        # Other definitions of performance.
        _extend("tensor", "peak at 16 bits on tensor cores", "definition", {"peak": "tensor"}),
        _extend("sum", "all set-ups of a paper together", "definition", {"setups": "sum"}),
        # A number of chips that is not stated, one paper in ten.
        _extend("unknown_one", "an unknown number of chips taken as one", "measurement", {"unknown": "one"}),
        _extend("unknown_eight", "an unknown number of chips taken as eight", "measurement", {"unknown": "eight"},
                "bound"),
        _extend("own_mix", "each team type's own venue-years, topics and team sizes", "composition", {"mix": "own"}),
        # Four papers in five state no accelerator. If these use a tenth of what the others do, and in which team type.
        *(_extend(f"unstated_{name}", f"papers that state no accelerator use a tenth, {words}", "sampling",
                  {"unstated_shift": -1.0, "unstated_teams": teams}, "bound", (GEOMETRIC,))
          for name, words, teams in (
              ("all", "all team types", CHOICES.unstated_teams),
              ("academia", "academia-only", ("academia-only",)),
              ("industry", "with industry", ("mixed", "industry-only")),
          )),
        *(_extend(f"without_{venue.lower()}", f"without {venue}", "composition", {"without_venue": venue})
          for venue in VENUES if not PUBLISHED_AT.startswith(venue)),
        # Log10 performance as a continuous number. Its location is a geometric mean only if residuals are symmetric.
        _extend("normal", "a continuous number, normal residuals", "model", {**continuous, "tail": "normal"},
                same=(GEOMETRIC,), model=PERFORMANCE),
        _extend("student", "a continuous number, Student-t residuals", "model", continuous, "separate",
                model=PERFORMANCE),
        _extend("nlp", "NLP papers of 2014-18, Student-t residuals", "model", {"source": "nlp", **continuous},
                "separate", model=PERFORMANCE),
        _extend("epoch", "Epoch's notable models, Student-t residuals", "model", {"source": "epoch"},
                "separate", model=PERFORMANCE),
    )  # fmt: skip


SPECIFICATIONS = (*_list_refreshed(), *_list_named_priors(), *_list_extended())
