"""Reading of Epoch's raw file: labels, unknowns, and errors that name row and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.build.snapshot import build
from data.errors import InputError
from data.paths import SNAPSHOT
from data.sources.epoch import LISTS as IN_LISTS
from data.sources.epoch import WORDS as IN_WORDS
from data.sources.epoch import read_vintage
from data.sources.epoch_layout import COLUMNS as SYNONYMS
from data.sources.epoch_layout import LABELS, NEEDED, find_columns, is_raw_vintage
from data.tables.schemas import MODELS
from data.vocabulary import LIST_SEPARATOR, TEAMS

SMALL = Path(__file__).parent.parent / "fixtures" / "epoch_small.csv"
RAW_COLUMNS = find_columns(SMALL.read_text().partition("\n")[0].split(","))
COLUMNS = sorted(RAW_COLUMNS.values())


def rows_by_name(path: Path = SMALL) -> dict[str, dict[str, object]]:
    return {str(row["model"]): row for row in read_vintage(path, "2023-12")[0]}


def changed(tmp_path: Path, row: int, column: str, value: str) -> Path:
    """Write the small file with one cell changed; ``row`` counts from the header, row 1."""
    table = list(csv.reader(io.StringIO(SMALL.read_text())))
    table[row - 1][table[0].index(column)] = value
    path = tmp_path / "raw.csv"
    with path.open("w", newline="") as handle:
        csv.writer(handle).writerows(table)
    return path


def write(tmp_path: Path, rows: list[dict[str, str]], **options: str) -> Path:
    """Write rows as a CSV file, with the options of ``csv.DictWriter``."""
    path = tmp_path / "raw.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), **options)  # type: ignore[arg-type]
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_labels_in_any_capitalisation():
    rows = rows_by_name()
    assert rows["Gamma"]["team"] == "industry-only"
    assert rows["Beta"]["team"] == "collaboration"
    assert rows["Delta"]["team"] == "industry-leaning collaboration"
    assert rows["Epsilon"]["team"] == "research collective"


def test_unknown_stays_unknown_and_is_counted():
    rows, counts = read_vintage(SMALL, "2023-12")
    by_name = {row["model"]: row for row in rows}
    assert by_name["Zeta"]["team"] == "unknown"
    assert by_name["Delta"]["date"] == ""
    assert by_name["Delta"]["log10_compute"] == ""
    assert counts["rows in the raw file"] == 7
    assert counts["left out: no name"] == 1
    assert counts["unknown team"] == 1
    assert counts["unknown date"] == 1
    assert counts["unknown training compute"] == 1
    assert len(rows) + counts["left out: no name"] == counts["rows in the raw file"]


def test_compute_and_its_documented_error():
    rows = rows_by_name()
    assert rows["Alpha"]["log10_compute"] == 18
    for name, factor in (("Alpha", 3), ("Beta", 10), ("Gamma", 30)):
        se = float(str(rows[name]["log10_compute_se"]))
        # 90 % of normal errors lie within the documented factor.
        assert math.erf(math.log10(factor) / se / math.sqrt(2)) == pytest.approx(0.9, abs=1e-4)
    assert rows["Zeta"]["log10_compute_se"] == ""  # without a label there is no error; the analysis chooses one


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        (2, "Publication date", "soon"),
        (3, "Publication date", "2021-02-30"),
        (4, "Training compute (FLOP)", "lots"),
        (4, "Training compute (FLOP)", "0"),
        (4, "Training compute (FLOP)", "-3e5"),
        (4, "Training compute (FLOP)", "nan"),
        (4, "Training compute (FLOP)", "1e99"),
        (4, "Training compute (FLOP)", "1e999"),
        (3, "Hardware quantity", "INFINITY"),
        (3, "Hardware quantity", "2.5"),
        (2, "Organization categorization", "Acedemia"),
        (3, "Hardware quantity", "many"),
    ],
)
def test_bad_cell_is_named(tmp_path: Path, row: int, column: str, value: str):
    with pytest.raises(InputError) as caught:
        read_vintage(changed(tmp_path, row, column, value), "2023-12")
    message = str(caught.value)
    for part in ("raw.csv", f"row {row}", repr(column), repr(value)):
        assert part in message


def test_a_name_that_occurs_again_is_counted_and_the_row_with_a_compute_stays(tmp_path: Path):
    rows, counts = read_vintage(changed(tmp_path, 5, "System", "Gamma"), "2023-12")
    assert sum(n for what, n in counts.items() if "occurs before" in what) == 1
    assert [row["log10_compute"] for row in rows if row["model"] == "Gamma"] == [
        pytest.approx(math.log10(3e21), abs=1e-6)
    ]
    path = changed(tmp_path, 2, "Training compute (FLOP)", "")
    path.write_text(path.read_text().replace("Beta,", "Alpha,", 1))
    assert {row["model"]: row["domain"] for row in read_vintage(path, "2023-12")[0]}["Alpha"] == "Vision"


def test_date_after_the_vintage_is_an_error(tmp_path: Path):
    path = changed(tmp_path, 4, "Publication date", "2024-01-01")
    with pytest.raises(InputError, match=r"row 4.*2024-01-01.*future"):
        read_vintage(path, "2023-12")
    assert {row["vintage"] for row in read_vintage(path)[0]} == {"2024-01"}


LISTS = Path(__file__).parent.parent / "fixtures" / "epoch_lists_small.csv"


def test_later_layout_gives_the_same_columns():
    rows, counts = read_vintage(LISTS, "2025-06")
    by_name = {str(row["model"]): row for row in rows}
    assert all(set(row) == set(MODELS.columns) for row in rows)
    assert counts[IN_LISTS] > 0
    assert counts[IN_WORDS] == 0
    assert by_name["Eta"]["team"] == "industry-leaning collaboration"
    assert by_name["Eta"]["organisation_sectors"] == "industry; industry; academia"
    assert by_name["Theta"]["team"] == "collaboration"  # a tie is neutral
    assert by_name["Iota"]["team"] == "mixed"  # academia with government
    assert by_name["Kappa"]["team"] == "unknown"
    assert by_name["Lambda"]["organisation_sectors"] == "unknown; unknown"  # one sector for two organisations
    assert by_name["Lambda"]["team"] == "unknown"  # the other may be of another sector
    assert by_name["Xi"]["organisations"] == "Sambanova Systems, Inc; Uni One"  # a comma inside a quoted name
    assert by_name["Xi"]["team"] == "collaboration"
    assert counts["not aligned: fewer or more sectors than organisations"] == 1
    assert by_name["Eta"]["domain"] == "Multimodal"
    assert by_name["Theta"]["domain"] == "Drawing"
    assert by_name["Eta"]["weights_access"] == "open weights"
    assert by_name["Theta"]["weights_access"] == "hosted"
    assert by_name["Eta"]["training_code"] == "open"
    assert by_name["Lambda"]["model"] == "Lambda"  # whitespace and line breaks inside a name become one space
    assert by_name["Mu Nu"]["confidence"] == "unknown"


def test_unknown_sector_in_a_list_is_named(tmp_path: Path):
    path = tmp_path / "raw.csv"
    path.write_text(LISTS.read_text().replace('"Industry,Academia"', '"Industry,Acedemia"'))
    with pytest.raises(InputError, match=r"row 3.*'Organization categorization'.*Acedemia"):
        read_vintage(path, "2025-06")


@pytest.mark.parametrize("fact", NEEDED)
def test_column_that_the_analysis_needs_is_named_if_it_is_missing(tmp_path: Path, fact: str):
    path = changed(tmp_path, 1, RAW_COLUMNS[fact], "Renamed")
    with pytest.raises(InputError) as caught:
        read_vintage(path, "2023-12")
    assert repr(SYNONYMS[fact][0]) in str(caught.value)
    assert NEEDED[fact] in str(caught.value)
    assert "missing" in str(caught.value)


def test_file_of_large_models_is_refused_for_what_the_analysis_needs(tmp_path: Path):
    """Epoch's file of large models has ``Model`` and a compute, but neither sectors nor notability."""
    path = write(tmp_path, [{"Model": "A", "Publication date": "2021-03-15", "Training compute (FLOP)": "1e24"}])
    with pytest.raises(InputError) as caught:
        read_vintage(path)
    assert "'Organization categorization'" in str(caught.value)
    assert "'Notability criteria'" in str(caught.value)
    for name in ("System", "Training compute", "Publication date'"):
        assert f"({name!r})" not in str(caught.value)


