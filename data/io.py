"""Read CSV files strictly, and write files atomically."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.parquet import is_parquet, read_names

# ASCII digits only: float() and pandas then read the same number.
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file; decompress a ``.gz`` file.

    Raises
    ------
    InputError
        If the file does not exist, is a folder, cannot be read, or has a damaged gzip stream.
    """
    if path.is_dir():
        raise InputError("this is a folder, a CSV file is needed", path)
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except FileNotFoundError:
        raise InputError("there is no such file", path) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        hint = "get the file again from its source; if it is not compressed, its name must not end in .gz"
        raise InputError(f"damaged gzip file: {error}", path, hint=hint) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", path) from None


Row = dict[str, str]
LONGEST_CELL = 10_000_000  # characters; Python's own limit of 131,072 is less than a pasted full text
# First bytes of files that are often saved under the name of a CSV or JSON file.
FOREIGN = {
    b"PK\x03\x04": "a spreadsheet (.xlsx, .ods) or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
    b"\x1f\x8b": "a gzip file, whose name must end in .gz",
    b"version https://git-lfs": "a Git LFS pointer, which stands for the file (git lfs pull gets it)",
    b"<!doctype html": "a web page (HTML), perhaps an error message of the server",
    b"<html": "a web page (HTML), perhaps an error message of the server",
    b"%pdf": "a PDF",
    b"PAR1": "a Parquet file, whose name must end in .parquet",
}
csv.field_size_limit(LONGEST_CELL)
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SEP_LINE = re.compile(r'"?sep=(.)"?,*\r?\n', re.IGNORECASE)  # Excel's first line, which names the delimiter


def parse_csv(path: Path, required: Iterable[str]) -> dict[int, Row]:
    """Read a CSV file strictly: one dict of stripped strings per row, by row number.

    The delimiter is the one that splits the header into the most columns: a comma, semicolon, tab or vertical bar.
    Excel's line ``sep=;`` names it. Names of columns are stripped; columns without a name are left out. Every row must
    be as long as the header. Row numbers are those of a spreadsheet: the header is row 1, and empty lines count.

    Parameters
    ----------
    path
        A CSV file in UTF-8, or in UTF-16 with a byte-order mark; plain or ``.gz``.
    required
        Columns that the file must have; others are kept.

    Raises
    ------
    InputError
        If the file is not such a CSV file. The error names row and column where possible.
    """
    reader, delimiter, before = _open_csv(path)
    try:
        header = _read_names(reader)
        _check_header(path, header, required)
        rows: dict[int, Row] = {}
        for number, cells in enumerate(reader, start=2 + before):
            if not cells:
                continue
            if len(cells) != len(header):
                problem = f"{len(cells)} cells where the header has {len(header)} columns"
                sign = DELIMITERS.get(delimiter, repr(delimiter))
                raise InputError(problem, path, number, hint=f"an unquoted {sign} or line break?")
            rows[number] = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if name}
    except csv.Error as error:
        raise InputError(f"not a CSV file: {error}", path, reader.line_num + before) from None
    if not rows:
        raise InputError("the file has a header and no rows", path)
    return rows


def check_format(raw: bytes, path: Path, needed: str) -> None:
    """Raise an InputError if the first bytes are those of another format than text."""
    start = raw.removeprefix(codecs.BOM_UTF8).lstrip()[:32].lower()
    for mark, name in FOREIGN.items():
        if start.startswith(mark.lower()):
            raise InputError(f"this is {name}; {needed} is needed", path)


def read_header(path: Path) -> list[str]:
    """Return the names of the columns of a CSV or Parquet file; raise as ``parse_csv``."""
    if is_parquet(path):
        return read_names(path)
    reader, _, before = _open_csv(path)
    try:
        return [name for name in _read_names(reader) if name]
    except csv.Error as error:
        raise InputError(f"not a CSV file: {error}", path, reader.line_num + before) from None


def _open_csv(path: Path) -> tuple[Any, str, int]:
    """Return a reader at the header, its delimiter, and the number of lines before the header."""
    raw = read_bytes(path)
    check_format(raw, path, "a CSV file")
    text = read_text(raw, path)
    if text.lstrip()[:1] in ("{", "[") and text.rstrip()[-1:] in ("}", "]"):
        raise InputError("this is JSON; a CSV file is needed", path)
    if not text.strip():
        raise InputError("the file is empty", path)
    if "\x00" in text:
        raise InputError("binary content: a CSV file in UTF-8 is needed", path)
    # A carriage return ends the row on an old Mac; inside a line, as in Epoch's list of chips, it does not.
    text = re.sub(r"\r(?!\n)", " ", text) if "\n" in text else text.replace("\r", "\n")
    named = _SEP_LINE.match(text)
    text = text[named.end() :] if named else text
    delimiter = named.group(1) if named else find_delimiter(text)
    return csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter), delimiter, 1 if named else 0


def _read_names(reader: Iterator[list[str]]) -> list[str]:
    return [" ".join(name.split()) for name in next(reader, [])]


def read_text(raw: bytes, path: Path) -> str:
    """Decode UTF-8, or UTF-16 with a byte-order mark (Excel's "Unicode Text").

    Raises
    ------
    InputError
        If it is neither.
    """
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        raise InputError(f"not UTF-8 text (line {row}): save it as CSV in UTF-8", path) from None


def find_delimiter(text: str) -> str:
    """Return the delimiter that splits the header of a CSV file into the most columns; a comma if none does."""
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def _check_header(path: Path, header: list[str], required: Iterable[str]) -> None:
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise InputError("the column occurs more than once", path, 1, repeated[0])
    require_columns(path, header, required)


def require_columns(path: Path, header: list[str], required: Iterable[str]) -> None:
    """Raise an InputError that names the first required column missing from a header."""
    missing = [name for name in required if name not in header]
    if missing:
        one_cell = " the header has one column only;" if len(header) == 1 else ""
        found = ", ".join(header[:8]) + (", ..." if len(header) > 8 else "")
        raise InputError("the column is missing", path, 1, missing[0], hint=f"{one_cell} found: {found}".strip())


def _escape_formula(cell: object) -> object:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def format_csv(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Format rows as CSV in UTF-8 with Unix line ends, and escape spreadsheet formulas."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(columns), lineterminator="\n", extrasaction="raise")
    writer.writeheader()
    writer.writerows({name: _escape_formula(cell) for name, cell in row.items()} for row in rows)
    return out.getvalue().encode()


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file atomically: write a temporary file in the same folder, flush it to disk, then rename it.

    The content of a ``.gz`` path is compressed without name and time, so equal content gives equal bytes.
    """
    if path.suffix == ".gz":
        content = gzip.compress(content, compresslevel=9, mtime=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
