"""The binomial regression of mentions by another package: its average probabilities, and the crude ratio, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from benchmarks import adoption_peers
from models.pretrained_adoption.cells import prepare
from models.pretrained_adoption.choices import Choices
from tests.models.pretrained_adoption.mentions import make_many, make_tables

CHOICES = Choices()


def test_the_crude_ratio_is_that_of_counted_shares():
    lines = [("academia-only", "2020", 100, 10), ("mixed", "2021", 50, 10), ("industry-only", "2022", 50, 30),
             ("mixed", "2019", 999, 999)]  # fmt: skip
    cells = pd.DataFrame(lines, columns=["team", "year", "n", "y"])
    ratio, low, high = adoption_peers.compare_crude(cells)
    assert ratio == pytest.approx(0.1 / 0.4)
    error = np.sqrt(1 / 10 - 1 / 100 + 1 / 40 - 1 / 100)
    assert np.log(high / low) == pytest.approx(2 * adoption_peers.REACH * error)


def test_standardised_means_and_their_error():
    rng = np.random.default_rng(5)
    designs = [np.column_stack([np.ones(6), rng.normal(size=6), np.full(6, k)]) for k in (0.0, 1.0, 1.0)]
    params, root = np.array([-2.0, 0.5, 0.7]), rng.normal(0, 0.02, (3, 3))
    weights, shares = rng.uniform(1, 2, 6), [0.75, 0.25]

    def compute_log_ratio(at: np.ndarray) -> float:
        means = [np.average(expit(columns @ at), weights=weights) for columns in designs]
        return float(np.log(means[0] / (0.75 * means[1] + 0.25 * means[2])))

    covariance = root @ root.T
    ratio, low, high = adoption_peers.compare_standardised((params, covariance), designs, shares, weights)
    assert np.log(ratio) == pytest.approx(compute_log_ratio(params))
    drawn = [compute_log_ratio(params + root @ rng.normal(size=3)) for _ in range(4000)]
    assert np.log(high / low) / (2 * adoption_peers.REACH) == pytest.approx(np.std(drawn), rel=0.06)


def test_weights_are_those_of_all_papers_in_the_recent_years():
    data = prepare(make_tables(make_many(600, 3)), CHOICES)
    cells = adoption_peers.list_cells(data)
    standard = adoption_peers.list_standard(data, cells)
    papers = data["base_n"].values
    assert standard["weight"].sum() == pytest.approx(papers.sum() * papers[2:].sum())  # every field has a mention
    assert sorted(standard["year"].unique()) == ["2020", "2021", "2022"]
