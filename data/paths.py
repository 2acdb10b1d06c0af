"""Paths of the committed files."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
SNAPSHOT = HERE / "snapshot"
LEXICONS = HERE / "lexicons"
LABELS = HERE / "labels"
