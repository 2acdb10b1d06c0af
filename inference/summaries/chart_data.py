"""What the figures of every claim show: checks of a fit, and headline estimates under other priors."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from inference.summaries.formatting import label_headline
from models.common.chart_data import Charts, Rows, list_bands, make_finite

Values = np.ndarray[Any, Any]
DRAWS = ("prior", "posterior")
BINS = 25
THIN = 10  # of a chain's draws one is kept for its ranks: the plot's band supposes independent draws


def make_check_data(claim: str, trees: Mapping[str, xr.DataTree]) -> Charts:
    """Make the rows of the checks of a claim's main fits (those that are not alternatives of one of them).

    Returns
    -------
    dict
        ``CLAIM_SPEC_predictive``, with ``/bins``; ``CLAIM_SPEC_prior``; ``CLAIM_SPEC_ranks``, with ``/draws``. A fit
        without test quantities, shares by year or scalar top-level parameters lacks the one or the other.
    """
    charts: Charts = {}
    for spec, tree in trees.items():
        if tree.attrs["kind"] == "main":
            name = f"{claim}_{spec}"
            charts[f"{name}_predictive"], charts[f"{name}_predictive/bins"] = _list_predictive(tree)
            charts[f"{name}_prior"] = _list_prior_and_posterior(tree)
            charts[f"{name}_ranks"], charts[f"{name}_ranks/draws"] = _list_ranks(tree)
    return {name: rows for name, rows in charts.items() if rows}


def _list_predictive(tree: xr.DataTree) -> tuple[Rows, Rows]:
    """List test quantities that the likelihood does not fit directly: prior and posterior predictive, and observed.

    Returns
    -------
    tuple
        Their summaries, and their histograms: a row a bin.
    """
    observed = tree["statistics"].to_dataset()
    replicated = {key: tree[f"{key}_statistics"].to_dataset() for key in DRAWS}
    rows: Rows = []
    bins: Rows = []
    for name in observed.data_vars:
        value = float(observed[name])
        if not np.isfinite(value):  # a quantity that these data lack
            continue
        draws = {key: replicated[key][name].to_numpy().ravel() for key in DRAWS}
        finite = {key: values[np.isfinite(values)] for key, values in draws.items()}
        edges = _choose_edges(list(finite.values()), value)
        for key, values in finite.items():
            at = {"statistic": str(name), "draws": key}
            low, middle, high = (make_finite(q) for q in np.quantile(values, [0.055, 0.5, 0.945]))
            rows.append(at | {"observed": value, "low89": low, "median": middle, "high89": high})
            density, _ = np.histogram(values, edges, density=True)
            bins += [
                at | {"low": float(left), "high": float(right), "density": make_finite(height)}
                for (left, right), height in zip(itertools.pairwise(edges), density, strict=True)
            ]
    return rows, bins


def _choose_edges(draws: list[Values], observed: float) -> Values:
    """Return edges of bins over 98 % of all draws and the observed value; around integers, if all draws are such."""
    low, high = np.quantile(np.concatenate([*draws, [observed]]), [0.01, 0.99])
    low, high = min(low, observed), max(high, observed)
    if all((values == np.round(values)).all() for values in draws):
        step = max(1, round((high - low) / BINS))
        return np.arange(low - 0.5, high + 0.5 + step, step)
    return np.linspace(low, high, BINS + 1)


def _list_prior_and_posterior(tree: xr.DataTree) -> Rows:
    """List the bands of shares by year before and after the data: what the prior says, and what it leaves to them."""
    estimands = tree["estimands"].to_dataset()
    shares = [
        share for share in estimands.data_vars.values() if share.attrs.get("scale") == "logit" and "year" in share.dims
    ]
    return [
        {"estimand": str(share.name), **level, "group": group} | row | {"panel": _title_panel(str(share.name), level)}
        for share in shares
        for level in _list_levels(share)
        for group in ("prior_estimands", "estimands")
        for row in list_bands(tree[group].to_dataset()[share.name].sel(level))
    ]


def _list_levels(share: xr.DataArray) -> list[dict[str, str]]:
    """List the levels of a share's dims other than chain, draw and year; one empty level, if there are none."""
    dims = [str(dim) for dim in share.dims if dim not in {"chain", "draw", "year"}]
    levels = itertools.product(*([str(level) for level in share[dim].values] for dim in dims))
    return [dict(zip(dims, level, strict=True)) for level in levels]


def _title_panel(name: str, level: Mapping[str, str]) -> str:
    title = name.removeprefix("large_scale_").removeprefix("share_").removesuffix("_by_year")
    return ": ".join([title.replace("_", " "), *level.values()])


def _list_ranks(tree: xr.DataTree) -> tuple[Rows, Rows]:
    """List the scalar top-level parameters.

    Returns
    -------
    tuple
        R-hat and effective sample sizes, a row a parameter; the thinned draws, a row a chain and draw.
    """
    posterior = tree["posterior"].to_dataset()
    top = [name for name in tree["log_prior"].data_vars if posterior[name].ndim == 2]
    if not top:
        return [], []
    posterior = posterior[top]
    diagnostics = az.summary(xr.DataTree.from_dict({"posterior": posterior}), round_to="none").reset_index()
    rows = [
        {"parameter": row["index"]} | {key: float(row[key]) for key in ("r_hat", "ess_bulk", "ess_tail")}
        for row in diagnostics.to_dict("records")
    ]
    thinned = posterior.isel(draw=slice(None, None, THIN))
    values = {str(name): thinned[name].transpose("chain", "draw").to_numpy() for name in top}
    draws = [
        {"chain": int(chain), "draw": int(draw)} | {name: float(of[i, j]) for name, of in values.items()}
        for i, chain in enumerate(thinned["chain"].to_numpy())
        for j, draw in enumerate(thinned["draw"].to_numpy())
    ]
    return rows, draws


def make_sensitivity_data(claim: str, rows: Rows) -> Charts:
    """Make the rows of a claim's headline estimates: as fitted, and under each other prior.

    Parameters
    ----------
    claim
        Names the figure ``CLAIM_sensitivity``.
    rows
        The claim's rows of estimates.json.
    """
    shown = [row for row in rows if row["headline"] and row["kind"] == "quantity" and row["refits"]]
    if not shown:
        return {}
    estimates: Rows = []
    for row in shown:
        own = {name: row[name] for name in ("median", "eti_low", "eti_high")}
        for title, at in [("the project's priors", own), *((refit["title"], refit["to"]) for refit in row["refits"])]:
            label = title.rpartition("priors of ")[2].split(":")[0]
            estimates.append(
                {"estimate": row["title"], "priors": title, **at, "panel": label_headline(row), "label": label}
            )
    panels = [
        {
            "panel": label_headline(row),
            "published": row["published"],
            "scale": "log" if row["unit"] == "ratio" else "linear",
        }
        for row in shown
    ]
    return {f"{claim}_sensitivity": estimates, f"{claim}_sensitivity/panels": panels}
