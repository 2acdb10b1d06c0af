"""Specifications of compute terms: the steps of the ladder, prior sets, and extended specifications."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from models.common.claim import RAW, Specification
from models.topic_compute.choices import Choices, ContrastPriors, TopicYearPriors
from models.topic_compute.definitions import CHANGE_OF, TERMS

SEED = 20210704  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
CONTRAST, TOPIC_YEAR = "contrast", "topic_year"
PRIORS: dict[str, Any] = {CONTRAST: ContrastPriors(), TOPIC_YEAR: TopicYearPriors()}
# At this target_accept, the contrast takes longer steps than at PyMC's default of 0.8. Chains then mix better for the
# same number of gradients, and tuning ends sooner. The regression needs more draws: the logarithms of its small sds mix
# slowly.
SAMPLERS = {CONTRAST: {"target_accept": 0.7, "tune": 400, "draws": 1500}, TOPIC_YEAR: {"draws": 3000}}

CONTRAST_SCALES = (
    "intercept_sd", "venue_year_sd", "topic_sd", "size_sd", "topic_venue_sd", "family_sd",
    "topic_slope_sd", "topic_family_sd",
)  # fmt: skip
REGRESSION_SCALES = (
    "intercept_sd", "topic_sd", "term_intercept_sd", "term_sd", "slope_sd", "year_sd", "trend_sd", "topic_trend_sd",
    "excess_sd",
)  # fmt: skip
ERAS = CHANGE_OF[True][1]  # of the papers read in full text
READ_IN_FULL = ("AAAI", "ICLR", "ICML", "IJCAI", "NeurIPS")
LARGE = ("CVPR", "NeurIPS", "ICML", "ICCV", "ACL", "AAAI", "AISTATS", "EMNLP", "IJCAI")  # the venues with most papers


def _scale_priors(model: str, names: tuple[str, ...], factor: float) -> dict[str, float]:
    """Multiply some default hyper-parameters of a model."""
    return {name: factor * asdict(PRIORS[model])[name] for name in names}


def _list_refreshed() -> tuple[Specification, ...]:
    """List the specifications that refresh fits: the steps of the ladder in order, and the contrast of full texts."""
    no_trends: dict[str, Any] = {"topic_trends": False}
    counted = no_trends | {"share_of_terms": "counted"}
    read = {"exposure": "hardware", "last_year": 2022}
    return (
        Specification("counted", "papers with terms against papers without, counted", "definition", RAW, no_trends),
        Specification("plain", "topics and years, shares as counted", "definition", TOPIC_YEAR,
                      counted | {"year_effects": False}),
        Specification("with_years", "effects of years", "composition", TOPIC_YEAR, counted),
        Specification("as_published", "errors in the share of terms", "measurement", TOPIC_YEAR, no_trends),
        Specification("with_trends", "a trend for each topic", "composition", TOPIC_YEAR),
        Specification("main", "papers, compared within venue and year", "main", CONTRAST),
        Specification("project_papers", "the project's own papers, with its topics", "source", CONTRAST,
                      {"papers": "project", "topic": "topic"}, user_only=True),
        Specification("full_text", "hardware named, papers read in full text", "main", CONTRAST, read),
    )  # fmt: skip


def _list_prior_sets() -> tuple[Specification, ...]:
    """List refits of the main specifications under other priors."""
    read = {"exposure": "hardware", "last_year": 2022}
    half, twice = (_scale_priors(CONTRAST, CONTRAST_SCALES, factor) for factor in (0.5, 2.0))

    def refit(name: str, title: str, priors: dict[str, float], **choices: object) -> Specification:
        return Specification(name, title, "prior", CONTRAST, choices, priors, extended=True)

    return (
        refit("half_scale", "priors of half the scale", half),
        refit("twice_scale", "priors of twice the scale", twice),
        refit("wide_spreads", "priors of less certain sds", {"sd_log_sd": 1.5}),
        refit("sceptical", "sceptical priors: hardly any effect", {"family_sd": 0.1}),
        refit("full_text_half_scale", "priors of half the scale, hardware", half, **read),
        refit("full_text_twice_scale", "priors of twice the scale, hardware", twice, **read),
        *(Specification(f"{spec}_{word}_scale", f"priors of {word} the scale, {title}", "prior", TOPIC_YEAR, choices,
                        _scale_priors(TOPIC_YEAR, REGRESSION_SCALES, factor), extended=True)
          for spec, title, choices in (("as_published", "topics and years", {"topic_trends": False}),
                                       ("with_trends", "topics and years with trends", {}))
          for word, factor in (("half", 0.5), ("twice", 2.0))),
    )  # fmt: skip


def _list_extended() -> tuple[Specification, ...]:
    """List the other specifications that refresh does not fit."""
    read = {"exposure": "hardware", "last_year": 2022}

    def extend(name: str, title: str, kind: str, **choices: object) -> Specification:
        return Specification(name, title, kind, CONTRAST, choices, extended=True)  # type: ignore[arg-type]

    return (
        Specification("spanning", "balanced panel of venues, no trends", "composition", TOPIC_YEAR,
                      {"topic_trends": False, "venues": "spanning"}, extended=True),
        Specification("spanning_with_trends", "balanced panel of venues, trends", "composition", TOPIC_YEAR,
                      {"venues": "spanning"}, extended=True),
        *(extend(f"full_text_without_{venue.lower()}", f"without {venue}, hardware", "sampling", **read,
                 without_venue=venue)
          for venue in READ_IN_FULL),
        *(extend(f"full_text_{era.replace('-', '_')}", f"hardware named, papers of {era}", "main",
                 exposure="hardware", first_year=first, last_year=last)
          for era, (first, last) in ERAS.items()),
        *(extend(f"without_{family.lower().replace(': ', '_')}", f"terms of {family} left out", "definition",
                 without_family=family)
          for family in TERMS),
        extend("term_count", "number of terms instead of any", "definition", exposure="term count"),
        extend("complete_cases", "papers whose authors are all known", "measurement", unseen="complete cases"),
        extend("unseen_academic", "every author not observed is academic", "measurement", unseen="all academic"),
        extend("unseen_industry", "every author not observed is from industry", "measurement", unseen="all industry"),
        extend("unseen_less", "partly observed teams 0.5 log-odds less academic", "measurement", unseen_shift=-0.5),
        extend("unseen_more", "partly observed teams 0.5 log-odds more academic", "measurement", unseen_shift=0.5),
        extend("listed_where_coded", "papers with an LLM label, team type as listed", "sampling",
               team="listed where coded"),
        extend("team_coded", "papers with an LLM label, team type as labelled", "measurement", team="coded"),
        extend("nonprofit_industry", "non-profits count as industry", "measurement",
               industry=("company", "double", "nonprofit")),
        extend("government_industry", "government counts as industry", "measurement",
               industry=("company", "double", "government")),
        extend("double_academic", "an author at a company and a university counts as academic", "measurement",
               industry=("company",)),
        extend("topic_keywords", "topic from keywords only", "measurement", topic="topic_keywords"),
        extend("topic_title", "topic from the title only", "measurement", topic="topic_title"),
        extend("to_2022", "papers to 2022", "sampling", last_year=2022),
        extend("without_tei", "without TEI texts", "sampling", tei=False),
        *(extend(f"without_{venue.lower()}", f"without {venue}", "sampling", without_venue=venue)
          for venue in LARGE),
    )  # fmt: skip


SPECIFICATIONS = (*_list_refreshed(), *_list_prior_sets(), *_list_extended())
