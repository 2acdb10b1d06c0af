"""The specifications of the compute-term claim: the ladder's rungs, prior sets, alternatives, what was published."""

from __future__ import annotations

from dataclasses import asdict, replace
from math import log
from typing import TYPE_CHECKING

from models._claim import Alternative, Headline, Published
from models.registry import RAW
from models.topic_compute_fall import FALL_OF
from models.topic_compute_rows import TEN_POINTS, TERMS

if TYPE_CHECKING:
    from models.topic_compute import Priors

CONTRAST_SCALES = (
    "level_sd", "venue_year_sd", "topic_sd", "size_sd", "pair_sd", "family_sd",
    "topic_slope_sd", "topic_family_sd",
)  # fmt: skip
REGRESSION_SCALES = (
    "level_sd",
    "topic_sd",
    "term_level_sd",
    "term_sd",
    "slope_sd",
    "year_sd",
    "trend_sd",
    "topic_trend_sd",
    "excess_sd",
)
LANGUAGE = "natural language processing"
# Of the contrast: longer than at PyMC's own 0.8, chains mix better for the same gradients; tuning ends sooner. The
# regression's small scales wander on their logarithms: there it takes the usual steps, and more draws.
LONGER_STEPS = {"target_accept": 0.7, "tune": 400}


def specifications(priors: Priors) -> tuple[Alternative, ...]:
    """Every specification, the ladder's rungs first and in order; ``priors`` are the defaults that are scaled."""

    def scaled(names: tuple[str, ...], factor: float) -> dict[str, float]:
        return {name: factor * asdict(priors)[name] for name in names}

    def aside(name: str, title: str, kind: str, **choices: object) -> Alternative:
        return Alternative(name, title, kind, "contrast", choices, aside=True)  # type: ignore[arg-type]

    year = "topic_year"
    no_trends = {"topic_trends": False}
    counted = no_trends | {"share_of_terms": "counted"}
    read = {"exposure": "hardware", "last_year": 2022}
    half, twice = scaled(CONTRAST_SCALES, 0.5), scaled(CONTRAST_SCALES, 2.0)
    every = (
        Alternative("counted", "papers with terms against papers without, counted", "definition", RAW, no_trends),
        Alternative("plain", "topics and years, shares as counted", "definition", year,
                    counted | {"year_effects": False}),
        Alternative("with_years", "effects of years", "composition", year, counted),
        Alternative("as_published", "errors in the share of terms", "measurement", year, no_trends),
        Alternative("with_trends", "a trend of each topic's own", "composition", year),
        Alternative("main", "papers, compared within venue and year", "main", "contrast"),
        Alternative("full_text", "hardware named, papers read in full text", "main", "contrast", read),
        Alternative("spanning", "venues that span the window, no trends", "composition", year,
                    no_trends | {"venues": "spanning"}, aside=True),
        Alternative("spanning_with_trends", "venues that span the window, trends", "composition", year,
                    {"venues": "spanning"}, aside=True),
        Alternative("half_scale", "priors of half the scale", "prior", "contrast", priors=half, aside=True),
        Alternative("twice_scale", "priors of twice the scale", "prior", "contrast", priors=twice, aside=True),
        Alternative("wide_spreads", "spreads of topics, pairs and venue-years less known", "prior", "contrast",
                    priors={"sd_spread": 1.5}, aside=True),
        Alternative("sceptical", "sceptical priors: hardly any effect", "prior", "contrast",
                    priors={"family_sd": 0.1}, aside=True),
        Alternative("full_text_half_scale", "priors of half the scale, hardware", "prior", "contrast", read, half,
                    aside=True),
        Alternative("full_text_twice_scale", "priors of twice the scale, hardware", "prior", "contrast", read, twice,
                    aside=True),
        *(Alternative(f"full_text_without_{venue.lower()}", f"without {venue}, hardware", "sampling", "contrast",
                      read | {"without_venue": venue}, aside=True)
          for venue in READ_IN_FULL),
        *(Alternative(f"{spec}_{word}_scale", f"priors of {word} the scale, {title}", "prior", year, choices,
                      scaled(REGRESSION_SCALES, factor), aside=True)
          for spec, title, choices in (("as_published", "topics and years", no_trends),
                                       ("with_trends", "topics and years with trends", {}))
          for word, factor in (("half", 0.5), ("twice", 2.0))),
        *(Alternative(f"full_text_{era.replace('-', '_')}", f"hardware named, papers of {era}", "main", "contrast",
                      read | {"first_year": first, "last_year": last}, aside=True)
          for era, (first, last) in ERAS.items()),
        *(aside(f"without_{_short(family)}", f"terms of {family} left out", "definition", without_family=family)
          for family in TERMS),
        aside("term_count", "number of terms instead of any", "definition", exposure="term count"),
        aside("complete_cases", "papers whose authors are all known", "measurement", unseen="complete cases"),
        aside("unseen_academic", "every unseen author academic", "measurement", unseen="all academic"),
        aside("unseen_industry", "every unseen author from industry", "measurement", unseen="all industry"),
        aside("unseen_less", "incomplete teams 0.5 log-odds less academic", "measurement", unseen_shift=-0.5),
        aside("unseen_more", "incomplete teams 0.5 log-odds more academic", "measurement", unseen_shift=0.5),
        aside("listed_where_coded", "papers with a coded team, kind of team as listed", "sampling",
              team="listed where coded"),
        aside("team_coded", "papers with a coded team, kind of team as coded", "measurement", team="coded"),
        aside("nonprofit_industry", "non-profits count as industry", "measurement",
              industry=("company", "double", "nonprofit")),
        aside("government_industry", "government counts as industry", "measurement",
              industry=("company", "double", "government")),
        aside("double_academic", "a company beside a university counts as academic", "measurement",
              industry=("company",)),
        aside("topic_keywords", "topic from keywords only", "measurement", topic="topic_keywords"),
        aside("topic_title", "topic from the title only", "measurement", topic="topic_title"),
        aside("to_2022", "papers to 2022", "sampling", last_year=2022),
        aside("without_tei", "without TEI texts", "sampling", tei=False),
        *(aside(f"without_{venue.lower()}", f"without {venue}", "sampling", without_venue=venue)
          for venue in LARGE),
    )  # fmt: skip
    return tuple(replace(each, sampler=LONGER_STEPS) if each.model == "contrast" else each for each in every)


