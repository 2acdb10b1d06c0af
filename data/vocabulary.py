"""Allowed values and ranges of the tables. They are plain constants: checking a table imports no classifier."""

from __future__ import annotations

import math

UNKNOWN = "unknown"
LIST_SEPARATOR = "; "

# Models.

TEAMS = (
    "academia-only",
    "academia-leaning collaboration",
    "collaboration",
    "industry-leaning collaboration",
    "industry-only",
    "government",
    "non-profit",
    "research collective",
    "mixed",
    UNKNOWN,
)
TEAM_SOURCES = ("label", "organisations", "later vintage", UNKNOWN)
SECTORS = ("academia", "industry", "government", "non-profit", "research collective", UNKNOWN)
# These team labels apply to every organisation of the team and so identify the sector of each.
SECTOR_BY_TEAM = {
    "academia-only": "academia",
    "industry-only": "industry",
    "government": "government",
    "non-profit": "non-profit",
    "research collective": "research collective",
}
SPONSORS = ("academia", "industry", UNKNOWN)
CONFIDENCE = ("confident", "likely", "speculative", "unverified", "wrong", UNKNOWN)
ACCESS = ("fully open", "open weights", "hosted", "API", "unreleased", UNKNOWN)
# Terms of weights that anyone can download; unknown for all others.
WEIGHTS_TERMS = ("unrestricted", "restricted", "non-commercial", UNKNOWN)
TRAINING_CODE = ("open", "restricted", "unreleased", UNKNOWN)

# Epoch documents Confident, Likely and Speculative as within a factor of about 3, 10 and 30 with probability 90 %. With
# normal errors on the log10 scale, the standard deviation is log10(factor) / 1.645 (0.29, 0.61, 0.90 dex).
Z90 = 1.6448536269514722
COMPUTE_SE = {
    name: math.log10(factor) / Z90 for name, factor in [("confident", 3), ("likely", 10), ("speculative", 30)]
}

# log10 FLOP: from 1 FLOP to 1e30, two decades beyond anything trained or planned.
LOG10_FLOP_RANGE = (0.0, 30.0)
LOG10_PARAMETERS_RANGE = (0.0, 16.0)
HARDWARE_COUNT_RANGE = (1.0, 1e7)
LOG10_PEAK_RANGE = (6.0, 17.0)  # log10 FLOP/s of one chip: from a megaflop to a hundred petaflops

# Papers.

SOURCES = ("paperlists", "coakley", "tei", "openalex")  # in order of priority
VENUES = {
    "3dv": "3DV",
    "aaai": "AAAI",
    "acl": "ACL",
    "acml": "ACML",
    "ai4x": "AI4X",
    "aistats": "AISTATS",
    "automl": "AutoML",
    "coling": "COLING",
    "colt": "COLT",
    "corl": "CoRL",
    "cvpr": "CVPR",
    "emnlp": "EMNLP",
    "iccv": "ICCV",
    "iclr": "ICLR",
    "icml": "ICML",
    "ijcai": "IJCAI",
    "naacl": "NAACL",
    "nips": "NeurIPS",
    "neurips": "NeurIPS",
    "uai": "UAI",
    "wacv": "WACV",
}
FIRST_YEAR, LAST_YEAR = 1987, 2030  # from the first NeurIPS; a later year is a typing error
OTHER_TRACK = "other"  # a label that names no known track; it is not taken for the main one
TRACK_NAMES = (
    "main", "demo", "student", "journal", "sister", "invited", "survey", "tutorial", "applications", "datasets",
    "findings", "special", OTHER_TRACK,
)  # fmt: skip
YES_NO = ("yes", "no")
SLOTS_PER = ("author", "paper", "none")  # what an affiliation is listed for
AUTHOR_SECTORS = ("education", "company", "government", "nonprofit", "double", UNKNOWN)
"""Sector of an author. ``double``: a company and another sector."""
TEAM_TYPES = ("academia-only", "mixed", "industry-only", UNKNOWN)
OTHER_TOPIC = "other"  # in addition to those of lexicons/topics.csv
FAMILIES = ("hardware", "cost_using", "cost_saving", "scale", "parallel", "flop")  # of compute terms
LINK_RULES = ("repository", "project page", "user page", "placeholder", "third party", "not code")
STATEMENTS = ("own, address", "own, elsewhere", "promised", "data", "third party", "demo", "nothing")
HARDWARE_KINDS = ("accelerator", "thanks", "cloud", "cpu", "none", UNKNOWN)

COUNT = (0.0, 100_000.0)
LARGEST_COUNT = 20_000  # of accelerators; a larger number is a batch size or a price
LOG10_FLOPS = (6.0, 22.0)  # log10 FLOP/s of a set-up: from a megaflop to a thousand of today's largest clusters
