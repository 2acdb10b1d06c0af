"""Tables in Parquet: read as the same table in CSV, with the same checks, whoever wrote them."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from data.io import parse_csv, read_header
from data.parquet import read_texts
from data.paths import SNAPSHOT
from data.tables.load import read_any
from data.tables.paper_schemas import PAPERS, read_papers
from data.tables.user_tables import read_user_papers

PAPERS_READ = 60


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    lines = gzip.decompress((SNAPSHOT / "papers.csv.gz").read_bytes()).splitlines(keepends=True)
    path = tmp_path_factory.mktemp("papers") / "papers.csv"
    path.write_bytes(b"".join([lines[0], *lines[1 :: len(lines) // PAPERS_READ]]))
    return read_papers(path)


def write(path: Path, frame: pd.DataFrame, how: str) -> Path:
    """Write a table as pandas, R's arrow package or DuckDB would: other types for the same cells."""
    if how == "strings":
        frame = frame.astype(str).replace("nan", "")
    elif how == "categories":
        frame = frame.astype(dict.fromkeys(("venue", "team_listed", "topic"), "category"))
    elif how == "integers":
        frame = frame.astype({"year": "int32", "n_authors": "Int64", "accelerator_setups": "int8"})
    elif how == "nulls":
        frame = frame.replace("", None)
    elif how == "large strings":
        table = pa.Table.from_pandas(frame, preserve_index=False)
        fields = [pa.field(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in table.schema]
        pq.write_table(table.cast(pa.schema(fields)), path, compression="gzip")
        return path
    frame.to_parquet(path, index=how == "index")
    return path


@pytest.mark.parametrize("how", ["plain", "strings", "categories", "integers", "nulls", "large strings", "index"])
def test_papers_in_parquet_are_read_as_in_csv(tmp_path: Path, papers: pd.DataFrame, how: str):
    path = write(tmp_path / "papers.parquet", papers, how)
    frame, message = read_user_papers(path)
    assert message == f"papers.parquet: {len(papers)} papers"
    pd.testing.assert_frame_equal(frame, papers)
    name, again = read_any(path)
    assert name == "papers"
    pd.testing.assert_frame_equal(again, papers)


def test_a_bad_cell_in_parquet_is_named_as_in_csv(tmp_path: Path, papers: pd.DataFrame):
    messages = []
    for suffix in ("csv", "parquet"):
        bad = papers.copy()
        bad.loc[4, "team_listed"] = "industry"
        path = tmp_path / f"papers.{suffix}"
        bad.to_csv(path, index=False) if suffix == "csv" else bad.to_parquet(path, index=False)
        with pytest.raises(
            InputError, match=f"papers.{suffix}, row 6, column 'team_listed', value 'industry'"
        ) as error:
            read_user_papers(path)
        messages.append(str(error.value).partition(", row ")[2])
    assert messages[0] == messages[1]


def make_table(kind: str) -> bytes:
    out = io.BytesIO()
    content: dict[str, Any] = {
        "lists": {name: [["a"], ["b"]] for name in PAPERS.columns},
        "bytes": {name: [b"a", b"b"] for name in PAPERS.columns},
        "other": {"animal": ["dog"]},
        "empty": {name: pa.array([], pa.string()) for name in PAPERS.columns},
    }[kind]
    pq.write_table(pa.table(content), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "not a Parquet file, or a damaged one"),
        (b"PAR1 cut off", "not a Parquet file, or a damaged one"),
        (b"id,venue\n1,2\n", "not a Parquet file, or a damaged one"),
        (make_table("lists"), "column 'id': values of the type list"),
        (make_table("bytes"), "column 'id': values of the type binary"),
        (make_table("other"), "the column is missing"),
        (make_table("empty"), "no rows"),
    ],
)
def test_files_that_are_no_such_table_are_refused(tmp_path: Path, content: bytes, expected: str):
    path = tmp_path / "papers.parquet"
    path.write_bytes(content)
    with pytest.raises(InputError, match=expected) as error:
        read_user_papers(path)
    assert "papers.parquet" in str(error.value)
    assert "\n" not in str(error.value)


def test_parquet_under_another_name_or_nowhere(tmp_path: Path):
    path = tmp_path / "papers.csv"
    path.write_bytes(make_table("other"))
    with pytest.raises(InputError, match=r"a Parquet file, whose name must end in \.parquet"):
        parse_csv(path, [])
    with pytest.raises(InputError, match="no such file"):
        read_header(tmp_path / "none.parquet")
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(InputError, match="this is a folder"):
        read_header(tmp_path / "folder.parquet")


CELLS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_categories=["C"])), st.just("=1"))


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_texts_survive_parquet(tmp_path_factory: pytest.TempPathFactory, cells: list[str | None]):
    folder = tmp_path_factory.mktemp("texts")
    pq.write_table(pa.table({"name": pa.array(cells, pa.string())}), folder / "a.parquet")
    read = read_texts(folder / "a.parquet")
    assert read["name"].tolist() == [(cell or "").strip() for cell in cells]
    assert list(read.index) == list(range(2, len(cells) + 2))


def test_numbers_survive_parquet(tmp_path: Path):
    values = [0.1, 1e-7, 123456789.0, 1e22, None, float("nan")]
    pq.write_table(pa.table({"x": pa.array(values, pa.float64()), "n": [1, 2, 3, 4, None, 6]}), tmp_path / "a.parquet")
    read = read_texts(tmp_path / "a.parquet")
    assert [float(cell) if cell else None for cell in read["x"]] == [*values[:4], None, None]
    assert read["n"].tolist() == ["1", "2", "3", "4", "", "6"]
