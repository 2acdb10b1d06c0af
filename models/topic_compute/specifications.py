"""Specifications of compute terms: the steps of the ladder, prior sets, and extended specifications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
# same number of gradients, and tuning ends sooner. The draws give the slowest parameters, topic_venue_sd and
# term_walk_sd, an effective sample size of about 1,300, at which rank R-hat stays under 1.01.
SAMPLERS = {CONTRAST: {"target_accept": 0.7, "tune": 400, "draws": 2000}, TOPIC_YEAR: {"draws": 2500}}
# Where venues are few, papers of an era few, or topics coarse, single transitions diverge at these longer steps.
USUAL_STEPS: Mapping[str, Any] = {}
SMALLER_STEPS = {"target_accept": 0.9}

# Groups of priors that are scaled together: the hyper-parameters that set their scale, and the parameters whose priors
# these are. A named prior scales one group; power-scaling scales each separately.
PRIOR_GROUPS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    CONTRAST: {
        "intercept": (("intercept_sd",), ("intercept",)),
        "venue-years": (("venue_year_sd",), ("venue_year_sd",)),
        "topics": (("topic_sd",), ("topic_effect",)),
        "topics by venue": (("topic_venue_sd",), ("topic_venue_sd",)),
        "team sizes": (("size_sd",), ("size_effect",)),
        "effects of terms": (("family_sd",), ("family_slope",)),
        "differences between topics": (("topic_slope_sd", "topic_family_sd"), ("topic_slope_sd", "topic_family_sd")),
    },
    TOPIC_YEAR: {
        "intercept": (("intercept_sd",), ("intercept",)),
        "topics": (("topic_sd",), ("topic_effect", "venue_effect")),
        "terms": (
            ("term_intercept_sd", "term_sd", "term_trend_sd"),
            ("term_intercept", "term_topic", "term_year", "term_trend", "term_venue"),
        ),
        "slopes": (("slope_sd",), ("contextual", "contextual_between")),
        "own terms": (("own_term_sd", "own_term_topic_sd"), ("own_term", "own_term_topic_sd")),
        "years": (("year_sd",), ("year_sd",)),
        "trends": (("trend_sd", "topic_trend_sd"), ("trend_shifted", "topic_trend_sd")),
        "walks": (("walk_sd", "term_walk_sd"), ("walk_sd", "term_walk_sd")),
    },
}
# Fits and groups for which power-scaling of the group moves a headline by more than 0.05.
SCALED = (("with_trends", "terms"),)
ERAS = CHANGE_OF[True][1]  # of the papers read in full text
READ_IN_FULL = ("AAAI", "ICLR", "ICML", "IJCAI", "NeurIPS")
LARGE = ("CVPR", "NeurIPS", "ICML", "ICCV", "ACL", "AAAI", "AISTATS", "EMNLP", "IJCAI")  # the venues with most papers


# Headlines of each main fit; specifications that estimate the same quantities name them.
_CONTRAST = ("ratio_per_ten_points", "odds_ratio", "odds_ratio_by_topic", "goes_with_last")
_SLOPES = ("slope_within", "slope_contextual")
SAME = {"main": _CONTRAST, "full_text": ("odds_ratio",), "with_trends": _SLOPES}


def _list_refreshed() -> tuple[Specification, ...]:
    """List the specifications that refresh fits: the steps of the ladder in order, and the contrast of full texts.

    No step before the contrast estimates the quantity of the contrast: they compare topic-years, it compares papers.
    The regression with trends answers the published question about topic-years, so it is a main fit as well.
    """
    no_trends: dict[str, Any] = {"topic_trends": False}
    counted = no_trends | {"share_of_terms": "counted"}
    read = {"exposure": "hardware", "last_year": 2022}
    return (
        Specification("counted", "papers with terms against papers without, counted", "definition", RAW, no_trends,
                      role="step"),
        Specification("plain", "topics and years, shares as counted", "definition", TOPIC_YEAR,
                      counted | {"year_effects": False}, role="step"),
        Specification("with_years", "effects of years", "composition", TOPIC_YEAR, counted, role="step"),
        Specification("as_published", "both shares modelled", "measurement", TOPIC_YEAR, no_trends, role="defensible",
                      compared_with="with_trends", same_quantity=_SLOPES),
        Specification("with_trends", "a trend for each topic", "composition", TOPIC_YEAR, role="main",
                      compared_with="with_trends", same_quantity=_SLOPES),
        Specification("main", "papers, compared within venue and year", "main", CONTRAST, role="main",
                      same_quantity=_CONTRAST),
        Specification("project_papers", "the project's own papers, with its topics", "source", CONTRAST,
                      {"papers": "project", "topic": "topic"}, user_only=True),
        Specification("full_text", "hardware named, papers read in full text", "main", CONTRAST, read, role="main",
                      compared_with="full_text", same_quantity=SAME["full_text"]),
    )  # fmt: skip


def scale_priors(pairs: Iterable[tuple[str, str]]) -> tuple[Specification, ...]:
    """Make the named priors: for each pair of a fit and a group, half and twice the scale of the group's priors."""
    fits = {one.name: one for one in _list_refreshed()}
    out = []
    for name, group in pairs:
        base = fits[name]
        slug = group.replace("-", "_").replace(" ", "_")
        defaults = asdict(PRIORS[base.model])
        for word, factor in (("half", 0.5), ("twice", 2.0)):
            priors = {scale: factor * defaults[scale] for scale in PRIOR_GROUPS[base.model][group][0]}
            of = "" if name == "main" else f" ({base.title})"
            title = f"{word} the scale of the priors of {group}{of}"
            out.append(_refit(f"{name}_{slug}_{word}", title, base, priors))
    return tuple(out)


