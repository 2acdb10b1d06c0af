"""The decomposition by hand, at two venues whose team sizes differ: raking holds the mix of venues fixed.

Iterative proportional fitting of a short list of papers is written out here, with names instead of indices.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from models.topic_compute.cells import prepare
from models.topic_compute.estimands import compute_estimands
from tests.models.topic_papers import CHOICES, TOPICS, make_constant_draws, make_papers

PERIODS = {"2012-14": 2013, "2015-17": 2016, "2018-19": 2019}
EARLY, LATE = "2012-14", "2018-19"
VENUES, SIZES, USES = ("NeurIPS", "CVPR"), {2: "2", 7: "7-8"}, (False, True)
TEAM_SIZE, TOPIC, TERMS, UNEXPLAINED = "team size", "topic mix", "compute terms", "the rest"
FACTORS = {TEAM_SIZE: "authors", TOPIC: "topic", TERMS: "term"}
# Papers by venue and period. One venue has small teams and few terms, the other large teams and many terms. Teams grow
# at both; the second also has more papers in later periods.
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


def list_papers() -> list[Paper]:
    """List papers by their names of venue, period, team size, topic and terms, with ``n`` of each."""
    return [
        {"venue": venue, "period": period, "authors": authors, "topic": TOPICS[j // 2], "term": USES[j % 2], "n": n}
        for (venue, period), by_size in PAPERS.items()
        for authors, row in zip(SIZES, by_size, strict=True)
        for j, n in enumerate(row)
    ]


def compute_probability(paper: Paper) -> float:
    """Return the probability of an academia-only team."""
    log_odds = EFFECTS["venue_year_effect"][f"{paper['venue']} {PERIODS[paper['period']]}"]
    log_odds += EFFECTS["size_effect"][SIZES[paper["authors"]]] + EFFECTS["topic_effect"][paper["topic"]]
    return float(expit(log_odds + paper["term"] * EFFECTS["slope"]["scale"]))


def weigh_papers(period: str) -> list[tuple[Paper, float]]:
    """Return papers of a period with weights that give each venue its share of all periods together."""
    every = list_papers()
    weighted = []
    for paper in (p for p in every if p["period"] == period):
        of_venue = [p for p in every if p["venue"] == paper["venue"]]
        all_periods, here = sum(p["n"] for p in of_venue), sum(p["n"] for p in of_venue if p["period"] == period)
        weighted.append((paper, paper["n"] * all_periods / here))
    total = sum(weight for _, weight in weighted)
    return [(paper, weight / total) for paper, weight in weighted]


def sum_weights(weighted: list[tuple[Paper, float]], name: str, level: Any) -> float:
    """Return the weight of the papers of one category."""
    return sum(weight for paper, weight in weighted if paper[name] == level)


def rake_late_papers(factors: tuple[str, ...]) -> list[tuple[Paper, float]]:
    """Scale late papers in turn until venues and these factors are as frequent as among early papers."""
    early, late = weigh_papers(EARLY), weigh_papers(LATE)
    names = ["venue", *(FACTORS[factor] for factor in factors)]
    for _ in range(400):
        for name in names:
            scale = {
                level: sum_weights(early, name, level) / sum_weights(late, name, level)
                for level in {paper[name] for paper, _ in late}
            }
            late = [(paper, weight * scale[paper[name]]) for paper, weight in late]
    return late


def average(weighted: list[tuple[Paper, float]]) -> float:
    """Average the probability of weighted papers."""
    return sum(weight * compute_probability(paper) for paper, weight in weighted)


@pytest.fixture(scope="module")
def shares() -> Mapping[tuple[str, ...], float]:
    """Return the late share with each set of factors reweighted to the early margins."""
    sets = [(), *((f,) for f in FACTORS), (TEAM_SIZE, TOPIC), (TEAM_SIZE, TERMS), (TOPIC, TERMS), tuple(FACTORS)]
    return {factors: average(rake_late_papers(factors)) for factors in sets}


@pytest.fixture(scope="module")
def found() -> xr.Dataset:
    rows = [
        {"venue": p["venue"], "year": PERIODS[p["period"]], "team": {"education": p["authors"]}, "topic": p["topic"],
         "terms": ["scale"] * p["term"], "times": p["n"]}
        for p in list_papers()
    ]  # fmt: skip
    data = prepare({"papers": make_papers(rows)}, CHOICES)
    given = dataclasses.replace(CHOICES, resampled=False)
    return compute_estimands(make_constant_draws(data, **EFFECTS), data, given).isel(chain=0, draw=0)


def test_reweighting_without_venues_would_differ():
    """In these papers, reweighting team size without holding venues fixed would also change the mix of venues."""
    early, late = weigh_papers(EARLY), weigh_papers(LATE)
    assert sum_weights(early, "venue", "CVPR") == pytest.approx(sum_weights(late, "venue", "CVPR"))
    scale = {size: sum_weights(early, "authors", size) / sum_weights(late, "authors", size) for size in SIZES}
    without = [(paper, weight * scale[paper["authors"]]) for paper, weight in late]
    assert abs(sum_weights(without, "venue", "CVPR") - sum_weights(late, "venue", "CVPR")) > 0.05
    assert abs(average(without) - average(rake_late_papers((TEAM_SIZE,)))) > 0.01


def test_shares_hold_the_mix_of_venues(found: xr.Dataset):
    for period in PERIODS:
        assert float(found["share_spanning"].sel(period=period)) == pytest.approx(average(weigh_papers(period)))
    change = average(weigh_papers(LATE)) - average(weigh_papers(EARLY))
    assert float(found["change_spanning"]) == pytest.approx(change)
    n = {period: sum(p["n"] for p in list_papers() if p["period"] == period) for period in PERIODS}
    assert found["n_spanning"].to_series().to_dict() == n
    assert int(found["n_compared"]) == n[EARLY] + n[LATE]


@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_reweighted_first_and_last(factor: str, found: xr.Dataset, shares: Mapping[tuple[str, ...], float]):
    others = tuple(name for name in FACTORS if name != factor)
    first, last = shares[()] - shares[(factor,)], shares[others] - shares[tuple(FACTORS)]
    assert abs(first - last) > 1e-4  # the order matters
    assert float(found["goes_with_first"].sel(factor=factor)) == pytest.approx(first, abs=1e-7)
    assert float(found["goes_with_last"].sel(factor=factor)) == pytest.approx(last, abs=1e-7)


def test_the_waterfall(found: xr.Dataset, shares: Mapping[tuple[str, ...], float]):
    order = [(), (TEAM_SIZE,), (TEAM_SIZE, TOPIC), (TEAM_SIZE, TOPIC, TERMS)]
    wanted = [shares[one] - shares[other] for one, other in itertools.pairwise(order)]
    wanted.append(shares[order[-1]] - average(weigh_papers(EARLY)))
    assert found["waterfall"]["step"].values.tolist() == [TEAM_SIZE, TOPIC, TERMS, UNEXPLAINED]
    np.testing.assert_allclose(found["waterfall"], wanted, atol=1e-7)
    assert shares[()] == pytest.approx(average(weigh_papers(LATE)))