OPTIONAL = sorted(set(RAW_COLUMNS) - set(NEEDED))
EMPTY = {"domain": "unknown", "compute_sponsor": "unknown", "confidence": "unknown", "weights_access": "unknown",
         "training_code": "unknown"}  # fmt: skip
READ_INTO = {"compute": ["log10_compute", "log10_compute_se"], "parameters": ["log10_parameters"],
             "organisations": ["organisations", "organisation_sectors"],
             "confidence": ["confidence", "log10_compute_se"],
             "weights_access": ["weights_access", "weights_terms"]}  # fmt: skip


@pytest.mark.parametrize("fact", OPTIONAL)
def test_any_other_column_may_be_missing_and_is_then_unknown_and_counted(tmp_path: Path, fact: str):
    before = {row["model"]: row for row in read_vintage(SMALL, "2023-12")[0]}
    rows, counts = read_vintage(changed(tmp_path, 1, RAW_COLUMNS[fact], "Renamed"), "2023-12")
    assert [n for what, n in counts.items() if what.startswith("no column: ")] == [len(rows)] * len(
        {fact, "training_code"}
    )
    for row in rows:
        for column in READ_INTO.get(fact, [fact]):
            assert row[column] in (EMPTY.get(column, ""), "unknown"), column
        others = set(MODELS.columns) - set(READ_INTO.get(fact, [fact]))
        assert {column: row[column] for column in others} == {column: before[row["model"]][column] for column in others}


