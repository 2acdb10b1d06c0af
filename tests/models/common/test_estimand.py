"""The contract of an estimand: attributes that the functions set, and violations that the check reports."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from models.common import estimand
from models.common.exclusions import Selection

DRAWS = xr.DataArray(np.array([[0.2, 0.4], [0.5, 0.9]]), dims=("chain", "draw"))
N = estimand.rows(xr.DataArray([3], {"year": [2020]}, ("year",)))


@pytest.mark.parametrize(
    ("made", "attrs"),
    [
        (estimand.share(DRAWS), {"unit": "probability", "scale": "logit", "kind": "quantity"}),
        (
            estimand.share(DRAWS, "n_all", reference=0.5),
            {"unit": "probability", "scale": "logit", "kind": "quantity", "reference": 0.5, "rows": "n_all"},
        ),
        (estimand.ratio(DRAWS), {"unit": "ratio", "scale": "log", "kind": "quantity", "reference": 1.0}),
        (
            estimand.difference(DRAWS, over=("a", "b")),
            {"unit": "difference in probability", "scale": "identity", "kind": "quantity", "reference": 0.0,
             "over": ["a", "b"]},
        ),
        (estimand.log_odds(DRAWS), {"unit": "log-odds", "scale": "identity", "kind": "quantity", "reference": 0.0}),
        (estimand.log_odds(DRAWS, reference=None), {"unit": "log-odds", "scale": "identity", "kind": "quantity"}),
        (estimand.quantity(DRAWS, "dex"), {"unit": "dex", "scale": "identity", "kind": "quantity"}),
        (estimand.event(DRAWS > 0.3), {"unit": "probability", "scale": "identity", "kind": "probability"}),
        (N, {"kind": "rows"}),
        (estimand.rows(N, "papers"), {"kind": "rows", "unit": "papers"}),
        (estimand.fitted(DRAWS), {"kind": "fitted"}),
    ],
)  # fmt: skip
def test_attributes_of_each_kind(made: xr.DataArray, attrs: dict[str, object]):
    assert made.attrs == attrs


def test_a_ratio_is_the_exponential_of_its_logarithm():
    np.testing.assert_allclose(estimand.ratio_from_log(DRAWS), np.exp(DRAWS))
    assert estimand.ratio_from_log(DRAWS, "n_all").attrs == estimand.ratio(DRAWS, "n_all").attrs


def test_values_are_transformed_to_their_scale_and_stay_finite():
    np.testing.assert_allclose(estimand.to_scale(DRAWS, "logit"), np.log(DRAWS / (1 - DRAWS)))
    np.testing.assert_allclose(estimand.to_scale(DRAWS, "log"), np.log(DRAWS))
    assert estimand.to_scale(DRAWS, "identity").identical(DRAWS)
    assert np.isfinite(estimand.to_scale(xr.DataArray([0.0, 1.0]), "logit")).all()


def test_a_dataset_that_meets_the_contract_is_returned():
    good = xr.Dataset({"share": estimand.share(DRAWS), "n_by_year": N, "shown": estimand.fitted(DRAWS)})
    assert estimand.check_estimands(good) is good


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        (DRAWS.assign_attrs(kind="number"), "kind must be one of"),
        (DRAWS.assign_attrs(), "kind must be one of"),
        (DRAWS.assign_attrs(kind="rows"), "counts of rows have no draws"),
        (DRAWS.mean("draw").assign_attrs(estimand.share(DRAWS).attrs), "must have dims chain and draw"),
        (DRAWS.assign_attrs(kind="quantity", unit="ratio"), "must have a unit and a scale"),
        (DRAWS.assign_attrs(kind="quantity", unit="", scale="log"), "must have a unit and a scale"),
        (DRAWS.assign_attrs(kind="quantity", unit="ratio", scale="square"), "must have a unit and a scale"),
        (estimand.share(DRAWS, "n_missing"), "its counts 'n_missing' are not among the estimands"),
        (estimand.event(DRAWS > 0.3, "shown"), "its counts 'shown' are not among the estimands"),
    ],
)
def test_a_variable_that_violates_the_contract_is_named(variable: xr.DataArray, words: str):
    data = xr.Dataset({"odd": variable, "n_by_year": N, "shown": estimand.fitted(DRAWS)})
    with pytest.raises(ValueError, match=f"estimand odd: {words}"):
        estimand.check_estimands(data)


def test_an_exclusion_log_adds_up():
    rows = Selection(pd.DataFrame({"x": [1, 2, 3, 4]}), "all")
    rows.keep(rows.frame["x"] > 1, "too small")
    rows.count("of these, even", 2)
    rows.keep(rows.frame["x"] < 4, "too large")
    assert rows.frame["x"].tolist() == [2, 3]
    assert rows.log == [
        {"reason": "all", "n": 0, "left": 4},
        {"reason": "too small", "n": 1, "left": 3},
        {"reason": "of these, even", "n": 2, "left": 3},
        {"reason": "too large", "n": 1, "left": 2},
    ]
