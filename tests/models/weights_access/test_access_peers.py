"""The binomial regression of open weights by another package, against the maximum of its likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from benchmarks import access_peers, peers
from models.weights_access.cells import prepare
from models.weights_access.choices import Choices
from tests.models.weights_access.entries import make_entry, make_many, make_tables, name_sector

pytest.importorskip("statsmodels", reason="make test adds it to .venv")
CHOICES = Choices(error="none")


def test_levels_without_variation_are_left_out() -> None:
    closed = {"weights_access": "unreleased", "weights_terms": ""}
    entries = [
        make_entry(0), make_entry(1, **closed),
        make_entry(2, date="2022-05-01"), make_entry(3, date="2022-05-01"),  # of 2022 all are open
        make_entry(4, domain="Biology", team_resolved="industry-only"),  # the only model of its domain
        make_entry(5, team_resolved="industry-only", **closed),  # and then the only one of its sector-year
        make_entry(6, weights_access="unknown", weights_terms=""),
    ]  # fmt: skip
    cells = access_peers.list_known_cells(prepare(make_tables(entries), CHOICES))
    assert cells[["sector_year", "domain", "n", "y"]].to_numpy().tolist() == [["academia-only 2021", "Language", 2, 1]]


def test_the_odds_ratio_is_that_of_the_maximum_likelihood(monkeypatch: pytest.MonkeyPatch) -> None:
    """The likelihood is written out model by model, with an intercept of each sector-year."""
    entries = make_many(700, 21)
    monkeypatch.setattr(peers, "make_dataset", lambda *_: prepare(make_tables(entries), CHOICES))
    [peer] = access_peers.list_access_peers()
    known = [each for each in entries if each["weights_access"] != "unknown"]
    sectors = [name_sector(each) for each in known]
    groups = [f"{sector} {each['date'][:4]}" for sector, each in zip(sectors, known, strict=True)]
    compute = np.array([(each["log10_compute"] - 22) / 3 for each in known])
    columns: list[Any] = [
        np.where(np.isnan(compute) | (np.array(sectors) != sector), 0, compute) for sector in set(sectors)
    ]
    columns += [np.isnan(compute), [each["notability"] != "" for each in known]]
    columns += [[group == level for group in groups] for level in sorted(set(groups))]
    columns += [[each["domain"] == level for each in known] for level in ("Biology", "Vision")]
    design = np.column_stack(columns).astype(float)
    y = np.array([each["weights_access"] in ("open weights", "fully open") for each in known], float)
    place = list(set(sectors)).index("industry-only")

    def compute_loss(b: np.ndarray) -> float:
        return float(np.logaddexp(0, design @ b).sum() - y @ design @ b)

    best = minimize(compute_loss, np.zeros(design.shape[1]), method="BFGS", options={"gtol": 1e-7}).x
    chance = 1 / (1 + np.exp(-design @ best))
    error = np.sqrt(np.linalg.inv(design.T * (chance * (1 - chance)) @ design)[place, place])
    expected = np.exp(best[place] + norm.ppf(0.945) * error * np.array([0, -1, 1]))
    assert peer.ratio == pytest.approx(tuple(expected), rel=1e-3)
    assert peer.n == sum(~np.isnan(compute) & (np.array(sectors) == "industry-only"))
    assert (peer.claim, peer.estimand, peer.coords) == (
        "weights_access", "odds_ratio_thousandfold", {"sector": "industry-only"},
    )  # fmt: skip
    assert peer.spec == "main" and peer.differs.startswith("labels as they are")