@pytest.mark.parametrize(
    ("column", "value", "fact"),
    [
        ("Confidence", "Sure", "confidence"),
        ("Compute sponsor categorization", "Government?", "compute_sponsor"),
        ("Open-source", "Weights for friends", "weights_access"),
    ],
)
def test_unknown_label_of_a_column_that_no_claim_needs_is_unknown_and_counted(
    tmp_path: Path, column: str, value: str, fact: str
):
    rows, counts = read_vintage(changed(tmp_path, 3, column, value), "2023-12")
    assert counts[f"unknown label, read as unknown: {column} {value!r}"] == 1
    assert {row["model"]: row for row in rows}["Beta"][fact] == "unknown"


@pytest.mark.parametrize(
    ("label", "access", "terms"),
    [
        ("Open source", "fully open", "unrestricted"),
        ("Fully open-source (DEPR.)", "fully open", "unrestricted"),
        ("Open access (unrestricted)", "open weights", "unrestricted"),
        ("Open access (non-commercial)", "open weights", "non-commercial"),
        ("Open access (restricted use)", "open weights", "restricted"),
        ("Open weights  (Restricted use)", "open weights", "restricted"),
        ("Weights available", "open weights", "unknown"),
        ("Weights available (DEPR.)", "open weights", "unknown"),
        ("Permissive license (DEPR.)", "open weights", "unrestricted"),
        ("permissive  LICENSE", "open weights", "unrestricted"),
        ("API access", "API", "unknown"),
        ("Hosted access (no API)", "hosted", "unknown"),
        ("Unreleased", "unreleased", "unknown"),
        ("", "unknown", "unknown"),
    ],
)
def test_labels_of_accessibility_of_every_vintage(tmp_path: Path, label: str, access: str, terms: str):
    rows, counts = read_vintage(changed(tmp_path, 3, "Open-source", label), "2023-12")
    beta = {row["model"]: row for row in rows}["Beta"]
    assert (beta["weights_access"], beta["weights_terms"]) == (access, terms)
    assert not [what for what in counts if what.startswith("unknown label")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"   \n \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"System,Domain\n", "no rows"),
        (b"System,Domain\nA,B\n", "missing"),
        (b"System;Domain\nA;B\n", "missing"),
        ("Syst\xe8me,Domain\n".encode("latin-1"), "not UTF-8"),
        (b"\x00\x01\x02\x00\xff", "not UTF-8"),
        (b"a,b\x00\n1,2\n", "binary"),
        (b"a,a\n1,2\n", "more than once"),
        (b"PK\x03\x04\x14\x00", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1", "old Excel"),
        (b"\x1f\x8b\x08\x00", "must end in .gz"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
        (b"<!DOCTYPE html>\n<html></html>", "web page"),
        (b'[{"Model": "A"}]', "this is JSON"),
    ],
)
def test_file_that_is_not_a_vintage(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "raw.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_vintage(path, "2023-12")


def test_folder_or_missing_file(tmp_path: Path):
    with pytest.raises(InputError, match="this is a folder"):
        read_vintage(tmp_path, "2023-12")
    with pytest.raises(InputError, match="no such file"):
        read_vintage(tmp_path / "none.csv", "2023-12")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(2, 8), column=st.sampled_from(COLUMNS), value=st.text(max_size=12))
def test_any_cell_gives_a_located_error_or_a_valid_row(tmp_path: Path, row: int, column: str, value: str):
    try:
        path = changed(tmp_path, row, column, value)
    except UnicodeEncodeError:  # a file cannot hold a lone surrogate
        return
    try:
        rows, counts = read_vintage(path, "2023-12")
    except InputError as error:
        assert error.file == path
        return
    assert len(rows) + counts["left out: no name"] == 7
    for found in rows:
        assert found["team"] in TEAMS
        assert set(found) == set(MODELS.columns)
        if found["organisations"]:
            organisations = str(found["organisations"]).split(LIST_SEPARATOR)
            assert len(str(found["organisation_sectors"]).split(LIST_SEPARATOR)) == len(organisations)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), source=st.sampled_from([SMALL, LISTS]))
