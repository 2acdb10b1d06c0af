"""Table of GPUs and TPUs, from Epoch's list of machine-learning hardware.

Source: Epoch AI, machine-learning hardware, CC BY 4.0. The list names one product in several ways (``NVIDIA V100``,
``NVIDIA Tesla V100 SXM2 16 GB``), and papers use other names (``V100``, ``Tesla V100``). ``product`` is the common
name. ``aliases`` are the names to search for, squeezed to lower-case letters and digits.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import date
from pathlib import Path

from data.errors import InputError
from data.io import NUMBER, parse_csv
from data.rules import squeeze
from data.vocabulary import LIST_SEPARATOR, LOG10_PEAK_RANGE

COLUMNS = {
    "chip": "Hardware name",
    "manufacturer": "Manufacturer",
    "type": "Type",
    "date": "Release date",
    "log10_fp64": "FP64 (double precision) performance (FLOP/s)",
    "log10_fp32": "FP32 (single precision) performance (FLOP/s)",
    "log10_tf32": "TF32 (TensorFloat-32) performance (FLOP/s)",
    "log10_fp16": "FP16 (half precision) performance (FLOP/s)",
    "log10_tensor16": "Tensor-FP16/BF16 performance (FLOP/s)",
    "log10_int8": "INT8 performance (OP/s)",
    "log10_fp8": "FP8 performance (FLOP/s)",
}
PEAKS = [name for name in COLUMNS if name.startswith("log10_")]
TYPES = ("GPU", "TPU")
FIRST_YEAR = 2006  # the first CUDA chips; no older chip trains networks
# Makers, product families, memory sizes and board forms that papers omit.
FAMILY = re.compile(r"^(nvidia|google|amd|ati|intel)\s+|\b(tesla|geforce|quadro|radeon|instinct)\s+", re.IGNORECASE)
BOARD = re.compile(
    r"\b(\d+\s?GB|PCIe|SXM\d?|DGXS|FHHL|NVL|HBM\d?e?|CNX|Founders Edition|11Gbps|Passive)(?=\s|$)", re.IGNORECASE
)
K_SUFFIX = re.compile(r"^(K10|K20|K40)(c|m|s|d|st|t)$")  # variants of one board by cooler and mount
SERIES = re.compile(r"^(?:GTX|RTX)\s+(\d{3,4}(?:\s?(?:Ti|SUPER))?)$")


def find_product(chip: str) -> str:
    """Return the short product name of a chip: ``NVIDIA Tesla V100 SXM2 16 GB`` becomes ``V100``."""
    name = " ".join(BOARD.sub(" ", FAMILY.sub("", FAMILY.sub("", chip))).replace("()", "").split())
    return K_SUFFIX.sub(r"\1", name)


def list_aliases(chip: str) -> list[str]:
    """List the squeezed names by which papers may mention a chip, shortest first."""
    product = find_product(chip)
    without_maker = re.sub(r"^(nvidia|google|amd|ati|intel)\s+", "", chip, flags=re.IGNORECASE)
    names = {product, without_maker, chip}
    if family := re.search(r"\b(tesla|geforce|quadro|instinct)\b", chip, re.IGNORECASE):
        names.add(f"{family.group()} {product}")
    if titan := re.match(r"(?:GTX )?(TITAN(?: X)?)(?: Pascal)?$", product, re.IGNORECASE):
        names.add(titan.group(1))  # two generations are called Titan X; papers rarely say which
    if series := SERIES.match(product):
        names.add(series.group(1))
    if workstation := re.match(r"RTX (A\d000)$", product):
        names.add(workstation.group(1))
    found = {squeeze(name) for name in names}
    # Bare numbers, names of two characters and short words without a digit would match everywhere.
    found = {name for name in found if len(name) > 2 and not name.isdigit() and (name[-1].isdigit() or len(name) > 4)}
    return sorted(found or {squeeze(chip)}, key=lambda name: (len(name), name))


def read_chips(path: Path) -> tuple[list[dict[str, object]], Counter[str]]:
    """Read Epoch's list of processors.

    Parameters
    ----------
    path
        Epoch's CSV, as downloaded.

    Returns
    -------
    rows
        One dict per GPU or TPU with a peak, with the columns of ``data.tables.schemas.CHIPS``. Peaks are in log10
        FLOP/s (log10 operations/s for int8). Sorted by product and chip.
    counts
        Rows left out, by reason; products listed under several names; aliases shared by several products.

    Raises
    ------
    InputError
        If a column is missing, a number or date cannot be read, or a peak is out of range.
    """
    counts: Counter[str] = Counter()
    rows: list[dict[str, object]] = []
    seen: set[str] = set()
    for number, raw in parse_csv(path, COLUMNS.values()).items():
        cell = {name: raw[column] for name, column in COLUMNS.items()}
        counts["rows in the raw file"] += 1
        peaks = {name: _take_log10(path, number, COLUMNS[name], cell[name]) for name in PEAKS}
        when = _read_date(path, number, cell["date"])
        if cell["type"] not in TYPES:
            counts["left out: no GPU or TPU"] += 1
        elif not any(peaks.values()):
            counts["left out: no peak performance"] += 1
        elif when and int(when[:4]) < FIRST_YEAR:
            counts[f"left out: released before {FIRST_YEAR}"] += 1
        elif cell["chip"] in seen:
            counts["left out: a name that occurs before"] += 1
        else:
            seen.add(cell["chip"])
            rows.append(
                {
                    "chip": cell["chip"],
                    "product": find_product(cell["chip"]),
                    "aliases": LIST_SEPARATOR.join(list_aliases(cell["chip"])),
                    "manufacturer": cell["manufacturer"],
                    "type": cell["type"],
                    "date": when,
                    **peaks,
                }
            )
    products: dict[str, set[str]] = {}
    for row in rows:
        for alias in str(row["aliases"]).split(LIST_SEPARATOR):
            products.setdefault(alias, set()).add(squeeze(str(row["product"])))
    counts["products under several names"] = sum(n > 1 for n in Counter(row["product"] for row in rows).values())
    counts["aliases of several products"] = sum(len(found) > 1 for found in products.values())
    return sorted(rows, key=lambda row: (str(row["product"]), str(row["chip"]))), counts


def _take_log10(path: Path, number: int, column: str, text: str) -> object:
    if not text:
        return ""
    if not NUMBER.fullmatch(text) or not float(text) > 0:
        raise InputError("not a positive number", path, number, column, text)
    low, high = LOG10_PEAK_RANGE
    value = math.log10(float(text))
    if not low <= value <= high:
        raise InputError("out of range", path, number, column, text, f"a number from 1e{low:g} to 1e{high:g}")
    return round(value, 6)


def _read_date(path: Path, number: int, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise InputError("not a date", path, number, COLUMNS["date"], text, "a date like 2021-05-31") from None
