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


def test_fixed_mix_and_missing_share_by_hand(tables: dict[str, Any]):
    data = prepare_upper_tail(tables, CHOICES)
    frame = select(tables, CHOICES).frame
    np.testing.assert_allclose(
        data["domain_mix_fixed"], [(frame["domain"] == name).mean() for name in data["domain"].values]
    )
    window = frame[frame["year"].between(2019, 2021) & (frame["sector"] == "academia-only")]
    found = float(data["missing"].sel(year=2020, sector="academia-only"))
    assert found == pytest.approx((~window["has_compute"]).mean())