def test_mutated_bytes_give_an_error_or_a_counted_exclusion_never_a_wrong_row(
    tmp_path: Path, data: st.DataObject, source: Path
):
    """Delete, insert or replace bytes anywhere: what can still be read equals the content of the file."""
    content = source.read_bytes()
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(content) - 1))
        mutation = data.draw(st.sampled_from(["delete", "insert", "replace", "cut"]))
        some = data.draw(st.binary(min_size=1, max_size=4) | st.sampled_from([b",", b'"', b"\n", b"\r", b";", b"\x00"]))
        content = {
            "delete": content[:position] + content[position + len(some) :],
            "insert": content[:position] + some + content[position:],
            "replace": content[:position] + some + content[position + len(some) :],
            "cut": content[:position],
        }[mutation] or b"x"
    path = tmp_path / "raw.csv"
    path.write_bytes(content)
    try:
        rows, counts = read_vintage(path, "2025-06")
    except InputError as error:
        assert error.file == path
        return
    left_out = sum(n for what, n in counts.items() if what.startswith("left out"))
    assert len(rows) + left_out == counts["rows in the raw file"]
    text = " ".join(content.decode("utf-8-sig").split())
    for row in rows:
        assert str(row["model"]).replace('"', "") in text.replace('"', "")
        assert row["date"] == "" or str(row["date"]) in text
        assert row["team"] in TEAMS
        if row["log10_compute"] != "":
            assert 0 <= float(str(row["log10_compute"])) <= 30


SECTORS = ("Academia", "Industry", "Government", "Non-profit", "Research collective")
names = st.text("abcdefghij ÄÖé-", min_size=1, max_size=8).map(str.strip).filter(bool)


