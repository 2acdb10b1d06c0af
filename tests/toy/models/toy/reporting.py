"""Reporting of the toy claim: ladder, headlines, labels for readers, and published values."""

from __future__ import annotations

from models.common.claim import Headline, Published

LADDER: dict[str, str] = {}  # specifications in order, each with its one difference from the step before
SEPARATE_QUANTITIES: dict[str, tuple[str, str]] = {}  # estimand to (specification, estimand) of the other quantity
LABELS = {"mean": "the mean"}

HEADLINES = (Headline("main", "mean_by_year", {"year": 2020}),)
PUBLISHED = (Published("mean_by_year", {"year": 2020}, sign=-1, source="nobody"),)
