"""Standardised distributions of log10 performance by team type, and how they compare: four means and P(more)."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit

from models.common.cells import Floats
from models.common.team_types import TEAM_TYPES
from models.compute_gap.definitions import LARGE, LARGEST, ORDINARY, QUANTILE
from models.compute_gap.linear_predictor import EFFECTS, STAGES, tabulate_log_odds

LEVELS = np.array([*ORDINARY, *LARGE], float)
CLASS_OF_LEVEL = np.array([0, 1, 1, 1, *(2 for _ in LARGE)])
BASE = tuple(f"base_{name}_idx" for name in ("venue_year", "topic", "size"))
CHUNK = 50  # draws at a time
REPLICATES_SEED = 0  # of replicated samples of papers
MEANS = ("geometric", "median", "quantile", "arithmetic")


def make_grid(peak: Floats) -> tuple[Floats, Any]:
    """Return log10 performance of each number of chips and chip, sorted, and the order of the flattened table."""
    values = (np.log10(LEVELS)[:, None] + peak).ravel()
    order = np.argsort(values, kind="stable")
    return values[order], order


def compute_distribution(draws: xr.Dataset, dataset: xr.Dataset, by_year: Floats, weights: Floats, mix: str) -> Floats:
    """Compute the standardised probabilities of number and chip: (chain, draw, team, number times chip).

    Parameters
    ----------
    draws, dataset
        As ``compute_estimands`` takes them.
    by_year
        Papers of the group by year.
    weights
        Papers of the group by team type and base cell.
    mix
        ``common`` averages each team type over all papers of the group, ``own`` over its own.
    """
    used = np.flatnonzero(weights.sum(axis=0))
    idx: dict[str, Any] = {name: dataset[name].to_numpy()[used] for name in BASE}
    common = weights[:, used].sum(axis=0)
    years = np.flatnonzero(by_year)
    effects = {name: _take(draws, name, dims) for name, dims in EFFECTS.items()}
    ordinary = _take(draws, "ordinary_probability", ("year", "team", "ordinary_number"))
    large = _take(draws, "large_probability", ("year", "team", "large"))
    chip = _take(draws, "chip_probability", ("year", "team", "class", "chip"))
    n_draws = len(ordinary)
    out = np.zeros((n_draws, len(TEAM_TYPES), len(LEVELS) * chip.shape[-1]))
    years_of, venues_of = (dataset[f"venue_year_{name}_idx"].to_numpy() for name in ("year", "venue"))
    year_of = years_of[idx["base_venue_year_idx"]]
    for start in range(0, n_draws, CHUNK):
        now = slice(start, start + CHUNK)
        part = [{name: value[now, i] for name, value in effects.items()} for i in range(len(STAGES))]
        tables = [tabulate_log_odds(one, years_of, venues_of, _join_teams) for one in part]
        of_paper = [sum(one[f"{name}_effect"][:, idx[f"base_{name}_idx"]] for name in ("topic", "size"))
                    for one in part]  # fmt: skip
        for k in range(len(TEAM_TYPES)):
            p1, p2 = (np.asarray(expit(table[:, k, idx["base_venue_year_idx"]] + of))
                      for table, of in zip(tables, of_paper, strict=True))  # fmt: skip
            weight = weights[k][used] if mix == "own" and weights[k].any() else common
            for year in years:
                at = year_of == year
                if not weight[at].any():
                    continue
                w = weight[at] / weight.sum()
                several, many = p1[:, at] @ w, (p1 * p2)[:, at] @ w
                total = w.sum()
                classes = np.stack([total - several, several - many, many], axis=-1)
                ordinary_level = classes[:, 1:2] * ordinary[now, year, k]
                level = np.concatenate([classes[:, :1], ordinary_level, classes[:, 2:] * large[now, year, k]], axis=1)
                joint = level[:, :, None] * chip[now, year, k][:, CLASS_OF_LEVEL]
                out[now, k] += joint.reshape(len(joint), -1)
    return out.reshape(draws.sizes["chain"], draws.sizes["draw"], *out.shape[1:])


def _join_teams(parts: list[Floats]) -> Floats:
    return np.concatenate(parts, axis=-2)


def _take(draws: xr.Dataset, name: str, dims: tuple[str, ...]) -> Floats:
    """Return draws with chain and draw as one leading axis."""
    values = draws[name].transpose("chain", "draw", *dims).to_numpy()
    return np.asarray(values.reshape(-1, *values.shape[2:]))


def join_industry(chance: Floats, n: Floats) -> Floats:
    """Return the distributions of any industry, mixed and industry-only: (chain, draw, industry, value)."""
    weight = n[1:] / max(n[1:].sum(), 1)
    anyone = np.tensordot(chance[:, :, 1:], weight, axes=([2], [0]))
    return np.concatenate([anyone[:, :, None], chance[:, :, 1:]], axis=2)


def compare(industry: Floats, academia: Floats, grid: Floats) -> dict[str, Floats]:
    """Compare distributions on a sorted grid of log10 performance: four ratios and the probability of more.

    Parameters
    ----------
    industry
        (..., industry, value), probabilities.
    academia
        (..., value), probabilities.
    grid
        (value,), log10 FLOP/s, sorted.

    Returns
    -------
    dict
        Name to (..., industry): ratios by ``MEANS``, and ``more``, probability.
    """
    both = np.concatenate([industry, academia[..., None, :]], axis=-2)
    out = {name: 10 ** (value[..., :-1] - value[..., -1:]) for name, value in locate(both, grid).items()}
    cumulative = np.cumsum(both, axis=-1)
    cumulative /= cumulative[..., -1:]
    # Values that tie, up to rounding, are one value: cumulative sums are taken at the last of them.
    group = np.cumsum(np.diff(grid, prepend=grid[0]) > 1e-9)
    last = np.flatnonzero(np.diff(group, append=group[-1] + 1))
    below = cumulative[..., -1:, last]
    mass = np.diff(cumulative[..., :-1, last], axis=-1, prepend=0)
    middle = 0.5 * (below + np.concatenate([np.zeros_like(below[..., :1]), below[..., :-1]], axis=-1))
    return out | {"more": (mass * middle).sum(axis=-1)}


def locate(chance: Floats, grid: Floats) -> dict[str, Floats]:
    """Return the four means of distributions (..., value) on a sorted grid, in log10 FLOP/s: (...) by ``MEANS``."""
    chance = chance / chance.sum(axis=-1, keepdims=True)
    cumulative = np.cumsum(chance, axis=-1)
    return {
        "geometric": chance @ grid,
        "median": find_quantile(cumulative, grid, 0.5),
        "quantile": find_quantile(cumulative, grid, QUANTILE),
        "arithmetic": grid[0] + np.log10(chance @ 10 ** (grid - grid[0])),
    }


def find_quantile(cumulative: Floats, grid: Floats, probability: float) -> Floats:
    """Return the smallest value whose cumulative probability is at least this, (...): a value of the lattice."""
    return np.asarray(grid[np.minimum((cumulative < probability - 1e-12).sum(axis=-1), len(grid) - 1)])


def compare_samples(industry: Floats, academia: Floats, grid: Floats, n: Floats) -> Floats:
    """Compare arithmetic means of replicated samples of the venue-year's papers: (..., industry, left_out).

    The largest papers of both samples together are left out, one, two or five.
    """
    rng = np.random.default_rng(REPLICATES_SEED)
    sizes = (int(n[1:].sum()), int(n[1]), int(n[2]))
    value = 10 ** (grid - grid.mean())
    out = np.empty((*industry.shape[:-1], len(LARGEST)))
    count0 = rng.multinomial(int(n[0]), academia / academia.sum(-1, keepdims=True))
    for i, size in enumerate(sizes):
        chance = industry[..., i, :]
        count = rng.multinomial(size, chance / chance.sum(-1, keepdims=True))
        for j, k in enumerate(LARGEST):
            first, second = drop_largest(count, count0, k)
            means = [(each @ value) / np.maximum(each.sum(-1), 1) for each in (first, second)]
            out[..., i, j] = means[0] / means[1]
    return out


def drop_largest(first: Any, second: Any, k: int) -> tuple[Any, Any]:
    """Drop the k largest of two samples together, given as counts on a sorted grid; of ties, the first's go first."""
    both = np.stack([first, second], axis=-1)[..., ::-1, :].reshape(*first.shape[:-1], -1)
    before = np.cumsum(both, axis=-1) - both
    kept = both - np.clip(k - before, 0, both)
    kept = kept.reshape(*first.shape[:-1], -1, 2)[..., ::-1, :]
    return kept[..., 0], kept[..., 1]
