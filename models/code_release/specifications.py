"""Specifications of code release: the steps of the ladder, prior sets, and extended specifications."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from models.code_release.choices import AuthorsPriors, Choices, MeasurementPriors, ReleasePriors, TrainingCodePriors
from models.code_release.definitions import VENUES
from models.common.claim import RAW, Specification

type Kind = Literal["definition", "measurement", "composition", "sampling", "prior", "model"]
type Role = Literal["defensible", "bound", "separate"]

SEED = 20240107  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
RELEASE = "release"
PRIORS: dict[str, Any] = {
    RELEASE: ReleasePriors(),
    "measurements": MeasurementPriors(),
    "authors": AuthorsPriors(),
    "training_code": TrainingCodePriors(),
}
# At this target_accept, the release model takes longer steps than at PyMC's default of 0.8. Chains then mix better for
# the same number of gradients, and tuning ends sooner.
SAMPLERS = {
    RELEASE: {"target_accept": 0.7, "tune": 400, "draws": 1500},
    "measurements": {"draws": 1500},
    "authors": {"draws": 1500},
    "training_code": {"draws": 1500},
}
# With errors by team type, single transitions diverged now and then, where the sensitivity is low and has few labels.
# Effects of team size mix slowly there: the rank R-hat stays below 1.01 if their effective sample size exceeds 1,300.
USUAL_STEPS = {"target_accept": 0.8, "draws": 2000}
# Where the labels say less about the errors, or a rate is close to one, single transitions diverged with those as well.
SMALLER_STEPS = {"target_accept": 0.95, "draws": 2000}
DIFFICULT = ("passages_alone", "without_aaai", "specificity_more_0_5_by_team")

# Hyper-parameters and top-level priors that belong together. Named priors change those of one group.
PRIOR_GROUPS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    RELEASE: {
        "intercept": (("intercept_sd",), ("intercept",)),
        "venue-years": (("venue_year_sd",), ("venue_year_sd",)),
        "topics": (
            ("topic_sd", "topic_trend_sd", "topic_venue_sd"), ("topic_effect", "topic_trend", "topic_venue_sd"),
        ),
        "team sizes": (
            ("size_sd", "size_team_sd", "size_venue_sd"), ("size_effect", "size_team_effect", "size_venue_sd"),
        ),
        "effects of industry": (
            ("industry_sd",), ("any_industry_common_shifted", "only_industry_common_shifted"),
        ),
        "eras": (("industry_era_sd",), ("industry_era_sd",)),
        "ceiling": (("ceiling_sd", "ceiling_mean"), ("ceiling_logit_shifted",)),
        "sensitivity": (("sensitivity_sd",), ("sensitivity_logit",)),
        "specificity": (("specificity_sd",), ("specificity_logit",)),
        "errors by team type": (("error_team_sd",), ("sensitivity_team_logit", "specificity_team_logit")),
        "stated and never found": (("unfound_sd",), ("unfound_logit",)),
    }
}  # fmt: skip
BY_TEAM = {"error": "by team"}
FITS: dict[str, Mapping[str, Any]] = {"main": {}, "by_team": BY_TEAM}  # the fits that have named priors
# Pairs of a fit and a group of priors to which a headline is sensitive: refitted with half and twice the scale.
SCALED = (("by_team", "errors by team type"),)
# The ceiling's prior is about uniform. Its alternatives say that most papers, or nearly all, would release code.
CEILINGS = {
    "most": ("most papers would release code", {"ceiling_mean": 2.0, "ceiling_sd": 1.0}),
    "nearly_all": ("nearly all papers would release code", {"ceiling_mean": 3.0, "ceiling_sd": 1.0}),
}

LINKED = {"papers": "with a link field", "error": "none"}  # papers whose list has a field for links
PAGE = {**LINKED, "outcome": "page"}
RATIOS = ("ratio_industry_only", "ratio_mixed")  # the headlines, which most specifications estimate too


def _list_refreshed() -> tuple[Specification, ...]:
    """List the specifications that refresh fits, in the order of fitting, and the counts for the ladder."""
    return (
        Specification("page_link_crude", "a link on the abstract page, as counted", "definition", RAW, PAGE,
                      role="step"),
        Specification("full_text_linked_crude", "LLM labels of the same papers' full texts, as counted", "measurement",
                      RAW, LINKED, role="step"),
        Specification("full_text_crude", "all papers read in full text, as counted", "composition", RAW,
                      {"error": "none"}, role="step"),
        Specification("page_link", "a link on the abstract page, without correction", "definition", RELEASE, PAGE),
        Specification("full_text_linked", "LLM labels of the same papers' full texts", "measurement", RELEASE, LINKED),
        Specification("full_text", "standardised to venue-years, topics and team sizes", "composition", RELEASE,
                      {"error": "none"}, role="step"),
        Specification("main", "annotator's errors, pooled over team types", "main", RELEASE, role="main"),
        # Listed before by_team: its compilation then overlaps with the fits of other claims and costs no time.
        Specification("instruments", "each detection method without correction", "main", "measurements"),
        Specification("by_team", "annotator's errors by team type", "measurement", RELEASE, BY_TEAM,
                      role="defensible", same_quantity=RATIOS, sampler=USUAL_STEPS),
    )  # fmt: skip


def _list_named_priors() -> tuple[Specification, ...]:
    """List named priors: half and twice the scale of one group at a time, and the alternatives of the ceiling."""

    def name_prior(fit: str, name: str, title: str, priors: Mapping[str, float]) -> Specification:
        return _extend(f"{fit}_{name}", _name_fit(title, FITS[fit]), "prior", FITS[fit], priors=priors)

    scaled = []
    for fit, group in SCALED:
        scales = [name for name in PRIOR_GROUPS[RELEASE][group][0] if name.endswith("_sd")]
        for word, factor in (("half", 0.5), ("twice", 2.0)):
            priors = {name: factor * getattr(PRIORS[RELEASE], name) for name in scales}
            name = f"{re.sub(r'[^a-z]+', '_', group)}_{word}"
            scaled.append(name_prior(fit, name, f"{word} the scale of the {_name_prior(group)}", priors))
    ceilings = [
        name_prior(fit, f"ceiling_{name}", title, priors) for fit in FITS for name, (title, priors) in CEILINGS.items()
    ]
    return (*scaled, *ceilings)


def _name_prior(group: str) -> str:
    return group if group.startswith(("effects", "errors")) else f"prior of the {group}"


def _name_fit(title: str, choices: Mapping[str, Any]) -> str:
    return f"errors by team type, {title}" if choices.get("error") == "by team" else title


def _extend(
    name: str,
    title: str,
    kind: Kind,
    choices: Mapping[str, Any],
    role: Role = "defensible",
    priors: Mapping[str, float] | None = None,
) -> Specification:
    """Make a specification that refresh does not fit; those with another role than ``separate`` are of the ratios."""
    steps = USUAL_STEPS if choices.get("error") == "by team" else {}
    steps = SMALLER_STEPS if name in DIFFICULT else steps
    same = () if role == "separate" else RATIOS
    return Specification(name, title, kind, RELEASE, choices, priors or {}, extended=True, role=role,
                         same_quantity=same, sampler=steps)  # fmt: skip


def _list_extended() -> tuple[Specification, ...]:
    """List the specifications that refresh does not fit, apart from named priors."""
    shifts: list[tuple[str, str, dict[str, object]]] = [
        (f"{rate}_{name}_0_5", f"annotator's {rate} {words} 0.5 log-odds for teams with industry",
         {f"shift_{rate}": shift})
        for rate in ("sensitivity", "specificity")
        for name, words, shift in (("less", "lower by", -0.5), ("more", "higher by", 0.5))
    ]  # fmt: skip
    return (
        Specification("authors", "by the number of authors from industry", "main", "authors", {"error": "none"},
                      extended=True),
        Specification("access", "training code of Epoch's models, June 2025", "main", "training_code", extended=True),
        Specification("access_2026_05", "training code of notable models, May 2026", "main", "training_code",
                      {"access_vintage": "2026-05"}, extended=True),
        _extend("hand_alone", "calibrated by papers with a human label alone", "measurement", {"calibration": "hand"}),
        _extend("passages_alone", "calibrated by passages alone", "measurement", {"calibration": "passages"}),
        _extend("hand_alone_by_team", "errors by team type, papers with a human label alone", "measurement",
                {"calibration": "hand", **BY_TEAM}),
        _extend("passages_alone_by_team", "errors by team type, passages alone", "measurement",
                {"calibration": "passages", **BY_TEAM}),
        # The bound at which every stated release was found. The two kinds of labels then disagree.
        replace(_extend("same_error", "human labels and passages as if they measured the same error", "measurement",
                        {"calibration": "same error"}, "bound"), checked=True),
        # Other outcomes.
        _extend("address", "only statements with an address of the paper's own code, without correction", "definition",
                {"outcome": "address", "error": "none"}, "separate"),
        # Human labels do not count a promise as a release, so they would contradict this definition.
        _extend("promised", "promised code counts (passages alone)", "definition",
                {"promised": True, "calibration": "passages"}, "separate"),
        _extend("with_theory", "theoretical papers included", "definition", {"research": "all"}),
        _extend("team_listed", "team type from the list's affiliations, where it has them", "measurement",
                {"team": "listed"}),
        _extend("willing_common", "one release ceiling for all team types", "model", {"ceiling": "common"}),
        _extend("willing_all", "no release ceiling", "model", {"ceiling": "none"}),
        # Parts of the papers, of other venue-years or with other teams than all papers.
        _extend("with_affiliations", "only papers whose list has affiliations", "sampling",
                {"papers": "with affiliations"}, "separate"),
        _extend("several_institutions", "only papers of two or more institutions, no affiliation missing", "sampling",
                {"papers": "of several institutions"}, "separate"),
        _extend("institutions", "papers of two or more institutions, team size split by their number", "model",
                {"papers": "of several institutions", "institutions": True}, "separate"),
        _extend("without_affiliations", "only papers without affiliations in a list", "sampling",
                {"papers": "without affiliations"}, "separate"),
        # Errors of teams with industry beyond what the labels say, in one direction.
        *(_extend(name, title, "measurement", shift, "bound") for name, title, shift in shifts),
        *(_extend(f"{name}_by_team", f"errors by team type, and {title}", "measurement", shift | BY_TEAM, "bound")
          for name, title, shift in shifts),
        *(_extend(f"without_{venue.lower()}", f"without {venue}", "composition", {"without_venue": venue})
          for venue in VENUES),
    )  # fmt: skip


SPECIFICATIONS = (*_list_refreshed(), *_list_named_priors(), *_list_extended())
