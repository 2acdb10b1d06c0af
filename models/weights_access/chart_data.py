"""Chart data of access to weights: classes by sector and year, with bounds, and the share that is known."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from models.common.chart_data import Charts, Rows, list_bands, make_finite
from models.weights_access.definitions import CLASSES, SECTORS

SHARES = {"open": "open weights", "known": "access known"}


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
    return {**_list_shares(found, dataset), **_list_classes(found)}


def _list_shares(found: xr.Dataset, dataset: xr.Dataset) -> Charts:
    """List the shares that are open and known by sector and year, bounds of the first, and the shares as counted."""
    bands: Rows = []
    bounds: Rows = []
    observed: Rows = []
    years = dataset["year"].to_numpy()[dataset["year_idx"].to_numpy()]
    for k, sector in enumerate(SECTORS):
        for name in SHARES:
            of = list_bands(found[f"{name}_by_year"].sel(sector=sector))
            bands += [{"panel": name, "sector": sector} | row for row in of]
        low, high = (
            found[f"open_{end}_by_year"].sel(sector=sector).median(("chain", "draw")) for end in ("low", "high")
        )
        for year in found["year"].to_numpy().tolist():
            both = {"low": make_finite(low.sel(year=year)), "high": make_finite(high.sel(year=year))}
            bounds.append({"sector": sector, "year": year} | both)
            inside = (dataset["sector_idx"].to_numpy() == k) & (years == year)
            n, known, is_open = (int(dataset[name].to_numpy()[inside].sum()) for name in ("n", "known", "open"))
            observed.append({"panel": "known", "sector": sector, "year": year, "observed": known / n, "n": n})
            if known:
                row = {"panel": "open", "sector": sector, "year": year, "observed": is_open / known, "n": known}
                observed.append(row)
    panels = [{"panel": name, "title": title} for name, title in SHARES.items()]
    return {
        "weights_access": bands,
        "weights_access/bounds": bounds,
        "weights_access/observed": observed,
        "weights_access/panels": panels,
    }


def _list_classes(found: xr.Dataset) -> Charts:
    """List the median share of each class of access by sector and year, from the most open."""
    shares = found["access_by_year"].median(("chain", "draw"))
    rows: Rows = [
        {"sector": sector, "year": year, "access": name,
         "share": make_finite(shares.sel(sector=sector, year=year, access=name))}
        for sector in SECTORS
        for name in reversed(CLASSES)
        for year in shares["year"].to_numpy().tolist()
    ]  # fmt: skip
    return {"weights_access_classes": rows}
