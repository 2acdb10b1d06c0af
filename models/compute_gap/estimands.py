"""Estimands of the hardware gap: ratios by four means, and the probability of using more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from models.common.cells import FEW, Floats
from models.common.estimand import fitted, ratio, ratio_from_log, rows, share
from models.common.team_types import ACADEMIA_ONLY, TEAM_TYPES
from models.compute_gap.choices import Choices
from models.compute_gap.definitions import (
    BIN_WIDTH,
    FIRST_BIN,
    INDUSTRY,
    LARGEST,
    N_BINS,
    PUBLISHED_AT,
    SIDES,
)
from models.compute_gap.distributions import (
    MEANS,
    compare,
    compare_samples,
    compute_distribution,
    join_industry,
    locate,
    make_grid,
)


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
        - ``neurips_2021_ratio``: the ratio of the mean that the choices name (geometric in the main fit), for which
          papers that state no accelerator may be shifted; ``ratio_geometric_all_papers``: so for all years;
        - ``more_low``, ``more_high``: bounds of ``more`` for all papers read, if those that state no accelerator of
          industry all use less than any of academia, or more.

        For figures: ``share_stated`` (year, team), the share of papers read that state an accelerator, as counted;
        ``neurips_2021_bins`` (side, bin), probability, and ``neurips_2021_means`` (side, mean), log10 FLOP/s.
        Variables of kind ``rows`` count papers.
    """
    groups = list_groups(dataset)
    grid, order = make_grid(dataset["peak"].to_numpy())
    found: dict[str, list[Floats]] = {name: [] for name in (*MEANS, "more")}
    coords = {"chain": draws["chain"].to_numpy(), "draw": draws["draw"].to_numpy(), "industry": list(INDUSTRY)}
    out: dict[str, Any] = {}
    for name, (year_weights, weights) in groups.items():
        chance = compute_distribution(draws, dataset, year_weights, weights, choices.mix)[..., order]
        n = np.array([weights[k].sum() for k in range(len(TEAM_TYPES))])
        by_industry = join_industry(chance, n)
        for what, value in compare(by_industry, chance[:, :, 0], grid).items():
            found[what].append(value)
        if name == PUBLISHED_AT:
            out = _describe_published(by_industry, chance[:, :, 0], grid, n, coords)
    at = {
        what: xr.DataArray(np.stack(value, axis=-1), {**coords, "group": list(groups)},
                           ("chain", "draw", "industry", "group"))
        for what, value in found.items()
    }  # fmt: skip
    stated = count_stated(dataset, groups)
    return xr.Dataset(
        out
        | _name_estimands(at, groups)
        | _compute_bounds(at["more"], stated)
        | _choose_mean(at, stated, choices)
        | _list_stated(stated, at["more"])
    )


