"""Raw files to the embedded snapshot, in one command."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from data import chips
from data.epoch import read_vintage
from data.io import InputError, to_csv, write_atomic
from data.schema import CHIPS, MODELS, validate_rows
from data.sectors import Sectors, resolve
from data.tables import SNAPSHOT
from data.vintages import MIX, differences

# The oldest first: blanks of one vintage are resolved from those after it.
VINTAGES = {
    "2023-12": "epoch/all_ml_systems_2023-12-14.csv",
    "2025-06": "epoch/all_ml_systems_2025-06.csv",
    "2026-05": "epoch/notable_ai_models_2026-05.csv",
}
CHIPS_FILE = "epoch/chips_2025-06.csv"
Rows = list[dict[str, object]]


def build(raw: Path, out: Path = SNAPSHOT) -> dict[str, Counter[str]]:
    """Rebuild the snapshot from a folder of raw files.

    Everything is read and validated before anything is written.

    Returns
    -------
    dict
        Per source file, what was read, left out, unknown and resolved.

    Raises
    ------
    InputError
        If a raw file is missing or bad; the old snapshot is then as it was.
    """
    if not raw.is_dir():
        raise InputError("a folder of raw files is needed", raw)
    counts: dict[str, Counter[str]] = {}
    vintages: dict[str, Rows] = {}
    for vintage, name in VINTAGES.items():
        vintages[vintage], counts[name] = read_vintage(raw / name, vintage)
    resolved = resolve_all(vintages)
    for vintage, name in VINTAGES.items():
        counts[name] += resolved[vintage]
        validate_rows(vintages[vintage], MODELS, raw / name)
    chip_rows, counts[CHIPS_FILE] = chips.read_chips(raw / CHIPS_FILE)
    validate_rows(chip_rows, CHIPS, raw / CHIPS_FILE)
    changes = [
        {"earlier": earlier, "later": later, **row}
        for earlier, later in itertools.pairwise(VINTAGES)
        for row in differences(vintages[earlier], vintages[later])
    ]
    count_rows = [
        {"source": name, "what": what, "n": n} for name, counter in counts.items() for what, n in counter.items()
    ]
    tables: dict[str, bytes] = {
        "models.csv.gz": to_csv(MODELS.columns, itertools.chain(*vintages.values())),
        "chips.csv.gz": to_csv(CHIPS.columns, chip_rows),
        "vintages.csv": to_csv(["earlier", "later", "change", "n", *MIX], changes),
        "counts.csv": to_csv(["source", "what", "n"], count_rows),
    }
    for name, content in tables.items():
        write_atomic(out / name, content)
    return counts


def resolve_all(vintages: Mapping[str, Rows]) -> dict[str, Counter[str]]:
    """Resolve the blanks of every vintage, given oldest first, from its organisations and the vintages after it."""
    names = list(vintages)
    known = Sectors.of(itertools.chain(*vintages.values()))
    return {
        name: resolve(vintages[name], known, itertools.chain(*(vintages[later] for later in names[at + 1 :])))
        for at, name in enumerate(names)
    }
