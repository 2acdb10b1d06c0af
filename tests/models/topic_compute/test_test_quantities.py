"""Chi-squares of the contrast: near 1 for plain binomials, raised by an interaction and by nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import xarray as xr

from models.topic_compute.cells import prepare
from models.topic_compute.test_quantities import compute_chi_square, compute_test_quantities
from tests.models.topic_papers import CHOICES, simulate_papers


def test_chi_square_of_a_plain_binomial_is_near_one():
    rng = np.random.default_rng(2)
    idx = np.repeat(np.arange(200), 5)
    n = rng.integers(5, 20, 1000)
    y = rng.binomial(n, 0.6, (20, 1000))
    assert compute_chi_square(y, n, [idx]).mean() == pytest.approx(1, abs=0.05)
    crossed = [np.arange(1000) % 10, np.arange(1000) // 100]
    assert compute_chi_square(y, n, crossed).mean() == pytest.approx(1, abs=0.25)
    by_hand = [
        ((y[0, idx == g].sum() - n[idx == g].sum() * y[0].sum() / n.sum()) ** 2 / n[idx == g].sum()) for g in range(200)
    ]
    share = y[0].sum() / n.sum()
    assert compute_chi_square(y[:1], n, [idx])[0] == pytest.approx(np.mean(by_hand) / share / (1 - share))


def test_an_interaction_raises_the_chi_square_by_two_factors_alone():
    grid = np.array(list(itertools.product(range(4), range(4))))
    n = np.full(16, 400)
    sign = np.where((grid[:, 0] < 2) == (grid[:, 1] < 2), 1, -1)
    plain, crossed = (np.full((1, 16), 240), (240 + 40 * sign)[None])
    added = (240 + 20 * (grid[:, 0] - 1.5)).astype(int)[None]
    by_one = [compute_chi_square(y, n, [grid[:, 0]])[0] for y in (plain, crossed, added)]
    by_two = [compute_chi_square(y, n, [grid[:, 0], grid[:, 1]])[0] for y in (plain, crossed, added)]
    assert by_one[0] == by_one[1] == pytest.approx(0)
    assert by_one[2] > 5
    assert by_two[0] == pytest.approx(0)
    assert by_two[1] > 10
    assert by_two[2] < 0.5  # additive margins are no interaction


def test_test_quantities_show_an_interaction_in_the_papers():
    """Probabilities of the same papers differ so that two factors interact."""
    data = prepare({"papers": simulate_papers(2500, 11)}, CHOICES)
    venue_year_idx = data["venue_year_idx"].values
    names = {name: data[f"{key}_idx"].values for name, key in (("topic", "topic"), ("team size", "size"))}
    names |= {name: data[f"venue_year_{name}"].values[venue_year_idx] for name in ("venue", "year")}
    names |= {"exposure": data["exposure_idx"].values}
    rng = np.random.default_rng(3)
    n = data["n"].values

    def simulate_quantities(chance: Any) -> xr.Dataset:
        y = xr.Dataset({"y_obs": (("chain", "draw", "cell"), rng.binomial(n, chance, (1, 40, len(n))))})
        return compute_test_quantities(y, data).mean()

    plain = simulate_quantities(0.6)
    assert {f"chi-square by {name}" for name in names} < set(plain.data_vars)
    crossings = [
        str(name).removeprefix("chi-square by ").split(" and ") for name in plain.data_vars if " and " in str(name)
    ]
    assert {("topic", "venue"), ("team size", "venue")} <= {tuple(crossing) for crossing in crossings}
    for first, second in crossings:
        sides = []
        for name in (first, second):
            half = np.unique(names[name], return_inverse=True)[1] % 2
            sides.append(half - np.average(half, weights=n))  # so that neither margin moves
        crossed = simulate_quantities(0.6 + 0.7 * sides[0] * sides[1])
        both = f"chi-square by {first} and {second}"
        assert float(crossed[both]) > 1.3 * float(plain[both]), both
        for name in (f"chi-square by {first}", f"chi-square by {second}"):
            assert float(crossed[name] - plain[name]) < 0.5 * float(crossed[both] - plain[both]), (both, name)
