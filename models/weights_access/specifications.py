"""Specifications of access to weights: main fit, alternatives, bounds and vintages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from models.common.claim import Specification
from models.weights_access.choices import AccessPriors, Choices, OrderedPriors

type Kind = Literal["definition", "measurement", "composition", "sampling", "prior", "model"]
type Role = Literal["defensible", "bound", "separate"]

SEED = 20240610  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
ACCESS, ORDERED = "access", "ordered"
PRIORS: dict[str, Any] = {ACCESS: AccessPriors(), ORDERED: OrderedPriors()}
# Longer steps than at PyMC's default of 0.8 mix as well for a third fewer gradients.
SAMPLERS = {
    ACCESS: {"target_accept": 0.7, "tune": 400, "draws": 1000},
    ORDERED: {"target_accept": 0.7, "tune": 400, "draws": 1500},
}

# Hyper-parameters and top-level priors that belong together. Named priors change those of one group.
_COMMON: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "levels of sectors": (("level_sd",), ("level",)),
    "trends": (("trend_sd",), ("trend",)),
    "walks": (("walk_sd",), ("walk_sd",)),
    "domains": (("domain_sd",), ("domain_sd",)),
    "slope of compute": (("slope_sd", "slope_sector_sd"), ("slope_common", "slope_sector")),
    "compute unknown": (("gap_sd",), ("gap",)),
    "notable models": (("notable_sd",), ("notable_effect",)),
}
PRIOR_GROUPS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    ACCESS: {**_COMMON, "wrong labels": (("error_sd",), ("error_logit",))},
}
# Groups to which a headline is sensitive: refitted with half and twice the scale.
SCALED = ("trends", "slope of compute")

HEADLINE_NAMES = ("open", "open_ratio_same_models", "open_change_thousandfold", "known")


def _list_refreshed() -> tuple[Specification, ...]:
    """List the specifications that refresh fits, in the order of fitting."""
    return (
        Specification("main", "stages, labels with errors", "main", ACCESS, role="main"),
        # First declared as defensible. Predictive checks of a trial fit refused it, so no headline is compared with it.
        Specification("ordered", "one ordered scale", "model", ORDERED, {"error": "none"}, checked=True),
    )  # fmt: skip


def _extend(
    name: str,
    title: str,
    kind: Kind,
    choices: Mapping[str, Any],
    role: Role = "defensible",
    same: tuple[str, ...] = HEADLINE_NAMES,
    priors: Mapping[str, float] | None = None,
) -> Specification:
    """Make a specification that refresh does not fit."""
    return Specification(name, title, kind, ACCESS, choices, priors or {}, extended=True, role=role,
                         same_quantity=() if role == "separate" else same)  # fmt: skip


def _list_named_priors() -> tuple[Specification, ...]:
    """List named priors: half and twice the scale of one group at a time."""
    out = []
    for group in SCALED:
        names = PRIOR_GROUPS[ACCESS][group][0]
        for word, factor in (("half", 0.5), ("twice", 2.0)):
            priors = {name: factor * getattr(PRIORS[ACCESS], name) for name in names}
            name = f"{re.sub(r'[^a-z]+', '_', group)}_{word}"
            out.append(_extend(name, f"{word} the scale of the prior: {group}", "prior", {}, priors=priors))
    return tuple(out)


def _list_extended() -> tuple[Specification, ...]:
    """List the specifications that refresh does not fit, apart from named priors."""
    of_access = ("open", "open_ratio_same_models", "open_change_thousandfold")
    return (
        _extend("no_errors", "labels without errors", "measurement", {"error": "none"}),
        _extend("known_alone", "models of known access alone", "sampling", {"unknown": "left out"}, same=("open",)),
        _extend("notable", "notable models", "composition", {"models": "notable"}, "separate"),
        # Models of unknown access differ from known ones that are alike, in one direction.
        _extend("unknown_less", "unknown access: log-odds of open lower by 1", "sampling", {"unknown_shift": -1.0},
                "bound", ("open",)),
        _extend("unknown_more", "unknown access: log-odds of open higher by 1", "sampling", {"unknown_shift": 1.0},
                "bound", ("open",)),
        # Other vintages of the database. The first ends in June 2025, the last has notable models alone.
        _extend("vintage_2025_06", "vintage of June 2025", "sampling", {"vintage": "2025-06"}, same=of_access),
        _extend("vintage_2026_05", "notable models, vintage of May 2026", "sampling",
                {"vintage": "2026-05", "models": "notable"}, "separate"),
    )  # fmt: skip


SPECIFICATIONS = (*_list_refreshed(), *_list_named_priors(), *_list_extended())
