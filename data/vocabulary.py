"""Words and ranges that the tables may hold. Plain constants, so that whoever checks a table need not classify."""

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
# A team label that holds for every organisation of the team tells the sector of each.
PURE_TEAM = {
    "academia-only": "academia",
    "industry-only": "industry",
    "government": "government",
    "non-profit": "non-profit",
    "research collective": "research collective",
}
SPONSORS = ("academia", "industry", UNKNOWN)
CONFIDENCE = ("confident", "likely", "speculative", "unverified", "wrong", UNKNOWN)
ACCESS = ("fully open", "open weights", "hosted", "API", "unreleased", UNKNOWN)
TRAINING_CODE = ("open", "restricted", "unreleased", UNKNOWN)

# Epoch documents Confident, Likely and Speculative as within a factor of about 3, 10 and 30 at 90 %: with a normal
# error on the log10 scale the standard deviation is log10(factor) / 1.645 (0.29, 0.61, 0.90 dex).
Z90 = 1.6448536269514722
COMPUTE_SE = {
    name: math.log10(factor) / Z90 for name, factor in [("confident", 3), ("likely", 10), ("speculative", 30)]
}

# log10 FLOP. 1 FLOP to 1e30: two decades beyond anything trained or planned.
LOG10_FLOP_RANGE = (0.0, 30.0)
LOG10_PARAMETERS_RANGE = (0.0, 16.0)
HARDWARE_COUNT_RANGE = (1.0, 1e7)
LOG10_PEAK_RANGE = (6.0, 17.0)  # log10 FLOP/s of one chip: a megaflop to a hundred petaflop

# Papers.

SOURCES = ("paperlists", "coakley", "tei")  # in the order in which they are asked
VENUES = {
    "aaai": "AAAI",
    "acl": "ACL",
    "acml": "ACML",
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
FIRST_YEAR, LAST_YEAR = 1987, 2030  # the first NeurIPS; a year beyond is a slip of the pen
TRACK_NAMES = (
    "main", "demo", "student", "journal", "sister", "invited", "survey", "tutorial", "applications", "datasets",
    "findings", "special",
)  # fmt: skip
YES_NO = ("yes", "no")
SLOTS_PER = ("author", "paper", "none")  # what an affiliation stands beside
AUTHOR_KINDS = ("education", "company", "government", "nonprofit", "double", UNKNOWN)
"""What an author is. ``double``: a company, and something else as well."""
TEAM_KINDS = ("academia-only", "mixed", "industry-only", UNKNOWN)
OTHER_TOPIC = "other"  # beside those of lexicons/topics.csv
FAMILIES = ("hardware", "cost_using", "cost_saving", "scale", "parallel", "flop")  # of compute terms
LINK_RULES = ("repository", "project page", "user page", "placeholder", "third party", "not code")
STATEMENTS = ("own, address", "own, elsewhere", "promised", "data", "third party", "demo", "nothing")
HARDWARE_KINDS = ("accelerator", "thanks", "cloud", "cpu", "none", UNKNOWN)

COUNT = (0.0, 100_000.0)
LARGEST_COUNT = 20_000  # of accelerators: above it, a number is a batch or a price
LOG10_FLOPS = (6.0, 22.0)  # log10 FLOP/s of a set-up: a megaflop to a thousand of today's largest clusters
