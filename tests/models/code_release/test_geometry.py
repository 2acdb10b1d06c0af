"""Code release: what is sampled is what the labels tell, so that errors of the coder move no level of release along.

The model is the same whatever is sampled (``test_likelihood``); a wrong sign or a wrong venue-year here
would only make chains slow.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from tests.models.code_release.density import (
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
# Log-odds by which each error is moved: of all kinds of team, or of one of them alone.
MOVES = {"willing_raw": -0.4, "sensitivity_of_team": -0.4, "specificity_of_team": -0.3}
LEVELS, CONTRASTS = ("venue_year_effect",), ("any_industry", "only_industry")
WILLING = ("willing_logit",)


def taken(values: Named, papers: pd.DataFrame, by: list[str]) -> pd.Series:
    """Share of papers that the coder takes for a release."""
    r, not_r = (np.exp(part) for part in log_released(values, CONFIGURATIONS[NAME], papers))
    a, b = errors(values, CONFIGURATIONS[NAME], papers["team"], papers["era"], shifted=False)
    return papers.assign(share=r * expit(a) + not_r * expit(-b)).groupby(by)["share"].mean()


@pytest.fixture(scope="module")
def at_the_data() -> tuple[Evaluated, Point, pd.DataFrame]:
    """A point at which the venue-years' expected shares are those observed, or near where that is none or all."""
    evaluated, papers = evaluated_on(small, CONFIGURATIONS[NAME]), described(small(), CONFIGURATIONS[NAME])
    point = dict(evaluated.start)
    place = list(evaluated.dataset["venue_year"].to_numpy())
    observed = papers.groupby("venue_year")["released"].mean().clip(0.15, 0.7)
    for _ in range(12):
        step = logit(observed) - logit(taken(evaluated(point)[0], papers, ["venue_year"]))
        raw = point["venue_year_raw"].copy()
        raw[[place.index(name) for name in step.index]] += step.to_numpy()
        point = point | {"venue_year_raw": raw}
    assert abs(taken(evaluated(point)[0], papers, ["venue_year"]) - observed).max() < 0.01
    return evaluated, point, papers


def moved_by(
    part: str,
    step: np.ndarray | float,
    at: tuple[Evaluated, Point, pd.DataFrame],
    effects: tuple[str, ...],
    by: list[str],
) -> tuple[float, float]:
    """By how much the shares move if what is sampled stays, and if the effects stay."""
    evaluated, point, papers = at
    before, _ = evaluated(point)
    (name,) = (name for name in point if name.startswith(part))
    after, _ = evaluated(point | {name: point[name] + step})
    of_willing = () if part == "willing_raw" else WILLING
    fixed = after | {name: before[name] for name in (*effects, *of_willing)}
    start, end, plain = (taken(values, papers, by) for values in (before, after, fixed))
    return abs(end - start).mean(), abs(plain - start).mean()


@pytest.mark.parametrize("part", MOVES)
def test_errors_leave_what_the_coder_takes_for_a_release(part: str, at_the_data: tuple[Evaluated, Point, pd.DataFrame]):
    """Of all kinds of team: the levels of venue-years make up for it."""
    sampled, plain = moved_by(part, MOVES[part], at_the_data, LEVELS + CONTRASTS, ["venue_year"])
    assert plain > 0.01
    assert sampled < plain / 3


@pytest.mark.parametrize("team", [1, 2])
@pytest.mark.parametrize("part", MOVES)
def test_errors_of_one_kind_of_team_leave_its_share(
    part: str, team: int, at_the_data: tuple[Evaluated, Point, pd.DataFrame]
):
    """Of mixed or of industry-only teams: the contrasts of the group and era make up for it."""
    _, point, _ = at_the_data
    (name,) = (name for name in point if name.startswith(part))
    step = np.zeros_like(point[name])
    step[team] = MOVES[part]
    sampled, plain = moved_by(part, step, at_the_data, CONTRASTS, ["team", "group", "era"])
    assert plain > 0.003
    assert sampled < plain / 2


@pytest.mark.parametrize("part", ["topic_effect", "topic_trend", "size_effect", "topic_venue_raw", "size_venue_raw"])
def test_topics_and_sizes_leave_what_the_coder_takes_for_a_release(
    part: str, at_the_data: tuple[Evaluated, Point, pd.DataFrame]
):
    """Effects of topics, of their trends and of team sizes move a venue-year's papers against each other alone."""
    _, point, _ = at_the_data
    (name,) = (name for name in point if name.startswith(part))
    step = np.random.default_rng(3).normal(0, 0.1, point[name].shape)
    sampled, plain = moved_by(part, step, at_the_data, LEVELS, ["venue_year"])
    assert sampled < plain / 2
