"""The committed figures match the committed code and labels, and reach their targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.build.hardware_labels import list_hardware_labels, read_labelled_setups
from data.build.validation import COLUMNS, compute_figures, compute_interval, insert_table
from data.classify.accelerators import Setup
from data.io import parse_csv
from data.paths import HERE
from data.rules import squeeze
from data.tables.load import load

Figure = tuple[str, str, str]


@pytest.fixture(scope="module")
def committed() -> dict[Figure, dict[str, str]]:
    rows = parse_csv(HERE / "labels" / "validation.csv", COLUMNS).values()
    return {(row["classifier"], row["part"], row["figure"]): row for row in rows}


def keyed(rows: list[dict[str, object]]) -> dict[Figure, dict[str, str]]:
    return {
        (str(row["classifier"]), str(row["part"]), str(row["figure"])): {name: str(row[name]) for name in COLUMNS}
        for row in rows
    }


def test_figures_without_raw_files_match_the_committed_ones(committed: dict[Figure, dict[str, str]]):
    found = keyed(compute_figures())
    assert len(found) > 20
    assert found == {key: committed[key] for key in found}


@pytest.mark.slow  # parses all raw texts
def test_all_figures_match_the_committed_ones(raw_folder: Path, committed: dict[Figure, dict[str, str]]):
    assert keyed(compute_figures(raw_folder)) == committed


@pytest.mark.parametrize(
    ("figure", "at_least"),
    [
        (("sector", "report", "education: precision"), 0.97),
        (("sector", "report", "education: recall"), 0.97),
        (("sector", "report", "company: precision"), 0.97),
        (("sector", "report", "company: recall"), 0.97),
        (("hardware", "fourth", "type, all"), 0.95),
        (("hardware", "fourth", "count, all"), 0.90),
        (("topic", "2022", "F1 natural language processing, title and abstract"), 0.75),
        (("topic", "2022", "F1 computer vision, title and abstract"), 0.75),
    ],
)
def test_figures_reach_their_targets(committed: dict[Figure, dict[str, str]], figure: Figure, at_least: float):
    row = committed[figure]
    share = int(row["right"]) / int(row["of"])
    assert (2 * share / (1 + share) if figure[2].startswith("F1") else share) >= at_least
    assert float(row["low"]) < float(row["share"]) < float(row["high"])


def test_few_affiliations_are_unknown(committed: dict[Figure, dict[str, str]]):
    assert float(committed["sector", "report", "unknown"]["share"]) <= 0.05


def test_no_computed_figure_is_lost(committed: dict[Figure, dict[str, str]]):
    assert {part for name, part, _ in committed if name == "hardware"} == {"work", "report", "third", "fourth"}


def test_the_readme_gives_the_committed_figures():
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    rows = list(parse_csv(HERE / "labels" / "validation.csv", COLUMNS).values())
    assert insert_table(readme, [dict(row) for row in rows]) == readme


def test_interval_is_jeffreys():
    low, high = compute_interval(0, 10)
    assert low == pytest.approx(0.0, abs=0.001) and 0.1 < high < 0.2
    low, high = compute_interval(50, 100)
    assert low + high == pytest.approx(1) and high - low == pytest.approx(0.16, abs=0.005)


def test_the_largest_labelled_set_up_is_listed_in_chips(tmp_path: Path):
    labels = tmp_path / "hardware.csv"
    labels.write_text(
        "part,id,kind,setups,flag\nwork,b,accelerator,8xV100;32coresxTPU v3,\nlargest,b,accelerator,1devicexTPU v2,\n"
        "work,a,accelerator,?xV100;1xK40,j\nwork,c,accelerator,4xUnheard,\nwork,d,cpu,,\nwork,e,accelerator,1xV100,\n"
    )
    peaks = {"v100": {"fp32": 13.2, "tensor16": 14.1}, "tpuv3": {"tensor16": 14.0899}, "tpuv2": {"tensor16": 13.65},
             "k40": {"fp32": 12.7}}  # fmt: skip
    peaks |= {squeeze(name): peaks[key] for name, key in {"TPU v3": "tpuv3", "TPU v2": "tpuv2"}.items()}
    rows = list_hardware_labels([{"id": name} for name in "abcd"], {squeeze(n): v for n, v in peaks.items()}, labels)
    assert [tuple(row.values()) for row in rows] == [
        ("a", "work", "V100", "", 13.2, 14.1),  # a number that is not stated counts as one chip, and stays unknown
        ("b", "largest", "TPU v2", "4", 13.65, 13.65),
        ("b", "work", "TPU v3", "16", 14.0899, 14.0899),
        ("c", "work", "Unheard", "4", "", ""),
    ]


def test_the_snapshot_has_every_label_of_an_accelerator():
    table, papers = load("hardware_labels"), load("papers").set_index("id")
    labels = parse_csv(HERE / "labels" / "hardware.csv", ("part", "id", "kind", "setups")).values()
    stated = {(row["id"], row["part"]) for row in labels if row["kind"] == "accelerator"}
    assert set(zip(table["id"], table["part"], strict=True)) == stated
    largest = table[table["part"] == "largest"].set_index("id")
    assert len(largest) == 50
    parsed = papers.loc[largest.index, "accelerator_count"]
    differ = largest.index[largest["accelerator_count"] != parsed]
    assert sorted(differ) == ["nips2021-a2d393a46911", "nips2022-beb598653138"]
    assert (largest.loc[differ, "accelerator_count"] == 2 * parsed[differ]).all()


def test_labelled_set_ups_are_parsed():
    assert read_labelled_setups("8xV100;32coresxTPU v3;?xK20m;1devicexTPU v2") == [
        Setup("V100", 8),
        Setup("TPU v3", 32, "core"),
        Setup("K20", None),
        Setup("TPU v2", 1, "device"),
    ]
