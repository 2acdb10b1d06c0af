"""Take the one CSV file out of what a server sent: the file itself, or compressed by gzip or zip."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import IO

from data.errors import InputError
from data.fetch.http_file import LARGEST, PIECE


def save_unpacked(path: Path, out: Path, preferred: str) -> None:
    """Write the CSV file that a downloaded file is or holds. The first bytes decide, not the name.

    Parameters
    ----------
    path, out
        The downloaded file and the CSV file. ``path`` may be renamed.
    preferred
        Name of the file to take from a zip file with several CSV files, as Epoch's ``ai_models.zip``.

    Raises
    ------
    InputError
        If the file is damaged, holds no CSV file or several, or is too large unpacked. Spreadsheets are zip files too;
        they are passed on; the reader refuses them with a message that names the format.
    """
    with path.open("rb") as handle:
        start = handle.read(4)
    try:
        if start.startswith(b"\x1f\x8b"):
            with gzip.open(path) as source:
                _copy(source, out, path)
        elif start == b"PK\x03\x04":
            _save_from_zip(path, out, preferred)
        else:
            path.replace(out)
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise InputError(f"a damaged compressed file: {error}", path, hint="try again later") from None
    except (NotImplementedError, RuntimeError) as error:  # an unknown method of compression; a password
        raise InputError(f"a zip file that cannot be opened: {error}", path) from None


def _save_from_zip(path: Path, out: Path, preferred: str) -> None:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
        tables = [name for name in names if name.lower().endswith((".csv", ".csv.gz"))]
        chosen = [name for name in tables if name.rpartition("/")[2].lower() == preferred] or tables
        if len(chosen) == 1:
            with archive.open(chosen[0]) as source:
                if chosen[0].lower().endswith(".gz"):
                    with gzip.open(source) as inner:
                        _copy(inner, out, path)
                else:
                    _copy(source, out, path)
            return
    if "[Content_Types].xml" in names or "mimetype" in names:  # .xlsx and .ods
        path.replace(out)
        return
    found = ", ".join(sorted(tables or names)[:8]) or "nothing"
    problem = "a zip file with several CSV files" if tables else "a zip file without a CSV file"
    raise InputError(problem, path, hint=f"one is needed, or one named {preferred}; found: {found}")


def _copy(source: IO[bytes] | gzip.GzipFile, out: Path, path: Path) -> None:
    with out.open("wb") as handle:
        while piece := source.read(PIECE):
            if handle.tell() + len(piece) > LARGEST:
                raise InputError(f"larger than {LARGEST / 1e6:,.0f} MB unpacked: not a file of models", path)
            handle.write(piece)
