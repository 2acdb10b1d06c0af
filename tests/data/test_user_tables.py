"""A user's models: a raw vintage or the documented columns, identified by the header."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pandas as pd
import pytest

from data.build.vintage_counts import describe_vintages, format_markdown
from data.errors import InputError
from data.io import format_csv, parse_csv
from data.paths import HERE, SNAPSHOT
from data.tables.schemas import MODELS
from data.tables.user_tables import read_user_models

FIXTURES = Path(__file__).parent.parent / "fixtures"


def table(tmp_path: Path, *vintages: str) -> Path:
    tmp_path.mkdir(exist_ok=True)
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
    assert {"2023-12", "2025-06", "2026-03", "2026-05"} <= set(users.frame["vintage"])  # specifications name them


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
    assert len(users.frame) == 7240
    assert read_user_models(table(tmp_path, "2023-12", "2025-06"), "2023-12").vintage == "2023-12"
    with pytest.raises(InputError, match="several vintages"):
        read_user_models(table(tmp_path, "2026-05", "2025-06"), "2023-12")


def test_other_tables_are_refused(tmp_path: Path):
    path = tmp_path / "other.csv"
    path.write_text("name,year\nx,2012\n")
    with pytest.raises(InputError, match=r"other\.csv.*'vintage'.*missing"):
        read_user_models(path, "2023-12")


COMMA = """Model,Domain,Organization,Publication date,Notability criteria,Parameters,Training compute (FLOP),\
Confidence,Training hardware,Hardware quantity,Organization categorization
AlphaNet,Vision,Uni One,2012-05-01,Highly cited,"1,50E+06","4,70E+17",Confident,,,Academia
BetaNet,Language,Acme Labs,2021-03-15,SOTA improvement,"1,5e9","1,00E+24",Sure,,"512,0",Industry
"""


def describe_rows(path: Path, decimal: str | None = None) -> list[tuple[object, ...]]:
    frame = read_user_models(path, "2023-12", decimal).frame
    users = frame[frame["vintage"] == "2021-03"].sort_values("model")
    return [
        tuple(row)
        for row in users[["model", "log10_compute", "log10_parameters", "hardware_count"]].to_numpy().tolist()
    ]


def test_decimal_commas_are_refused_or_read_never_taken_for_thousands(tmp_path: Path):
    path, point = tmp_path / "comma.csv", tmp_path / "point.csv"
    path.write_text(COMMA)
    point.write_text(COMMA.replace('"1,', "1.").replace('"4,', "4.").replace('"512,', "512.").replace('"', ""))
    with pytest.raises(InputError, match=r"row 2, column 'Training compute \(FLOP\)'.*decimal comma.*--decimal ,"):
        read_user_models(path, "2023-12")
    expected = [("AlphaNet", 17.672098, 6.176091), ("BetaNet", 24.0, 9.176091)]
    for rows in (describe_rows(path, ","), describe_rows(point)):
        assert [row[:3] for row in rows] == expected
        assert rows[1][3] == 512.0


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_documented_columns_with_decimal_commas(tmp_path: Path, delimiter: str):
    """Excel in most of Europe saves semicolons and decimal commas; LibreOffice may save commas or tabs."""
    rows = [
        row for row in parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values() if row["vintage"] == "2023-12"
    ]
    numbers = ("log10_compute", "log10_compute_se", "log10_parameters", "hardware_count")
    path = tmp_path / "mine.csv"
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(MODELS.columns), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(row | {name: row[name].replace(".", ",") for name in numbers} for row in rows)
    with pytest.raises(InputError, match=r"column 'log10_compute.*--decimal ,"):
        read_user_models(path, "2023-12")
    plain = read_user_models(table(tmp_path / "plain", "2023-12"), "2023-12").frame
    pd.testing.assert_frame_equal(read_user_models(path, "2023-12", ",").frame, plain)


def test_message_tells_what_is_unknown(tmp_path: Path):
    path = tmp_path / "raw.csv"
    path.write_text(COMMA.replace('"1,', "1.").replace('"4,', "4.").replace('"512,', "512.").replace('"', ""))
    message = read_user_models(path, "2023-12").message
    assert "2 models; 2 teams labelled, 0 more resolved" in message
    assert "no column for compute sponsor, countries, access to the weights, access to the training code" in message
    assert "unknown label, read as unknown: Confidence 'Sure' (1)" in message


def run_data(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Run a command of ``python -m data`` in this process; return exit code, output and errors."""
    from data.cli import app
    from data.command import run

    before, sys.argv = sys.argv, ["data", *map(str, arguments)]
    try:
        code = run(app)
    finally:
        sys.argv = before
    return code, *capsys.readouterr()


