"""Decomposition of the change in the academia-only share, by reweighting factors to their early margins.

The share is that of a balanced panel of venues at a fixed mix of venues, averaged over the papers of a period. A factor
is reweighted by raking (Deming and Stephan 1940): the weights of the late papers are scaled until the factor's margin
is the early one, while the mix of venues stays fixed. Several factors are raked together. A factor accounts for one
part of the change if it is reweighted first, and for another if last. The weights depend on the data alone, so draws
differ only in probabilities. The change that is left when every factor is reweighted is unexplained. It is change at
given team size, topic and exposure, plus change in their joint distribution that raking does not remove.
"""

from __future__ import annotations

import itertools
import json

import numpy as np
import xarray as xr

from models.common.cells import Floats, Ints, find_balanced_panel
from models.common.estimand import difference, rows, share
from models.common.standardise import Part, standardise

FEWEST = 20  # papers that a venue of the balanced panel has in each period, at least
TEAM_SIZE, TOPIC, UNEXPLAINED = "team size", "topic mix", "the rest"


def add_panel_weights(dataset: xr.Dataset, of: tuple[str, dict[str, tuple[int, int]]]) -> xr.Dataset:
    """Add the weights of the cells under which shares are compared.

    Parameters
    ----------
    dataset
        As ``count_papers`` returns it.
    of
        Name of the last factor, and first and last year of the periods by name.

    Returns
    -------
    xarray.Dataset
        The dataset with ``panel_weight`` (setting, cell) and ``n_spanning`` (period,), papers; attrs ``factors``, and
        ``facts`` with the venues. It is unchanged if no venue has enough papers in every period, or if reweighting
        leaves no papers.
    """
    last_factor, periods = of
    venue_names, venue_idx = np.unique(dataset["venue_year_venue"].to_numpy(), return_inverse=True)
    venue_year_idx = dataset["venue_year_idx"].to_numpy()
    venue_idx, year = venue_idx[venue_year_idx], dataset["venue_year_year"].to_numpy()[venue_year_idx]
    n = dataset["n"].to_numpy().astype(float)
    inside = {name: (year >= first) & (year <= last) for name, (first, last) in periods.items()}
    papers = {name: np.bincount(venue_idx, n * within, len(venue_names)) for name, within in inside.items()}
    in_panel = np.isin(venue_names, find_balanced_panel(venue_names[venue_idx], year, n, periods, FEWEST))
    if not in_panel.any():
        return dataset
    mix = np.sum(list(papers.values()), axis=0) * in_panel
    base = {}
    for name, within in inside.items():
        per_paper = np.divide(mix, papers[name], out=np.zeros_like(mix), where=papers[name] > 0)
        base[name] = n * within * per_paper[venue_idx]
    early, late = base[next(iter(periods))], base[list(periods)[-1]]
    factors = {
        TEAM_SIZE: dataset["size_idx"].to_numpy(),
        TOPIC: dataset["topic_idx"].to_numpy(),
        last_factor: dataset["exposure_idx"].to_numpy(),
    }
    settings = dict(base)
    for count in range(1, len(factors) + 1):
        for names in itertools.combinations(factors, count):
            settings[" + ".join(names)] = rake(late, early, [venue_idx, *(factors[name] for name in names)])
    if not all(weights.sum() > 0 for weights in settings.values()):  # reweighting left no papers
        return dataset
    dataset = dataset.assign_coords(setting=list(settings), period=list(periods))
    dataset["panel_weight"] = (("setting", "cell"), np.array([w / w.sum() for w in settings.values()]))
    dataset["n_spanning"] = ("period", [int(papers[name][in_panel].sum()) for name in periods])
    facts = json.loads(dataset.attrs["facts"]) | {"spanning": ", ".join(venue_names[in_panel])}
    return dataset.assign_attrs(factors="; ".join(factors), facts=json.dumps(facts))


def rake(weights: Floats, target: Floats, margins: list[Ints], tolerance: float = 1e-9) -> Floats:
    """Scale weights until each margin is that of the target (iterative proportional fitting).

    A category that only the weights or only the target have cannot be matched. If only the target has it, it is left
    out, and the target's other categories keep their proportions. If no cell is left, all weights are 0.

    Parameters
    ----------
    weights, target
        (cell,), weights of the papers to reweight, and of the papers whose margins they get.
    margins
        Index vectors (cell,), one per margin.
    tolerance
        Raking ends when no category differs from its target by more than this share of all weight.
    """
    out = weights / weights.sum()
    wanted = []
    for idx in margins:
        levels = int(idx.max()) + 1
        goal = np.bincount(idx, target, levels) * (np.bincount(idx, weights, levels) > 0)
        if goal.sum() > 0:  # a margin without a common category stays as it is
            wanted.append((idx, levels, goal / goal.sum()))
    for _ in range(2000):
        worst = 0.0
        for idx, levels, goal in wanted:
            have = np.bincount(idx, out, levels)
            factor = np.divide(goal, have, out=np.zeros(levels), where=have > 0)
            worst = max(worst, float(np.abs(have - goal).max()))
            out = out * factor[idx]
        if worst < tolerance or out.sum() == 0:
            break
    return out / out.sum() if out.sum() > 0 else out


def compute_change_estimands(parts: list[Part], dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Compute shares by period, and the parts of the change from the first to the last that factors account for.

    Parameters
    ----------
    parts
        Additive parts of the cells' log-odds, by draw.
    dataset
        With ``panel_weight``, as ``add_panel_weights`` returns it.

    Returns
    -------
    dict
        ``share_spanning`` (period), probability. Differences in probability: ``change_spanning``; ``goes_with_first``
        and ``goes_with_last`` (factor), the part that a factor accounts for if reweighted first or last; ``waterfall``
        (step), the part if factors are reweighted one after another. A part is negative if the factor accounts for a
        decrease.
    """
    settings = dataset["setting"].to_numpy().tolist()
    weights = dict(zip(settings, dataset["panel_weight"].to_numpy(), strict=True))
    shares = standardise(parts, weights, "setting")
    periods = dataset["period"].to_numpy().tolist()
    factors = str(dataset.attrs["factors"]).split("; ")

    def select_share(*reweighted: str) -> xr.DataArray:
        setting = " + ".join(name for name in factors if name in reweighted) if reweighted else periods[-1]
        return shares.sel(setting=setting, drop=True)

    early = shares.sel(setting=periods[0], drop=True)
    late, all_reweighted = select_share(), select_share(*factors)
    first = {name: late - select_share(name) for name in factors}
    last = {name: select_share(*(other for other in factors if other != name)) - all_reweighted for name in factors}
    steps = {name: select_share(*factors[:i]) - select_share(*factors[: i + 1]) for i, name in enumerate(factors)}
    steps[UNEXPLAINED] = all_reweighted - early

    def join(values: dict[str, xr.DataArray], dim: str) -> xr.DataArray:
        joined = xr.concat(list(values.values()), xr.DataArray(list(values), dims=dim, name=dim))
        return difference(joined, "n_compared")

    by_period = shares.sel(setting=periods).rename(setting="period")
    return {
        "share_spanning": share(by_period, "n_spanning"),
        "n_compared": rows(dataset["n_spanning"].isel(period=[0, -1]).sum()),
        "change_spanning": difference(late - early, "n_compared"),
        "goes_with_first": join(first, "factor"),
        "goes_with_last": join(last, "factor"),
        "waterfall": join(steps, "step"),
        "n_spanning": rows(dataset["n_spanning"]),
    }
