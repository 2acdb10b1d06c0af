"""The parts of the fall by hand, at two venues whose teams differ in size: the mix of venues is held while one rakes.

Iterative proportional fitting of a short list of papers is written out here; venues, sizes, topics and terms are names.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from models.topic_compute.cells import prepare
from models.topic_compute.estimands import compute_estimands
from tests.models.topic_papers import CHOICES, TOPICS, constant_draws, papers

PERIODS = {"2012-14": 2013, "2015-17": 2016, "2018-19": 2019}
EARLY, LATE = "2012-14", "2018-19"
VENUES, SIZES, USES = ("NeurIPS", "CVPR"), {2: "2", 7: "7-8"}, (False, True)
SIZE, TOPIC, TERMS, REST = "team size", "topic mix", "compute terms", "the rest"
FACTORS = {SIZE: "authors", TOPIC: "topic", TERMS: "term"}
# Papers by venue and period. One venue has small teams and few terms, the other large ones and many; at both they grow,
# and the second grows itself.
PAPERS = {
    ("NeurIPS", EARLY): [[18, 6, 9, 4], [5, 3, 4, 2]],
    ("NeurIPS", "2015-17"): [[12, 6, 8, 5], [7, 4, 5, 3]],
    ("NeurIPS", LATE): [[14, 9, 8, 7], [12, 6, 10, 8]],
    ("CVPR", EARLY): [[4, 3, 2, 5], [10, 9, 7, 6]],
    ("CVPR", "2015-17"): [[6, 5, 4, 6], [20, 18, 15, 14]],
    ("CVPR", LATE): [[5, 6, 3, 9], [40, 45, 38, 60]],
}
EFFECTS: dict[str, dict[Any, float]] = {
    "size_effect": {"2": 0.6, "7-8": -1.1},
    "topic_effect": {TOPICS[0]: 0.3, TOPICS[1]: -0.5},
    "slope": {"scale": -0.7},
    "venue_year_effect": {
        "NeurIPS 2013": 1.2, "NeurIPS 2016": 1.0, "NeurIPS 2019": 0.7,
        "CVPR 2013": -0.3, "CVPR 2016": -0.6, "CVPR 2019": -0.8,
    },
}  # fmt: skip
Paper = dict[str, Any]


def every_paper() -> list[Paper]:
    """One entry a kind of paper: its levels by name, and how many there are."""
    return [
        {"venue": venue, "period": period, "authors": authors, "topic": TOPICS[j // 2], "term": USES[j % 2], "n": n}
        for (venue, period), of_size in PAPERS.items()
        for authors, row in zip(SIZES, of_size, strict=True)
        for j, n in enumerate(row)
    ]


def probability(paper: Paper) -> float:
    at = EFFECTS["venue_year_effect"][f"{paper['venue']} {PERIODS[paper['period']]}"]
    at += EFFECTS["size_effect"][SIZES[paper["authors"]]] + EFFECTS["topic_effect"][paper["topic"]]
    return float(expit(at + paper["term"] * EFFECTS["slope"]["scale"]))


def of_period(period: str) -> list[tuple[Paper, float]]:
    """Papers of a period with their weights: each venue counts as it does in all periods together."""
    every = every_paper()
    weighed = []
    for paper in (p for p in every if p["period"] == period):
        of_venue = [p for p in every if p["venue"] == paper["venue"]]
        all_periods, here = sum(p["n"] for p in of_venue), sum(p["n"] for p in of_venue if p["period"] == period)
        weighed.append((paper, paper["n"] * all_periods / here))
    total = sum(weight for _, weight in weighed)
    return [(paper, weight / total) for paper, weight in weighed]


def share_of(weighed: list[tuple[Paper, float]], name: str, level: Any) -> float:
    return sum(weight for paper, weight in weighed if paper[name] == level)


def fitted_to_the_early_ones(factors: tuple[str, ...]) -> list[tuple[Paper, float]]:
    """Late papers, scaled in turn until venues and these factors are as frequent as among the early papers."""
    early, late = of_period(EARLY), of_period(LATE)
    names = ["venue", *(FACTORS[factor] for factor in factors)]
    for _ in range(400):
        for name in names:
            scale = {
                level: share_of(early, name, level) / share_of(late, name, level)
                for level in {paper[name] for paper, _ in late}
            }
            late = [(paper, weight * scale[paper[name]]) for paper, weight in late]
    return late


def average(weighed: list[tuple[Paper, float]]) -> float:
    return sum(weight * probability(paper) for paper, weight in weighed)


@pytest.fixture(scope="module")
def shares() -> Mapping[tuple[str, ...], float]:
    """The late share with each set of factors set back."""
    sets = [(), *((f,) for f in FACTORS), (SIZE, TOPIC), (SIZE, TERMS), (TOPIC, TERMS), tuple(FACTORS)]
    return {of: average(fitted_to_the_early_ones(of)) for of in sets}


@pytest.fixture(scope="module")
def found() -> xr.Dataset:
    rows = [
        {"venue": p["venue"], "year": PERIODS[p["period"]], "team": {"education": p["authors"]}, "topic": p["topic"],
         "terms": ["scale"] * p["term"], "times": p["n"]}
        for p in every_paper()
    ]  # fmt: skip
    data = prepare({"papers": papers(rows)}, CHOICES)
    return compute_estimands(constant_draws(data, **EFFECTS), data, CHOICES).isel(chain=0, draw=0)


def test_a_venue_has_its_teams_and_terms():
    """The table can tell whether venues are held: without them, setting size back would set venues back too."""
    early, late = of_period(EARLY), of_period(LATE)
    assert share_of(early, "venue", "CVPR") == pytest.approx(share_of(late, "venue", "CVPR"))
    scale = {size: share_of(early, "authors", size) / share_of(late, "authors", size) for size in SIZES}
    without = [(paper, weight * scale[paper["authors"]]) for paper, weight in late]
    assert abs(share_of(without, "venue", "CVPR") - share_of(late, "venue", "CVPR")) > 0.05
    assert abs(average(without) - average(fitted_to_the_early_ones((SIZE,)))) > 0.01


def test_shares_hold_the_mix_of_venues(found: xr.Dataset):
    for period in PERIODS:
        assert float(found["share_spanning"].sel(period=period)) == pytest.approx(average(of_period(period)))
    change = average(of_period(LATE)) - average(of_period(EARLY))
    assert float(found["change_spanning"]) == pytest.approx(change)
    n = {period: sum(p["n"] for p in every_paper() if p["period"] == period) for period in PERIODS}
    assert found["n_spanning"].to_series().to_dict() == n
    assert int(found["n_compared"]) == n[EARLY] + n[LATE]


@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_set_back_first_and_last(factor: str, found: xr.Dataset, shares: Mapping[tuple[str, ...], float]):
    others = tuple(name for name in FACTORS if name != factor)
    first, last = shares[()] - shares[(factor,)], shares[others] - shares[tuple(FACTORS)]
    assert abs(first - last) > 1e-4  # the order can be told
    assert float(found["goes_with_first"].sel(factor=factor)) == pytest.approx(first, abs=1e-7)
    assert float(found["goes_with_last"].sel(factor=factor)) == pytest.approx(last, abs=1e-7)


def test_the_parts_in_order(found: xr.Dataset, shares: Mapping[tuple[str, ...], float]):
    order = [(), (SIZE,), (SIZE, TOPIC), (SIZE, TOPIC, TERMS)]
    wanted = [shares[one] - shares[other] for one, other in itertools.pairwise(order)]
    wanted.append(shares[order[-1]] - average(of_period(EARLY)))
    assert found["waterfall"]["step"].values.tolist() == [SIZE, TOPIC, TERMS, REST]
    np.testing.assert_allclose(found["waterfall"], wanted, atol=1e-7)
    assert shares[()] == pytest.approx(average(of_period(LATE)))
