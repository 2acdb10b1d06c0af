"""Raw files to the embedded snapshot, in one command."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from data.epoch import read_vintage
from data.io import InputError, to_csv, write_atomic
from data.schema import MODELS, NUMBERS, validate_models
from data.tables import SNAPSHOT

VINTAGES = {"2023-12": "epoch/all_ml_systems_2023-12-14.csv"}


def build(raw: Path, out: Path = SNAPSHOT) -> dict[str, Counter[str]]:
    """Rebuild the snapshot from a folder of raw files.

    Everything is read and validated before anything is written.

    Returns
    -------
    dict
        Per source file, what was read, left out and unknown.

    Raises
    ------
    InputError
        If a raw file is missing or bad; the old snapshot is then as it was.
    """
    if not raw.is_dir():
        raise InputError("a folder of raw files is needed", raw)
    counts: dict[str, Counter[str]] = {}
    rows: list[dict[str, object]] = []
    for vintage, name in VINTAGES.items():
        read, counts[name] = read_vintage(raw / name, vintage)
        frame = pd.DataFrame(read, columns=list(MODELS.columns))
        frame[NUMBERS] = frame[NUMBERS].replace("", None).astype(float)
        validate_models(frame, raw / name)
        rows += read
    count_rows = [
        {"source": name, "what": what, "n": n} for name, counter in counts.items() for what, n in counter.items()
    ]
    write_atomic(out / "models.csv.gz", to_csv(MODELS.columns, rows))
    write_atomic(out / "counts.csv", to_csv(["source", "what", "n"], count_rows))
    return counts
