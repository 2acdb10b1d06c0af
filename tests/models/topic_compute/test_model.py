"""The contrast's likelihood against calculations by hand, paper by paper."""

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
from tests.models.topic_papers import CHOICES, at_random_point, base_of, random_draws, share, slopes_of, varied

SHIFTED = dataclasses.replace(CHOICES, unseen_shift=0.5)
FAMILIES = list(TERMS)
EFFECTS = {
    "venue_year_effect": ("venue_year",), "topic_effect": ("topic",), "pair_effect": ("pair",),
    "size_effect": ("group", "size"), "slope": ("topic", "family"), "family_slope": ("family",),
    "topic_slope_raw": ("topic",), "topic_slope_sd": (), "topic_family_raw": ("topic", "family"), "topic_family_sd": (),
}  # fmt: skip


def test_likelihood_is_that_of_the_papers_one_by_one():
    """By the names of each paper's levels: the same as by cells, but for constants of the data."""
    frame = varied(250, 5)
    rows, data = select({"papers": frame}, SHIFTED).frame, prepare({"papers": frame}, SHIFTED)
    found, by_cell = at_random_point(build(data, ContrastPriors()), list(EFFECTS), 6)
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
    p = share(base_of(rows, point, 0.5) + slopes_of(rows, point, FAMILIES).sum(axis=2))[0]
    q = compute_unseen_industry(rows, SHIFTED).round(3).to_numpy()
    assert (q > 0).sum() > 10
    chance = p + (1 - p) * q
    # But for log(1 - q) of those that do not show it, a constant.
    by_paper = np.where(rows["y"], np.log(chance), np.log1p(-chance) - np.log1p(-q))
    assert by_cell.sum() == pytest.approx(by_paper.sum(), rel=1e-9)
    assert len(by_cell) < len(by_paper)


def test_a_paper_to_a_cell_is_the_same_model():
    """Sufficient counts: estimands and likelihood are those of the rows."""
    data = prepare({"papers": varied(250, 5)}, CHOICES)
    n, y = data["n"].values, data["y"].values
    rows = data.isel(cell=np.repeat(np.arange(len(n)), n)).drop_vars("n")
    rows["n"] = ("cell", np.ones(n.sum(), int))
    rows["y"] = (
        "cell",
        np.concatenate([np.arange(count) < some for count, some in zip(n, y, strict=True)]).astype(int),
    )
    totals = [at_random_point(build(one, ContrastPriors()), [], 7)[1].sum() for one in (data, rows)]
    assert totals[0] == pytest.approx(totals[1], rel=1e-9)
    draws = random_draws(data, 8)
    both = (of.drop_vars("fall_weight", errors="ignore") for of in (data, rows))
    one, other = (compute_estimands(draws, of, CHOICES) for of in both)
    xr.testing.assert_allclose(one, other)
