"""Accelerators named in a passage: types, numbers, acknowledgements, and peaks by name."""

from __future__ import annotations

import csv
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.classify.accelerator_names import GENERIC
from data.classify.accelerator_sentences import pick_accelerator_sentences
from data.classify.accelerators import Setup, find_peak, list_peaks, parse, pick_largest
from data.classify.lexicon import read_lexicon
from data.tables.load import load
from data.vocabulary import LARGEST_COUNT
from tests.conftest import RAW


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


@pytest.fixture(scope="module")
def peaks() -> dict[str, dict[str, float]]:
    return list_peaks(load("chips").to_dict("records"))


# Passage, type, number of chips (None if not stated), and peak of one chip in TFLOP/s.
NEW_CHIPS: list[tuple[str, str, float | None, float | None]] = [
    ("We trained on 8 x A800.", "A800", 8, 19.49),
    ("with four A800-80GB GPUs", "A800", 4, 19.49),
    ("a cluster of 2048 H800 GPUs", "H800", 2048, 55.0),
    ("trained with 64 NVIDIA H100 80GB HBM3", "H100", 64, 58.5),
    ("on one H100 SXM5", "H100", 1, 58.5),
    ("2 H100 NVL GPUs", "H100", 2, 58.5),
    ("on 8xH100", "H100", 8, 58.5),
    ("on H100x16 nodes", "H100", 16, 58.5),
    ("8 H200 GPUs", "H200", 8, 66.91),
    ("4 GH200 Grace Hopper Superchips", "GH200", 4, 66.91),
    ("on 8 NVIDIA H20 GPUs", "H20", 8, 44),
    ("8 x B200 GPUs", "B200", 8, 62.08),
    ("one NVIDIA B100", "B100", 1, 60),
    ("on 72 NVIDIA GB200", "GB200", 72, 90),
    ("8 L40S GPUs", "L40S", 8, 91.6),
    ("8 L40s GPUs", "L40S", 8, 91.6),
    ("a single L40s with 48GB", "L40S", 1, 91.6),
    ("on 8 L40s", "L40", 8, 90.52),
    ("two NVIDIA L40 cards", "L40", 2, 90.52),
    ("on a single NVIDIA L4 GPU", "L4", 1, 30.29),
    ("GPU: L4", "L4", 1, 30.29),
    ("on 8 L20 GPUs", "L20", 8, 59.35),
    ("on NVIDIA A10 GPUs", "A10", None, 31.24),
    ("on 4 A10G GPUs", "A10G", 4, 31.5),
    ("an NVIDIA A16", "A16", 1, 18),
    ("an NVIDIA A2 GPU", "A2", 1, 4.5),
    ("a single A30 24GB GPU", "A30", 1, 10.32),
    ("2 A40 GPUs", "A40", 2, 37.42),
    ("with four T4 GPUs", "T4", 4, 8.141),
    ("16 V100S GPUs", "V100", 16, 15.67),
    ("8 A100-SXM4-80GB GPUs", "A100", 8, 19.49),
    ("on 8 x 80GB A100", "A100", 8, 19.49),
    ("4 A6000 GPUs", "RTX A6000", 4, 38.7),
    ("two RTX A5500", "RTX A5500", 2, 34.1),
    ("4 A5000 GPUs", "RTX A5000", 4, 27.77),
    ("two RTX 6000 Ada", "RTX 6000 Ada", 2, 91.06),
    ("4 NVIDIA RTX 6000 Ada Generation GPUs (48 GB)", "RTX 6000 Ada", 4, 91.06),
    ("8 6000 Ada GPUs", "RTX 6000 Ada", 8, 91.06),
    ("on an RTX 5000 Ada", "RTX 5000 Ada", 1, 65.3),
    ("one RTX 6000 GPU", "Quadro RTX 6000", 1, 15.31),
    ("on 4 4090 GPUs", "RTX 4090", 4, 82.6),
    ("8x4090", "RTX 4090", 8, 82.6),
    ("one RTX 4090D", "RTX 4090 D", 1, 73.5),
    ("on an RTX 4080", "RTX 4080", 1, 48.74),
    ("on an RTX 4080 SUPER", "RTX 4080 SUPER", 1, 52.2),
    ("a 4070 Ti SUPER", "RTX 4070 Ti SUPER", 1, 44.1),
    ("two RTX 4070 cards", "RTX 4070", 2, 29.15),
    ("RTX 4060 Ti 16GB", "RTX 4060 Ti", 1, 22.63),
    ("one GeForce RTX 4060 GPU", "RTX 4060", 1, 15.1),
    ("8 RTX 5090 GPUs", "RTX 5090", 8, 104.8),
    ("64 AMD Instinct MI250X GPUs", "MI250X", 64, 47.87),
    ("on 4 MI250 GPUs", "MI250", 4, 45.3),
    ("on 8 AMD MI300X", "MI300X", 8, 163.4),
    ("an MI300A APU", "MI300A", 1, 122.6),
    ("2 MI210 GPUs", "MI210", 2, 22.6),
    ("4 AMD Instinct MI100", "MI100", 4, 23.07),
    ("8 Huawei Ascend 910 NPUs", "Ascend 910", 8, 256),
    ("on 16 Ascend 910A processors", "Ascend 910A", 16, 256),
    ("8 Ascend 910B NPUs", "Ascend 910B", 8, 376),
    ("on 32 910B NPUs", "Ascend 910B", 32, 376),
    ("We run on Ascend 910B NPUs. Each job takes 8 NPUs.", "Ascend 910B", 8, 376),
    ("8 Intel Gaudi 2 accelerators", "Gaudi 2", 8, 450),
    ("on 8 Habana Gaudi3 HPUs", "Gaudi 3", 8, 1678),
    ("16 AWS Trainium chips", "Trainium", 16, 47.5),
    ("8 Trainium2 chips", "Trainium2", 8, 181),
    ("on 2 AWS Inferentia2", "Inferentia2", 2, 47.5),
    ("one Cerebras WSE-2", "WSE-2", 1, 7500),
    ("a Cerebras CS-2", "WSE-2", 1, 7500),
    ("on 16 Graphcore Bow IPUs", "Bow IPU", 16, 87.5),
    ("four GC200 IPUs", "GC200 IPU", 4, 62.5),
    ("on TPUv5e-256", "TPU v5e", 256, 197),
    ("a TPU v5e", "TPU v5e", 1, 197),
    ("on a v5e-16 pod slice", "TPU v5e", 16, 197),
    ("on v5litepod-16", "TPU v5e", 16, 197),
    ("a Cloud TPU (v5e-8)", "TPU v5e", 8, 197),
    ("on 32 TPU v5 lite chips", "TPU v5e", 32, 197),
    ("on TPU v5p-128", "TPU v5p", 64, 459),
    ("We used 16 Trillium TPUs", "TPU v6e", 16, 918),
    ("on TPU v6e-64", "TPU v6e", 64, 918),
    ("a TPU v4-8", "TPU v4", 4, 275),
    ("on TPU v5 chips", "TPU v5", None, None),  # v5e or v5p
    ("500 A800 GPU hours", "A800", None, 19.49),
]