@st.composite
def vintages(draw: st.DrawFn) -> tuple[list[dict[str, str]], list[dict[str, object]], bool]:
    """Draw a vintage in an invented layout: cells by raw column, and what they say.

    Columns are renamed to synonyms in any case and with blanks, permuted, and dropped if no claim needs them. Teams are
    labelled in words, or by lists.
    """
    in_lists = draw(st.booleans())
    n = draw(st.integers(1, 5))
    truth: list[dict[str, object]] = []
    cells: list[dict[str, str]] = []
    for index in range(n):
        sectors = draw(st.lists(st.sampled_from(SECTORS), min_size=1, max_size=4))
        if in_lists and index == 0:
            sectors = ["Academia", "Industry", "Industry"]  # otherwise nothing shows that these are lists
        if not in_lists:
            sectors = [sectors[0]] * len(sectors)
        flop = draw(st.integers(10, 26))
        access = draw(st.sampled_from(sorted(LABELS["weights_access"])))
        truth.append({"sectors": sectors, "log10_compute": flop, "weights_access": LABELS["weights_access"][access]})
        cells.append(
            {
                "model": f"M{index}",
                "date": f"20{draw(st.integers(10, 24))}-01-31",
                "notability": draw(st.sampled_from(["", "Highly cited"])),
                "organisations": ",".join(f"Org {index} {number}" for number in range(len(sectors))),
                "team": ",".join(sectors) if in_lists else sectors[0],
                "compute": f"1e{flop}",
                "weights_access": access,
                "domain": "Vision",
                "confidence": "Likely",
                "countries": "Utopia",
            }
        )
    kept = [fact for fact in cells[0] if fact in NEEDED or fact == "organisations" or draw(st.booleans())]
    columns = {}
    for fact in draw(st.permutations(kept)):
        name = draw(st.sampled_from(SYNONYMS[fact]))
        columns[fact] = draw(st.sampled_from([name, name.upper(), f" {name} ", name.replace(" ", "  ")]))
    return [{column: row[fact] for fact, column in columns.items()} for row in cells], truth, in_lists


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=vintages(), delimiter=st.sampled_from(",;\t"), start=st.sampled_from(["", "\ufeff", "sep="]))
def test_any_layout_gives_what_went_in(
    tmp_path: Path, drawn: tuple[list[dict[str, str]], list[dict[str, object]], bool], delimiter: str, start: str
):
    cells, truth, in_lists = drawn
    path = write(tmp_path, cells, delimiter=delimiter)
    if start:
        start += f"{delimiter}\n" if start == "sep=" else ""
        path.write_text(start + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert is_raw_vintage(list(cells[0]))
    rows = {str(row["model"]): row for row in read_vintage(path, "2024-12")[0]}
    assert sorted(rows) == [f"M{index}" for index in range(len(truth))]
    has_access = "weights_access" in find_columns(cells[0])
    for index, said in enumerate(truth):
        row = rows[f"M{index}"]
        assert row["log10_compute"] == said["log10_compute"]
        assert row["weights_access"] == (said["weights_access"] if has_access else "unknown")
        sectors = [str(sector).lower() for sector in said["sectors"]]  # type: ignore[attr-defined]
        if in_lists:
            assert row["organisation_sectors"] == "; ".join(sectors)
        if {"academia", "industry"} <= set(sectors):
            assert str(row["team"]).endswith("collaboration")
        elif len(set(sectors)) == 1:
            assert row["team"] == {"academia": "academia-only", "industry": "industry-only"}.get(sectors[0], sectors[0])
        else:
            assert row["team"] == "mixed"


EARLY_2024 = ["System", "Publication date", "Domain", "Organization", "Notability criteria", "Parameters",
              "Training compute (FLOP)", "Confidence", "Training hardware", "Hardware quantity",
              "Organization categorization", "Country (from Organization)"]  # fmt: skip


@pytest.mark.parametrize(
    "further",
    [
        ["Model accessibility", "Compute sponsor categorization"],  # May 2024, all systems
        ["Model accessibility"],  # July 2024, notable systems
        ["Open-source", "Compute sponsor categorization"],  # February 2024, all systems
    ],
)
def test_layouts_of_2024(tmp_path: Path, further: list[str]):
    cells = dict.fromkeys([*EARLY_2024, *further], "")
    known = {"Notability criteria": "Highly cited", "Confidence": "Likely", "Domain": "Language"}
    alpha = known | {"System": "Alpha", "Publication date": "2012-05-01", "Training compute (FLOP)": "4.7e+17"}
    alpha |= {"Organization": "Uni", "Organization categorization": "Academia"}
    beta = known | {"System": "Beta", "Publication date": "2022-04-01", "Training compute (FLOP)": "1.5e+22"}
    beta |= {"Organization": "Uni,Firm", "Organization categorization": "Academia,Industry", further[0]: "Unreleased"}
    rows, _ = read_vintage(write(tmp_path, [cells | alpha, cells | beta]))
    found = [(row["model"], row["log10_compute"], row["team"], row["vintage"]) for row in rows]
    assert found == [("Alpha", 17.672098, "academia-only", "2022-04"), ("Beta", 22.176091, "collaboration", "2022-04")]
    assert [row["weights_access"] for row in rows] == ["unknown", "unreleased"]


def test_word_for_one_sector_is_a_label_of_the_team_only_in_a_file_without_lists(tmp_path: Path):
    """In a file with lists, one sector for two organisations leaves the other organisation unknown."""
    base = {"Model": "A", "Publication date": "2021-01-01", "Notability criteria": "", "Training compute (FLOP)": ""}
    single = base | {"Organization": "Uni One,Uni Two", "Organization categorization": "Academia"}
    several = base | {"Model": "B", "Organization": "Uni One,Firm", "Organization categorization": "Academia,Industry"}
    assert [row["team"] for row in read_vintage(write(tmp_path, [single]))[0]] == ["academia-only"]
    rows = read_vintage(write(tmp_path, [single, several]))[0]
    assert [row["team"] for row in rows] == ["unknown", "collaboration"]


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_line_ends_of_other_systems(tmp_path: Path, end: str):
    path = tmp_path / "raw.csv"
    path.write_bytes(SMALL.read_text().replace('"line\nbreak"', "a").replace("\n", end).encode())
    assert {row["model"] for row in read_vintage(path, "2023-12")[0]} == set(rows_by_name())


def test_cell_with_a_pasted_full_text(tmp_path: Path):
    assert len(read_vintage(changed(tmp_path, 2, "Unused", "word " * 40_000), "2023-12")[0]) == len(rows_by_name())


@pytest.mark.parametrize("text", ["2021-01-31 00:00:00", "2021-01-31T00:00:00.000Z"])
def test_time_of_the_day_is_dropped(tmp_path: Path, text: str):
    rows = read_vintage(changed(tmp_path, 4, "Publication date", text), "2023-12")[0]
    assert {row["model"]: row["date"] for row in rows}["Gamma"] == "2021-01-31"


@pytest.mark.parametrize("text", ["1/31/2021", "31.01.2021", "2021", "Jan 2021", "44227"])
def test_date_that_a_spreadsheet_changed_is_refused(tmp_path: Path, text: str):
    with pytest.raises(InputError, match=r"row 4.*spreadsheet"):
        read_vintage(changed(tmp_path, 4, "Publication date", text), "2023-12")


def test_snapshot_is_what_the_raw_file_gives(raw_folder: Path, tmp_path: Path):
    from data.io import read_bytes

    (tmp_path / "raw").mkdir()
    for source in ("epoch", "access"):
        (tmp_path / "raw" / source).symlink_to(raw_folder / source)  # another test covers the papers
    build(tmp_path / "raw", tmp_path)
    assert read_bytes(tmp_path / "models.csv.gz") == read_bytes(SNAPSHOT / "models.csv.gz")
    assert read_bytes(tmp_path / "chips.csv.gz") == read_bytes(SNAPSHOT / "chips.csv.gz")
    for name in ("counts.csv", "vintages.csv", "access_labels.csv"):
        assert (tmp_path / name).read_bytes() == (SNAPSHOT / name).read_bytes(), name


def test_failed_build_leaves_the_old_snapshot(tmp_path: Path):
    (tmp_path / "epoch").mkdir()
    bad = changed(tmp_path, 2, "Publication date", "soon")
    bad.rename(tmp_path / "epoch" / "all_ml_systems_2023-12-14.csv")
    out = tmp_path / "out"
    out.mkdir()
    (out / "models.csv.gz").write_bytes(b"old")
    with pytest.raises(InputError):
        build(tmp_path, out)
    assert [path.name for path in out.iterdir()] == ["models.csv.gz"]
    assert (out / "models.csv.gz").read_bytes() == b"old"


def rewrite(tmp_path: Path, header: dict[str, str], **facts: str) -> Path:
    """Write the small file with columns renamed, and the cells of facts replaced in every row."""
    table = list(csv.DictReader(io.StringIO(SMALL.read_text())))
    rows = [{**row, **{RAW_COLUMNS[fact]: text for fact, text in facts.items()}} for row in table]
    return write(tmp_path, [{header.get(name, name): cell for name, cell in row.items()} for row in rows])


@pytest.mark.parametrize("style", [str.upper, lambda name: "_".join(name.lower().replace("(", "").split())])
def test_columns_are_known_by_their_letters(tmp_path: Path, style: Callable[[str], str]):
    path = rewrite(tmp_path, {name: style(name) for name in COLUMNS})
    assert read_vintage(path, "2023-12")[0] == read_vintage(SMALL, "2023-12")[0]


def test_a_rate_is_no_training_compute(tmp_path: Path):
    with pytest.raises(InputError, match="training compute"):
        read_vintage(rewrite(tmp_path, {RAW_COLUMNS["compute"]: "Training compute (FLOP/s)"}))


def test_an_empty_column_gives_way_to_one_with_values():
    cells = dict.fromkeys(("Organization (from Organization)", "Model"), "x")
    assert find_columns(cells)["organisations"] == "Organization (from Organization)"
    assert find_columns(["Organization", "organization"])["organisations"] == "Organization"


def test_organisations_of_an_empty_column_are_read_from_the_other(tmp_path: Path):
    table = list(csv.DictReader(io.StringIO(SMALL.read_text())))
    name = RAW_COLUMNS["organisations"]
    moved = [{**row, name: "", "Organization (from Organization)": row[name]} for row in table]
    assert read_vintage(write(tmp_path, moved), "2023-12")[0] == read_vintage(SMALL, "2023-12")[0]


@pytest.mark.parametrize(
    "template", ["{},{}", "{}, {},", "{};{}", "{}; {};", '["{}", "{}"]', "['{}', '{}']", '"{}","{}"', "{} , {}"]
)
def test_a_list_may_be_written_in_several_ways(tmp_path: Path, template: str):
    texts = {fact: template.format(*pair) for fact, pair in PAIRS.items()}
    for row in read_vintage(rewrite(tmp_path, {}, **texts), "2023-12")[0]:
        assert row["organisations"] == "Exampleton University; Acme Labs"
        assert (row["organisation_sectors"], row["team"]) == ("academia; industry", "collaboration")
        assert (row["notability"], row["domain"]) == ("highly cited; sota improvement", "Multimodal")


PAIRS = {
    "organisations": ("Exampleton University", "Acme Labs"),
    "team": ("Academia", "INDUSTRY"),
    "notability": ("Highly cited", "SOTA improvement"),
    "domain": ("Language", "Vision"),
}


def test_a_semicolon_within_a_name_does_not_separate_entries_of_the_table(tmp_path: Path):
    path = rewrite(tmp_path, {}, organisations='"A; B",C', team="Academia,Industry")
    for row in read_vintage(path, "2023-12")[0]:
        assert (row["organisations"], row["organisation_sectors"]) == ("A, B; C", "academia; industry")


@pytest.mark.parametrize(
    ("label", "team"),
    [
        ("Nonprofit", "non-profit"),
        ("non profit", "non-profit"),
        ("Industry \u2013 Academia Collaboration (industry leaning)", "industry-leaning collaboration"),
        ("Industry-Academia collaboration", "collaboration"),
    ],
)
def test_sectors_are_known_by_their_letters(tmp_path: Path, label: str, team: str):
    assert {row["team"] for row in read_vintage(rewrite(tmp_path, {}, team=label), "2023-12")[0]} == {team}


@pytest.mark.parametrize("label", ["Academia/Industry", "Academia & Industry", "Academia Industry", "Academic"])
def test_a_label_of_a_sector_that_is_not_known_is_refused(tmp_path: Path, label: str):
    with pytest.raises(InputError, match="unknown label"):
        read_vintage(rewrite(tmp_path, {}, team=label), "2023-12")


def test_one_organisation_of_unknown_sector_makes_the_team_unknown(tmp_path: Path):
    for row in read_vintage(rewrite(tmp_path, {}, organisations="A,B", team="Academia,Unknown"), "2023-12")[0]:
        assert (row["organisation_sectors"], row["team"]) == ("academia; unknown", "unknown")


@pytest.mark.parametrize("text", ["nan", "NaN", "N/A", "#N/A", "None", "null", "-", "\u2014", "?", "Unknown"])
@pytest.mark.parametrize(("fact", "missing"), [("notability", ""), ("team", "unknown"), ("organisations", "")])
def test_a_cell_that_says_that_it_is_missing_is_missing_and_counted(tmp_path: Path, text: str, fact: str, missing: str):
    rows, counts = read_vintage(rewrite(tmp_path, {}, **{fact: text}), "2023-12")
    assert {row[fact] for row in rows} == {missing}
    assert counts[f"read as missing: {RAW_COLUMNS[fact]} {text!r}"] == counts["rows in the raw file"]


@pytest.mark.parametrize(("text", "is_notable"), [("FALSE", False), ("No", False), ("0", False), ("TRUE", True)])
def test_notability_may_be_yes_or_no(tmp_path: Path, text: str, is_notable: bool):
    rows, _ = read_vintage(rewrite(tmp_path, {}, notability=text), "2023-12")
    assert {bool(row["notability"]) for row in rows} == {is_notable}


@pytest.mark.parametrize("fact", ["compute", "parameters", "date"])
@pytest.mark.parametrize("text", ["nan", "Unknown", "-"])
def test_numbers_and_dates_that_are_none_are_refused(tmp_path: Path, fact: str, text: str):
    with pytest.raises(InputError, match=r"not a number|not a date|publication date"):
        read_vintage(rewrite(tmp_path, {}, **{fact: text}))
