"""Chart data of the hardware gap: distributions with their means, and ratios over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from models.common.chart_data import BANDS, Charts, Rows, list_bands
from models.compute_gap.definitions import ANY_INDUSTRY, BIN_WIDTH, FIRST_BIN, INDUSTRY, PUBLISHED_AT, SIDES

MEANS = {
    "median": "median",
    "geometric": "geometric mean",
    "quantile": "90 % quantile",
    "arithmetic": "arithmetic mean",
}
PANELS = {
    **{f"ratio_{name}": f"ratio of {words}s" for name, words in MEANS.items()},
    "more": "P(uses more)",
    "share_stated": "share that states an accelerator",
}


def make_chart_data(trees: Mapping[str, xr.DataTree], estimates: Rows) -> Charts:
    """Make the rows of all figures of the claim.

    Parameters
    ----------
    trees
        Stored fits by specification.
    estimates
        Rows of the claim in estimates.json.

    Returns
    -------
    dict
        Rows by ``FIGURE`` or ``FIGURE/PART``.
    """
    found, dataset = (trees["main"][group].to_dataset() for group in ("estimands", "constant_data"))
    return {**_list_distributions(found, dataset, estimates), **_list_by_year(found)}


def _list_distributions(found: xr.Dataset, dataset: xr.Dataset, estimates: Rows) -> Charts:
    """List the shares of papers in bins of log10 performance by side, fitted and counted, and the means of each side.

    Without the published venue-year there are no rows.
    """
    if "neurips_2021_bins" not in found:
        return {f"compute_gap{part}": [] for part in ("", "/means", "/title")}
    bands = {name: found["neurips_2021_bins"].quantile(q, ("chain", "draw")) for name, q in BANDS.items()}
    middle = FIRST_BIN + BIN_WIDTH * (np.arange(dataset.sizes["bin"]) + 0.5)
    counted = dataset["published_count"]
    bins: Rows = []
    for side in SIDES:
        n = int(counted.sel(side=side).sum())
        for i, x in enumerate(middle):
            count = int(counted.sel(side=side)[i])
            fitted = {name: float(values.sel(side=side)[i]) for name, values in bands.items()}
            bins.append({"side": side, "log10_flops": float(x), "count": count, "share": count / n} | fitted)
    place = found["neurips_2021_means"].median(("chain", "draw"))
    means: Rows = []
    for name, words in MEANS.items():
        row = _find(estimates, f"neurips_2021_ratio_{name}")
        if row is not None:
            at = {side: float(place.sel(side=side, mean=name)) for side in SIDES}
            academia, industry = at.values()
            kept = {key: row[key] for key in ("n", "median", "eti_low", "eti_high", "text")}
            means.append({"mean": words, "academia": academia, "industry": industry} | kept)
    return {
        "compute_gap": bins,
        "compute_gap/means": means,
        "compute_gap/title": [{"venue_year": PUBLISHED_AT}],
    }


def _find(estimates: Rows, name: str) -> dict[str, Any] | None:
    """Return the estimate of the main fit for papers with any industry author."""
    coords = {"industry": ANY_INDUSTRY}
    return next((r for r in estimates if (r["spec"], r["estimand"], r["coords"]) == ("main", name, coords)), None)


def _list_by_year(found: xr.Dataset) -> Charts:
    """List each estimand by year, with industry (any, mixed, industry-only), and the share that states hardware."""
    bands: Rows = []
    for name in PANELS:
        values = found[f"{name}_by_year"]
        if name == "share_stated":
            stated = values.isel(chain=0, draw=0)
            for team in stated["team"].to_numpy().tolist():
                for year in stated["year"].to_numpy().tolist():
                    share = float(stated.sel(team=team, year=year))
                    if np.isfinite(share):
                        bands.append({"panel": name, "group": team, "year": year} | dict.fromkeys(BANDS, share))
            continue
        for group in INDUSTRY:
            of = list_bands(values.sel(industry=group))
            bands += [{"panel": name, "group": group} | row for row in of]
    panels = [{"panel": name, "title": title} for name, title in PANELS.items()]
    return {"compute_gap_years": bands, "compute_gap_years/panels": panels}
