"""Reader of Ecosystem Graphs (Bommasani et al. 2023, arXiv:2303.15772): access to models, a second source."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from data.errors import InputError
from data.io import parse_csv
from data.sources.epoch import ISO_DATE
from data.vocabulary import UNKNOWN

COLUMNS = ("model", "organization", "created", "access")
LEVELS = ("open", "limited", "closed")


def read_ecosystem_graphs(path: Path) -> tuple[list[dict[str, object]], Counter[str]]:
    """Read one row per model and organisation, the first of several, sorted, with counts of what was left out.

    Raises
    ------
    InputError
        If the file is not valid, or a label of access is not known.
    """
    counts: Counter[str] = Counter()
    found: dict[tuple[str, str], dict[str, object]] = {}
    for number, cell in parse_csv(path, COLUMNS).items():
        name, organisation, access = (cell[column].strip() for column in ("model", "organization", "access"))
        if not name or access in ("", UNKNOWN):
            counts["left out: no name" if not name else "left out: access unknown"] += 1
        elif access not in LEVELS:
            raise InputError("unknown label", path, number, "access", access, "known: " + ", ".join(LEVELS))
        elif (name, organisation) in found:
            counts["left out: a name that occurs before"] += 1
        else:
            created = cell["created"] if ISO_DATE.fullmatch(cell["created"]) else ""
            counts["unknown date"] += not created
            key = name, organisation
            found[key] = {"model": name, "organisation": organisation, "created": created, "access": access}
    return [found[key] for key in sorted(found)], counts
