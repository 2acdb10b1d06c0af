"""The specifications of code release: the ladder's rungs, prior sets, alternatives, and what was published."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from models._claim import Alternative, Headline, Published
from models.code_release_rows import GROUPS, VENUES, WHOLE

if TYPE_CHECKING:
    from models.code_release import Priors

STATEMENTS, INSTRUMENTS = "statements", "instruments"
SCALES = (
    "level_sd", "venue_year_sd", "topic_sd", "topic_trend_sd", "size_sd", "size_team_sd", "topic_venue_sd",
    "size_venue_sd", "industry_sd", "willing_sd", "sensitivity_sd", "specificity_sd", "error_team_sd",
)  # fmt: skip
# Steps longer than at PyMC's own 0.8: chains mix better for the same gradients. Tuning ends sooner.
LONGER_STEPS = {"target_accept": 0.7, "tune": 400}
# Where errors depend on the team a transition diverged now and then, at a low sensitivity of few labels.
USUAL_STEPS = {"target_accept": 0.8}
# Priors of twice the scale reach further into that corner.
SMALLER_STEPS = {"target_accept": 0.95, "tune": 600}
# Of everyone's papers, those whose list has a field for links.
LINKED = {"papers": "with a link field", "error": "none"}


def specifications(priors: Priors) -> tuple[Alternative, ...]:
    """Every specification, in the order of fitting; ``priors`` are the defaults that are scaled."""

    def scaled(factor: float) -> dict[str, float]:
        return {name: factor * asdict(priors)[name] for name in SCALES}

    every = (
        Alternative("page_link", "a link on the abstract page, taken as it is", "definition", STATEMENTS,
                    {**LINKED, "outcome": "page"}),
        Alternative("full_text_linked", "the full text, read for the same papers", "definition", STATEMENTS, LINKED),
        Alternative("full_text", "all papers read in full text", "composition", STATEMENTS, {"error": "none"}),
        Alternative("main", "the coder's errors, the same for all teams", "main", STATEMENTS),
        # Before by_team: beside other claims its compilation costs no time.
        Alternative("instruments", "each instrument as it is", "main", INSTRUMENTS),
        Alternative("by_team", "the coder's errors by kind of team", "measurement", STATEMENTS, {"error": "by team"}),
        Alternative("half_scale", "priors of half the scale", "prior", STATEMENTS, priors=scaled(0.5), aside=True),
        Alternative("twice_scale", "priors of twice the scale", "prior", STATEMENTS, priors=scaled(2.0), aside=True),
        Alternative("by_team_half_scale", "errors by kind of team, priors of half the scale", "prior", STATEMENTS,
                    {"error": "by team"}, priors=scaled(0.5), aside=True),
        Alternative("by_team_twice_scale", "errors by kind of team, priors of twice the scale", "prior", STATEMENTS,
                    {"error": "by team"}, priors=scaled(2.0), sampler=SMALLER_STEPS, aside=True),
        *_aside(),
    )  # fmt: skip

    def steps(each: Alternative) -> dict[str, object]:
        by_team = each.choices.get("error") == "by team"
        return {**LONGER_STEPS, **(USUAL_STEPS if by_team else {}), **each.sampler}

    return tuple(replace(each, sampler=steps(each)) if each.model == STATEMENTS else each for each in every)


def _aside() -> tuple[Alternative, ...]:
    """Alternatives that refresh does not fit."""
    by_team = {"error": "by team"}

    def one(name: str, title: str, kind: str, choices: dict[str, object]) -> Alternative:
        return Alternative(name, title, kind, STATEMENTS, choices, aside=True)  # type: ignore[arg-type]

    shifts = [
        (f"{rate}_{name}_0_5", f"the coder's {rate} {words} 0.5 log-odds for teams with industry", sign)
        for rate in ("sensitivity", "specificity")
        for name, words, sign in (("less", "lower by", -0.5), ("more", "higher by", 0.5))
    ]
    return (
        Alternative("authors", "by the number of authors from industry", "main", "authors", {"error": "none"},
                    aside=True),
        Alternative("access", "training code of Epoch's models, June 2025", "main", "access", aside=True),
        Alternative("access_2026_05", "training code of notable models, May 2026", "main", "access",
                    {"access_vintage": "2026-05"}, aside=True),
        one("hand_alone", "calibrated by the hand-coded papers alone", "measurement", {"calibration": "hand"}),
        one("passages_alone", "calibrated by the passages alone", "measurement", {"calibration": "passages"}),
        one("hand_alone_by_team", "errors by kind of team, hand-coded papers alone", "measurement",
            {"calibration": "hand", **by_team}),
        one("passages_alone_by_team", "errors by kind of team, passages alone", "measurement",
            {"calibration": "passages", **by_team}),
        one("address", "only statements with an address of the paper's own code, taken as they are", "definition",
            {"outcome": "address", "error": "none"}),
        # By hand a promise is no release: those labels would contradict the definition.
        one("promised", "code that is promised counts (passages alone)", "definition",
            {"promised": True, "calibration": "passages"}),
        one("with_theory", "theoretical papers included", "definition", {"research": "all"}),
        one("team_listed", "kind of team from the list's affiliations, where it has them", "measurement",
            {"team": "listed"}),
        one("willing_common", "one share of papers that would never release code, for all teams", "model",
            {"willing": "common"}),
        one("willing_all", "no paper that would never release code", "model", {"willing": "all"}),
        one("with_affiliations", "only papers whose list has affiliations", "sampling",
            {"papers": "with affiliations"}),
        one("several_institutions", "only papers of two or more institutions, no affiliation lacking", "sampling",
            {"papers": "of several institutions"}),
        one("institutions", "papers of two or more institutions, team size split by their number", "model",
            {"papers": "of several institutions", "institutions": True}),
        one("without_affiliations", "only papers without affiliations in a list", "sampling",
            {"papers": "without affiliations"}),
        *(one(name, title, "measurement", {f"shift_{name.split('_')[0]}": sign}) for name, title, sign in shifts),
        *(one(f"{name}_by_team", f"errors by kind of team, and {title}", "measurement",
              {f"shift_{name.split('_')[0]}": sign, **by_team})
          for name, title, sign in shifts),
        *(one(f"without_{venue.lower()}", f"without {venue}", "composition", {"without_venue": venue})
          for venue in VENUES),
    )  # fmt: skip


# Rungs in order, each with the one thing in which it differs from the one before.
LADDER = {
    "page_link": "definition",
    "full_text_linked": "definition",
    "full_text": "composition",
    "main": "measurement",
    "by_team": "measurement",
}
BESIDE: dict[str, tuple[str, str]] = {}
TITLES = {
    "share": "share of papers that release code",
    "ratio_mixed": "release, mixed over academia-only teams",
    "ratio_industry_only": "release, industry-only over academia-only teams",
    "ratio_mixed_pooled": "release, mixed over academia-only teams, all papers",
    "ratio_industry_only_pooled": "release, industry-only over academia-only teams, all papers",
    "groups_differ_mixed": "venue groups differ in sign, mixed",
    "groups_differ_industry_only": "venue groups differ in sign, industry-only",
    "neurips_2021_ratio_mixed": "release at NeurIPS 2021, mixed over academia-only teams",
    "neurips_2021_ratio_industry_only": "release at NeurIPS 2021, industry-only over academia-only teams",
    "odds_ratio_mixed": "odds ratio of release, mixed to academia-only teams",
    "odds_ratio_industry_only": "odds ratio of release, industry-only to academia-only teams",
    "naive_share": "share of papers with code seen",
    "naive_ratio_mixed": "code seen, mixed over academia-only teams",
    "naive_ratio_industry_only": "code seen, industry-only over academia-only teams",
    "naive_odds_ratio_mixed": "odds ratio of code seen, mixed to academia-only teams",
    "naive_odds_ratio_industry_only": "odds ratio of code seen, industry-only to academia-only teams",
    "found": "share of the releases that a list links to",
    "found_ratio_mixed": "releases linked to, mixed over academia-only teams",
    "found_ratio_industry_only": "releases linked to, industry-only over academia-only teams",
    "odds_ratio_by_number": "odds ratio of release by authors from industry, to none",
    "odds_ratio_some_authors": "odds ratio of release, some authors from industry to none",
    "odds_ratio_all_authors": "odds ratio of release, all authors from industry to none",
    "misfit_number": "misfit of the curve in the number of authors",
    "misfit_contrasts": "misfit of the two contrasts",
    "training_code_open": "share of models with open training code",
    "odds_ratio_training_code_collaboration": "odds ratio of open training code, collaborations to academia-only",
    "odds_ratio_training_code_industry_only": "odds ratio of open training code, industry-only to academia-only",
    "odds_ratio_training_code_tenfold_compute": "odds ratio of open training code, ten times the compute",
    "willing": "share of papers that would release code at all",
    "linked_unreleased": "share of papers without release in full text that a list links to",
    "sensitivity": "the coder's sensitivity",
    "specificity": "the coder's specificity",
}

HEADLINES = (
    *(Headline("main", "ratio_industry_only", {"venues": group, "era": WHOLE}) for group in GROUPS),
    *(Headline("main", "ratio_mixed", {"venues": group, "era": WHOLE}) for group in GROUPS),
    *(Headline("by_team", "ratio_mixed", {"venues": group, "era": WHOLE}, ladder=False) for group in GROUPS),
)

_SOURCE = "besiroglu2024"
PUBLISHED = tuple(
    Published(f"ratio_{name}", {"venues": group, "era": WHOLE}, sign=-1, source=_SOURCE)
    for name in ("industry_only", "mixed")
    for group in GROUPS
)