@pytest.mark.parametrize(("passage", "name", "count", "tflops"), NEW_CHIPS)
def test_chips_since_2020(
    passage: str, name: str, count: float | None, tflops: float | None, peaks: dict[str, dict[str, float]]
):
    (setup,) = parse(passage).setups
    assert (setup.type, setup.chips) == (name, count)
    found = find_peak(peaks, setup.type)
    assert (found is None) == (tflops is None)
    if found is not None and tflops is not None:
        assert found == pytest.approx(math.log10(tflops * 1e12), abs=0.005)


@pytest.mark.parametrize(
    "passage",
    [
        "We minimise the L4 loss.",
        "The layer L20 has 300 units, as Table A2 and Figure A10 show.",
        "Drivers on the A10 motorway and on the A800 road were recorded.",
        "The radio is the model B200, a USRP B200.",
        "Learners at levels A2, B1 and B2 wrote the essays.",
        "A desktop with an AMD A10-5800K APU and an iPhone with the A16 Bionic.",
        "Its 12 MB L2 cache and the L4 norm.",
        "We ascend the gradient of f; it ascends slowly.",
        "Antoni Gaudi's cathedral is in the images.",
        "the 4090 samples and images of 1024 x 4080 pixels",
        "about 5060 GPU hours",
        "The network runs on the NPU of a mobile phone.",
        "see Section H800 and Equation (A30)",
    ],
)
def test_other_things_with_names_like_chips(passage: str):
    assert list_setups(passage) == []
    assert pick_accelerator_sentences(passage) == "" or list_setups(pick_accelerator_sentences(passage)) == []


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        ("We use the L4 loss and the layer L20 and train on one GPU.", [(GENERIC, 1)]),
        ("A USRP B200 radio was connected to a GPU.", [(GENERIC, 1)]),
        ("We used 32 GPUs (Table A1, A2).", [(GENERIC, 32)]),
        ("The L2 norm was computed on a V100 GPU.", [("V100", 1)]),
        ("We train on nodes with A100, A10 and L4 GPUs.", [("A100", None), ("A10", None), ("L4", None)]),
        ("RTX 4090 or RTX 6000 Ada GPUs", [("RTX 4090", None), ("RTX 6000 Ada", None)]),
        ("4 nodes, each with 8 H800 GPUs", [("H800", 32)]),
    ],
)
def test_names_among_other_things(passage: str, expected: list[tuple[str, int | None]]):
    assert list_setups(passage) == expected


