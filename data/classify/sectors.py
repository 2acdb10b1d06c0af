"""Sectors of organisations, and the kind of team they make: one place that classifies, whatever the vintage.

Epoch's vintage of 2023 labels a team in words, and leaves many blank; later vintages label each organisation. A blank
is resolved from the row's own organisations, else from the same model in a later vintage, else it stays unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from data.rules import classify_sectors
from data.vocabulary import LIST_SEPARATOR, PURE_TEAM, UNKNOWN

Row = dict[str, object]
Evidence = defaultdict[str, defaultdict[str, set[str]]]  # organisation, sector: models that say so

TEAMS_NEEDED = 2  # a single team's label may be wrong


def _read_evidence() -> Evidence:
    return defaultdict(lambda: defaultdict(set))


@dataclass
class Sectors:
    """What labels say of each organisation: labels of its own, and labels of teams of a single kind."""

    own: Evidence = field(default_factory=_read_evidence)
    by_team: Evidence = field(default_factory=_read_evidence)

    @classmethod
    def from_rows(cls, rows: Iterable[Row]) -> Sectors:
        """Collect the labels of rows as they were read, before anything in them is resolved."""
        found = cls()
        for row in rows:
            names = [name.casefold() for name in _split_list(row["organisations"])]
            sectors = _split_list(row["organisation_sectors"])
            if set(sectors) <= {UNKNOWN}:  # labelled as a team, or not at all
                if sector := PURE_TEAM.get(str(row["team"])):
                    for name in names:
                        found.by_team[name][sector].add(str(row["model"]))
            else:
                for name, sector in zip(names, sectors, strict=True):
                    found.own[name][sector].add(str(row["model"]))
        return found

    def find_sector(self, organisation: str, without: str = "") -> str:
        """The sector of an organisation: by its own labels, else by those of at least two teams, if they agree.

        ``without`` leaves the labels of one model out, to see how well the others foretell it.
        """
        for evidence, needed in ((self.own, 1), (self.by_team, TEAMS_NEEDED)):
            said = evidence.get(organisation.casefold())
            models = {sector: names - {without} for sector, names in said.items()} if said else {}
            models = {sector: names for sector, names in models.items() if names and sector != UNKNOWN}
            if models:
                sector, names = next(iter(models.items()))
                return sector if len(models) == 1 and len(names) >= needed else UNKNOWN
        return UNKNOWN


def resolve(rows: Iterable[Row], known: Sectors, later: Iterable[Row]) -> Counter[str]:
    """Fill in unknown sectors of organisations and of teams; what a row was labelled with stays as it is.

    Parameters
    ----------
    rows
        Rows of one vintage; changed in place: ``organisation_sectors``, ``team_resolved``, ``team_source``.
    known
        From ``Sectors.of``.
    later
        Rows of later vintages, the nearest first.

    Returns
    -------
    collections.Counter
        How blanks were resolved; and how well the labels of other models foretell those of a labelled team or of the
        same model in a later vintage.
    """
    counts: Counter[str] = Counter()
    by_name: dict[tuple[str, str], str] = {}
    for row in later:
        if row["team"] != UNKNOWN:
            by_name.setdefault(_identify(row), str(row["team"]))
    for row in rows:
        model = str(row["model"])
        organisations, labelled = _split_list(row["organisations"]), _split_list(row["organisation_sectors"])
        pairs = list(zip(organisations, labelled, strict=True)) if organisations else []
        sectors = [known.find_sector(name) if sector == UNKNOWN else sector for name, sector in pairs]
        foretold = classify_sectors([known.find_sector(name, without=model) for name in organisations])
        row["organisation_sectors"] = LIST_SEPARATOR.join(sectors) or UNKNOWN
        counts["unknown sector of an organisation (entries)"] += sectors.count(UNKNOWN)
        found, other = classify_sectors(sectors), by_name.get(_identify(row), UNKNOWN)
        if row["team"] == UNKNOWN:
            source = "organisations" if found != UNKNOWN else "later vintage" if other != UNKNOWN else UNKNOWN
            row["team_resolved"], row["team_source"] = found if found != UNKNOWN else other, source
            counts[f"blank team: {'still unknown' if source == UNKNOWN else 'resolved from ' + source}"] += 1
            if UNKNOWN not in (foretold, other):
                counts["blank team: foretold by other models, known in a later vintage"] += 1
                counts["blank team: foretold by other models, the same in a later vintage"] += foretold == other
        elif foretold != UNKNOWN:
            counts["labelled team, foretold by other models"] += 1
            counts["labelled team, foretold by other models: same kind"] += _simplify_team(foretold) == _simplify_team(
                str(row["team"])
            )
            if set(labelled) <= {UNKNOWN} and "leaning" in str(row["team"]) and "collaboration" in foretold:
                counts["labelled with a leaning, organisations a collaboration"] += 1
                counts["labelled with a leaning, organisations a collaboration: same leaning"] += (
                    foretold == row["team"]
                )
    return counts


def _split_list(cell: object) -> list[str]:
    return str(cell).split(LIST_SEPARATOR) if cell else []


def _identify(row: Row) -> tuple[str, str]:
    """Name and year: the same name in another year may be another model."""
    return str(row["model"]).casefold(), str(row["date"])[:4]


def _simplify_team(team: str) -> str:
    """The kind of team without its leaning."""
    return "collaboration" if team.endswith("collaboration") else team