def _describe_published(
    industry: Floats, academia: Floats, grid: Floats, n: Floats, coords: Mapping[str, Any]
) -> dict[str, Any]:
    """Describe the published venue-year: replicated samples, and both sides' distributions and means for a figure."""
    of = {name: coords[name] for name in ("chain", "draw")}
    samples = xr.DataArray(
        compare_samples(industry, academia, grid, n), {**coords, "left_out": list(LARGEST)},
        ("chain", "draw", "industry", "left_out"),
    )  # fmt: skip
    sides = np.stack([academia, industry[:, :, 0]], axis=2)
    bins = np.clip((grid - FIRST_BIN) // BIN_WIDTH, 0, N_BINS - 1).astype(int)
    means = np.stack(list(locate(sides, grid).values()), axis=-1)
    dims = ("chain", "draw", "side")
    of["side"] = list(SIDES)
    return {
        "neurips_2021_ratio_sample": ratio(samples, "n_neurips_2021"),
        "neurips_2021_bins": fitted(xr.DataArray(sides @ np.eye(N_BINS)[bins], of, (*dims, "bin"))),
        "neurips_2021_means": fitted(xr.DataArray(means, {**of, "mean": list(MEANS)}, (*dims, "mean"))),
    }


def list_groups(dataset: xr.Dataset) -> dict[str, tuple[Floats, Floats]]:
    """List the groups of papers: each year with 30 papers of academia-only and of industry, all, and the venue-year.

    Returns
    -------
    dict
        Year, ``all``, or the venue-year, to the papers by year (year,), and by team type and base cell (team, base).
    """
    n = dataset["base_n"].to_numpy().astype(float)
    venue_year_idx = dataset["base_venue_year_idx"].to_numpy()
    year_idx = dataset["venue_year_year_idx"].to_numpy()[venue_year_idx]
    venue_years = dataset["venue_year"].to_numpy()[venue_year_idx]
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


def _name_estimands(at: Mapping[str, xr.DataArray], groups: Mapping[str, Any]) -> dict[str, Any]:
    """Name the estimands by group, with the counts of papers on which they are based."""
    names = [name for name in groups if name.isdigit()]
    counts = xr.DataArray(
        [[_count(groups[name][1], i) for name in groups] for i in range(len(INDUSTRY))],
        {"industry": list(INDUSTRY), "group": list(groups)}, ("industry", "group"),
    )  # fmt: skip
    out: dict[str, Any] = {}
    for part in ("_by_year", "_pooled", "neurips_2021_"):
        if part == "neurips_2021_" and PUBLISHED_AT not in groups:
            continue
        of = "n_neurips_2021" if part == "neurips_2021_" else f"n{part}"
        out[of] = rows(_take_part(counts, part), "papers")
        for what, values in at.items():
            name, here = "more" if what == "more" else f"ratio_{what}", _take_part(values, part)
            name = f"{part}{name}" if part == "neurips_2021_" else f"{name}{part}"
            out[name] = share(here, of, reference=0.5) if what == "more" else ratio(here, of)
    if len(names) > 2:
        years = np.array(names, float)
        x = xr.DataArray(years - years.mean(), dims="group")
        for what in MEANS:
            slope = xr.DataArray(np.log(at[what].sel(group=names)) @ x) / float(x @ x)
            out[f"slope_{what}"] = ratio_from_log(slope, "n_pooled")
    return out


def _take_part(values: xr.DataArray, part: str) -> xr.DataArray:
    """Take the groups of a part: years, all papers, or the published venue-year."""
    if part == "_by_year":
        names = [name for name in values["group"].to_numpy().tolist() if name.isdigit()]
        by_year = values.sel(group=names).rename(group="year")
        return by_year.assign_coords(year=[int(name) for name in names])
    return values.sel(group="all" if part == "_pooled" else PUBLISHED_AT, drop=True)


def _count(weights: Floats, industry: int) -> int:
    """Count the papers of both sides of a comparison."""
    sides = (weights[1:].sum(), weights[1].sum(), weights[2].sum())
    return int(weights[0].sum() + sides[industry])


def count_stated(dataset: xr.Dataset, groups: Mapping[str, Any]) -> xr.DataArray:
    """Count papers read, and those that state an accelerator, by group and team type: (count, group, team)."""
    read, stated = (dataset[name].to_numpy().astype(float) for name in ("read_n", "stated_n"))
    years = dataset["year"].to_numpy()[dataset["venue_year_year_idx"].to_numpy()].astype(str)
    names = dataset["venue_year"].to_numpy()
    inside = np.array([(years == group) | (names == group) | (group == "all") for group in groups])
    coords = {"count": ["read", "stated"], "group": list(groups), "team": list(TEAM_TYPES)}
    return xr.DataArray(np.stack([inside @ read, inside @ stated]), coords, ("count", "group", "team"))


def _compute_bounds(more: xr.DataArray, stated: xr.DataArray) -> dict[str, Any]:
    """Bound P(more) for all papers read: industry's papers without a statement all use less than academia's, or more.

    P(more) is that of pairs of papers that both state an accelerator. Of all other pairs, none or all count.
    """
    read, found = stated.sel(count="read", drop=True), stated.sel(count="stated", drop=True)
    industry = xr.concat([_take_industry(found) / _take_industry(read)], "industry").squeeze()
    both = industry * (found / read).sel(team=ACADEMIA_ONLY, drop=True)
    bounds = {"low": more * both, "high": more * both + 1 - both}
    out: dict[str, Any] = {}
    for side, values in bounds.items():
        out[f"more_{side}_by_year"] = share(_take_part(values, "_by_year"), "n_by_year")
        if PUBLISHED_AT in more["group"].to_numpy():
            out[f"neurips_2021_more_{side}"] = share(_take_part(values, "neurips_2021_"), "n_neurips_2021")
    return out


def _take_industry(by_team: xr.DataArray) -> xr.DataArray:
    """Sum counts by team type to any industry, mixed and industry-only: (..., industry)."""
    mixed, industry_only = (by_team.sel(team=team, drop=True) for team in TEAM_TYPES[1:])
    out: xr.DataArray = xr.concat([mixed + industry_only, mixed, industry_only], "industry")
    return out.assign_coords(industry=list(INDUSTRY))


def _choose_mean(at: Mapping[str, xr.DataArray], stated: xr.DataArray, choices: Choices) -> dict[str, Any]:
    """Compute the ratio of the mean that the choices name; that of geometric means also over all papers read.

    Over all papers read, papers that state no accelerator are shifted by ``unstated_shift`` in some team types.
    """
    factor = shift_unstated(stated, choices)
    everything = _take_part(at["geometric"] * factor, "_pooled")
    read = _take_part(stated.sel(count="read"), "_pooled")
    academia = read.sel(team=ACADEMIA_ONLY, drop=True)
    out = {
        "ratio_geometric_all_papers": ratio(everything, "n_all_papers"),
        "n_all_papers": rows((_take_industry(read) + academia).astype(int), "papers"),
    }
    if PUBLISHED_AT in factor["group"].to_numpy():
        chosen = at[choices.mean] * factor if choices.mean == "geometric" else at[choices.mean]
        out["neurips_2021_ratio"] = ratio(_take_part(chosen, "neurips_2021_"), "n_neurips_2021")
    return out


def shift_unstated(stated: xr.DataArray, choices: Choices) -> xr.DataArray:
    """Return the factor of the ratio of geometric means if papers without a statement are shifted: (industry, group).

    Parameters
    ----------
    stated
        As ``count_stated`` returns it.
    choices
        ``unstated_shift`` in dex, and the team types that it concerns.
    """
    read, found = stated.sel(count="read", drop=True), stated.sel(count="stated", drop=True)
    shift = xr.DataArray([choices.unstated_shift * (team in choices.unstated_teams) for team in TEAM_TYPES],
                         {"team": list(TEAM_TYPES)}, ("team",))  # fmt: skip
    total = shift * (read - found)
    mean = _take_industry(total) / _take_industry(read)
    return xr.DataArray(10 ** (mean - (total / read).sel(team=ACADEMIA_ONLY, drop=True)))


def _list_stated(stated: xr.DataArray, like: xr.DataArray) -> dict[str, Any]:
    """List the share of papers read that state an accelerator, by year and team type, as counted."""
    by_year = _take_part(stated, "_by_year")
    read, found = by_year.sel(count="read", drop=True), by_year.sel(count="stated", drop=True)
    counted = (found / read.where(read > 0)).expand_dims(chain=like["chain"], draw=like["draw"])
    return {"share_stated_by_year": fitted(counted), "n_read_by_year": rows(read.astype(int), "papers")}
