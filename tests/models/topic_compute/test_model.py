"""The contrast's likelihood compared with calculations by hand, paper by paper."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr

from models.topic_compute.cells import compute_unseen_industry, prepare, select
from models.topic_compute.choices import ContrastPriors
from models.topic_compute.definitions import TERMS
from models.topic_compute.estimands import compute_estimands
from models.topic_compute.model import build
from tests.models.topic_papers import (
    CHOICES,
    compute_probability,
    evaluate_at_random_point,
    make_random_draws,
    multiply_slopes,
    simulate_papers,
    sum_base,
)

SHIFTED = dataclasses.replace(CHOICES, unseen_shift=0.5)
FAMILIES = list(TERMS)
EFFECTS = {
    "venue_year_effect": ("venue_year",), "topic_effect": ("topic",), "topic_venue_effect": ("topic_venue",),
    "size_effect": ("venue_group", "size"), "slope": ("topic", "family"), "family_slope": ("family",),
    "topic_slope_raw": ("topic",), "topic_slope_sd": (), "topic_family_raw": ("topic", "family"), "topic_family_sd": (),
}  # fmt: skip


def test_free_variables_are_exactly_these():
    """Predictions for a new topic are estimands: the model has no variable for them."""
    model = build(prepare({"papers": simulate_papers(250, 5)}, CHOICES), ContrastPriors())
    assert {variable.name for variable in model.free_RVs} == {
        "intercept", "venue_year_effect_raw", "topic_effect", "topic_venue_raw", "size_effect", "family_slope",
        "topic_slope_raw", "topic_family_raw", "venue_year_sd", "topic_venue_sd", "topic_slope_sd", "topic_family_sd",
    }  # fmt: skip
    assert {variable.name for variable in model.deterministics} == {"venue_year_effect", "topic_venue_effect", "slope"}
    assert {variable.name for variable in model.observed_RVs} == {"y_obs"}


def test_likelihood_is_the_sum_over_papers():
    """Looked up by the names of each paper, it equals the likelihood by cells up to constants of the data."""
    frame = simulate_papers(250, 5)
    rows, data = select({"papers": frame}, SHIFTED).frame, prepare({"papers": frame}, SHIFTED)
    found, by_cell = evaluate_at_random_point(build(data, ContrastPriors()), list(EFFECTS), 6)
    point = xr.Dataset(
        {name: (("chain", "draw", *dims), found[name][None, None]) for name, dims in EFFECTS.items()},
        coords={dim: data[dim] for dims in EFFECTS.values() for dim in dims},
    )
    slope = (
        point["family_slope"]
        + point["topic_slope_sd"] * point["topic_slope_raw"]
        + point["topic_family_sd"] * point["topic_family_raw"]
    )
    xr.testing.assert_allclose(point["slope"], slope.transpose(*point["slope"].dims))
    for name, dim in (("topic_effect", "topic"), ("size_effect", "size"), ("topic_family_raw", "family")):
        np.testing.assert_allclose(point[name].sum(dim), 0, atol=1e-9)
    p = compute_probability(sum_base(rows, point, 0.5) + multiply_slopes(rows, point, FAMILIES).sum(axis=2))[0]
    q = compute_unseen_industry(rows, SHIFTED).round(3).to_numpy()
    assert (q > 0).sum() > 10
    observed = p + (1 - p) * q
    # Without log(1 - q) of papers that show an industry author: a constant.
    by_paper = np.where(rows["y"], np.log(observed), np.log1p(-observed) - np.log1p(-q))
    assert by_cell.sum() == pytest.approx(by_paper.sum(), rel=1e-9)
    assert len(by_cell) < len(by_paper)


def test_cells_of_one_paper_give_the_same_model():
    """Counts are sufficient: likelihood and estimands are those of single papers."""
    data = prepare({"papers": simulate_papers(250, 5)}, CHOICES)
    n, y = data["n"].values, data["y"].values
    rows = data.isel(cell=np.repeat(np.arange(len(n)), n)).drop_vars("n")
    rows["n"] = ("cell", np.ones(n.sum(), int))
    rows["y"] = (
        "cell",
        np.concatenate([np.arange(count) < some for count, some in zip(n, y, strict=True)]).astype(int),
    )
    totals = [evaluate_at_random_point(build(one, ContrastPriors()), [], 7)[1].sum() for one in (data, rows)]
    assert totals[0] == pytest.approx(totals[1], rel=1e-9)
    draws = make_random_draws(data, 8)
    both = (dataset.drop_vars("panel_weight", errors="ignore") for dataset in (data, rows))
    one, other = (compute_estimands(draws, dataset, CHOICES) for dataset in both)
    xr.testing.assert_allclose(one, other)
