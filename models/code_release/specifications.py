"""Specifications of code release: the steps of the ladder, prior sets, and extended specifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from models.code_release.choices import AuthorsPriors, Choices, MeasurementPriors, ReleasePriors, TrainingCodePriors
from models.code_release.definitions import VENUES
from models.common.claim import Specification

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
USUAL_STEPS = {"target_accept": 0.8}
# Priors of twice the scale reach further into that region.
SMALLER_STEPS = {"target_accept": 0.95, "tune": 600}

SCALES = (
    "intercept_sd", "venue_year_sd", "topic_sd", "topic_trend_sd", "size_sd", "size_team_sd", "topic_venue_sd",
    "size_venue_sd", "industry_sd", "ceiling_sd", "sensitivity_sd", "specificity_sd", "error_team_sd",
)  # fmt: skip
LINKED = {"papers": "with a link field", "error": "none"}  # papers whose list has a field for links
BY_TEAM = {"error": "by team"}


def _scale_priors(factor: float) -> dict[str, float]:
    """Multiply the default scales of the release model."""
    return {name: factor * asdict(PRIORS[RELEASE])[name] for name in SCALES}


def _list_refreshed() -> tuple[Specification, ...]:
    """List the specifications that refresh fits, in the order of fitting, and the prior sets of the main ones."""
    half, twice = _scale_priors(0.5), _scale_priors(2.0)
    return (
        Specification("page_link", "a link on the abstract page, without correction", "definition", RELEASE,
                      {**LINKED, "outcome": "page"}),
        Specification("full_text_linked", "LLM labels of the same papers' full texts", "definition", RELEASE, LINKED),
        Specification("full_text", "all papers read in full text", "composition", RELEASE, {"error": "none"}),
        Specification("main", "annotator's errors, pooled over team types", "main", RELEASE),
        # Listed before by_team: its compilation then overlaps with the fits of other claims and costs no time.
        Specification("instruments", "each detection method without correction", "main", "measurements"),
        Specification("by_team", "annotator's errors by team type", "measurement", RELEASE, BY_TEAM,
                      sampler=USUAL_STEPS),
        Specification("half_scale", "priors of half the scale", "prior", RELEASE, priors=half, extended=True),
        Specification("twice_scale", "priors of twice the scale", "prior", RELEASE, priors=twice, extended=True),
        Specification("by_team_half_scale", "errors by team type, priors of half the scale", "prior", RELEASE,
                      BY_TEAM, half, extended=True, sampler=USUAL_STEPS),
        Specification("by_team_twice_scale", "errors by team type, priors of twice the scale", "prior", RELEASE,
                      BY_TEAM, twice, extended=True, sampler=SMALLER_STEPS),
    )  # fmt: skip


def _list_extended() -> tuple[Specification, ...]:
    """List the specifications that refresh does not fit."""

    def extend(name: str, title: str, kind: str, choices: Mapping[str, object]) -> Specification:
        steps = USUAL_STEPS if choices.get("error") == "by team" else {}
        return Specification(name, title, kind, RELEASE, choices, extended=True, sampler=steps)  # type: ignore[arg-type]

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
        extend("hand_alone", "calibrated by papers with a human label alone", "measurement", {"calibration": "hand"}),
        extend("passages_alone", "calibrated by passages alone", "measurement", {"calibration": "passages"}),
        extend("hand_alone_by_team", "errors by team type, papers with a human label alone", "measurement",
               {"calibration": "hand", **BY_TEAM}),
        extend("passages_alone_by_team", "errors by team type, passages alone", "measurement",
               {"calibration": "passages", **BY_TEAM}),
        extend("address", "only statements with an address of the paper's own code, without correction", "definition",
               {"outcome": "address", "error": "none"}),
        # Human labels do not count a promise as a release, so they would contradict this definition.
        extend("promised", "promised code counts (passages alone)", "definition",
               {"promised": True, "calibration": "passages"}),
        extend("with_theory", "theoretical papers included", "definition", {"research": "all"}),
        extend("team_listed", "team type from the list's affiliations, where it has them", "measurement",
               {"team": "listed"}),
        extend("willing_common", "one release ceiling for all team types", "model", {"ceiling": "common"}),
        extend("willing_all", "no release ceiling", "model", {"ceiling": "none"}),
        extend("with_affiliations", "only papers whose list has affiliations", "sampling",
               {"papers": "with affiliations"}),
        extend("several_institutions", "only papers of two or more institutions, no affiliation missing", "sampling",
               {"papers": "of several institutions"}),
        extend("institutions", "papers of two or more institutions, team size split by their number", "model",
               {"papers": "of several institutions", "institutions": True}),
        extend("without_affiliations", "only papers without affiliations in a list", "sampling",
               {"papers": "without affiliations"}),
        *(extend(name, title, "measurement", shift) for name, title, shift in shifts),
        *(extend(f"{name}_by_team", f"errors by team type, and {title}", "measurement", shift | BY_TEAM)
          for name, title, shift in shifts),
        *(extend(f"without_{venue.lower()}", f"without {venue}", "composition", {"without_venue": venue})
          for venue in VENUES),
    )  # fmt: skip


SPECIFICATIONS = (*_list_refreshed(), *_list_extended())
