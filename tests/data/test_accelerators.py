"""Accelerators named in a passage: types, numbers, acknowledgements, and peaks by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.classify.accelerators import GENERIC, Setup, find_peak, list_peaks, parse, pick_largest
from data.tables.load import load
from data.vocabulary import LARGEST_COUNT


def list_setups(passage: str) -> list[tuple[str, int | None]]:
    return [(setup.type, setup.count) for setup in parse(passage).setups]


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        ("We train on two 1080Ti GPUs.", [("GTX 1080 Ti", 2)]),
        ("trained on 8 NVIDIA Tesla V100 GPUs", [("V100", 8)]),
        ("on a single Tesla V100 SXM2 GPU", [("V100", 1)]),
        ("on four Nvidia RTX8000s", [("Quadro RTX 8000", 4)]),
        ("We use 4 machines with 8 GPUs each.", [(GENERIC, 32)]),
        ("Our cluster has 32 NVIDIA DGX-1 servers. Each server has 8 V100 GPUs.", [("V100", 256)]),
        ("All on a cluster of NVIDIA V100 GPUs. Each job takes 8 GPUs.", [("V100", 8)]),
        ("two workstations, each with two NVIDIA Quadro RTX 5000 GPUs", [("Quadro RTX 5000", 4)]),
        ("on a GeForce GTX Titan X, large ones on 4 P100s", [("TITAN X", 1), ("P100", 4)]),
        ("Models are trained on 1 and 8 M40 GPUs respectively.", [("M40", 1), ("M40", 8)]),
        ("on NVIDIA V100 GPUs", [("V100", None)]),
        ("with NVIDIA RTX 2080 Ti and NVIDIA TITAN X GPUs.", [("RTX 2080 Ti", None), ("TITAN X", None)]),
        ("The GPUs are 1080 Ti.", [("GTX 1080 Ti", None)]),
        ("a Titan X Pascal", [("TITAN X Pascal", 1)]),
        ("one NVIDIA A100 GPU with 40 GB of memory", [("A100", 1)]),
        ("with a batch size of 64 on V100 x 4", [("V100", 4)]),
        ("on Ge Force RTX 3090", [("RTX 3090", 1)]),
        ("on 8 8 TPUs", [("TPU", 64)]),
        ("16 TPU-V3 Chips", [("TPU v3", 16)]),
        ("in the year 1080 we had 980 samples", []),
        # Numbers that do not count chips: names, durations, sizes, years, cores.
        ("RTX 3090 or V100 GPUs", [("RTX 3090", None), ("V100", None)]),
        ("Intel Xeon CPU Gold 5120 and 4 Tesla V100s", [("V100", 4)]),
        ("an EPYC 7763 and an Ampere A100", [("A100", 1)]),
        ("about 12,000 V100 GPU hours", [("V100", None)]),
        ("2700 TPUv3 days", [("TPU v3", None)]),
        ("with a batch size of 256 and 8 V100 GPUs", [("V100", 8)]),
        ("with a batch size of 1024 and 64 TPUs", [("TPU", 64)]),
        ("a TITAN X with 3072 cores", [("TITAN X", 1)]),
        ("on a 2017 TITAN Xp", [("TITAN Xp", 1)]),
        ("999 x 999 V100 GPUs", [("V100", None)]),
        ("a Volta 100 GPU", [("V100", 1)]),
    ],
)
def test_types_and_counts(passage: str, expected: list[tuple[str, int | None]]):
    assert list_setups(passage) == expected


def test_cores_and_boards_of_tpus():
    (pod,) = parse("We used a TPU v3-32 pod.").setups
    assert (pod.count, pod.unit, pod.chips) == (32, "core", 16)
    (board,) = parse("trained on a Cloud TPU v2").setups
    assert (board.unit, board.chips) == ("device", 4)
    (chips,) = parse("on 16 TPU v3 chips").setups
    assert chips.chips == 16


@pytest.mark.parametrize(
    ("passage", "kind"),
    [
        ("All experiments ran on a PC with an Intel Core i7 CPU.", "cpu"),
        ("We used m4.xlarge instances of AWS.", "cloud"),
        ("We thank NVIDIA for the donation of a Titan Xp.", "thanks"),
        ("We trained on a V100. We thank NVIDIA for the donation of a Titan Xp.", "accelerator"),
        ("Did you include the total amount of compute (e.g., type of GPUs)? [Yes] See the appendix.", "none"),
        ("", "none"),
    ],
)
def test_hardware_kinds(passage: str, kind: str):
    assert parse(passage).kind == kind


def test_acknowledged_accelerators_are_not_used():
    found = parse("We trained on a V100. We gratefully acknowledge the donation of 4 Titan Xp.")
    assert list_setups("We trained on a V100. We gratefully acknowledge the donation of 4 Titan Xp.") == [("V100", 1)]
    assert not any(setup.thanked for setup in found.setups)


def test_the_largest_is_by_total_peak():
    known = {"V100": 13.2, "K80": 12.9}
    setups = [Setup("K80", 4), Setup("V100", 1), Setup("unheard of", 500)]
    assert pick_largest(setups, known) == Setup("K80", 4)
    assert pick_largest([Setup("V100"), Setup("K80", 1)], known) == Setup("V100")
    assert pick_largest([], known) is None


def test_peaks_by_any_name():
    known = list_peaks(load("chips").to_dict("records"))
    v100, rtx, titan_v = (find_peak(known, name) for name in ("V100", "RTX 2080 Ti", "TITAN V"))
    assert v100 is not None and 10**v100 == pytest.approx(14.5e12, rel=0.15)
    assert rtx is not None and 10**rtx == pytest.approx(13.45e12)  # one row of the list is wrong, and corrected by name
    assert titan_v is not None and 10**titan_v == pytest.approx(14.9e12, rel=0.01)
    assert find_peak(known, "TPU v3") == pytest.approx(14.09, abs=0.01)  # at 16 bits, its only rate
    assert find_peak(known, GENERIC) is None and find_peak(known, "nobody's chip") is None
    titan_x, maxwell, pascal = (find_peak(known, name) for name in ("TITAN X", "GTX TITAN X", "TITAN X Pascal"))
    assert titan_x is not None and maxwell is not None and pascal is not None and maxwell < titan_x < pascal


@given(st.text(alphabet="0123456789 xTPUvGV1080tiRTX-().,andeachwithmachines", max_size=120))
def test_any_passage_gives_sane_numbers(passage: str):
    found = parse(passage)
    assert all(setup.count is None or 0 < setup.count <= LARGEST_COUNT for setup in found.setups)
    assert found.kind in ("accelerator", "thanks", "cloud", "cpu", "none")
