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
            "data/epoch.py",
            "data/schema.py",
            "models/_blocks.py",
            "models/academic_share_rows.py",
            "models/academic_share_specifications.py",
            "models/academic_share_statistics.py",
            "models/academic_share_tail.py",
        ),
        ("counts", "vintages"),
    ),
    "topic_compute": Entry(
        "models.topic_compute",
        "figures.topic_compute",
        ("papers",),
        (
            "models/_blocks.py",
            "models/_cells.py",
            "models/topic_compute_fall.py",
            "models/topic_compute_regression.py",
            "models/topic_compute_rows.py",
            "models/topic_compute_specifications.py",
            "models/topic_compute_statistics.py",
        ),
    ),
    "code_release": Entry(
        "models.code_release",
        "figures.code_release",
        ("code_labels", "coder_labels", "institutions", "models", "papers"),
        (
            "models/_blocks.py",
            "models/_cells.py",
            "models/code_release_estimands.py",
            "models/code_release_instruments.py",
            "models/code_release_rows.py",
            "models/code_release_second.py",
            "models/code_release_specifications.py",
            "models/code_release_statistics.py",
        ),
    ),
}
