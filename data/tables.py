"""The embedded snapshot: where its tables are, and loading them validated."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data.schema import read_chips, read_models

SNAPSHOT = Path(__file__).parent / "snapshot"
READERS = {"models": read_models, "chips": read_chips}


def load(name: str, folder: Path = SNAPSHOT) -> pd.DataFrame:
    """Load a table of the snapshot by name (``models``, ``chips``), validated.

    Raises
    ------
    InputError
        If the file is missing, damaged or breaks its schema.
    """
    return READERS[name](folder / f"{name}.csv.gz")
