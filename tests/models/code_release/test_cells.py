"""Code release: which papers count, their cells, labels and offset factors, and refusals."""

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
from models.code_release.definitions import ERAS, GROUPS
from models.code_release.specifications import SPECIFICATIONS
from models.common.team_types import TEAM_TYPES
from tests.models.code_release.papers import make_papers

CHOICES = Choices()


def test_rows_are_those_that_the_design_counts(tables: dict[str, Any]):
    data = prepare(tables, CHOICES)
    flow = json.loads(data.attrs["flow"])
    for before, after in itertools.pairwise(flow):
        assert before["left"] - after["n"] == after["left"]
    assert flow[-1]["left"] == int(data["n"].sum()) == int(data["base_n"].sum()) == int(data["stratum_n"].sum())
    assert int(data["human_release"].sum()) == 74 and int(data["human_release_labelled"].sum()) == 72
    assert int(data["human_none"].sum()) == 74 and int(data["human_none_labelled"].sum()) == 65
    by_team = data["human_none_labelled"].sum("era").sel(team=["academia-only", "mixed", "industry-only"])
    assert by_team.values.tolist() == [34, 27, 4]  # by the table's team type; by that of the human label, 35 and 30
    # Few labelled passages are of papers that other rules leave out.
    assert 570 <= int(data["passages"].sum()) <= 597
    assert (data["passages_own"] <= data["passages"]).all()


def test_indices_agree_with_each_other(tables: dict[str, Any]):
    data = prepare(tables, CHOICES)
    crossed = {
        "venue_year_topic_idx": ("venue_year", "topic"),
        "team_venue_year_size_idx": ("team", "venue_year", "size"),
        "team_era_idx": ("team", "era"),
        "stratum_idx": ("team", "year", "venue_group"),
    }
    lengths = {**data.sizes, "venue_group": data.sizes["venues"]}
    for name, dims in crossed.items():
        found = np.unravel_index(data[name].values, [lengths[dim] for dim in dims])
        assert (np.array(found) == [data[f"{dim}_idx"].values for dim in dims]).all(), name
    venue_year = data["venue_year_idx"].values
    for name in ("group", "era"):
        of_cell = data[f"venue_{name}_idx" if name == "group" else "era_idx"].values
        assert (data[f"venue_year_{name}_idx"].values[venue_year] == of_cell).all(), name
    assert (data["venue_year_year"].values[venue_year] == data["year"].values[data["year_idx"]]).all()
    np.testing.assert_allclose(data["time"], (data["venue_year_year"] - 2018) / 4)
    teams, eras = np.unravel_index(data["stratum_team_era_idx"].values, (len(TEAM_TYPES), len(ERAS)))
    assert (teams == np.arange(len(TEAM_TYPES))[:, None, None]).all()
    assert (find_era(data["year"].to_series()).map(list(ERAS).index).values[:, None] == eras).all()
    papers = np.bincount(data["stratum_idx"], data["n"], data["stratum_n"].size)
    assert (papers == data["stratum_n"].values.ravel()).all()


def test_indices_of_interactions_agree_with_names(tables: dict[str, Any]):
    data = prepare(tables, CHOICES)
    for name in ("topic", "size"):
        idx = data[f"{name}_venue_idx"].transpose("venue_year", name).values
        for i, venue_year in enumerate(data["venue_year"].values):
            venue = venue_year.rsplit(" ", 1)[0]
            wanted = [f"{each} at {venue}" for each in data[name].values]
            assert data[f"{name}_venue"].values[idx[i]].tolist() == wanted


def test_cells_without_the_team_type_hold_the_same_papers(tables: dict[str, Any]):
    data = prepare(tables, CHOICES)
    cells = pd.DataFrame(
        {name: data[f"{name}_idx"].values for name in ("team", "venue_year", "topic", "size")} | {"n": data["n"].values}
    )
    venue_year, topic = np.unravel_index(
        data["base_venue_year_topic_idx"].values, (data.sizes["venue_year"], data.sizes["topic"])
    )
    same, size = np.unravel_index(
        data["base_venue_year_size_idx"].values, (data.sizes["venue_year"], data.sizes["size"])
    )
    assert (venue_year == same).all() and (venue_year == data["base_venue_year_idx"].values).all()
    assert (data["base_venue_group_idx"].values == data["venue_year_group_idx"].values[venue_year]).all()
    assert (data["base_era_idx"].values == data["venue_year_era_idx"].values[venue_year]).all()
    base = pd.MultiIndex.from_arrays([venue_year, topic, size])
    assert base.is_unique
    for i in range(len(TEAM_TYPES)):
        wanted = cells[cells["team"] == i].set_index(["venue_year", "topic", "size"])["n"]
        assert wanted.index.isin(base).all()
        assert (wanted.reindex(base, fill_value=0).values == data["base_n"].values[i]).all()


