"""Test quantities of code release against a calculation from the tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from models.code_release.cells import prepare
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS
from models.code_release.test_quantities import compute_test_quantities


def test_quantities_by_hand(tables: dict[str, Any]):
    data = prepare(tables, Choices())
    observed = xr.Dataset(
        {
            "y_obs": data["y"],
            "human_release_obs": data["human_release_labelled"],
            "human_none_obs": data["human_none_labelled"],
            "passages_obs": data["passages_own"],
        }
    )
    found = compute_test_quantities(observed, data)
    cells = pd.DataFrame({"n": data["n"], "y": data["y"]})
    for word, name in (("topic", "topic"), ("year", "year"), ("team size", "size"), ("team type", "team")):
        sums = cells.groupby(data[f"{name}_idx"].to_numpy()).sum().query("n >= 30")
        assert float(found[f"sd of shares by {word}"]) == pytest.approx((sums["y"] / sums["n"]).std(ddof=0)), word
    human = tables["coder_labels"]
    human = human[(human["research"] == "empirical") & human["team_hand"].isin(["0", "1"])]
    human = human.merge(tables["papers"][["id", "team_coded"]], on="id", how="left")
    team = human["team_coded"].fillna(human["team_hand"].map({"0": "academia-only", "1": "mixed"}))
    released, labelled = human["code_hand"] == "1", human["code_coder"] == "1"
    for era, years in ERAS.items():
        of_era = released & human["year"].between(years[0], 2024 if years[1] == 2022 else years[1])
        share = found[f"share of papers with a release by human label, LLM label yes, {era}"]
        assert float(share) == pytest.approx(labelled[of_era].mean())
    late_human = human["year"] >= 2021
    human = human.assign(team=team)[~released & late_human]
    agrees = human["code_coder"] == "0"
    last = list(ERAS)[-1]
    unreleased = f"papers without release by human label, LLM label no, {last}"
    assert float(found[f"share of {unreleased}"]) == pytest.approx(agrees.mean())
    gap = agrees[human["team"] == "mixed"].mean() - agrees[human["team"] == "academia-only"].mean()
    assert float(found[f"mixed less academia-only, {unreleased}"]) == pytest.approx(gap)
    passages = tables["code_labels"][["id", "label"]].merge(tables["papers"][["id", "year"]], on="id")
    late = passages[passages["year"] >= 2021]
    own = late["label"].isin(["own, address", "own, elsewhere"]).mean()
    key = f"share of passages that are the paper's own code, {last}"
    assert float(found[key]) == pytest.approx(own, abs=0.01)  # few passages are of papers that other rules leave out
    # Of the last era's LLM labels yes, the mistaken ones: by human labels less by passages.
    yes_and_right = (released & labelled & late_human).sum()
    mistaken = (~agrees).sum() / ((~agrees).sum() + yes_and_right)
    own = 1 - float(found[key])
    assert float(found[f"mistaken LLM labels yes, human labels less passages, {last}"]) == pytest.approx(mistaken - own)


def test_without_passages_the_calibrations_are_not_compared(tables: dict[str, Any]):
    data = prepare(tables, Choices(calibration="hand"))
    observed = xr.Dataset(
        {
            "y_obs": data["y"],
            "human_release_obs": data["human_release_labelled"],
            "human_none_obs": data["human_none_labelled"],
            "passages_obs": data["passages_own"],
        }
    )
    found = compute_test_quantities(observed, data)
    assert np.isnan(found[f"mistaken LLM labels yes, human labels less passages, {list(ERAS)[-1]}"])
