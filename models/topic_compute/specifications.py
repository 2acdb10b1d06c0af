"""The specifications of compute terms: the steps of the ladder, prior sets, and the extended ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from models.common.claim import RAW, Specification
from models.topic_compute.choices import Choices, ContrastPriors, TopicYearPriors
from models.topic_compute.definitions import FALL_OF, TERMS

SEED = 20210704  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
PRIORS: dict[str, Any] = {"contrast": ContrastPriors(), "topic_year": TopicYearPriors()}
# Of the contrast: longer than at PyMC's own 0.8, chains mix better for the same gradients; tuning ends sooner. The
# regression's small scales wander on their logarithms: there it takes the usual steps, and more draws.
SAMPLERS = {"contrast": {"target_accept": 0.7, "tune": 400, "draws": 1500}, "topic_year": {"draws": 3000}}

CONTRAST_SCALES = (
    "level_sd", "venue_year_sd", "topic_sd", "size_sd", "pair_sd", "family_sd",
    "topic_slope_sd", "topic_family_sd",
)  # fmt: skip
REGRESSION_SCALES = (
    "level_sd", "topic_sd", "term_level_sd", "term_sd", "slope_sd", "year_sd", "trend_sd", "topic_trend_sd",
    "excess_sd",
)  # fmt: skip
ERAS = FALL_OF[True][1]  # of the papers read in full text
READ_IN_FULL = ("AAAI", "ICLR", "ICML", "IJCAI", "NeurIPS")
LARGE = ("CVPR", "NeurIPS", "ICML", "ICCV", "ACL", "AAAI", "AISTATS", "EMNLP", "IJCAI")  # by papers; others have few


def _scale_priors(model: str, names: tuple[str, ...], factor: float) -> dict[str, float]:
    """The default hyper-parameters of a model, multiplied."""
    return {name: factor * asdict(PRIORS[model])[name] for name in names}


def _list_specifications() -> tuple[Specification, ...]:
    """Every specification, the ladder's steps first and in order."""

    def make_extended(name: str, title: str, kind: str, **choices: object) -> Specification:
        return Specification(name, title, kind, "contrast", choices, extended=True)  # type: ignore[arg-type]

    year = "topic_year"
    no_trends = {"topic_trends": False}
    counted = no_trends | {"share_of_terms": "counted"}
    read = {"exposure": "hardware", "last_year": 2022}
    half, twice = _scale_priors("contrast", CONTRAST_SCALES, 0.5), _scale_priors("contrast", CONTRAST_SCALES, 2.0)
    return (
        Specification("counted", "papers with terms against papers without, counted", "definition", RAW, no_trends),
        Specification("plain", "topics and years, shares as counted", "definition", year,
                    counted | {"year_effects": False}),
        Specification("with_years", "effects of years", "composition", year, counted),
        Specification("as_published", "errors in the share of terms", "measurement", year, no_trends),
        Specification("with_trends", "a trend of each topic's own", "composition", year),
        Specification("main", "papers, compared within venue and year", "main", "contrast"),
        Specification("full_text", "hardware named, papers read in full text", "main", "contrast", read),
        Specification("spanning", "venues that span the window, no trends", "composition", year,
                    no_trends | {"venues": "spanning"}, extended=True),
        Specification("spanning_with_trends", "venues that span the window, trends", "composition", year,
                    {"venues": "spanning"}, extended=True),
        Specification("half_scale", "priors of half the scale", "prior", "contrast", priors=half, extended=True),
        Specification("twice_scale", "priors of twice the scale", "prior", "contrast", priors=twice, extended=True),
        Specification("wide_spreads", "spreads of topics, pairs and venue-years less known", "prior", "contrast",
                    priors={"sd_spread": 1.5}, extended=True),
        Specification("sceptical", "sceptical priors: hardly any effect", "prior", "contrast",
                    priors={"family_sd": 0.1}, extended=True),
        Specification("full_text_half_scale", "priors of half the scale, hardware", "prior", "contrast", read, half,
                    extended=True),
        Specification("full_text_twice_scale", "priors of twice the scale, hardware", "prior", "contrast", read, twice,
                    extended=True),
        *(Specification(f"full_text_without_{venue.lower()}", f"without {venue}, hardware", "sampling", "contrast",
                      read | {"without_venue": venue}, extended=True)
          for venue in READ_IN_FULL),
        *(Specification(f"{spec}_{word}_scale", f"priors of {word} the scale, {title}", "prior", year, choices,
                      _scale_priors("topic_year", REGRESSION_SCALES, factor), extended=True)
          for spec, title, choices in (("as_published", "topics and years", no_trends),
                                       ("with_trends", "topics and years with trends", {}))
          for word, factor in (("half", 0.5), ("twice", 2.0))),
        *(Specification(f"full_text_{era.replace('-', '_')}", f"hardware named, papers of {era}", "main", "contrast",
                      read | {"first_year": first, "last_year": last}, extended=True)
          for era, (first, last) in ERAS.items()),
        *(make_extended(f"without_{_shorten(family)}", f"terms of {family} left out", "definition", without_family=family)
          for family in TERMS),
        make_extended("term_count", "number of terms instead of any", "definition", exposure="term count"),
        make_extended("complete_cases", "papers whose authors are all known", "measurement", unseen="complete cases"),
        make_extended("unseen_academic", "every unseen author academic", "measurement", unseen="all academic"),
        make_extended("unseen_industry", "every unseen author from industry", "measurement", unseen="all industry"),
        make_extended("unseen_less", "incomplete teams 0.5 log-odds less academic", "measurement", unseen_shift=-0.5),
        make_extended("unseen_more", "incomplete teams 0.5 log-odds more academic", "measurement", unseen_shift=0.5),
        make_extended("listed_where_coded", "papers with a coded team, kind of team as listed", "sampling",
              team="listed where coded"),
        make_extended("team_coded", "papers with a coded team, kind of team as coded", "measurement", team="coded"),
        make_extended("nonprofit_industry", "non-profits count as industry", "measurement",
              industry=("company", "double", "nonprofit")),
        make_extended("government_industry", "government counts as industry", "measurement",
              industry=("company", "double", "government")),
        make_extended("double_academic", "a company beside a university counts as academic", "measurement",
              industry=("company",)),
        make_extended("topic_keywords", "topic from keywords only", "measurement", topic="topic_keywords"),
        make_extended("topic_title", "topic from the title only", "measurement", topic="topic_title"),
        make_extended("to_2022", "papers to 2022", "sampling", last_year=2022),
        make_extended("without_tei", "without TEI texts", "sampling", tei=False),
        *(make_extended(f"without_{venue.lower()}", f"without {venue}", "sampling", without_venue=venue)
          for venue in LARGE),
    )  # fmt: skip


def _shorten(family: str) -> str:
    return family.lower().replace(": ", "_")


SPECIFICATIONS = _list_specifications()
