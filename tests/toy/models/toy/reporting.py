"""How the toy claim is reported: ladder, headlines, labels for readers, and what was published."""

from __future__ import annotations

from models.common.claim import Headline, Published

LADDER: dict[str, str] = {}  # specifications in order, each with the one thing in which it differs from the last
SEPARATE_QUANTITIES: dict[str, tuple[str, str]] = {}  # estimand to (specification, estimand) of another quantity
LABELS = {"mean": "the mean"}

HEADLINES = (Headline("main", "mean_by_year", {"year": 2020}),)
PUBLISHED = (Published("mean_by_year", {"year": 2020}, sign=-1, source="nobody"),)
