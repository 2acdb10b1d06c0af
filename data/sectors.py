"""Sectors of organisations, and the kind of team they make: one place that classifies, whatever the vintage.

Epoch's vintage of 2023 labels a team in words, and leaves many blank; later vintages label each organisation. A blank
is resolved from the row's own organisations, else from the same model in a later vintage, else it stays unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from data.schema import LIST_SEPARATOR, UNKNOWN

Row = dict[str, object]
OrganisationSectors = dict[str, str]

# A team label that holds for every organisation of the team tells the sector of each.
PURE_TEAM = {
    "academia-only": "academia",
    "industry-only": "industry",
    "government": "government",
    "non-profit": "non-profit",
    "research collective": "research collective",
}
TEAM_OF_SECTOR = {sector: team for team, sector in PURE_TEAM.items()}


def team_of(sectors: Sequence[str]) -> str:
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


def organisation_sectors(rows: Iterable[Row]) -> OrganisationSectors:
    """The sector of each organisation, by Epoch's own labels.

    Where vintages label organisations, that label; else the sector on which all teams of a single kind that the
    organisation belongs to agree. Labels that contradict each other give no sector.
    """
    labelled: defaultdict[str, set[str]] = defaultdict(set)
    by_team: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        organisations = _list(row["organisations"])
        sectors = _list(row["organisation_sectors"])
        for organisation, sector in zip(organisations, sectors, strict=False):
            if sector != UNKNOWN:
                labelled[organisation.casefold()].add(sector)
        if (sector := PURE_TEAM.get(str(row["team"]), "")) and row["team_source"] == "label":
            for organisation in organisations:
                by_team[organisation.casefold()].add(sector)
    known = {name: labelled.get(name, kinds) for name, kinds in by_team.items()} | labelled
    return {name: next(iter(kinds)) for name, kinds in known.items() if len(kinds) == 1}


def resolve(rows: Iterable[Row], sector_of: OrganisationSectors, later: Iterable[Row]) -> Counter[str]:
    """Fill in unknown sectors of organisations and of teams; what a row was labelled with stays as it is.

    Parameters
    ----------
    rows
        Rows of one vintage; changed in place: ``organisation_sectors``, ``team_resolved``, ``team_source``.
    sector_of
        From ``organisation_sectors``.
    later
        Rows of later vintages, the nearest first.

    Returns
    -------
    collections.Counter
        How blanks were resolved, and how resolving agrees with the labels that are there.
    """
    counts: Counter[str] = Counter()
    by_name: dict[tuple[str, str], str] = {}
    for row in later:
        if row["team"] != UNKNOWN:
            by_name.setdefault(_identity(row), str(row["team"]))
    for row in rows:
        organisations, sectors = _list(row["organisations"]), _list(row["organisation_sectors"])
        sectors = sectors if len(sectors) == len(organisations) else [UNKNOWN] * len(organisations)
        sectors = [
            sector_of.get(organisation.casefold(), UNKNOWN) if sector == UNKNOWN else sector
            for organisation, sector in zip(organisations, sectors, strict=True)
        ]
        row["organisation_sectors"] = LIST_SEPARATOR.join(sectors) or UNKNOWN
        counts["unknown sector of an organisation (entries)"] += sectors.count(UNKNOWN)
        found, other = team_of(sectors), by_name.get(_identity(row), UNKNOWN)
        if row["team"] == UNKNOWN:
            source = "organisations" if found != UNKNOWN else "later vintage" if other != UNKNOWN else UNKNOWN
            row["team_resolved"], row["team_source"] = found if found != UNKNOWN else other, source
            counts[f"blank team: {'still unknown' if source == UNKNOWN else 'resolved from ' + source}"] += 1
            if UNKNOWN not in (found, other):
                counts["blank team: organisations and later vintage both known"] += 1
                counts["blank team: organisations and later vintage agree"] += found == other
        elif found != UNKNOWN:
            counts["labelled team, organisations known"] += 1
            counts["labelled team, organisations known: same kind"] += _kind(found) == _kind(str(row["team"]))
            if "leaning" in str(row["team"]) and "collaboration" in found:
                counts["labelled with a leaning, organisations a collaboration"] += 1
                counts["labelled with a leaning, organisations a collaboration: same leaning"] += found == row["team"]
    return counts


def _list(cell: object) -> list[str]:
    return str(cell).split(LIST_SEPARATOR) if cell else []


def _identity(row: Row) -> tuple[str, str]:
    """Name and year: the same name in another year may be another model."""
    return str(row["model"]).casefold(), str(row["date"])[:4]


def _kind(team: str) -> str:
    """The kind of team without its leaning."""
    return "collaboration" if team.endswith("collaboration") else team