def _refit(name: str, title: str, base: Specification, priors: dict[str, float]) -> Specification:
    """Make a named prior of a main fit."""
    return Specification(name, title, "prior", base.model, base.choices, priors, extended=True, role="defensible",
                         compared_with=base.name, same_quantity=base.same_quantity)  # fmt: skip


def _list_prior_sets() -> tuple[Specification, ...]:
    """List refits of the main specifications under other priors."""
    [main] = [one for one in _list_refreshed() if one.name == "main"]
    return (
        *scale_priors(SCALED),
        _refit("wide_spreads", "priors of less certain sds", main, {"sd_log_sd": 1.5}),
        _refit("sceptical", "sceptical priors: hardly any effect", main, {"family_sd": 0.1}),
    )


def _list_extended() -> tuple[Specification, ...]:
    """List the other specifications that refresh does not fit.

    To take every author not observed as academic, or as from industry, are bounds. Papers of one era of the full texts
    answer another question than all of them.
    """
    read = {"exposure": "hardware", "last_year": 2022}
    names = dict.fromkeys(("role", "compared_with", "same_quantity"))

    def extend(
        name: str, title: str, kind: str, sampler: Mapping[str, Any] = USUAL_STEPS, **choices: object
    ) -> Specification:
        declared: dict[str, Any] = {"role": "defensible", "same_quantity": _CONTRAST, "sampler": sampler}
        declared |= {key: choices.pop(key) for key in names if key in choices}
        return Specification(name, title, kind, CONTRAST, choices, extended=True, **declared)  # type: ignore[arg-type]

    def extend_slopes(
        name: str, title: str, sampler: Mapping[str, Any] = USUAL_STEPS, **choices: object
    ) -> Specification:
        return Specification(name, title, "composition", TOPIC_YEAR, choices, extended=True, role="defensible",
                             compared_with="with_trends", same_quantity=_SLOPES, sampler=sampler)  # fmt: skip

    smooth = Specification("smoother_walks", "smoother deviations of topic-years", "model", TOPIC_YEAR,
                           {"walk_order": 2}, extended=True, role="defensible", compared_with="with_trends",
                           same_quantity=_SLOPES, checked=True)  # fmt: skip
    full_text: dict[str, Any] = read | {"compared_with": "full_text", "same_quantity": SAME["full_text"]}
    return (
        smooth,
        extend_slopes("spanning", "balanced panel of venues, no trends", topic_trends=False, venues="spanning"),
        extend_slopes("spanning_with_trends", "balanced panel of venues, trends", SMALLER_STEPS, venues="spanning"),
        *(extend(f"full_text_without_{venue.lower()}", f"without {venue}, hardware", "sampling", **full_text,
                 without_venue=venue)
          for venue in READ_IN_FULL),
        *(extend(f"full_text_{era.replace('-', '_')}", f"hardware named, papers of {era}", "main",
                 exposure="hardware", first_year=first, last_year=last, role="separate", compared_with="full_text",
                 same_quantity=(), sampler=SMALLER_STEPS)
          for era, (first, last) in ERAS.items()),
        *(extend(f"without_{family.lower().replace(': ', '_')}", f"terms of {family} left out", "definition",
                 without_family=family)
          for family in TERMS),
        extend("term_count", "number of terms instead of any", "definition", exposure="term count"),
        extend("complete_cases", "papers whose authors are all known", "measurement", unseen="complete cases"),
        extend("unseen_academic", "every author not observed is academic", "measurement", unseen="all academic",
               role="bound"),
        extend("unseen_industry", "every author not observed is from industry", "measurement", unseen="all industry",
               role="bound"),
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
        extend("topic_keywords", "topic from keywords only", "measurement", SMALLER_STEPS,
               topic="topic_keywords"),
        extend("topic_title", "topic from the title only", "measurement", topic="topic_title"),
        extend("to_2022", "papers to 2022", "sampling", last_year=2022),
        extend("without_tei", "without TEI texts", "sampling", tei=False),
        *(extend(f"without_{venue.lower()}", f"without {venue}", "sampling", without_venue=venue)
          for venue in LARGE),
    )  # fmt: skip


SPECIFICATIONS = (*_list_refreshed(), *_list_prior_sets(), *_list_extended())
