"""Chart data of adoption: shares of papers that mention a pre-trained model, by team type and in NLP."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from models.common.chart_data import Charts, Rows, list_bands
from models.common.team_types import TEAM_TYPES

PANELS = {
    "share": "all fields, the same in every year",
    "use": "mention and use (lower bound of use)",
    "share_nlp": "natural language processing",
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
    found = trees["main"]["estimands"].to_dataset()
    panels = [{"panel": name, "title": title} for name, title in PANELS.items() if f"{name}_by_year" in found]
    bands: Rows = [
        {"panel": panel["panel"], "team": team} | row
        for panel in panels
        for team in TEAM_TYPES
        for row in list_bands(found[f"{panel['panel']}_by_year"].sel(team=team))
    ]
    counted = found["observed_by_year"].isel(chain=0, draw=0)
    observed: Rows = [
        {"panel": "share", "team": team, "year": year, "observed": float(counted.sel(team=team, year=year))}
        for team in TEAM_TYPES
        for year in counted["year"].to_numpy().tolist()
        if bool(counted.sel(team=team, year=year).notnull())
    ]
    return {
        "pretrained_adoption": bands,
        "pretrained_adoption/observed": observed,
        "pretrained_adoption/panels": panels,
    }
