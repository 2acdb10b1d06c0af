"""Reporting of code release: ladder, headlines, labels for readers, and published values.

A change in this module causes no refit. The annotator is the language model that read the full texts.
"""

from __future__ import annotations

from models.code_release.definitions import ERAS, GROUPS, WHOLE
from models.common.claim import Headline, Published

# Steps in order, each with the one thing that it changes. The first three count papers.
LADDER = {
    "page_link_crude": "definition",
    "full_text_linked_crude": "measurement",
    "full_text_crude": "composition",
    "full_text": "composition",
    "main": "measurement",
    "by_team": "measurement",
}
SEPARATE_QUANTITIES: dict[str, tuple[str, str]] = {}
LABELS = {
    "share": "share of papers that release code",
    "ratio_mixed": "release, mixed over academia-only teams",
    "ratio_industry_only": "release, industry-only over academia-only teams",
    "ratio_mixed_pooled": "release, mixed over academia-only teams, all papers",
    "ratio_industry_only_pooled": "release, industry-only over academia-only teams, all papers",
    "ratio_mixed_new_era": "release in a new era, mixed over academia-only teams",
    "ratio_industry_only_new_era": "release in a new era, industry-only over academia-only teams",
    "groups_differ_mixed": "venue groups differ in sign, mixed over academia-only teams",
    "groups_differ_industry_only": "venue groups differ in sign, industry-only over academia-only teams",
    "neurips_2021_ratio_mixed": "release at NeurIPS 2021, mixed over academia-only teams",
    "neurips_2021_ratio_industry_only": "release at NeurIPS 2021, industry-only over academia-only teams",
    "odds_ratio_mixed": "odds ratio of release, mixed to academia-only teams",
    "odds_ratio_industry_only": "odds ratio of release, industry-only to academia-only teams",
    "naive_share": "share of papers with detected code",
    "naive_ratio_mixed": "detected code, mixed over academia-only teams",
    "naive_ratio_industry_only": "detected code, industry-only over academia-only teams",
    "naive_odds_ratio_mixed": "odds ratio of detected code, mixed to academia-only teams",
    "naive_odds_ratio_industry_only": "odds ratio of detected code, industry-only to academia-only teams",
    "found": "share of releases that a list links to",
    "found_ratio_mixed": "share of releases linked to, mixed over academia-only teams",
    "found_ratio_industry_only": "share of releases linked to, industry-only over academia-only teams",
    "odds_ratio_by_number": "odds ratio of release by number of authors from industry, to none",
    "odds_ratio_some_authors": "odds ratio of release, some authors from industry to none",
    "odds_ratio_all_authors": "odds ratio of release, all authors from industry to none",
    "misfit_number": "misfit of the curve in the number of authors from industry",
    "misfit_contrasts": "misfit of the two contrasts",
    "training_code_open": "share of models with open training code",
    "odds_ratio_training_code_collaboration": "odds ratio of open training code, collaborations to academia-only",
    "odds_ratio_training_code_industry_only": "odds ratio of open training code, industry-only to academia-only",
    "odds_ratio_training_code_tenfold_compute": "odds ratio of open training code, ten times the compute",
    "willing": "release ceiling: share of papers that would release code at all",
    "linked_unreleased": "share of papers that a list links to, of those without release in full text",
    "sensitivity": "sensitivity of the LLM annotator",
    "specificity": "specificity of the LLM annotator",
    "stated_not_found": "share of stated releases that are never found",
    "industry_era_sd": "sd between eras of the effects of industry, log-odds",
}

# The whole period first, then the eras, under both treatments of the annotator's errors.
CONTRASTS = ("ratio_industry_only", "ratio_mixed")
POINTS = tuple({"venues": group, "era": era} for era in (WHOLE, *ERAS) for group in GROUPS)
HEADLINES = tuple(
    Headline(spec, name, coords, ladder=spec == "main" and coords["era"] == WHOLE)
    for spec in ("main", "by_team")
    for name in CONTRASTS
    for coords in POINTS
)

_SOURCE = "besiroglu2024"
PUBLISHED = tuple(Published(name, coords, sign=-1, source=_SOURCE) for name in CONTRASTS for coords in POINTS)