def test_shares_of_topics_and_sizes_by_hand(tables: dict[str, Any]):
    """Shares of a venue-year's papers by topic and by team size add up to 1; they are 0 without papers."""
    choices = dataclasses.replace(CHOICES, without_venue="AAAI")
    papers, data = select(tables, choices)[0].frame, prepare(tables, choices)
    for name in ("topic", "size"):
        share = data[f"{name}_share"].transpose("venue_year", name)
        assert share.sizes == {"venue_year": data.sizes["venue_year"], name: data.sizes[name]}
        for venue_year in data["venue_year"].values:
            here = papers.loc[papers["venue_year"] == venue_year, name]
            assert len(here) == 0 or not venue_year.startswith("AAAI")
            wanted = [(here == each).mean() if len(here) else 0.0 for each in data[name].values]
            np.testing.assert_allclose(share.sel(venue_year=venue_year), wanted, rtol=1e-12)


def test_offset_factors_by_hand():
    """Factors are 1 / (1 - share) and 1 / share of a share clipped to 0.1 and 0.75; 1 and 0 without papers."""
    # (venue, year): papers, and papers with a release; the AI group has no paper in the last era.
    counts = {("NeurIPS", 2016): (10, 4), ("NeurIPS", 2019): (10, 0), ("ICML", 2019): (30, 10),
              ("ICML", 2022): (20, 19), ("AAAI", 2015): (8, 2), ("AAAI", 2020): (25, 1)}  # fmt: skip
    rows = [(venue, year, i < y) for (venue, year), (n, y) in counts.items() for i in range(n)]
    tables = make_papers(len(rows), 4)
    venue, year, released = (list(column) for column in zip(*rows, strict=True))
    code = np.where(released, "yes", "no")
    tables["papers"] = tables["papers"].assign(venue=venue, year=np.array(year, float), code_coded=code)
    # A venue-year of another track has a coordinate, but no paper of the analysis.
    other = tables["papers"].iloc[:3].assign(id=["x", "y", "z"], venue="AAAI", year=2022.0, track="datasets")
    tables["papers"] = pd.concat([tables["papers"], other], ignore_index=True)
    data = prepare(tables, CHOICES)
    shares = {"NeurIPS 2016": 0.4, "NeurIPS 2019": 0.0, "ICML 2019": 1 / 3, "ICML 2022": 0.95, "AAAI 2015": 0.25,
              "AAAI 2020": 0.04, "AAAI 2022": None}  # fmt: skip
    assert set(data["venue_year"].values) == set(shares)
    for name, share in shares.items():
        seen, false = (float(data[f"{of}_factor_venue_year"].sel(venue_year=name)) for of in ("seen", "false"))
        assert (seen, false) == pytest.approx(compute_factors(share)), name
    pooled = {("machine learning", "2014-18"): 0.4, ("machine learning", "2019-20"): 10 / 40,
              ("machine learning", "2021-22"): 0.95, ("AI", "2014-18"): 0.25, ("AI", "2019-20"): 0.04,
              ("AI", "2021-22"): None}  # fmt: skip
    assert set(pooled) == set(itertools.product(GROUPS, ERAS))
    for (group, era), share in pooled.items():
        seen, false = (float(data[f"{of}_factor"].sel(venues=group, era=era)) for of in ("seen", "false"))
        assert (seen, false) == pytest.approx(compute_factors(share)), (group, era)


def compute_factors(share: float | None) -> tuple[float, float]:
    """Compute the factors of a logarithm and of a probability, from the share of papers observed to release."""
    return (1.0, 0.0) if share is None else (1 / (1 - min(share, 0.75)), 1 / max(share, 0.1))


def test_specifications_of_one_model_share_its_coordinates(tables: dict[str, Any]):
    main = prepare(tables, CHOICES)
    for specification in SPECIFICATIONS:
        if specification.model == "release":
            data = prepare(tables, dataclasses.replace(CHOICES, **specification.choices))
            names = ["venue_year", "topic", "topic_venue", "team", "venues", "era", "year"]
            # Team size by the number of institutions has more coordinate values, so it is compiled separately.
            names += [] if specification.name == "institutions" else ["size", "size_venue"]
            for name in names:
                assert data[name].equals(main[name]), f"{specification.name}: {name}"


