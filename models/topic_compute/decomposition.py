"""Decomposition of the change in the academia-only share, by reweighting factors to their early margins.

The share is that of a balanced panel of venues at a fixed mix of venues, averaged over the papers of a period. A factor
is reweighted by raking (Deming and Stephan 1940): the weights of the late papers are scaled until the factor's margin
is the early one, while the mix of venues stays fixed. Several factors are raked together. A factor accounts for one
part of the change if it is reweighted first, and for another if last. The change that is left when every factor is
reweighted is unexplained. It is change at given team size, topic and exposure, plus change in their joint distribution
that raking does not remove.

The target
----------
The papers of a venue-year are seen as draws from the papers that it might have published. Shares and parts of a change
are those of the latter, so they are uncertain for two reasons: the probability of an academia-only team in a cell, and
the cells into which papers fall. The first is in the draws of the model. The second comes from a Bayesian bootstrap
(Rubin 1981, Annals of Statistics 9:130): at each draw, the papers of a venue-year have random weights, their number
times Dirichlet(1, ..., 1), and everything is computed anew with these weights, including the raking. Numbers of papers
by venue-year are fixed. With ``resampled`` off, papers are taken as given, and intervals are narrower.

Neither allows for teams that are not independent: a company, a laboratory or a group of authors with several papers
counts as often as it has papers. Intervals are too narrow by as much as such papers resemble one another.
"""

from __future__ import annotations

import itertools
import json

import numpy as np
import xarray as xr
from scipy.sparse import csr_array
from scipy.special import expit

from models.common.cells import Floats, Ints, find_balanced_panel
from models.common.estimand import difference, rows, share
from models.common.standardise import Part, standardise

FEWEST = 20  # papers that a venue of the balanced panel has in each period, at least
BOOTSTRAP_SEED = 0  # of the weights of papers, which are the same for the same data and number of draws
CHUNK = 50  # draws reweighted at a time
# Raking of bootstrap weights ends when no category differs from its target by more than this share of all weight. It
# starts from the factors of the observed papers, so that a few rounds are enough.
BOOTSTRAP_TOLERANCE = 1e-5
MOST_ROUNDS = 2000  # of raking
MOST_STEPS = 30  # of Newton's method, after a round of raking each; a handful is enough if a solution exists
LONGEST_STEP = 1.0  # in the logarithm of a factor
RIDGE = 1e-10  # a margin's categories have a sum of 1: their Hessian is singular
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
    for _ in range(MOST_ROUNDS):
        worst = 0.0
        for idx, levels, goal in wanted:
            have = np.bincount(idx, out, levels)
            factor = np.divide(goal, have, out=np.zeros(levels), where=have > 0)
            worst = max(worst, float(np.abs(have - goal).max()))
            out = out * factor[idx]
        if worst < tolerance or out.sum() == 0:
            break
    return out / out.sum() if out.sum() > 0 else out


def standardise_bootstrapped(parts: list[Part], dataset: xr.Dataset) -> xr.DataArray:
    """Average the probability under each setting by draw, with weights of papers that differ between draws.

    The factors that raking gave the observed papers, ``panel_weight`` over papers, are the start of the raking at each
    draw. Cells that a setting's margins do not distinguish have the same factors, so they are raked as one.

    Returns
    -------
    xarray.DataArray
        (chain, draw, setting), probability.
    """
    settings = dataset["setting"].to_numpy().tolist()
    weight = dataset["panel_weight"].to_numpy()
    used = np.flatnonzero(weight.any(axis=0))
    weight = weight[:, used]
    cells = {name: dataset[f"{name}_idx"].to_numpy()[used] for name in ("venue_year", "size", "topic", "exposure")}
    cells["venue"] = np.unique(dataset["venue_year_venue"].to_numpy(), return_inverse=True)[1][cells["venue_year"]]
    margins = dict(zip(str(dataset.attrs["factors"]).split("; "), ("size", "topic", "exposure"), strict=True))
    early = weight[0]
    rakers = [
        Raker(weight[i], early, [cells["venue"], *(cells[margins[name]] for name in setting.split(" + "))])
        if setting not in dataset["period"]
        else None
        for i, setting in enumerate(settings)
    ]
    n = dataset["n"].to_numpy()[used].astype(float)
    venue_year = np.unique(cells["venue_year"], return_inverse=True)[1]
    by_venue_year = make_indicator(venue_year)
    papers = by_venue_year @ n
    tables = [(part.transpose("chain", "draw", ...).to_numpy(), index[used]) for part, index in parts]
    chains, draws = (parts[0][0].sizes[dim] for dim in ("chain", "draw"))
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    out = np.empty((chains, draws, len(settings)))
    for chain in range(chains):
        for first in range(0, draws, CHUNK):
            now = slice(first, first + CHUNK)
            p = expit(np.asarray(sum(table[chain, now][:, index] for table, index in tables))).T
            drawn = rng.standard_gamma(n[:, None], p.shape)
            # Weight of a paper of the cell, on average 1.
            drawn *= (papers[:, None] / (by_venue_year @ drawn))[venue_year] / n[:, None]
            target = early[:, None] * drawn
            for i, raker in enumerate(rakers):
                weights = weight[i][:, None] * drawn
                if raker is None:
                    out[chain, now, i] = (weights * p).sum(axis=0) / weights.sum(axis=0)
                else:
                    out[chain, now, i] = raker.average_values(p, weights, target)
    coords = {name: parts[0][0][name].to_numpy() for name in ("chain", "draw")} | {"setting": settings}
    return xr.DataArray(out, coords, ("chain", "draw", "setting"))


