"""Small rules that reading, classifying and checking share: each takes a name or words, and knows no file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from data.vocabulary import FIRST_YEAR, LAST_YEAR, PURE_TEAM, UNKNOWN, VENUES

STEM = re.compile(r"([A-Za-z][A-Za-z-]*?)[-_]?(\d{4})")
TEAM_OF_SECTOR = {sector: team for team, sector in PURE_TEAM.items()}


def parse_venue_year(stem: str) -> tuple[str, int] | None:
    """``nips2021`` to (``NeurIPS``, 2021); None where a name does not read so, or the year is out of range."""
    match = STEM.fullmatch(stem)
    if match is None or not FIRST_YEAR <= int(match.group(2)) <= LAST_YEAR:
        return None
    name = match.group(1)
    return VENUES.get(name.lower(), name), int(match.group(2))


def classify_sectors(sectors: Sequence[str]) -> str:
    """The kind of team that a list of sectors makes, one entry an organisation.

    Academia and industry together are a collaboration, whoever else takes part; it leans to the side with more
    entries, ties are neutral. Other combinations (academia with government, say) are ``mixed``. An unknown entry
    makes the team unknown.
    """
    kinds = set(sectors)
    if not kinds or UNKNOWN in kinds:
        return UNKNOWN
    if {"academia", "industry"} <= kinds:
        lead = sectors.count("industry") - sectors.count("academia")
        leaning = "industry-leaning " if lead > 0 else "academia-leaning " if lead < 0 else ""
        return f"{leaning}collaboration"
    return TEAM_OF_SECTOR[next(iter(kinds))] if len(kinds) == 1 else "mixed"


def squeeze(name: str) -> str:
    """A name as it is compared: lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
