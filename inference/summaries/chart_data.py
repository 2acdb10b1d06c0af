"""Chart data common to all claims: checks of the fits, and headline estimates under other priors."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from inference.summaries.formatting import label_headline
from inference.summaries.series import list_without_eras
from models.common.chart_data import Charts, Rows, list_bands, make_finite

Values = np.ndarray[Any, Any]
DRAWS = ("prior", "posterior")
BINS = 25
THIN = 10  # every tenth draw enters the rank plots, whose band assumes independent draws


def make_check_data(claim: str, trees: Mapping[str, xr.DataTree]) -> Charts:
    """Make the rows of the checks of a claim's main fits (specifications of kind ``main``).

    Returns
    -------
    dict
        ``CLAIM_SPEC_predictive``, with ``/bins``; ``CLAIM_SPEC_prior``; ``CLAIM_SPEC_ranks``, with ``/draws``. Each is
        absent if the fit has no test quantities, shares by year or scalar top-level parameters, respectively.
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
    """Summarise test quantities that the likelihood does not fit directly: prior and posterior predictive, observed.

    Returns
    -------
    tuple
        Their summaries, and their histograms with one row a bin.
    """
    observed = tree["statistics"].to_dataset()
    replicated = {key: tree[f"{key}_statistics"].to_dataset() for key in DRAWS}
    rows: Rows = []
    bins: Rows = []
    for name in observed.data_vars:
        value = float(observed[name])
        if not np.isfinite(value):  # the data do not define this quantity
            continue
        draws = {key: replicated[key][name].to_numpy().ravel() for key in DRAWS}
        finite = {key: values[np.isfinite(values)] for key, values in draws.items()}
        edges = _choose_edges(list(finite.values()), value)
        for key, values in finite.items():
            labels = {"statistic": str(name), "draws": key}
            low, middle, high = (make_finite(q) for q in np.quantile(values, [0.055, 0.5, 0.945]))
            rows.append(labels | {"observed": value, "low89": low, "median": middle, "high89": high})
            density, _ = np.histogram(values, edges, density=True)
            bins += [
                labels | {"low": float(left), "high": float(right), "density": make_finite(height)}
                for (left, right), height in zip(itertools.pairwise(edges), density, strict=True)
            ]
    return rows, bins


def _choose_edges(draws: list[Values], observed: float) -> Values:
    """Return bin edges that cover 98 % of all draws and the observed value; integer draws get bins around integers."""
    low, high = np.quantile(np.concatenate([*draws, [observed]]), [0.01, 0.99])
    low, high = min(low, observed), max(high, observed)
    if all((values == np.round(values)).all() for values in draws):
        step = max(1, round((high - low) / BINS))
        return np.arange(low - 0.5, high + 0.5 + step, step)
    return np.linspace(low, high, BINS + 1)


def _list_prior_and_posterior(tree: xr.DataTree) -> Rows:
    """List the prior and posterior bands of shares by year."""
    estimands = tree["estimands"].to_dataset()
    shares = [
        share for share in estimands.data_vars.values() if share.attrs.get("scale") == "logit" and "year" in share.dims
    ]
    return [
        {"estimand": str(share.name), **coords, "group": group} | row | {"panel": _make_panel_title(share, coords)}
        for share in shares
        for coords in _list_coords(share)
        for group in ("prior_estimands", "estimands")
        for row in list_bands(tree[group].to_dataset()[share.name].sel(coords))
    ]


def _list_coords(share: xr.DataArray) -> list[dict[str, str]]:
    """List the coordinates of a share along dims other than chain, draw and year; without any, one empty dict."""
    dims = [str(dim) for dim in share.dims if dim not in {"chain", "draw", "year"}]
    combinations = itertools.product(*([str(value) for value in share[dim].values] for dim in dims))
    return [dict(zip(dims, values, strict=True)) for values in combinations]


def _make_panel_title(share: xr.DataArray, coords: Mapping[str, str]) -> str:
    title = str(share.name).removeprefix("large_scale_").removeprefix("share_").removesuffix("_by_year")
    return ": ".join([title.replace("_", " "), *coords.values()])


def _list_ranks(tree: xr.DataTree) -> tuple[Rows, Rows]:
    """List diagnostics and thinned draws of the scalar top-level parameters.

    Returns
    -------
    tuple
        R-hat and effective sample sizes, one row a parameter; thinned draws, one row a chain and draw.
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
        {"chain": int(chain), "draw": int(draw)} | {name: float(array[i, j]) for name, array in values.items()}
        for i, chain in enumerate(thinned["chain"].to_numpy())
        for j, draw in enumerate(thinned["draw"].to_numpy())
    ]
    return rows, draws


def make_sensitivity_data(claim: str, rows: Rows) -> Charts:
    """Make the rows of a claim's headline estimates, with the project's priors and with each named prior.

    Of headlines by era, the figure shows the whole period.

    Parameters
    ----------
    claim
        Names the figure ``CLAIM_sensitivity``.
    rows
        The claim's rows of estimates.json.
    """
    found = [row for row in rows if row["headline"] and row["kind"] == "quantity" and row["refits"]]
    shown = list_without_eras(found)
    if not shown:
        return {}
    estimates: Rows = []
    for row in shown:
        fitted = {name: row[name] for name in ("median", "eti_low", "eti_high")}
        refits = [(refit["title"], refit["to"]) for refit in row["refits"]]
        for title, figures in [("the project's priors", fitted), *refits]:
            estimates.append(
                {"estimate": row["title"], "priors": title, **figures, "panel": label_headline(row), "label": title}
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