ERAS = FALL_OF[True][1]  # of the papers read in full text
READ_IN_FULL = ("AAAI", "ICLR", "ICML", "IJCAI", "NeurIPS")
LARGE = ("CVPR", "NeurIPS", "ICML", "ICCV", "ACL", "AAAI", "AISTATS", "EMNLP", "IJCAI")  # by papers; others have few


def _short(family: str) -> str:
    return family.lower().replace(": ", "_")


# Rungs in order, each with the one thing in which it differs from the one before.
LADDER = {
    "plain": "definition",
    "with_years": "composition",
    "as_published": "measurement",
    "with_trends": "composition",
    "main": "model",
}
BESIDE = {"ratio_per_ten_points": ("full_text", "ratio_per_ten_points")}
TITLES = {
    "ratio_per_ten_points": "odds ratio of academia-only, ten points more papers with compute terms",
    "odds_ratio": "odds ratio of academia-only, papers with terms (or hardware) to papers without",
    "odds_ratio_by_topic": "odds ratio of academia-only, with terms to without",
    "odds_ratio_by_topic_same_mix": "odds ratio of academia-only, with terms to without, same mix of families",
    "odds_ratio_by_family": "odds ratio of academia-only, with terms to without",
    "odds_ratio_new_topic": "odds ratio in a topic not among these",
    "difference": "difference in P(academia only), papers with compute terms",
    "difference_by_topic": "difference in P(academia only)",
    "difference_by_family": "difference in P(academia only)",
    "difference_corpus": "difference in P(academia only), all papers",
    "sd_between_topics": "sd of the log odds ratio between topics",
    "sd_between_families": "sd of the log odds ratio between families",
    "topics_differ_in_sign": "topics differ in sign",
    "families_differ_more": "families differ more than topics",
    "reliability": "part of the counted shares' variance within topics that is not sampling error",
    "share_spanning": "academia-only share at spanning venues",
    "change_spanning": "change of the academia-only share at spanning venues",
    "goes_with_first": "part of the change, set back first",
    "goes_with_last": "part of the change, set back last",
    "waterfall": "part of the change, in order",
    "slope_within": "slope within topics, log-odds per unit of share",
    "slope_between": "slope between topics, log-odds per unit of share",
}

HEADLINES = (
    Headline("main", "ratio_per_ten_points"),
    Headline("main", "odds_ratio", ladder=False),
    Headline("main", "odds_ratio_by_topic", {"topic": LANGUAGE}, ladder=False),
    Headline("full_text", "odds_ratio", ladder=False),
    Headline("main", "goes_with_last", {"factor": "team size"}),
    Headline("main", "goes_with_last", {"factor": "compute terms"}),
)

_SOURCE = "besiroglu2024"
# The claim is about terms: what is estimated of hardware has no published figure.
_HARDWARE = (
    "full_text", "full_text_half_scale", "full_text_twice_scale",
    *(f"full_text_without_{venue.lower()}" for venue in READ_IN_FULL),
    *(f"full_text_{era.replace('-', '_')}" for era in ERAS),
)  # fmt: skip
# The same smallest effect of interest as for papers, an odds ratio of 1.1, in the unit of the ladder.
_SMALLEST = TEN_POINTS * log(1.1)
PUBLISHED = (
    Published("ratio_per_ten_points", sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE, smallest=_SMALLEST),
    Published("odds_ratio", sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE),
    Published("odds_ratio_by_topic", {"topic": LANGUAGE}, sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE),
    Published("slope_within", sign=-1, source=_SOURCE),
    Published("change_spanning", sign=-1, source=_SOURCE, not_comparable_in=_HARDWARE),
)
