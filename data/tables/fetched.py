"""The record of the vintages of Epoch's models that ``data fetch epoch`` downloaded into a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError

RECORD = "fetched.json"


@dataclass(frozen=True)
class Fetched:
    """One vintage in the record: ``file`` in the record's folder, ``fetched`` as UTC, ``address`` without secrets."""

    file: str
    vintage: str
    fetched: str
    address: str
    sha256: str
    bytes: int
    models: int

    def describe(self) -> str:
        """Return vintage, number of models and date of the download."""
        return f"vintage {self.vintage}, {self.models:,} models, fetched on {self.fetched[:10]}"


def read_record(folder: Path) -> list[Fetched]:
    """Read the record of a folder, in the order of the downloads; without one, none was fetched.

    Raises
    ------
    InputError
        If the record is damaged.
    """
    path = folder / RECORD
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return sorted((_convert_entry(entry) for entry in content["vintages"]), key=lambda one: one.fetched)
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise InputError("this is a file; a folder is needed", folder, hint="choose another --out") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        hint = "remove it; the files next to it stay, and the next fetch compares with the snapshot"
        raise InputError("the record of fetched vintages is damaged", path, hint=hint) from None


def find_newest(folder: Path) -> Fetched | None:
    """Return the newest fetched vintage whose file is there: of the latest month, and of these fetched last."""
    there = [one for one in read_record(folder) if (folder / one.file).is_file()]
    return max(there, key=lambda one: (one.vintage, one.fetched), default=None)


def _convert_entry(entry: dict[str, object]) -> Fetched:
    found = Fetched(**entry)  # type: ignore[arg-type]
    texts = (found.file, found.vintage, found.fetched, found.address, found.sha256)
    if not all(isinstance(text, str) for text in texts) or not all(type(n) is int for n in (found.bytes, found.models)):
        raise TypeError
    if not found.file.endswith(".csv") or Path(found.file).name != found.file:
        raise ValueError
    return found
