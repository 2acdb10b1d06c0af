"""Specifications of adoption: the steps of the ladder, prior sets, and extended specifications."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from models.common.claim import Specification
from models.pretrained_adoption.choices import Choices, MentionPriors
from models.pretrained_adoption.definitions import NLP, OLDER

type Kind = Literal["definition", "measurement", "composition", "sampling", "prior", "model"]
type Role = Literal["defensible", "bound", "separate"]

SEED = 20220531  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
MENTIONS = "mentions"
PRIORS: dict[str, Any] = {MENTIONS: MentionPriors()}
# At smaller steps than PyMC's default, no transition diverges where a team type has few mentions.
SAMPLERS = {MENTIONS: {"target_accept": 0.95, "tune": 800, "draws": 3000}}

# Hyper-parameters and top-level priors that belong together. Named priors change those of one group.
PRIOR_GROUPS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    MENTIONS: {
        "intercept": (("intercept_sd",), ("intercept",)),
        "years": (("trend_sd", "walk_sd"), ("trend", "walk_sd")),
        "fields": (("field_sd", "field_trend_sd"), ("field_sd", "field_trend_sd")),
        "venues": (("venue_sd",), ("venue_sd",)),
        "team types": (
            ("team_sd", "team_trend_sd", "team_walk_sd"), ("team_effect", "team_trend", "team_walk_sd"),
        ),
        "uses": (("use_sd",), ("use_logit",)),
        "origins": (("origin_sd", "origin_team_sd"), ("origin_mean", "origin_team_sd")),
    }
}  # fmt: skip
# Groups to which a headline is sensitive: refitted with half and twice the scale.
SCALED = ("years", "team types")

CHANGE = "change"
SHARES = (CHANGE, "ratio_recent", "share_nlp_by_year", "use_by_year")
ALL = (*SHARES, "origin_share")  # the headlines


def _list_refreshed() -> tuple[Specification, ...]:
    """List the specifications that refresh fits, in the order of fitting."""
    return (
        Specification("title", "mentions in titles", "definition", MENTIONS, {"where": "title", "mix": "own"},
                      role="step"),
        Specification("main", "the same fields and venues in every year", "main", MENTIONS, role="main"),
        # The same papers and priors as the main fit, whose draws it reuses.
        Specification("abstract", "mentions in titles and abstracts", "definition", MENTIONS, {"mix": "own"},
                      role="step"),
    )  # fmt: skip


def _extend(
    name: str,
    title: str,
    kind: Kind,
    choices: Mapping[str, Any],
    role: Role = "defensible",
    same: tuple[str, ...] = ALL,
    priors: Mapping[str, float] | None = None,
) -> Specification:
    """Make a specification that refresh does not fit."""
    return Specification(name, title, kind, MENTIONS, choices, priors or {}, extended=True, role=role,
                         same_quantity=() if role == "separate" else same)  # fmt: skip


def _list_named_priors() -> tuple[Specification, ...]:
    """List named priors: half and twice the scale of one group at a time."""
    out = []
    for group in SCALED:
        names = PRIOR_GROUPS[MENTIONS][group][0]
        for word, factor in (("half", 0.5), ("twice", 2.0)):
            priors = {name: factor * getattr(PRIORS[MENTIONS], name) for name in names}
            name = f"{re.sub(r'[^a-z]+', '_', group)}_{word}"
            out.append(_extend(name, f"{word} the scale of the prior: {group}", "prior", {}, priors=priors))
    return tuple(out)


def _list_extended() -> tuple[Specification, ...]:
    """List the specifications that refresh does not fit, apart from named priors."""
    return (
        _extend("listed", "team type from the list's affiliations alone", "measurement", {"team": "listed"}),
        _extend("coded", "team type from the LLM label alone", "measurement", {"team": "coded"}),
        _extend("titles_labelled", "uses by the labels of titles and abstracts alone", "measurement",
                {"labels": "title and abstract"}, same=("use_by_year",)),
        # The precision differs between team types, in one direction.
        *(_extend(f"use_{word}", f"a mention is a use: log-odds of academia-only {way} by one half", "measurement",
                  {"use_shift": shift}, "bound", ("use_by_year",))
          for word, way, shift in (("less", "lower", -0.5), ("more", "higher", 0.5))),
        # Other sets of models answer other questions, except for what the lexicon may lack.
        _extend("any_model", "models released by anyone", "definition", {"models": "any"}, "separate"),
        _extend("open", "models of industry that anyone can download", "definition", {"models": "open and industry"},
                same=SHARES),
        _extend("recent_models", "models for language and others first released since 2018", "definition",
                {"left_out": OLDER}, same=SHARES),
        _extend("without_bert", "a lexicon that lacks BERT", "measurement", {"left_out": ("BERT",)}, "bound", SHARES),
        _extend("without_nlp", "without papers on natural language processing", "composition",
                {"without_field": NLP}, "separate"),
    )  # fmt: skip


SPECIFICATIONS = (*_list_refreshed(), *_list_named_priors(), *_list_extended())