@given(
    st.sampled_from(["A800", "H800", "H100", "H200", "L40S", "GH200", "MI250X", "MI300X", "RTX 4090", "RTX 6000 Ada"]),
    st.integers(2, 999),
    st.sampled_from(
        ["{n} {chip} GPUs", "{n} x {chip}", "{n}x {chip} GPUs", "{n} NVIDIA {chip} 80GB GPUs", "{chip} x {n}"]
    ),
)
def test_written_counts_and_types_are_read(chip: str, n: int, form: str):
    assert list_setups("All models were trained on " + form.format(n=n, chip=chip) + ".") == [(chip, n)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Training took two days on 8 H100.",
        "Pre-training took 3 weeks on 64 Ascend 910B NPUs.",
        "All runs fit on one NVIDIA L4.",
        "Fine-tuning used TPUv4 slices.",
        "The cost is that of 16 MI250X cards.",
        "The cost is that of 8 Gaudi 2.",
        "Throughput on L40S is given below.",
        "The batch fits an A6000.",
        "Four A10 GPUs suffice.",
    ],
)
def test_sentences_of_full_texts(sentence: str):
    text = f"Transformers are deep networks. {sentence} Parallel models suit many tasks."
    assert pick_accelerator_sentences(text) == sentence.rstrip(".")
    assert parse(pick_accelerator_sentences(text)).kind == "accelerator"


EPOCH = re.compile(r"Epoch AI, ML hardware, 2025-12: ([^;]+)")
EPOCH_COLUMNS = {
    "fp32": ["FP32 (single precision) performance (FLOP/s)"],
    "tensor16": ["Tensor-FP16/BF16 performance (FLOP/s)", "FP16 (half precision) performance (FLOP/s)"],
}


def test_every_peak_has_a_source():
    rows = read_lexicon("peaks", ("chip", "format", "tflops", "source"))
    assert all(row["source"] and row["format"] in EPOCH_COLUMNS for row in rows)
    assert len({(row["chip"], row["format"]) for row in rows}) == len(rows)


def test_peaks_from_a_later_list_equal_it():
    path = RAW.parent / "more" / "epoch" / "ml_hardware_2025-12.csv"
    if not path.is_file():
        pytest.skip("the later list of hardware is missing; it only checks peaks.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        listed = {row["Hardware name"]: row for row in csv.DictReader(file)}
    compared = 0
    for row in read_lexicon("peaks", ("chip", "format", "tflops", "source")):
        if match := EPOCH.match(row["source"]):
            value = next(filter(None, (listed[match[1]][column] for column in EPOCH_COLUMNS[row["format"]])))
            assert float(row["tflops"]) * 1e12 == pytest.approx(float(value), rel=0.01), row["chip"]
            compared += 1
    assert compared > 30


@given(st.text(alphabet="0123456789 xTPUvGV1080tiRTX-().,andeachwithmachines", max_size=120))
def test_any_passage_gives_sane_numbers(passage: str):
    found = parse(passage)
    assert all(setup.count is None or 0 < setup.count <= LARGEST_COUNT for setup in found.setups)
    assert found.kind in ("accelerator", "thanks", "cloud", "cpu", "none")
