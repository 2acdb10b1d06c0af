"""The papers of code release: which count, their cells and labels, refusals."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.errors import InputError
from models.code_release.cells import SIZES_OF_INSTITUTIONS, band_institutions, find_era, prepare, select
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS
from models.code_release.specifications import SPECIFICATIONS
from models.common.team_types import TEAM_TYPES
from tests.models.code_release.papers import invented

CHOICES = Choices()


def test_rows_are_those_that_the_design_counts(tables: dict[str, Any]):
    data = prepare(tables, CHOICES)
    flow = json.loads(data.attrs["flow"])
    for before, after in itertools.pairwise(flow):
        assert before["left"] - after["n"] == after["left"]
    assert flow[-1]["left"] == int(data["n"].sum()) == int(data["base_n"].sum()) == int(data["n_by_team_year"].sum())
    assert int(data["hand_release"].sum()) == 74 and int(data["hand_release_coded"].sum()) == 72
    assert int(data["hand_none"].sum()) == 74 and int(data["hand_none_coded"].sum()) == 65
    by_team = data["hand_none_coded"].sum("era").sel(team=["academia-only", "mixed", "industry-only"])
    assert by_team.values.tolist() == [34, 27, 4]  # of the kind that the table knows; by the hand's own, 35 and 30
    # The labelled passages of papers that other rules leave out are few.
    assert 570 <= int(data["passages"].sum()) <= 597
    assert (data["passages_own"] <= data["passages"]).all()


def test_positions_agree_with_each_other(tables: dict[str, Any]):
    data = prepare(tables, CHOICES)
    base = data["at_base"].values
    for name in ("venue_year", "topic", "size", "topic_venue", "size_venue", "venues", "era"):
        assert (data[f"base_at_{name}"].values[base] == data[f"at_{name}"].values).all(), name
    assert (data["topic_of"].values[data["at_topic_venue"]] == data["at_topic"]).all()
    assert (data["size_of"].values[data["at_size_venue"]] == data["at_size"]).all()
    assert (data["venue_year_venues"].values[data["at_venue_year"]] == data["at_venues"]).all()
    of_cells = {
        "at_venue_year_topic": ("venue_year", "topic"),
        "at_team_venue_year_size": ("team", "venue_year", "size"),
        "at_error": ("team", "era"),
    }
    for name, dims in of_cells.items():
        found = np.unravel_index(data[name].values, [data.sizes[dim] for dim in dims])
        assert (np.array(found) == [data[f"at_{dim}"].values for dim in dims]).all(), name
    kinds, eras = np.unravel_index(data["stratum_error"].values, (len(TEAM_TYPES), len(ERAS)))
    assert (kinds == np.arange(len(TEAM_TYPES))[:, None, None]).all()
    assert (find_era(data["year"].to_series()).map(list(ERAS).index).values[:, None] == eras).all()
    year = data["venue_year_year"].values[data["base_at_venue_year"].values] - 2014
    assert (data["base_at_topic_year"].values == data["base_at_topic"].values * 9 + year).all()
    for name, by in {"topic_venue": "topic", "size_venue": "size", "topic_year": "topic"}.items():
        here = data[f"{name}_at"].values[data["base_at_venue_year"], data[f"base_at_{by}"]]
        assert (here == data[f"base_at_{name}"].values).all(), name


def test_specifications_of_one_model_share_its_dimensions(tables: dict[str, Any]):
    main = prepare(tables, CHOICES)
    for specification in SPECIFICATIONS:
        if specification.model == "release":
            data = prepare(tables, dataclasses.replace(CHOICES, **specification.choices))
            names = ["venue_year", "topic", "topic_venue", "team", "venues", "era", "year"]
            # Team size by the number of institutions has more levels: one compilation more.
            names += [] if specification.name == "institutions" else ["size", "size_venue"]
            for name in names:
                assert data[name].equals(main[name]), f"{specification.name}: {name}"


def test_institutions_part_team_sizes_of_the_same_papers(tables: dict[str, Any]):
    choices = dataclasses.replace(CHOICES, papers="of several institutions")
    without = prepare(tables, choices)
    data = prepare(tables, dataclasses.replace(choices, institutions=True))
    assert int(data["n"].sum()) == int(without["n"].sum())
    assert list(data["size"].values) == SIZES_OF_INSTITUTIONS
    assert (data["size_of"].values[data["at_size_venue"]] == data["at_size"]).all()
    # By hand, from the tables: papers of two authors of two institutions, with a release.
    listed = dataclasses.replace(CHOICES, papers="with affiliations")
    papers = select(tables, listed)[0].frame.merge(tables["institutions"], on="id")
    papers = papers[papers["slots_without_text"] == 0]
    assert int(data["n"].sum()) == (papers["institutions"] >= 2).sum()
    chosen = papers[(papers["n_authors"] == 2) & (papers["institutions"] == 2)]
    at = data["at_size"].values == SIZES_OF_INSTITUTIONS.index("2 of 2 institutions")
    assert int(data["n"].values[at].sum()) == len(chosen) > 400
    assert int(data["y"].values[at].sum()) == (chosen["code_coded"] == "yes").sum()
    assert band_institutions(pd.Series([2.0, 3, 40])).tolist() == ["2 institutions", "3 or more", "3 or more"]
    # Both kinds of team that are compared are in every band, at the venues of both groups.
    several = papers[papers["institutions"] >= 2]
    kinds = several.groupby(["team", "venues", band_institutions(several["institutions"])]).size()
    assert len(kinds.loc[["academia-only", "mixed"]]) == 8 and kinds.loc[["academia-only", "mixed"]].min() > 200


def test_links_of_iclr_2018_and_missing_ones_do_not_count(tables: dict[str, Any]):
    rows, _ = select(tables, Choices(outcome="page", papers="with a link field", error="none"))
    assert not ((rows.frame["venue"] == "ICLR") & (rows.frame["year"] == 2018)).any()
    assert (rows.frame["code_page"] != "missing").all()
    assert (rows.frame["event"] == (rows.frame["code_page"] == "link")).all()


def test_passages_follow_their_papers(tables: dict[str, Any]):
    all_venues, without = (prepare(tables, Choices(without_venue=venue)) for venue in ("", "NeurIPS"))
    assert int(without["passages"].sum()) < int(all_venues["passages"].sum())
    assert int(without["hand_none"].sum()) < int(all_venues["hand_none"].sum())
    assert int(prepare(tables, Choices(calibration="hand"))["passages"].sum()) == 0
    assert int(prepare(tables, Choices(calibration="passages"))["hand_none"].sum()) == 0
    promised = prepare(tables, Choices(promised=True, calibration="passages"))
    assert int(promised["passages_own"].sum()) > int(all_venues["passages_own"].sum())


def test_papers_coded_by_hand_have_the_kind_of_team_that_the_table_knows():
    tables = invented(10, 1)
    tables["papers"] = tables["papers"].assign(
        team_coded=["industry-only", "mixed", "academia-only", "unknown", *["mixed"] * 6]
    )
    ids = [*tables["papers"]["id"][:4], "not there", "nor there"]
    tables["coder_labels"] = pd.DataFrame(
        {"id": ids, "venue": "ICML", "year": 2021.0, "research": "empirical", "team_hand": ["1"] * 5 + ["0"],
         "code_hand": "1", "code_coder": "1"}
    )  # fmt: skip
    counts = prepare(tables, CHOICES)["hand_release"].sum("era").to_series().to_dict()
    assert counts == {"academia-only": 2, "mixed": 3, "industry-only": 1}


@pytest.mark.parametrize(
    "wrong",
    [{"outcome": "page"}, {"outcome": "address", "error": "by team"}, {"promised": True}, {"institutions": True}],
    ids=str,
)
def test_labels_of_one_outcome_are_no_errors_of_another(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=r"error 'none'|calibration 'passages'|papers of several"):
        Choices(**wrong)


# --- refusals and tiny tables -----------------------------------------------------------------------------------------


def test_a_table_without_full_texts_is_refused():
    tables = invented(10, 1)
    tables["papers"]["code_coded"] = ""
    with pytest.raises(InputError, match="read in full text"):
        prepare(tables, CHOICES)
    with pytest.raises(InputError, match="known kind of team"):
        prepare({**tables, "papers": invented(10, 1)["papers"].assign(team_coded="unknown")}, CHOICES)
