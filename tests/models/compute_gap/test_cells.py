"""Set-ups of invented papers, counted by hand."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from data.errors import InputError
from models.compute_gap.cells import group_chips, prepare, round_to_lattice
from models.compute_gap.choices import Choices
from tests.models.compute_gap.papers import NO_LABELS, make_many, make_paper, make_tables

CHOICES = Choices()


def test_numbers_are_rounded_to_powers_of_two():
    chips = pd.Series([0.5, 1, 2, 3, 5, 6, 11, 12, 20, 1536, 100_000, np.nan])
    expected = [1, 1, 2, 4, 4, 8, 8, 16, 16, 2048, 2048, np.nan]
    np.testing.assert_array_equal(round_to_lattice(chips), expected)


def test_papers_are_counted_by_class_number_and_chip():
    papers = [
        make_paper(0),
        make_paper(1, team_coded="mixed", accelerator_count=8.0),
        make_paper(2, team_coded="mixed", accelerator_count=3.0),
        make_paper(3, team_coded="industry-only", accelerator="TPU v3", accelerator_count=100.0),
        make_paper(4, accelerator_count=np.nan),
        make_paper(5, hardware_kind="none", accelerator="", hardware_coded="no"),
        make_paper(6, accelerator="GPU"),  # a type without a peak
        make_paper(7, track="workshop"),
        make_paper(8, research="theoretical"),
        make_paper(9, year=2011.0),
        make_paper(10, venue="CVPR"),
        make_paper(11, team_coded="unknown"),
    ]
    data = prepare(make_tables(papers), CHOICES)
    by_team = data["count"].groupby(data["team_idx"]).sum()
    assert by_team.transpose("team_idx", "class").values.tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 1]]
    assert data["ordinary_count"].sum("year").sel(team="mixed").values.tolist() == [0, 1, 1]  # 3 is near 4
    assert data["large_count"].sum(("year", "team")).sel(large=128).item() == 1
    assert data["unknown_count"].sel(team="academia-only", chip="V100").sum().item() == 1
    assert data["unknown_n"].values.tolist() == [1]
    assert data["chip_count"].sum(("year", "team")).sel(chip="V100").values.tolist() == [1, 2, 0]
    assert data["read_n"].sum("venue_year").values.tolist() == [4, 2, 1]
    assert data["stated_n"].sum("venue_year").values.tolist() == [2, 2, 1]
    left_out = {step["reason"]: step["n"] for step in json.loads(data.attrs["flow"])}
    assert {reason: n for reason, n in left_out.items() if n} == {
        "venue other than AAAI, ICLR, ICML, IJCAI, NeurIPS": 1, "published outside 2015-2022": 1,
        "track other than main": 1, "theoretical": 1, "team type unknown": 1, "no accelerator stated": 1,
        "type of accelerator without a known peak": 1,
    }  # fmt: skip


def test_a_label_replaces_what_the_parser_found_and_scores_it():
    papers = [
        make_paper(0, accelerator_count=64.0),
        make_paper(1, team_coded="mixed"),
        make_paper(2, team_coded="mixed", accelerator_count=4.0),
        make_paper(3, team_coded="mixed", accelerator_count=np.nan),
    ]
    labels = pd.DataFrame(
        [("paper0", "largest", "V100", 8.0, 13.2, 14.1), ("paper1", "fourth", "V100", 16.0, 13.2, 14.1),
         ("paper2", "fourth", "V100", 2.0, 13.2, 14.1), ("paper3", "fourth", "V100", 1.0, 13.2, 14.1)],
        columns=NO_LABELS.columns,
    )  # fmt: skip
    data = prepare(make_tables(papers, labels), CHOICES)
    assert data["checked"].values.all()
    assert data["count"].sum("cell").values.tolist() == [1, 2, 1]
    assert data["scored"].values.tolist() == [0, 2, 0]  # the parser found no number in the last
    assert data["misread"].values.tolist() == [0, 1, 0]  # 4 for 2 is of the same class
    assert data["misread_as"].values.tolist() == [1, 0, 0]


def test_other_definitions_of_performance():
    papers = [make_paper(0, accelerator_count=4.0)]
    tensor = prepare(make_tables(papers), dataclasses.replace(CHOICES, peak="tensor"))
    assert tensor["peak"].values.tolist() == [14.1]
    total = prepare(make_tables(papers), dataclasses.replace(CHOICES, setups="sum"))
    assert total["ordinary_count"].sum(("year", "team")).values.tolist() == [0, 0, 1]  # 8 chips in all


def test_rare_types_are_counted_with_the_nearest_peak():
    frame = pd.DataFrame({"accelerator": ["A"] * 20 + ["B"] * 20 + ["C"], "peak": [12.0] * 20 + [13.0] * 20 + [12.8]})
    assert group_chips(frame).value_counts().to_dict() == {"A": 20, "B": 21}


def test_no_paper_left_is_one_clear_message():
    with pytest.raises(InputError, match="states an accelerator with a known peak"):
        prepare(make_tables([make_paper(0, hardware_kind="cpu", accelerator="")]), CHOICES)


def test_the_order_of_papers_does_not_matter():
    papers = make_many(200, 1)
    first, second = (prepare(make_tables(each), CHOICES) for each in (papers, papers[::-1]))
    assert first.drop_attrs().identical(second.drop_attrs())
