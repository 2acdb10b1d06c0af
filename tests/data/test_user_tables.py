"""A user's models: a raw vintage or the documented columns, identified by the header."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from data.io import format_csv, parse_csv
from data.paths import SNAPSHOT
from data.tables.schemas import MODELS
from data.tables.user_tables import read_user_models

FIXTURES = Path(__file__).parent.parent / "fixtures"


def table(tmp_path: Path, *vintages: str) -> Path:
    path = tmp_path / "mine.csv"
    rows = parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values()
    path.write_bytes(format_csv(MODELS.columns, (row for row in rows if row["vintage"] in vintages)))
    return path


@pytest.mark.parametrize(
    ("name", "vintage", "words"),
    [
        ("epoch_small.csv", "2022-11", "teams labelled in words"),
        ("epoch_lists_small.csv", "2024-02", "a sector for each"),
    ],
)
def test_raw_vintage(name: str, vintage: str, words: str):
    users = read_user_models(FIXTURES / name, "2023-12")
    assert users.vintage == vintage
    assert words in users.message
    assert "raw Epoch vintage" in users.message
    assert (users.frame["vintage"] == vintage).sum() > 4
    assert {"2023-12", "2025-06", "2026-05"} <= set(users.frame["vintage"])  # specifications name them


def test_missing_teams_of_a_raw_vintage_are_resolved_from_the_snapshot(tmp_path: Path):
    raw = tmp_path / "raw.csv"
    text = (FIXTURES / "epoch_small.csv").read_text().replace("Nobody Knows", '"Google,Stanford University"')
    raw.write_text(text)
    frame = read_user_models(raw, "2023-12").frame
    zeta = frame[(frame["model"] == "Zeta") & (frame["vintage"] == "2022-11")].iloc[0]
    assert (zeta["team"], zeta["team_resolved"], zeta["team_source"]) == ("unknown", "collaboration", "organisations")


def test_documented_columns(tmp_path: Path):
    users = read_user_models(table(tmp_path, "2025-06"), "2023-12")
    assert users.vintage == "2025-06"
    assert "documented columns" in users.message
    assert len(users.frame) == 4018
    assert read_user_models(table(tmp_path, "2023-12", "2025-06"), "2023-12").vintage == "2023-12"
    with pytest.raises(InputError, match="several vintages"):
        read_user_models(table(tmp_path, "2026-05", "2025-06"), "2023-12")


def test_other_tables_are_refused(tmp_path: Path):
    path = tmp_path / "other.csv"
    path.write_text("name,year\nx,2012\n")
    with pytest.raises(InputError, match=r"other\.csv.*'vintage'.*missing"):
        read_user_models(path, "2023-12")
