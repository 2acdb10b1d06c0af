"""The claims, in the order of the paper. Strings only, so that looking them up costs nothing.

A new claim is one line here, a file in models/, one in figures/, and one in paper/sections/.
"""

from __future__ import annotations

from dataclasses import dataclass

RAW = "raw"  # in the place of a model: a count, with no fit


@dataclass(frozen=True)
class Entry:
    """Where a claim's parts are: its model and figure modules, tables and blocks, facts for the paper."""

    module: str
    figures: str
    tables: tuple[str, ...]
    blocks: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


CLAIMS: dict[str, Entry] = {
    "academic_share": Entry(
        "models.academic_share",
        "figures.academic_share",
        ("models",),
        (
            "models/_blocks.py",
            "models/academic_share_rows.py",
            "models/academic_share_specifications.py",
            "models/academic_share_statistics.py",
            "models/academic_share_tail.py",
        ),
        ("counts", "vintages"),
    ),
}
