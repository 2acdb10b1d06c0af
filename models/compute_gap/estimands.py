"""Estimands of the hardware gap: ratios by four means, and the probability of using more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit

from models.common.cells import FEW, Floats
from models.common.estimand import quantity, ratio, ratio_from_log, rows, share
from models.common.team_types import ACADEMIA_ONLY, INDUSTRY_ONLY, MIXED, TEAM_TYPES
from models.compute_gap.choices import Choices
from models.compute_gap.definitions import ANY_INDUSTRY, LARGE, LARGEST, ORDINARY, PUBLISHED_AT, QUANTILE
from models.compute_gap.linear_predictor import EFFECTS, STAGES, compute_log_odds

INDUSTRY = (ANY_INDUSTRY, MIXED, INDUSTRY_ONLY)  # each against academia-only
LEVELS = np.array([*ORDINARY, *LARGE], float)
CLASS_OF_LEVEL = np.array([0, 1, 1, 1, *(2 for _ in LARGE)])
BASE = tuple(f"base_{name}_idx" for name in ("venue_year", "topic", "size", "venue", "year"))
CHUNK = 50  # draws at a time
REPLICATES_SEED = 0  # of replicated samples of papers
MEANS = ("geometric", "median", "quantile", "arithmetic")


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute ratios of performance and the probability of using more, by draw.

    Performance is the number of chips times the peak of a chip, in FLOP/s. Its distribution by team type is
    standardised: the probability of each number of chips is averaged over the papers of a year (or of NeurIPS 2021) as
    if each were by that team type; with the mix ``own``, over the team type's own papers. Any industry is the mixture
    of mixed and industry-only by their numbers of papers.

    Returns
    -------
    xarray.Dataset
        With dims chain, draw, ``industry`` (any, mixed, industry-only, against academia-only), and ``year`` for years
        with 30 papers of either side, all years together (``_pooled``), or the published venue-year
        (``neurips_2021_``):

        - ``ratio_geometric``, ``ratio_median``, ``ratio_quantile`` (90 %), ``ratio_arithmetic``: ratios of the four;
        - ``more``: probability that a paper with industry uses more than an academia-only one, ties counted half;
        - ``ratio_sample`` (left_out): ratio of arithmetic means of replicated samples of as many papers, without the
          none, one, two and five largest of all papers;
        - ``slope_...``: factor by which a ratio changes in a year, by least squares over the years;
        - ``more_low``, ``more_high``: bounds of ``more`` for all papers read, if those that state no accelerator of
          industry all use less than any of academia, or more;
        - ``share_stated`` (year, team): share of papers read that state an accelerator, as counted.
        Variables of kind ``rows`` count papers.
    """
    groups = list_groups(dataset)
    grid, order = make_grid(dataset["peak"].to_numpy())
    found: dict[str, list[Floats]] = {name: [] for name in (*MEANS, "more")}
    samples = None
    for name, (year_weights, weights) in groups.items():
        chance = compute_distribution(draws, dataset, year_weights, weights, choices.mix)[..., order]
        n = np.array([weights[k].sum() for k in range(len(TEAM_TYPES))])
        by_industry = join_industry(chance, n)
        for what, value in compare(by_industry, chance[:, :, 0], grid).items():
            found[what].append(value)
        if name == PUBLISHED_AT:
            samples = compare_samples(by_industry, chance[:, :, 0], grid, n)
    coords = {"chain": draws["chain"].to_numpy(), "draw": draws["draw"].to_numpy(), "industry": list(INDUSTRY)}
    at = {
        what: xr.DataArray(np.stack(value, axis=-1), {**coords, "group": list(groups)},
                           ("chain", "draw", "industry", "group"))
        for what, value in found.items()
    }  # fmt: skip
    out = _name_estimands(at, dataset, groups)
    if samples is not None:
        values = xr.DataArray(samples, {**coords, "left_out": list(LARGEST)}, ("chain", "draw", "industry", "left_out"))
        out["neurips_2021_ratio_sample"] = ratio(values, "n_neurips_2021")
    return xr.Dataset(
        out | _compute_bounds(at["more"], dataset, groups) | shift_unstated(at["geometric"], dataset, choices)
    )


def list_groups(dataset: xr.Dataset) -> dict[str, tuple[Floats, Floats]]:
    """List the groups of papers: each year with 30 papers of academia-only and of industry, all, and the venue-year.

    Returns
    -------
    dict
        Year, ``all``, or the venue-year, to the papers by year (year,), and by team type and base cell (team, base).
    """
    n = dataset["base_n"].to_numpy().astype(float)
    year_idx = dataset["base_year_idx"].to_numpy()
    venue_years = dataset["venue_year"].to_numpy()[dataset["base_venue_year_idx"].to_numpy()]
    years = dataset["year"].to_numpy()
    inside = {str(year): year_idx == i for i, year in enumerate(years)}
    inside |= {"all": np.ones(len(year_idx), bool), PUBLISHED_AT: venue_years == PUBLISHED_AT}
    out: dict[str, tuple[Floats, Floats]] = {}
    for name, which in inside.items():
        weights = n * which
        if name == "all" or min(weights[0].sum(), weights[1:].sum()) >= FEW:
            by_year = np.array([weights[:, year_idx == i].sum() for i in range(len(years))])
            out[name] = (by_year, weights)
    return out


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
    year_of = idx["base_year_idx"]
    for start in range(0, n_draws, CHUNK):
        now = slice(start, start + CHUNK)
        part = [{name: value[now, i] for name, value in effects.items()} for i in range(len(STAGES))]
        for k in range(len(TEAM_TYPES)):
            p1, p2 = (np.asarray(expit(compute_log_odds(one, idx, k, "base_"))) for one in part)
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
    cumulative = np.cumsum(both, axis=-1)
    cumulative /= cumulative[..., -1:]
    log_ratio = {
        "geometric": both @ grid,
        "median": find_quantile(cumulative, grid, 0.5),
        "quantile": find_quantile(cumulative, grid, QUANTILE),
        "arithmetic": np.log10(both @ 10 ** (grid - grid[0])),
    }
    out = {name: 10 ** (value[..., :-1] - value[..., -1:]) for name, value in log_ratio.items()}
    # Values that tie, up to rounding, are one value: cumulative sums are taken at the last of them.
    group = np.cumsum(np.diff(grid, prepend=grid[0]) > 1e-9)
    last = np.flatnonzero(np.diff(group, append=group[-1] + 1))
    below = cumulative[..., -1:, last]
    mass = np.diff(cumulative[..., :-1, last], axis=-1, prepend=0)
    middle = 0.5 * (below + np.concatenate([np.zeros_like(below[..., :1]), below[..., :-1]], axis=-1))
    return out | {"more": (mass * middle).sum(axis=-1)}


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