def test_validate_takes_a_raw_vintage_and_says_what_it_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "raw.csv"
    path.write_text(COMMA)
    code, out, errors = run_data(capsys, "validate", path)
    assert (code, out) == (2, "")
    assert "decimal comma" in errors
    code, out, _ = run_data(capsys, "validate", path, "--decimal", ",")
    assert code == 0
    assert "raw.csv: a raw Epoch vintage (teams labelled in words), dated 2021-03, 2 models" in out
    assert out.rstrip().endswith("valid")
    code, _, errors = run_data(capsys, "validate", path, "--decimal", "comma")
    assert code == 2
    assert "known: . and ," in errors
    other = tmp_path / "other.csv"
    other.write_text("name,year\nx,2012\n")
    code, _, errors = run_data(capsys, "validate", other)
    assert code == 2
    assert "name, year" in errors


def test_describe_counts_the_headline_shares_of_a_vintage(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Counted by hand: notable, 2010-22, usable compute, known team."""
    rows = [
        "Model,Organization,Publication date,Notability criteria,Training compute (FLOP),"
        "Organization categorization,Confidence",
        "A,Uni,2012-01-01,Highly cited,1e18,Academia,",
        "B,Firm,2013-01-01,Highly cited,1e18,Industry,",
        'C,"Uni,Firm",2014-01-01,Highly cited,1e18,"Academia,Industry",',
        "D,Firm,2021-01-01,Highly cited,1e18,Industry,",
        "E,Uni,2018-01-01,Highly cited,1e18,Academia,",  # of neither period
        "F,Uni,2012-01-01,,1e18,Academia,",  # not notable
        "G,Uni,2012-01-01,Highly cited,,Academia,",  # no compute
        "H,Uni,2012-01-01,Highly cited,1e18,Academia,Wrong",  # no usable compute
        "I,Nobody Knows,2012-01-01,Highly cited,1e18,,",  # no team
        "J,Uni,2023-01-01,Highly cited,1e18,Academia,",  # after the window
    ]
    path = tmp_path / "raw.csv"
    path.write_text("\n".join(rows))
    code, out, _ = run_data(capsys, "describe", "--models", tmp_path)
    assert code == 0
    assert (
        out.splitlines()[0]
        == "| file | vintage | teams in | models | n | academia-only 2010-14 | academia-only 2020-22 |"
    )
    assert out.splitlines()[2] == "| raw.csv | 2023-01 | lists | 10 | 5 | 1 of 3 | 0 of 1 |"


def test_documentation_has_the_counts_of_every_raw_vintage(raw_vintages: list[Path]):
    assert len(raw_vintages) == 6
    text = (HERE / "README.md").read_text(encoding="utf-8")
    assert format_markdown(describe_vintages(raw_vintages)) in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<!DOCTYPE html>\n<html></html>\n", "web page"),
        ("version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        ("\n\nx,y\n", "neither a raw Epoch vintage nor a table with the documented columns"),
    ],
)
def test_a_file_that_is_no_table_is_refused_as_such(tmp_path: Path, content: str, words: str):
    path = tmp_path / "models.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=words):
        read_user_models(path, "2025-06")
