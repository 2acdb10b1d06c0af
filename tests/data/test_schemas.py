"""The table of models: what it accepts, and how errors name faults."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from data.errors import InputError
from data.io import format_csv, read_bytes, write_atomic
from data.paths import SNAPSHOT
from data.tables.load import load
from data.tables.schemas import MODELS, read_models


@pytest.fixture
def table() -> list[dict[str, str]]:
    text = read_bytes(SNAPSHOT / "models.csv.gz").decode()
    return list(csv.DictReader(io.StringIO(text)))[:30]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_bytes(format_csv(MODELS.columns, rows))
    return path


def test_snapshot_is_valid_and_complete():
    frame = load("models")
    for vintage, models, notable, compute in (
        ("2023-12", 1116, 647, 412),
        ("2025-06", 1891, 807, 988),
        ("2026-05", 1011, 1011, 521),
    ):
        rows = frame[frame["vintage"] == vintage]
        assert len(rows) == models
        assert (rows["notability"] != "").sum() == notable
        assert rows["log10_compute"].notna().sum() == compute


def test_a_written_table_is_valid(tmp_path: Path, table: list[dict[str, str]]):
    assert len(read_models(write(tmp_path / "t.csv", table))) == 30


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("team", "university", "must be one of"),
        ("date", "2021-13-01", "must be a date"),
        ("log10_compute", "lots", "must be a number"),
        ("log10_compute", "inf", "must be a number"),
        ("log10_compute", "1_2", "must be a number"),
        ("date", "2021-5-3", "must be a date"),
        ("log10_compute", "99.0", "between 0 and 30"),
        ("log10_compute_se", "-1.0", "between 0 and 3"),
        ("organisation_sectors", "academia; firm", "each entry must be one of"),
        ("weights_access", "leaked", "must be one of"),
        ("vintage", "last year", "must be a year and month"),
        ("model", "", "must not be empty"),
    ],
)
def test_bad_cell_is_named(tmp_path: Path, table: list[dict[str, str]], column: str, value: str, words: str):
    table[10][column] = value
    with pytest.raises(InputError, match=words) as caught:
        read_models(write(tmp_path / "mine.csv", table))
    assert "mine.csv" in str(caught.value)
    assert "row 12" in str(caught.value)
    assert repr(column) in str(caught.value)
    assert repr(value) in str(caught.value)


def test_repeated_model_is_an_error(tmp_path: Path, table: list[dict[str, str]]):
    table[5] = table[4]
    with pytest.raises(InputError, match=r"row 7.*row 6 has the same model"):
        read_models(write(tmp_path / "mine.csv", table))


def test_several_faults_are_counted(tmp_path: Path, table: list[dict[str, str]]):
    table[3]["team"] = table[9]["team"] = "university"
    with pytest.raises(InputError, match="2 faults") as caught:
        read_models(write(tmp_path / "mine.csv", table))
    assert caught.value.row == 5


def test_write_is_atomic_and_reproducible(tmp_path: Path):
    path = tmp_path / "a.csv.gz"
    write_atomic(path, b"one")
    first = path.read_bytes()
    write_atomic(path, b"one")
    assert path.read_bytes() == first
    assert read_bytes(path) == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.csv"
    write_atomic(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data.io.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_gzip_is_named(tmp_path: Path):
    good = (SNAPSHOT / "models.csv.gz").read_bytes()
    path = tmp_path / "models.csv.gz"
    path.write_bytes(good[:500])
    with pytest.raises(InputError, match="damaged gzip"):
        read_models(path)
    for position in range(12, len(good), 997):  # a flipped byte anywhere
        path.write_bytes(good[:position] + bytes([good[position] ^ 255]) + good[position + 1 :])
        with pytest.raises(InputError, match=r"models\.csv\.gz"):
            read_models(path)


def test_empty_lines_do_not_shift_the_row(tmp_path: Path, table: list[dict[str, str]]):
    table[3]["team"] = "university"
    path = write(tmp_path / "mine.csv", table)
    path.write_text(path.read_text().replace("\n", "\n\n", 1))
    with pytest.raises(InputError) as caught:
        read_models(path)
    assert caught.value.row == 6
