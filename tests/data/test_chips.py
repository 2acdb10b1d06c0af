"""Chips: products under several names, aliases, peaks, and rows left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from data.rules import squeeze
from data.sources.chips import COLUMNS, find_product, list_aliases, read_chips
from data.tables.load import load


@pytest.mark.parametrize(
    ("chip", "product"),
    [
        ("NVIDIA Tesla V100 SXM2 16 GB", "V100"),
        ("NVIDIA Tesla V100S PCIe 32 GB", "V100S"),
        ("NVIDIA V100", "V100"),
        ("NVIDIA Tesla K40m", "K40"),
        ("NVIDIA A100 SXM4 80 GB", "A100"),
        ("NVIDIA H100 SXM5 80GB", "H100"),
        ("NVIDIA GeForce GTX 1080 Ti 10 GB", "GTX 1080 Ti"),
        ("NVIDIA GeForce RTX 2080 Ti 11GB", "RTX 2080 Ti"),
        ("Google TPU v3", "TPU v3"),
        ("AMD Radeon Instinct MI250X", "MI250X"),
    ],
)
def test_product(chip: str, product: str):
    assert find_product(chip) == product


@pytest.mark.parametrize(
    ("chip", "written"),
    [
        ("NVIDIA Tesla V100 SXM2 16 GB", "V100"),
        ("NVIDIA Tesla V100 SXM2 16 GB", "Tesla-V100"),
        ("NVIDIA GeForce GTX 1080 Ti", "1080Ti"),
        ("NVIDIA GeForce GTX 1080 Ti", "GTX1080-Ti"),
        ("NVIDIA GeForce GTX 1080 Ti", "GeForce GTX 1080 Ti"),
        ("NVIDIA GeForce GTX TITAN X", "Titan X"),
        ("NVIDIA TITAN X Pascal", "Titan X"),
        ("Google TPU v3", "TPUv3"),
    ],
)
def test_aliases(chip: str, written: str):
    assert squeeze(written) in list_aliases(chip)


def listed(tmp_path: Path, *rows: dict[str, str]) -> Path:
    path = tmp_path / "chips.csv"
    lines = [",".join(COLUMNS.values())]
    lines += [",".join(row.get(name, "") for name in COLUMNS) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


GOOD = {"chip": "NVIDIA X1", "manufacturer": "NVIDIA", "type": "GPU", "date": "2015-01-01", "log10_fp32": "1e13"}


def test_what_is_left_out_is_counted(tmp_path: Path):
    rows, counts = read_chips(
        listed(
            tmp_path,
            GOOD,
            GOOD | {"chip": "CPU", "type": "CPU"},
            GOOD | {"chip": "None", "log10_fp32": ""},
            GOOD | {"chip": "Old", "date": "2003-01-01"},
            GOOD,
        )
    )
    assert [row["chip"] for row in rows] == ["NVIDIA X1"]
    assert rows[0]["log10_fp32"] == 13
    assert rows[0]["log10_fp16"] == ""
    left = {what: n for what, n in counts.items() if what.startswith("left out")}
    assert sum(left.values()) == 4
    assert len(left) == 4


@pytest.mark.parametrize(
    ("field", "value"), [("log10_fp32", "fast"), ("log10_fp32", "0"), ("log10_fp32", "1e30"), ("date", "2015")]
)
def test_bad_cell_is_named(tmp_path: Path, field: str, value: str):
    with pytest.raises(InputError) as caught:
        read_chips(listed(tmp_path, GOOD, GOOD | {"chip": "Bad", field: value}))
    for part in ("chips.csv", "row 3", repr(COLUMNS[field]), repr(value)):
        assert part in str(caught.value)


def test_a_stray_carriage_return_ends_no_row(tmp_path: Path):
    path = listed(tmp_path, GOOD, GOOD | {"chip": "NVIDIA X2"})
    path.write_bytes(path.read_bytes().replace(b"NVIDIA X2", b"NVIDIA X2\r"))
    assert [row["chip"] for row in read_chips(path)[0]] == ["NVIDIA X1", "NVIDIA X2"]


def test_snapshot_has_what_papers_name():
    frame = load("chips")
    known = {alias for cell in frame["aliases"] for alias in cell.split("; ")}
    named = (
        "V100, P100, K80, K40, A100, H100, Tesla T4, M40, A6000, GTX 1080 Ti, RTX 2080 Ti, 1080Ti, RTX 3090, Titan X"
    )
    for name in [*named.split(", "), "P100", "Titan Xp", "Titan V", "TPU v2", "TPU v3", "TPUv4", "Quadro RTX 8000"]:
        assert squeeze(name) in known, name
    assert not known & {"2000", "4000", "t4", "ion", "m6"}  # these would match everywhere in a paper
    v100 = frame[frame["product"] == "V100"]
    assert v100["log10_fp32"].between(13.1, 13.25).all()
    assert v100["log10_tensor16"].max() == pytest.approx(14.097, abs=0.01)
    assert frame.loc[frame["product"] == "TPU v3", "log10_fp32"].isna().all()
