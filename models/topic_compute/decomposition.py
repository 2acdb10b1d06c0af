"""What goes with the fall of academia-only papers: factors set back to their early distribution, first and last.

The share at venues that span the window, at a fixed mix of venues, is averaged over the papers of a period. A factor is
set back by raking the late papers' weights until the factor's margin is the early one (Deming and Stephan 1940),
the mix of venues held; several factors are raked together. Weights are of the data alone, so that draws differ only in
probabilities. What is left when every factor is set back is the rest: change at given team size, topic and exposure,
with what raking leaves of their joint distribution.
"""

from __future__ import annotations

import itertools
import json

import numpy as np
import xarray as xr

from models.common.cells import Floats, Ints, find_balanced_panel
from models.common.estimand import difference, rows, share
from models.common.standardise import Part, standardise

FEWEST = 20  # papers of a venue in a period that it must have to span
SIZE, TOPIC, REST = "team size", "topic mix", "the rest"


def add_change_weights(dataset: xr.Dataset, of: tuple[str, dict[str, tuple[int, int]]]) -> xr.Dataset:
    """Add the weights of the cells under which shares are compared.

    Returns
    -------
    xarray.Dataset
        With ``fall_weight`` (setting, cell), ``n_spanning`` (period,); attrs ``factors``, ``facts`` with the venues. As
        it was, where no venue spans the window or its papers are too few to be reweighted.
    """
    last_factor, periods = of
    venue_names, venue = np.unique(dataset["venue_of"].to_numpy(), return_inverse=True)
    at_venue = venue[dataset["at_venue_year"].to_numpy()]
    year = dataset["year_of"].to_numpy()[dataset["at_venue_year"].to_numpy()]
    n = dataset["n"].to_numpy().astype(float)
    inside = {name: (year >= first) & (year <= last) for name, (first, last) in periods.items()}
    papers = {name: np.bincount(at_venue, n * within, len(venue_names)) for name, within in inside.items()}
    spans = np.isin(venue_names, find_balanced_panel(venue_names[at_venue], year, n, periods, FEWEST))
    if not spans.any():
        return dataset
    mix = np.sum(list(papers.values()), axis=0) * spans
    base = {}
    for name, within in inside.items():
        per_paper = np.divide(mix, papers[name], out=np.zeros_like(mix), where=papers[name] > 0)
        base[name] = n * within * per_paper[at_venue]
    early, late = base[next(iter(periods))], base[list(periods)[-1]]
    factors = {
        SIZE: dataset["at_size"].to_numpy(),
        TOPIC: dataset["at_topic"].to_numpy(),
        last_factor: dataset["at_exposure"].to_numpy(),
    }
    settings = dict(base)
    for count in range(1, len(factors) + 1):
        for names in itertools.combinations(factors, count):
            settings[" + ".join(names)] = rake(late, early, [at_venue, *(factors[name] for name in names)])
    if not all(weights.sum() > 0 for weights in settings.values()):  # too few papers to set anything back
        return dataset
    dataset = dataset.assign_coords(setting=list(settings))
    dataset["fall_weight"] = (("setting", "cell"), np.array([w / w.sum() for w in settings.values()]))
    counts = [int(papers[name][spans].sum()) for name in periods]
    dataset = dataset.assign_coords(period=list(periods))
    dataset["n_spanning"] = ("period", counts)
    facts = json.loads(dataset.attrs["facts"]) | {"spanning": ", ".join(venue_names[spans])}
    return dataset.assign_attrs(factors="; ".join(factors), facts=json.dumps(facts))


def rake(weights: Floats, target: Floats, margins: list[Ints], tolerance: float = 1e-9) -> Floats:
    """Scale weights until each margin is that of the target (iterative proportional fitting).

    Levels of a margin that only one side has cannot be matched: the target's are left out, and its others keep their
    proportions. Where that leaves no cell at all, the weights are all 0.

    Parameters
    ----------
    weights, target
        (cell,), of the papers to be reweighted, and of those whose margins they get.
    margins
        Positions of the cells in each margin.
    tolerance
        Largest difference of a margin, as a share of all, at which raking ends.
    """
    out = weights / weights.sum()
    wanted = []
    for at in margins:
        levels = int(at.max()) + 1
        goal = np.bincount(at, target, levels) * (np.bincount(at, weights, levels) > 0)
        if goal.sum() > 0:  # a margin without a common level stays as it is
            wanted.append((at, levels, goal / goal.sum()))
    for _ in range(2000):
        worst = 0.0
        for at, levels, goal in wanted:
            have = np.bincount(at, out, levels)
            factor = np.divide(goal, have, out=np.zeros(levels), where=have > 0)
            worst = max(worst, float(np.abs(have - goal).max()))
            out = out * factor[at]
        if worst < tolerance or out.sum() == 0:
            break
    return out / out.sum() if out.sum() > 0 else out


def compute_change_estimands(parts: list[Part], dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Shares by period and the parts of the change from the first to the last, by draw.

    Returns
    -------
    dict
        ``share_spanning`` (period), probability; ``change_spanning``; ``goes_with_first`` and ``goes_with_last``
        (factor), ``waterfall`` (step), differences in probability: negative where the factor goes with a fall.
    """
    settings = dataset["setting"].to_numpy().tolist()
    weights = dict(zip(settings, dataset["fall_weight"].to_numpy(), strict=True))
    shares = standardise(parts, weights, "setting")
    periods = dataset["period"].to_numpy().tolist()
    factors = str(dataset.attrs["factors"]).split("; ")

    def select_setting(*names: str) -> xr.DataArray:
        setting = " + ".join(name for name in factors if name in names) if names else periods[-1]
        return shares.sel(setting=setting, drop=True)

    early = shares.sel(setting=periods[0], drop=True)
    first = {name: select_setting() - select_setting(name) for name in factors}
    last = {
        name: select_setting(*(other for other in factors if other != name)) - select_setting(*factors)
        for name in factors
    }
    steps = {name: select_setting(*factors[:i]) - select_setting(*factors[: i + 1]) for i, name in enumerate(factors)}
    steps[REST] = select_setting(*factors) - early

    def join_factors(values: dict[str, xr.DataArray], dim: str) -> xr.DataArray:
        parts = xr.concat(list(values.values()), xr.DataArray(list(values), dims=dim, name=dim))
        return difference(parts, "n_compared")

    by_period = shares.sel(setting=periods).rename(setting="period")
    return {
        "share_spanning": share(by_period, "n_spanning"),
        "n_compared": rows(dataset["n_spanning"].isel(period=[0, -1]).sum()),
        "change_spanning": difference(select_setting() - early, "n_compared"),
        "goes_with_first": join_factors(first, "factor"),
        "goes_with_last": join_factors(last, "factor"),
        "waterfall": join_factors(steps, "step"),
        "n_spanning": rows(dataset["n_spanning"]),
    }
