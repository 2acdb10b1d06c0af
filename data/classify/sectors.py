"""Sectors of organisations and the resulting team type, for any vintage.

Epoch's vintage of 2023 labels the team as a whole, and many of its labels are missing; later vintages label each
organisation. A missing label is resolved from the organisations of its row, else from the same model in a later
vintage; otherwise it stays unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from data.rules import classify_sectors
from data.vocabulary import LIST_SEPARATOR, SECTOR_BY_TEAM, UNKNOWN

Row = dict[str, object]
Evidence = defaultdict[str, defaultdict[str, set[str]]]  # organisation to sector to the models whose labels support it

TEAMS_NEEDED = 2  # the label of a single team may be wrong


def _make_evidence() -> Evidence:
    return defaultdict(lambda: defaultdict(set))


@dataclass
class Sectors:
    """Labelled sectors of each organisation: from its own labels, and from labels of teams of a single sector."""

    by_organisation: Evidence = field(default_factory=_make_evidence)
    by_team: Evidence = field(default_factory=_make_evidence)

    @classmethod
    def from_rows(cls, rows: Iterable[Row]) -> Sectors:
        """Collect the labels of rows as read, before anything is resolved."""
        found = cls()
        for row in rows:
            names = [name.casefold() for name in _split_list(row["organisations"])]
            sectors = _split_list(row["organisation_sectors"])
            if set(sectors) <= {UNKNOWN}:  # labelled as a team, or not at all
                if sector := SECTOR_BY_TEAM.get(str(row["team"])):
                    for name in names:
                        found.by_team[name][sector].add(str(row["model"]))
            else:
                for name, sector in zip(names, sectors, strict=True):
                    found.by_organisation[name][sector].add(str(row["model"]))
        return found

    def find_sector(self, organisation: str, without: str = "") -> str:
        """Return the sector of an organisation from its own labels, else from those of at least two teams.

        Labels that disagree give ``unknown``. ``without`` excludes the labels of one model, to test how well the
        other models predict it.
        """
        for evidence, needed in ((self.by_organisation, 1), (self.by_team, TEAMS_NEEDED)):
            labels = evidence.get(organisation.casefold())
            models = {sector: names - {without} for sector, names in labels.items()} if labels else {}
            models = {sector: names for sector, names in models.items() if names and sector != UNKNOWN}
            if models:
                sector, names = next(iter(models.items()))
                return sector if len(models) == 1 and len(names) >= needed else UNKNOWN
        return UNKNOWN


def resolve(rows: Iterable[Row], known: Sectors, later: Iterable[Row]) -> Counter[str]:
    """Resolve unknown sectors of organisations and of teams in place; labels stay unchanged.

    Parameters
    ----------
    rows
        Rows of one vintage. ``organisation_sectors``, ``team_resolved`` and ``team_source`` are changed in place.
    known
        From ``Sectors.from_rows``.
    later
        Rows of later vintages, nearest first.

    Returns
    -------
    collections.Counter
        How missing labels were resolved, and how well the labels of other models predict the label of a team or of
        the same model in a later vintage.
    """
    counts: Counter[str] = Counter()
    by_name: dict[tuple[str, str], str] = {}
    for row in later:
        if row["team"] != UNKNOWN:
            by_name.setdefault(_identify(row), str(row["team"]))
    for row in rows:
        model = str(row["model"])
        organisations, labelled = _split_list(row["organisations"]), _split_list(row["organisation_sectors"])
        entries = zip(organisations, labelled, strict=True) if organisations else ()
        sectors = [known.find_sector(name) if sector == UNKNOWN else sector for name, sector in entries]
        predicted = classify_sectors([known.find_sector(name, without=model) for name in organisations])
        row["organisation_sectors"] = LIST_SEPARATOR.join(sectors) or UNKNOWN
        counts["unknown sector of an organisation (entries)"] += sectors.count(UNKNOWN)
        found, other = classify_sectors(sectors), by_name.get(_identify(row), UNKNOWN)
        if row["team"] == UNKNOWN:
            source = "organisations" if found != UNKNOWN else "later vintage" if other != UNKNOWN else UNKNOWN
            row["team_resolved"], row["team_source"] = found if found != UNKNOWN else other, source
            counts[f"blank team: {'still unknown' if source == UNKNOWN else 'resolved from ' + source}"] += 1
            if UNKNOWN not in (predicted, other):
                counts["blank team: foretold by other models, known in a later vintage"] += 1
                counts["blank team: foretold by other models, the same in a later vintage"] += predicted == other
        elif predicted != UNKNOWN:
            counts["labelled team, foretold by other models"] += 1
            counts["labelled team, foretold by other models: same kind"] += _simplify_team(predicted) == _simplify_team(
                str(row["team"])
            )
            if set(labelled) <= {UNKNOWN} and "leaning" in str(row["team"]) and "collaboration" in predicted:
                counts["labelled with a leaning, organisations a collaboration"] += 1
                counts["labelled with a leaning, organisations a collaboration: same leaning"] += (
                    predicted == row["team"]
                )
    return counts


def _split_list(cell: object) -> list[str]:
    return str(cell).split(LIST_SEPARATOR) if cell else []


def _identify(row: Row) -> tuple[str, str]:
    """Return name and year; the same name in another year may be another model."""
    return str(row["model"]).casefold(), str(row["date"])[:4]


def _simplify_team(team: str) -> str:
    """Return the team type without its leaning."""
    return "collaboration" if team.endswith("collaboration") else team
