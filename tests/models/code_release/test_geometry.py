"""Code release: the sampler moves in what the labels identify, so error rates do not move shares of releases along.

The posterior is the same for any offset (``test_likelihood``). An offset with a wrong sign or of a wrong venue-year
would only slow the chains down.
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
    compute_errors,
    compute_log_release,
    describe_papers,
    evaluate_on,
    make_small,
)

NAME = "error by team, ceiling by team"
# Log-odds by which each rate moves, for all team types or for one of them.
MOVES = {"ceiling_logit_shifted": -0.4, "sensitivity_team_logit": -0.4, "specificity_team_logit": -0.3}
VENUE_YEARS, CONTRASTS = ("venue_year_effect",), ("any_industry", "only_industry")
CEILING = ("ceiling_logit",)


def compute_labelled(values: Named, papers: pd.DataFrame, by: list[str]) -> pd.Series:
    """Compute the expected share of papers that the annotator labels as released."""
    r, not_r = (np.exp(part) for part in compute_log_release(values, CONFIGURATIONS[NAME], papers))
    a, b = compute_errors(values, CONFIGURATIONS[NAME], papers["team"], papers["era"], shifted=False)
    return papers.assign(share=r * expit(a) + not_r * expit(-b)).groupby(by)["share"].mean()


@pytest.fixture(scope="module")
def at_the_data() -> tuple[Evaluated, Point, pd.DataFrame]:
    """Find a point at which the expected share of each venue-year is the observed one, clipped away from 0 and 1."""
    evaluated = evaluate_on(make_small, CONFIGURATIONS[NAME])
    papers = describe_papers(make_small(), CONFIGURATIONS[NAME])
    point = dict(evaluated.start)
    point["ceiling_logit_shifted"] = point["ceiling_logit_shifted"] + 2.0  # above the highest share
    names = list(evaluated.dataset["venue_year"].to_numpy())
    observed = papers.groupby("venue_year")["released"].mean().clip(0.15, 0.7)
    for _ in range(12):
        step = logit(observed) - logit(compute_labelled(evaluated(point)[0], papers, ["venue_year"]))
        shifted = point["venue_year_effect_shifted"].copy()
        shifted[[names.index(name) for name in step.index]] += step.to_numpy()
        point = point | {"venue_year_effect_shifted": shifted}
    assert abs(compute_labelled(evaluated(point)[0], papers, ["venue_year"]) - observed).max() < 0.01
    return evaluated, point, papers


def find_variable(start: str, point: Point) -> str:
    """Return the name of the sampled variable that begins with ``start``; its end is that of a transform."""
    (name,) = (name for name in point if name.startswith(start))
    return name


def move(
    part: str,
    step: np.ndarray | float,
    at: tuple[Evaluated, Point, pd.DataFrame],
    effects: tuple[str, ...],
    by: list[str],
) -> tuple[float, float]:
    """Return how far shares move if the sampled variables stay, and if the effects stay."""
    evaluated, point, papers = at
    before, _ = evaluated(point)
    name = find_variable(part, point)
    after, _ = evaluated(point | {name: point[name] + step})
    ceiling = () if part == "ceiling_logit_shifted" else CEILING
    fixed = after | {effect: before[effect] for effect in (*effects, *ceiling)}
    start, end, plain = (compute_labelled(values, papers, by) for values in (before, after, fixed))
    return abs(end - start).mean(), abs(plain - start).mean()


@pytest.mark.parametrize("part", MOVES)
def test_error_rates_leave_the_shares_labelled_as_released(
    part: str, at_the_data: tuple[Evaluated, Point, pd.DataFrame]
):
    """If the rates of all team types move, the effects of venue-years make up for it."""
    sampled, plain = move(part, MOVES[part], at_the_data, VENUE_YEARS + CONTRASTS, ["venue_year"])
    assert plain > 0.01
    assert sampled < plain / 3


@pytest.mark.parametrize("team", [1, 2])
@pytest.mark.parametrize("part", MOVES)
def test_error_rates_of_one_team_type_leave_its_share(
    part: str, team: int, at_the_data: tuple[Evaluated, Point, pd.DataFrame]
):
    """If the rates of mixed or of industry-only teams move, the contrasts of venue group and era make up for it."""
    _, point, _ = at_the_data
    step = np.zeros_like(point[find_variable(part, point)])
    step[team] = MOVES[part]
    sampled, plain = move(part, step, at_the_data, CONTRASTS, ["team", "group", "era"])
    assert plain > 0.003
    assert sampled < plain / 2


@pytest.mark.parametrize("part", ["topic_effect", "topic_trend", "size_effect", "topic_venue_raw", "size_venue_raw"])
def test_topics_and_sizes_leave_the_shares_labelled_as_released(
    part: str, at_the_data: tuple[Evaluated, Point, pd.DataFrame]
):
    """Effects of topics, of their trends and of team sizes only contrast the papers of a venue-year."""
    _, point, _ = at_the_data
    step = np.random.default_rng(3).normal(0, 0.1, point[find_variable(part, point)].shape)
    sampled, plain = move(part, step, at_the_data, VENUE_YEARS, ["venue_year"])
    assert sampled < plain / 2
