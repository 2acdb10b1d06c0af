"""Rows of the academic share: the models selected, the exclusions, and the counts of a fit."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.errors import InputError
from models.academic_share.choices import Choices
from models.academic_share.model import MODEL
from models.academic_share.rows import flag_above_line, prepare_shares, prepare_upper_tail, select
from tests.models.declared import models_of

CHOICES, LABELLED = Choices(), Choices(team="labelled")
MODELS = models_of("academic_share")


def test_rows_are_those_of_the_published_shares(tables: dict[str, Any]):
    data = prepare_shares(tables, LABELLED)
    academia = data["count"].sel(sector="academia-only")
    assert int(academia.sel(year=slice(2010, 2014)).sum()) == 17
    assert int(data["n"].sel(year=slice(2010, 2014)).sum()) == 25
    assert int(academia.sel(year=slice(2020, 2022)).sum()) == 8
    assert int(data["n"].sel(year=slice(2020, 2022)).sum()) == 86
    last = data["count"].sel(year=2022) / data["n"].sel(year=2022)
    assert float(last.sel(sector="industry-only")) == pytest.approx(0.62, abs=0.01)
    assert float(last.sel(sector="industry-leaning collaboration")) == pytest.approx(0.19, abs=0.01)


@pytest.mark.parametrize("model", list(MODELS))
def test_every_exclusion_is_counted(tables: dict[str, Any], model: str):
    data = MODELS[model].prepare(tables, CHOICES)
    flow = json.loads(data.attrs["flow"])
    for before, after in itertools.pairwise(flow):
        assert before["left"] - after["n"] == after["left"]
    assert flow[-1]["left"] == int(data["n_compute" if model == "upper_tail" else "n"].sum())


def test_both_likelihoods_of_the_upper_tail_hold_the_same_models(tables: dict[str, Any]):
    data = prepare_upper_tail(tables, CHOICES)
    like_for_like = prepare_shares(tables, CHOICES)
    assert int(data["count"].sum()) == int(data["n"].sum())
    assert (data["n_compute"] == like_for_like["n"]).all()
    np.testing.assert_allclose(data["domain_mix"].sum("domain"), 1)
    # The date of a row lies in its year.
    year = data["row_decade"] * 10 + data.attrs["middle"] + 0.5
    assert (np.floor(year) == data["year_idx"] + CHOICES.first_year).all()


def test_data_that_do_not_allow_the_analysis_are_refused(tables: dict[str, Any]):
    frame = tables["models"]
    cases = {
        "no models of this vintage": frame.assign(vintage="2020-01"),
        "no academia-only model": frame[frame["team_resolved"] != "academia-only"],
        "no labelled model within a year of 2010": frame[~frame["date"].str[:4].isin(["2010", "2011", "2012"])],
    }
    for words, changed in cases.items():
        with pytest.raises(InputError, match=words):
            prepare_upper_tail({"models": changed}, CHOICES)


def test_error_follows_the_label_if_the_column_is_missing(tables: dict[str, Any]):
    expected = prepare_upper_tail(tables, CHOICES)
    without = tables["models"].assign(log10_compute_se=np.nan)
    found = prepare_upper_tail({"models": without}, CHOICES)
    np.testing.assert_allclose(found["se"], expected["se"], atol=1e-5)


def test_wrong_compute_counts_as_missing(tables: dict[str, Any]):
    frame = tables["models"].copy()
    known = frame["log10_compute"].notna() & (frame["notability"] != "") & (frame["date"] > "2015")
    known &= (frame["date"] < "2020") & (frame["vintage"] == CHOICES.vintage)
    frame.loc[frame[known & (frame["team"] == "industry-only")].index[0], "confidence"] = "wrong"
    before, after = (int(prepare_shares(each, CHOICES)["n"].sum()) for each in (tables, {"models": frame}))
    assert after == before - 1


def test_raw_counts_are_those_of_the_rows(tables: dict[str, Any]):
    found = MODEL.raw(prepare_shares(tables, LABELLED))
    assert found["share_academia_only"].sel(period="2010-14").values.tolist() == [17, 25]
    assert found["share_academia_only"].sel(period="2020-22").values.tolist() == [8, 86]
    assert found["share_industry_with_leaning_by_year"].sel(year=2022).values.tolist() == [26, 32]


def test_choices_of_rows(tables: dict[str, Any]):
    def n(**choices: Any) -> int:
        return int(prepare_shares(tables, dataclasses.replace(CHOICES, **choices))["n"].sum())

    assert n(team="labelled") == 172
    assert n(team="labelled") < n() < n(models="all")
    assert n() - 20 < n(models="without use alone") < n()
    assert n(team="sponsor") < n()
    assert 40 < n(above_line=0.76) < n() / 3
    later = prepare_shares(tables, dataclasses.replace(CHOICES, vintage="2026-05", last_year=2025))
    assert later["year"].values[-1] == 2025
    assert n(vintage="2025-06") > n()


def test_models_whose_team_type_is_unknown_are_counted_by_year(tables: dict[str, Any]):
    resolved, labelled = (prepare_shares(tables, choices) for choices in (CHOICES, LABELLED))
    assert int(resolved["unknown"].sum()) == 0
    # Both sources have the same table: what labels leave unknown, organisations and later vintages resolve.
    np.testing.assert_array_equal(labelled["n"] + labelled["unknown"], resolved["n"])
    frame = tables["models"].copy()
    rows = select(tables, CHOICES).frame.query("has_compute and year == 2019").index[:3]
    frame.loc[rows, "team_resolved"] = "unknown"
    without = prepare_shares({"models": frame}, CHOICES)
    assert without["unknown"].sel(year=2019) == 3 and int(without["unknown"].sum()) == 3
    assert without["n"].sel(year=2019) == resolved["n"].sel(year=2019) - 3
    frame.loc[rows[0], "log10_compute"] = np.nan  # a model without a compute is not in the table of the shares
    assert prepare_shares({"models": frame}, CHOICES)["unknown"].sel(year=2019) == 2


def test_the_hard_threshold_holds_for_models_of_unknown_teams(tables: dict[str, Any]):
    choices = dataclasses.replace(CHOICES, above_line=0.76)
    frame = tables["models"].copy()
    known = select(tables, CHOICES).frame.query("has_compute and year == 2019")
    largest, smallest = known["log10_compute"].idxmax(), known["log10_compute"].idxmin()
    for row, counted in ((largest, 1), (smallest, 0)):
        changed = frame.copy()
        changed.loc[row, "team_resolved"] = "unknown"
        assert int(prepare_shares({"models": changed}, choices)["unknown"].sum()) == counted


def test_resolved_collaborations_may_lean_to_industry(tables: dict[str, Any]):
    sectors = ["industry-only", "industry-leaning collaboration"]

    def industry(**choices: Any) -> int:
        data = prepare_shares(tables, dataclasses.replace(CHOICES, **choices))
        return int(data["count"].sel(year=2022, sector=sectors).sum())

    assert (industry(), industry(resolved_leaning="industry")) == (26, 30)


def test_hard_threshold_keeps_models_above_the_line():
    frame = pd.DataFrame({"date": [f"{year}-07-01" for year in range(2010, 2020)], "log10_compute": np.arange(10.0)})
    frame.loc[4, "log10_compute"] += 3
    assert flag_above_line(frame, 0.76).tolist() == [False] * 4 + [True] + [False] * 5
    assert flag_above_line(frame.sample(frac=1, random_state=1), 0.76).sort_index().tolist()[4]
    others = frame.assign(log10_compute=frame["log10_compute"] + 5)  # all above the line of the first ones
    assert flag_above_line(others, 0.76, frame).all() and flag_above_line(others.iloc[:0], 0.76, frame).empty


def test_fixed_mix_and_missing_share_by_hand(tables: dict[str, Any]):
    data = prepare_upper_tail(tables, CHOICES)
    frame = select(tables, CHOICES).frame
    np.testing.assert_allclose(
        data["domain_mix_fixed"], [(frame["domain"] == name).mean() for name in data["domain"].values]
    )
    window = frame[frame["year"].between(2019, 2021) & (frame["sector"] == "academia-only")]
    found = float(data["missing"].sel(year=2020, sector="academia-only"))
    assert found == pytest.approx((~window["has_compute"]).mean())