def make_indicator(idx: Ints, levels: int | None = None) -> csr_array:
    """Return the matrix (level, cell) that sums cells by level."""
    shape = (int(idx.max()) + 1 if levels is None else levels, len(idx))
    return csr_array((np.ones(len(idx)), (idx, np.arange(len(idx)))), shape)


class Raker:
    """Raking of many sets of weights to the margins of as many targets, by groups of cells that share all margins.

    The factors of raked weights are the exponentials of the parameters of a log-linear model. Newton's method finds
    them in a few steps. Iterative proportional fitting needs hundreds of rounds, because venues and topics go together.

    Parameters
    ----------
    weights
        (cell,), start of the raking; cells of weight 0 stay out.
    target
        (cell,), weights whose margins are wanted. Its cells of weight 0 stay out, in all sets.
    margins
        Index vectors (cell,), one per margin.
    """

    def __init__(self, weights: Floats, target: Floats, margins: list[Ints]) -> None:
        """Find the groups of cells, and the common categories of each margin."""
        self.inside, self.target = np.flatnonzero(weights), np.flatnonzero(target)
        levels, group_idx = np.unique(np.stack(margins)[:, self.inside], axis=1, return_inverse=True)
        self.groups = make_indicator(group_idx)
        levels_of: list[Ints] = []  # of each margin, the index of each group among the categories of all margins
        goals = []
        self.first = [0]  # index of each margin's first category
        self.sums = []  # of each margin, the matrix that sums groups by category
        for idx, level in zip(margins, levels, strict=True):
            known = np.unique(level)
            cells = np.flatnonzero(np.isin(idx[self.target], known))  # common categories alone, as in ``rake``
            if len(cells):
                levels_of.append(self.first[-1] + np.searchsorted(known, level))
                row = np.searchsorted(known, idx[self.target][cells])
                goals.append(csr_array((np.ones(len(cells)), (row, cells)), (len(known), len(self.target))))
                self.first.append(self.first[-1] + len(known))
                self.sums.append(make_indicator(np.searchsorted(known, level)))
        self.levels, self.goals = np.array(levels_of), goals
        pairs = (self.levels[:, None] * self.first[-1] + self.levels[None]).reshape(-1, len(levels[0]))
        self.pairs, pair_idx = np.unique(pairs, return_inverse=True)
        pair_idx = pair_idx.reshape(pairs.shape)
        every = np.tile(np.arange(pairs.shape[1]), len(pairs))
        self.tables = csr_array((np.ones(pairs.size), (pair_idx.ravel(), every)), (len(self.pairs), pairs.shape[1]))

    def average_values(self, values: Floats, weights: Floats, target: Floats) -> Floats:
        """Average values (cell, set) under weights (cell, set), raked to the margins of the target (cell, set)."""
        inside = weights[self.inside]
        start, total = self.groups @ inside, self.groups @ (inside * values[self.inside])
        parts = [goal @ target[self.target] for goal in self.goals]
        goal = np.concatenate([part / part.sum(axis=0) for part in parts])
        raked = self.rake_once(start / start.sum(axis=0), goal)
        size, active = len(goal), np.arange(goal.shape[1])
        for _ in range(MOST_STEPS):
            now = raked[:, active]
            second = np.zeros((size * size, len(active)))
            second[self.pairs] = self.tables @ now  # the Hessian: joint weights of two categories
            short = goal[:, active] - second[:: size + 1]
            left = abs(short).max(axis=0) > BOOTSTRAP_TOLERANCE
            if not left.any():
                break
            active = active[left]
            matrix = np.moveaxis(second[:, left].reshape(size, size, -1), -1, 0) + RIDGE * np.eye(size)
            step = np.linalg.solve(matrix, short[:, left].T[:, :, None])[:, :, 0].T
            now = now[:, left] * np.exp(np.clip(step, -LONGEST_STEP, LONGEST_STEP)[self.levels].sum(axis=0))
            raked[:, active] = self.rake_once(now, goal[:, active])
        return np.asarray((raked / start * total).sum(axis=0) / raked.sum(axis=0))

    def rake_once(self, raked: Floats, goal: Floats) -> Floats:
        """Scale weights (group, set) to each margin in turn: a round of iterative proportional fitting."""
        for level, matrix, (first, last) in zip(self.levels, self.sums, itertools.pairwise(self.first), strict=True):
            have = matrix @ raked
            factor = np.divide(goal[first:last], have, out=np.zeros_like(have), where=have > 0)
            raked = raked * factor[level - first]
        return raked


def compute_change_estimands(parts: list[Part], dataset: xr.Dataset, resampled: bool) -> dict[str, xr.DataArray]:
    """Compute shares by period, and the parts of the change from the first to the last that factors account for.

    Parameters
    ----------
    parts
        Additive parts of the cells' log-odds, by draw.
    dataset
        With ``panel_weight``, as ``add_panel_weights`` returns it.
    resampled
        Whether the papers are draws from possible ones, or given.

    Returns
    -------
    dict
        ``share_spanning`` (period), probability. Differences in probability: ``change_spanning``; ``goes_with_first``
        and ``goes_with_last`` (factor), the part that a factor accounts for if reweighted first or last; ``waterfall``
        (step), the part if factors are reweighted one after another. A part is negative if the factor accounts for a
        decrease.
    """
    if resampled:
        shares = standardise_bootstrapped(parts, dataset)
    else:
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
