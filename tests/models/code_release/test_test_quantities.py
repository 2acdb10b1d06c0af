"""Test quantities of code release, from the labels by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import xarray as xr

from models.code_release.cells import prepare
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS
from models.code_release.test_quantities import compute_test_quantities


def test_quantities_of_the_labels_by_hand(tables: dict[str, Any]):
    data = prepare(tables, Choices())
    observed = xr.Dataset(
        {
            "y_obs": data["y"],
            "hand_release_obs": data["hand_release_coded"],
            "hand_none_obs": data["hand_none_coded"],
            "passages_obs": data["passages_own"],
        }
    )
    found = compute_test_quantities(observed, data)
    cells = pd.DataFrame({"n": data["n"], "y": data["y"]})
    for word, at in (("topic", "at_topic"), ("year", "at_year"), ("team size", "at_size"), ("kind of team", "at_team")):
        sums = cells.groupby(data[at].to_numpy()).sum().query("n >= 30")
        assert float(found[f"sd of shares by {word}"]) == pytest.approx((sums["y"] / sums["n"]).std(ddof=0)), word
    hand = tables["coder_labels"]
    hand = hand[(hand["research"] == "empirical") & hand["team_hand"].isin(["0", "1"])]
    hand = hand.merge(tables["papers"][["id", "team_coded"]], on="id", how="left")
    kind = hand["team_coded"].fillna(hand["team_hand"].map({"0": "academia-only", "1": "mixed"}))
    released, seen = hand["code_hand"] == "1", hand["code_coder"] == "1"
    for era, years in ERAS.items():
        of_era = released & hand["year"].between(years[0], 2024 if years[1] == 2022 else years[1])
        share = found[f"share of papers with a release taken for one, by hand, {era}"]
        assert float(share) == pytest.approx(seen[of_era].mean())
    hand = hand.assign(kind=kind)[~released & (hand["year"] >= 2021)]
    right = hand["code_coder"] == "0"
    last = list(ERAS)[-1]
    left_alone = f"papers without release left alone, by hand, {last}"
    assert float(found[f"share of {left_alone}"]) == pytest.approx(right.mean())
    gap = right[hand["kind"] == "mixed"].mean() - right[hand["kind"] == "academia-only"].mean()
    assert float(found[f"mixed less academia-only, {left_alone}"]) == pytest.approx(gap)
    passages = tables["code_labels"][["id", "label"]].merge(tables["papers"][["id", "year"]], on="id")
    late = passages[passages["year"] >= 2021]
    own = late["label"].isin(["own, address", "own, elsewhere"]).mean()
    key = f"share of passages that are the paper's own code, {last}"
    assert float(found[key]) == pytest.approx(own, abs=0.01)  # papers that other rules leave out are few