def _name_estimands(at: Mapping[str, xr.DataArray], dataset: xr.Dataset, groups: Mapping[str, Any]) -> dict[str, Any]:
    """Name the estimands by group, with the counts of papers on which they are based."""
    names = [name for name in groups if name.isdigit()]
    years = [int(name) for name in names]
    counts = xr.DataArray(
        [[_count(groups[name][1], i) for name in groups] for i in range(len(INDUSTRY))],
        {"industry": list(INDUSTRY), "group": list(groups)}, ("industry", "group"),
    )  # fmt: skip
    parts = {"_by_year": names, "_pooled": ["all"]} | ({"neurips": [PUBLISHED_AT]} if PUBLISHED_AT in groups else {})
    out: dict[str, Any] = {}
    for what, values in at.items():
        name = "more" if what == "more" else f"ratio_{what}"
        for part, members in parts.items():
            here, n = values.sel(group=members), counts.sel(group=members)
            full = f"neurips_2021_{name}" if part == "neurips" else f"{name}{part}"
            of = "n_neurips_2021" if part == "neurips" else f"n{part}"
            if part == "_by_year":
                here, n = (each.rename(group="year").assign_coords(year=years) for each in (here, n))
            else:
                here, n = here.isel(group=0, drop=True), n.isel(group=0, drop=True)
            out[full] = share(here, of, reference=0.5) if what == "more" else ratio(here, of)
            out[of] = rows(n, "papers")
        if what != "more" and len(years) > 2:
            x = np.array(years, float) - np.mean(years)
            slope = xr.DataArray(np.log(values.sel(group=names)) @ xr.DataArray(x, dims="group")) / (x @ x)
            out[f"slope_{what}"] = ratio_from_log(slope, "n_pooled")
    return out


def _count(weights: Floats, industry: int) -> int:
    """Count the papers of both sides of a comparison."""
    sides = (weights[1:].sum(), weights[1].sum(), weights[2].sum())
    return int(weights[0].sum() + sides[industry])


def _compute_bounds(more: xr.DataArray, dataset: xr.Dataset, groups: Mapping[str, Any]) -> dict[str, Any]:
    """Bound P(more) for all papers read: those that state no accelerator use less than all others, or more."""
    names = [name for name in groups if name.isdigit()]
    years = [int(name) for name in names]
    read, stated = dataset["read_n"].astype(float), dataset["stated_n"].astype(float)
    out: dict[str, Any] = {
        "share_stated_by_year": share((stated / read).sel(year=years).expand_dims(
            chain=more["chain"], draw=more["draw"]), "n_read_by_year"),
        "n_read_by_year": rows(dataset["read_n"].sel(year=years), "papers"),
    }  # fmt: skip
    industry = xr.concat(
        [read.isel(team=[1, 2]).sum("team"), read.isel(team=1, drop=True), read.isel(team=2, drop=True)], "industry"
    )
    of = xr.concat(
        [stated.isel(team=[1, 2]).sum("team"), stated.isel(team=1, drop=True), stated.isel(team=2, drop=True)],
        "industry",
    )
    both = (of / industry).assign_coords(industry=list(INDUSTRY)) * (stated / read).sel(team=ACADEMIA_ONLY, drop=True)
    here = more.sel(group=names).rename(group="year").assign_coords(year=years)
    both = both.sel(year=years)
    out["more_low_by_year"] = share(here * both, "n_by_year")
    out["more_high_by_year"] = share(here * both + 1 - both, "n_by_year")
    return out


def shift_unstated(geometric: xr.DataArray, dataset: xr.Dataset, choices: Choices) -> dict[str, Any]:
    """Compute the pooled ratio of geometric means over all papers read, if those without a statement are shifted."""
    read, stated = (dataset[name].sum("year").to_numpy().astype(float) for name in ("read_n", "stated_n"))
    shifted = np.array([choices.unstated_shift * (team in choices.unstated_teams) for team in TEAM_TYPES])
    mean = shifted * (1 - stated / read)
    industry = np.array([(mean[1:] * read[1:]).sum() / read[1:].sum(), mean[1], mean[2]])
    factor = xr.DataArray(10 ** (industry - mean[0]), {"industry": list(INDUSTRY)}, ("industry",))
    value = geometric.sel(group="all", drop=True) * factor
    total = xr.DataArray(
        [read.sum(), read[0] + read[1], read[0] + read[2]], {"industry": list(INDUSTRY)}, ("industry",)
    )
    return {
        "ratio_geometric_all_papers": quantity(value, "ratio", "log", 1.0, "n_all_papers"),
        "n_all_papers": rows(total.astype(int), "papers"),
    }
