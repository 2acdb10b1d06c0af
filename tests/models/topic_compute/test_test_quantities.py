"""Chi-squares of the contrast: near one for plain binomials, raised by an interaction and by nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import xarray as xr

from models.topic_compute.cells import prepare
from models.topic_compute.test_quantities import compute_chi_square, compute_test_quantities
from tests.models.topic_papers import CHOICES, varied


def test_chi_square_of_a_plain_binomial_is_near_one():
    rng = np.random.default_rng(2)
    at = np.repeat(np.arange(200), 5)
    n = rng.integers(5, 20, 1000)
    y = rng.binomial(n, 0.6, (20, 1000))
    assert compute_chi_square(y, n, [at]).mean() == pytest.approx(1, abs=0.05)
    pair = [np.arange(1000) % 10, np.arange(1000) // 100]
    assert compute_chi_square(y, n, pair).mean() == pytest.approx(1, abs=0.25)
    by_hand = [
        ((y[0, at == g].sum() - n[at == g].sum() * y[0].sum() / n.sum()) ** 2 / n[at == g].sum()) for g in range(200)
    ]
    share = y[0].sum() / n.sum()
    assert compute_chi_square(y[:1], n, [at])[0] == pytest.approx(np.mean(by_hand) / share / (1 - share))


def test_an_interaction_raises_the_pair_alone():
    grid = np.array(list(itertools.product(range(4), range(4))))
    n = np.full(16, 400)
    sign = np.where((grid[:, 0] < 2) == (grid[:, 1] < 2), 1, -1)
    plain, crossed = (np.full((1, 16), 240), (240 + 40 * sign)[None])
    added = (240 + 20 * (grid[:, 0] - 1.5)).astype(int)[None]
    single = [compute_chi_square(y, n, [grid[:, 0]])[0] for y in (plain, crossed, added)]
    paired = [compute_chi_square(y, n, [grid[:, 0], grid[:, 1]])[0] for y in (plain, crossed, added)]
    assert single[0] == single[1] == pytest.approx(0)
    assert single[2] > 5
    assert paired[0] == pytest.approx(0)
    assert paired[1] > 10
    assert paired[2] < 0.5  # margins alone are no interaction


def test_test_quantities_see_an_interaction_in_the_papers():
    """The same papers, some swapped between academia and industry so that two groupings interact."""
    data = prepare({"papers": varied(2500, 11)}, CHOICES)
    place = data["at_venue_year"].values
    names = {name: data[f"at_{key}"].values for name, key in (("topic", "topic"), ("team size", "size"))}
    names |= {name: data[f"{name}_of"].values[place] for name in ("venue", "year")}
    names |= {"exposure": data["at_exposure"].values}
    rng = np.random.default_rng(3)
    n = data["n"].values

    def found(chance: Any) -> xr.Dataset:
        y = xr.Dataset({"y_obs": (("chain", "draw", "cell"), rng.binomial(n, chance, (1, 40, len(n))))})
        return compute_test_quantities(y, data).mean()

    plain = found(0.6)
    assert {f"chi-square by {name}" for name in names} < set(plain.data_vars)
    pairs = [
        str(name).removeprefix("chi-square by ").split(" and ") for name in plain.data_vars if " and " in str(name)
    ]
    assert {("topic", "venue"), ("team size", "venue")} <= {tuple(pair) for pair in pairs}
    for first, second in pairs:
        sides = []
        for name in (first, second):
            half = np.unique(names[name], return_inverse=True)[1] % 2
            sides.append(half - np.average(half, weights=n))  # so that neither margin moves
        crossed = found(0.6 + 0.7 * sides[0] * sides[1])
        pair = f"chi-square by {first} and {second}"
        assert float(crossed[pair]) > 1.3 * float(plain[pair]), pair
        for name in (f"chi-square by {first}", f"chi-square by {second}"):
            assert float(crossed[name] - plain[name]) < 0.5 * float(crossed[pair] - plain[pair]), (pair, name)
