"""Small rules shared by reading, classifying and checking. They take strings and read no file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from data.vocabulary import FIRST_YEAR, LAST_YEAR, SECTOR_BY_TEAM, UNKNOWN, VENUES

# The last four digits are the year, because a venue may have digits of its own (3dv2025).
STEM = re.compile(r"(?=[\d_-]*[A-Za-z])([A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)(?<!\d{4})[-_]?(\d{4})", re.ASCII)
TEAM_BY_SECTOR = {sector: team for team, sector in SECTOR_BY_TEAM.items()}


def parse_venue_year(stem: str) -> tuple[str, int] | None:
    """Parse ``nips2021`` to (``NeurIPS``, 2021); return None for any other form or a year out of range.

    A venue has a letter, and may have digits, such as ``3dv2025``.
    """
    match = STEM.fullmatch(stem)
    if match is None or not FIRST_YEAR <= int(match.group(2)) <= LAST_YEAR:
        return None
    name = match.group(1)
    return VENUES.get(name.lower(), name), int(match.group(2))


def classify_sectors(sectors: Sequence[str]) -> str:
    """Return the team type for a list of sectors, one entry per organisation.

    A team with academia and industry is a collaboration, whatever other sectors take part. It leans to the side with
    more entries; ties are neutral. Other combinations, such as academia with government, are ``mixed``. One unknown
    entry makes the team unknown.
    """
    distinct = set(sectors)
    if not distinct or UNKNOWN in distinct:
        return UNKNOWN
    if {"academia", "industry"} <= distinct:
        lead = sectors.count("industry") - sectors.count("academia")
        leaning = "industry-leaning " if lead > 0 else "academia-leaning " if lead < 0 else ""
        return f"{leaning}collaboration"
    return TEAM_BY_SECTOR[next(iter(distinct))] if len(distinct) == 1 else "mixed"


def squeeze(name: str) -> str:
    """Reduce a name to lower-case letters and digits, the form in which names are compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
