"""The specifications of code release: the steps of the ladder, prior sets, and the extended ones."""

from __future__ import annotations

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
# Of release, steps longer than at PyMC's own 0.8: chains mix better for the same gradients. Tuning ends sooner.
SAMPLERS = {
    RELEASE: {"target_accept": 0.7, "tune": 400, "draws": 1500},
    "measurements": {"draws": 1500},
    "authors": {"draws": 1500},
    "training_code": {"draws": 1500},
}
# Where errors depend on the team a transition diverged now and then, at a low sensitivity of few labels.
USUAL_STEPS = {"target_accept": 0.8}
# Priors of twice the scale reach further into that corner.
SMALLER_STEPS = {"target_accept": 0.95, "tune": 600}

SCALES = (
    "level_sd", "venue_year_sd", "topic_sd", "topic_trend_sd", "size_sd", "size_team_sd", "topic_venue_sd",
    "size_venue_sd", "industry_sd", "willing_sd", "sensitivity_sd", "specificity_sd", "error_team_sd",
)  # fmt: skip
# Of everyone's papers, those whose list has a field for links.
LINKED = {"papers": "with a link field", "error": "none"}
BY_TEAM = {"error": "by team"}


def _scale_priors(factor: float) -> dict[str, float]:
    """The default scales of release, multiplied."""
    return {name: factor * asdict(PRIORS[RELEASE])[name] for name in SCALES}


def _list_refreshed() -> tuple[Specification, ...]:
    """The specifications that refresh fits, in the order of fitting, and the prior sets of the main ones."""
    half, twice = _scale_priors(0.5), _scale_priors(2.0)
    return (
        Specification("page_link", "a link on the abstract page, taken as it is", "definition", RELEASE,
                      {**LINKED, "outcome": "page"}),
        Specification("full_text_linked", "the full text, read for the same papers", "definition", RELEASE, LINKED),
        Specification("full_text", "all papers read in full text", "composition", RELEASE, {"error": "none"}),
        Specification("main", "the coder's errors, the same for all teams", "main", RELEASE),
        # Before by_team: beside other claims its compilation costs no time.
        Specification("instruments", "each instrument as it is", "main", "measurements"),
        Specification("by_team", "the coder's errors by kind of team", "measurement", RELEASE, BY_TEAM,
                      sampler=USUAL_STEPS),
        Specification("half_scale", "priors of half the scale", "prior", RELEASE, priors=half, extended=True),
        Specification("twice_scale", "priors of twice the scale", "prior", RELEASE, priors=twice, extended=True),
        Specification("by_team_half_scale", "errors by kind of team, priors of half the scale", "prior", RELEASE,
                      BY_TEAM, half, extended=True, sampler=USUAL_STEPS),
        Specification("by_team_twice_scale", "errors by kind of team, priors of twice the scale", "prior", RELEASE,
                      BY_TEAM, twice, extended=True, sampler=SMALLER_STEPS),
    )  # fmt: skip


def _list_extended() -> tuple[Specification, ...]:
    """The specifications that refresh does not fit."""
    by_team = {"error": "by team"}

    def make_extended(name: str, title: str, kind: str, choices: dict[str, object]) -> Specification:
        steps = USUAL_STEPS if choices.get("error") == "by team" else {}
        return Specification(name, title, kind, RELEASE, choices, extended=True, sampler=steps)  # type: ignore[arg-type]

    shifts = [
        (f"{rate}_{name}_0_5", f"the coder's {rate} {words} 0.5 log-odds for teams with industry", sign)
        for rate in ("sensitivity", "specificity")
        for name, words, sign in (("less", "lower by", -0.5), ("more", "higher by", 0.5))
    ]
    return (
        Specification("authors", "by the number of authors from industry", "main", "authors", {"error": "none"},
                    extended=True),
        Specification("access", "training code of Epoch's models, June 2025", "main", "training_code", extended=True),
        Specification("access_2026_05", "training code of notable models, May 2026", "main", "training_code",
                    {"access_vintage": "2026-05"}, extended=True),
        make_extended("hand_alone", "calibrated by the hand-coded papers alone", "measurement", {"calibration": "hand"}),
        make_extended("passages_alone", "calibrated by the passages alone", "measurement", {"calibration": "passages"}),
        make_extended("hand_alone_by_team", "errors by kind of team, hand-coded papers alone", "measurement",
            {"calibration": "hand", **by_team}),
        make_extended("passages_alone_by_team", "errors by kind of team, passages alone", "measurement",
            {"calibration": "passages", **by_team}),
        make_extended("address", "only statements with an address of the paper's own code, taken as they are", "definition",
            {"outcome": "address", "error": "none"}),
        # By hand a promise is no release: those labels would contradict the definition.
        make_extended("promised", "code that is promised counts (passages alone)", "definition",
            {"promised": True, "calibration": "passages"}),
        make_extended("with_theory", "theoretical papers included", "definition", {"research": "all"}),
        make_extended("team_listed", "kind of team from the list's affiliations, where it has them", "measurement",
            {"team": "listed"}),
        make_extended("willing_common", "one share of papers that would never release code, for all teams", "model",
            {"willing": "common"}),
        make_extended("willing_all", "no paper that would never release code", "model", {"willing": "all"}),
        make_extended("with_affiliations", "only papers whose list has affiliations", "sampling",
            {"papers": "with affiliations"}),
        make_extended("several_institutions", "only papers of two or more institutions, no affiliation lacking", "sampling",
            {"papers": "of several institutions"}),
        make_extended("institutions", "papers of two or more institutions, team size split by their number", "model",
            {"papers": "of several institutions", "institutions": True}),
        make_extended("without_affiliations", "only papers without affiliations in a list", "sampling",
            {"papers": "without affiliations"}),
        *(make_extended(name, title, "measurement", {f"shift_{name.split('_')[0]}": sign}) for name, title, sign in shifts),
        *(make_extended(f"{name}_by_team", f"errors by kind of team, and {title}", "measurement",
              {f"shift_{name.split('_')[0]}": sign, **by_team})
          for name, title, sign in shifts),
        *(make_extended(f"without_{venue.lower()}", f"without {venue}", "composition", {"without_venue": venue})
          for venue in VENUES),
    )  # fmt: skip


SPECIFICATIONS = (*_list_refreshed(), *_list_extended())