def test_institutions_split_team_sizes_of_the_same_papers(tables: dict[str, Any]):
    choices = dataclasses.replace(CHOICES, papers="of several institutions")
    without = prepare(tables, choices)
    data = prepare(tables, dataclasses.replace(choices, institutions=True))
    assert int(data["n"].sum()) == int(without["n"].sum())
    assert list(data["size"].values) == SIZES_OF_INSTITUTIONS
    # Count papers of two authors of two institutions, and their releases, by hand.
    listed = dataclasses.replace(CHOICES, papers="with affiliations")
    papers = select(tables, listed)[0].frame.merge(tables["institutions"], on="id")
    papers = papers[papers["slots_without_text"] == 0]
    assert int(data["n"].sum()) == (papers["institutions"] >= 2).sum()
    chosen = papers[(papers["n_authors"] == 2) & (papers["institutions"] == 2)]
    cells = data["size_idx"].values == SIZES_OF_INSTITUTIONS.index("2 of 2 institutions")
    assert int(data["n"].values[cells].sum()) == len(chosen) > 400
    assert int(data["y"].values[cells].sum()) == (chosen["code_coded"] == "yes").sum()
    assert band_institutions(pd.Series([2.0, 3, 40])).tolist() == ["2 institutions", "3 or more", "3 or more"]
    # Both team types that are compared have papers in every band, in both venue groups.
    several = papers[papers["institutions"] >= 2]
    sizes = several.groupby(["team", "venues", band_institutions(several["institutions"])]).size()
    assert len(sizes.loc[["academia-only", "mixed"]]) == 8 and sizes.loc[["academia-only", "mixed"]].min() > 200


def test_links_of_iclr_2018_and_missing_fields_do_not_count(tables: dict[str, Any]):
    rows, _ = select(tables, Choices(outcome="page", papers="with a link field", error="none"))
    assert not ((rows.frame["venue"] == "ICLR") & (rows.frame["year"] == 2018)).any()
    assert (rows.frame["code_page"] != "missing").all()
    assert (rows.frame["event"] == (rows.frame["code_page"] == "link")).all()


def test_passages_follow_their_papers(tables: dict[str, Any]):
    all_venues, without = (prepare(tables, Choices(without_venue=venue)) for venue in ("", "NeurIPS"))
    assert int(without["passages"].sum()) < int(all_venues["passages"].sum())
    assert int(without["human_none"].sum()) < int(all_venues["human_none"].sum())
    assert int(prepare(tables, Choices(calibration="hand"))["passages"].sum()) == 0
    assert int(prepare(tables, Choices(calibration="passages"))["human_none"].sum()) == 0
    promised = prepare(tables, Choices(promised=True, calibration="passages"))
    assert int(promised["passages_own"].sum()) > int(all_venues["passages_own"].sum())


def test_papers_with_a_human_label_have_the_team_type_of_the_table():
    tables = make_papers(10, 1)
    tables["papers"] = tables["papers"].assign(
        team_coded=["industry-only", "mixed", "academia-only", "unknown", *["mixed"] * 6]
    )
    ids = [*tables["papers"]["id"][:4], "not there", "nor there"]
    tables["coder_labels"] = pd.DataFrame(
        {"id": ids, "venue": "ICML", "year": 2021.0, "research": "empirical", "team_hand": ["1"] * 5 + ["0"],
         "code_hand": "1", "code_coder": "1"}
    )  # fmt: skip
    counts = prepare(tables, CHOICES)["human_release"].sum("era").to_series().to_dict()
    assert counts == {"academia-only": 2, "mixed": 3, "industry-only": 1}


@pytest.mark.parametrize(
    "wrong",
    [{"outcome": "page"}, {"outcome": "address", "error": "by team"}, {"promised": True}, {"institutions": True}],
    ids=str,
)
def test_choices_that_contradict_each_other_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=r"error 'none'|calibration 'passages'|papers of several"):
        Choices(**wrong)


# --- refusals and tiny tables -----------------------------------------------------------------------------------------


def test_a_table_without_full_texts_is_refused():
    tables = make_papers(10, 1)
    tables["papers"]["code_coded"] = ""
    with pytest.raises(InputError, match="read in full text"):
        prepare(tables, CHOICES)
    with pytest.raises(InputError, match="known team type"):
        prepare({**tables, "papers": make_papers(10, 1)["papers"].assign(team_coded="unknown")}, CHOICES)
