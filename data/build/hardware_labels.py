"""Labels of accelerators: the largest set-up of each labelled passage, in chips, with its peak."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.classify.accelerators import Setup, find_peak, pick_largest
from data.io import parse_csv
from data.paths import LABELS
from data.rules import squeeze

HARDWARE = LABELS / "hardware.csv"
# Labelled names that denote the same product as a name of the parser, or only its maker.
SAME_TYPE = {
    "K20s": "K20",
    "K20m": "K20",
    "Quadro GV100": "GV100",
    "RTX 3080 Laptop": "RTX 3080",
    "RTX 2080 Super": "RTX 2080 SUPER",
    "RTX 6000": "Quadro RTX 6000",
    "RTX 8000": "Quadro RTX 8000",
    "TITAN Black": "TITAN BLACK",
    "Kepler": "GPU",
    "Ascend AI Processor": "ASCEND",
}
Row = dict[str, object]


def read_labelled_setups(cell: str) -> list[Setup]:
    """Parse the set-ups of a label such as ``8xV100;32coresxTPU v3``."""
    setups = []
    for part in filter(None, cell.split(";")):
        match = re.fullmatch(r"(\d+|\?)(core|device)?s?x(.+)", part)
        if match is None:
            raise ValueError(f"not a set-up: {part}")
        number, unit, name = match.groups()
        setups.append(Setup(SAME_TYPE.get(name, name), None if number == "?" else int(number), unit or "chip"))
    return setups


def list_hardware_labels(
    rows: Iterable[Row], peaks: Mapping[str, Mapping[str, float]], labels: Path = HARDWARE
) -> list[Row]:
    """List the labelled papers that state an accelerator, sorted by id and part.

    A passage may be labelled in two parts. The part ``largest`` has the papers with the largest set-ups by the parser,
    and only their largest set-up is labelled.

    Parameters
    ----------
    rows
        Rows of the table of papers.
    peaks
        As ``data.classify.accelerators.list_peaks`` returns them.
    labels
        The file of labels.

    Returns
    -------
    list of dict
        ``id``, ``part``, and ``accelerator``, ``accelerator_count`` (chips, empty if the passage states no number),
        ``accelerator_log10_peak`` and ``accelerator_log10_tensor16`` (log10 FLOP/s, empty if unknown) of the largest
        set-up: as in the table of papers, but read by a reader.
    """
    ids = {str(row["id"]) for row in rows}
    found: list[Row] = []
    for label in parse_csv(labels, ("part", "id", "kind", "setups")).values():
        if label["id"] not in ids or label["kind"] != "accelerator":
            continue
        setups = read_labelled_setups(label["setups"])
        known = {one.type: peak for one in setups if (peak := find_peak(peaks, one.type)) is not None}
        main = pick_largest(setups, known)
        if main is None:
            continue
        tensor = peaks.get(squeeze(main.type), {}).get("tensor16")
        found.append(
            {
                "id": label["id"],
                "part": label["part"],
                "accelerator": main.type,
                "accelerator_count": "" if main.chips is None else f"{main.chips:g}",
                "accelerator_log10_peak": "" if main.type not in known else round(known[main.type], 4),
                "accelerator_log10_tensor16": "" if tensor is None else round(tensor, 4),
            }
        )
    return sorted(found, key=lambda row: (str(row["id"]), str(row["part"])))
