"""Code release: what is sampled is what the labels tell, so that errors of the coder move no level of release along.

The model is the same whatever is sampled (``test_code_release_likelihood``); a wrong sign or a wrong venue-year here
would only make chains slow.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from tests.models.test_code_release_likelihood import (
    CONFIGURATIONS,
    Evaluated,
    Named,
    Point,
    described,
    errors,
    evaluated_on,
    log_released,
    small,
)

NAME = "by team, by team"
MOVES = {"willing_logit": -0.4, "sensitivity_logit": -0.4, "specificity_logit": -0.3}


def taken(values: Named, papers: pd.DataFrame, by: list[str]) -> pd.Series:
    """Share of papers that the coder takes for a release."""
    r, not_r = (np.exp(part) for part in log_released(values, CONFIGURATIONS[NAME], papers))
    a, b = errors(values, CONFIGURATIONS[NAME], papers["team"], papers["era"], shifted=False)
    return papers.assign(share=r * expit(a) + not_r * expit(-b)).groupby(by)["share"].mean()


@pytest.fixture(scope="module")
def at_the_data() -> tuple[Evaluated, Point, pd.DataFrame]:
    """A point at which the venue-years' expected shares are those observed; papers of years with some and not all."""
    evaluated, papers = evaluated_on(small, CONFIGURATIONS[NAME]), described(small(), CONFIGURATIONS[NAME])
    point = evaluated.start | {"topic_effect_zerosum__": evaluated.start["topic_effect_zerosum__"] + 0.2}
    place = list(evaluated.dataset["venue_year"].to_numpy())
    observed = papers.groupby("venue_year")["released"].mean().clip(0.15, 0.7)
    for _ in range(12):
        step = logit(observed) - logit(taken(evaluated(point)[0], papers, ["venue_year"]))
        raw = point["venue_year_raw"].copy()
        raw[[place.index(name) for name in step.index]] += step.to_numpy()
        point = point | {"venue_year_raw": raw}
    return evaluated, point, papers


@pytest.mark.parametrize("moved", MOVES)
def test_errors_leave_what_the_coder_takes_for_a_release(
    moved: str, at_the_data: tuple[Evaluated, Point, pd.DataFrame]
):
    """Sampled values fixed, the share stays; with effects fixed instead it does not: that is made up for."""
    evaluated, point, papers = at_the_data
    before, _ = evaluated(point)
    names = [name for name in point if name.startswith(moved)]
    assert len(names) == 1
    after, _ = evaluated(point | {names[0]: point[names[0]] + MOVES[moved]})
    effects = ("venue_year_effect", "any_industry", "only_industry")
    by = ["venue_year"]
    start, end, plain = (
        taken(values, papers, by) for values in (before, after, after | {name: before[name] for name in effects})
    )
    assert abs(plain - start).mean() > 0.01
    assert abs(end - start).mean() < abs(plain - start).mean() / 3


def test_topics_and_sizes_leave_what_the_coder_takes_for_a_release(at_the_data: tuple[Evaluated, Point, pd.DataFrame]):
    """Effects of topics, of their trends and of team sizes move a venue-year's papers against each other alone."""
    evaluated, point, papers = at_the_data
    before, _ = evaluated(point)
    rng = np.random.default_rng(3)
    for part in ("topic_effect", "topic_trend", "size_effect", "topic_venue_raw", "size_venue_raw"):
        (name,) = (name for name in point if name.startswith(part))
        after, _ = evaluated(point | {name: point[name] + rng.normal(0, 0.1, point[name].shape)})
        fixed = after | {"venue_year_effect": before["venue_year_effect"]}
        start, end, plain = (taken(values, papers, ["venue_year"]) for values in (before, after, fixed))
        assert abs(end - start).mean() < abs(plain - start).mean() / 2, part
