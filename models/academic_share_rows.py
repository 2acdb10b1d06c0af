"""The rows behind the academic share: which models count by the choices of the analysis, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from data.io import InputError
from data.schema import LIST_SEPARATOR
from models._claim import Tables

if TYPE_CHECKING:
    from models.academic_share import Choices

SECTORS = ("academia-only", "collaboration", "industry-leaning collaboration", "industry-only", "other")
# How a team enters; data/README.md has the table with reasons. A team of unknown kind is left out.
TEAM_TO_SECTOR = {
    "academia-only": "academia-only",
    "academia-leaning collaboration": "collaboration",
    "collaboration": "collaboration",
    "industry-leaning collaboration": "industry-leaning collaboration",
    "industry-only": "industry-only",
    "government": "other",
    "non-profit": "other",
    "research collective": "other",
    "mixed": "other",
}
SPONSOR_TO_SECTOR = {"academia": "academia-only", "industry": "industry-only"}
TEAM_COLUMN = {"resolved": "team_resolved", "labelled": "team", "sponsor": "compute_sponsor"}
NO_TEAM = {
    "resolved": "team without a sector, by label, organisations or a later vintage",
    "labelled": "team without a sector label",
    "sponsor": "no sponsor of the compute on record",
}
ALONE = {
    "without use alone": ("wide use", {"significant use"}),
    "without cost alone": ("cost of training or at discretion", {"training cost", "discretionary"}),
}
OTHER_DOMAIN = "Other"
Flow = list[dict[str, object]]


def select(tables: Tables, choices: Choices) -> tuple[pd.DataFrame, Flow]:
    """Models of the window whose kind of team is known, and the flow of exclusions (reason, number left out, left).

    Returns
    -------
    frame
        Rows of the table of models, with ``year``, ``sector``, ``domain`` (those of the choices, else Other) and
        ``has_compute``.
    flow
        One dict a step.

    Raises
    ------
    InputError
        If the vintage has no models, or a kind that the claim compares has none with a known compute.
    """
    frame = tables["models"]
    if choices.vintage not in set(frame["vintage"]):
        found = ", ".join(sorted(set(frame["vintage"])))
        raise InputError("no models of this vintage", "table of models", column="vintage", value=choices.vintage,
                         hint=f"found: {found}")  # fmt: skip
    frame = frame[frame["vintage"] == choices.vintage].copy()
    flow: Flow = [{"reason": "models of the vintage", "n": 0, "left": len(frame)}]

    def keep(rows: pd.Series, reason: str) -> None:
        nonlocal frame
        flow.append({"reason": reason, "n": int((~rows).sum()), "left": int(rows.sum())})
        frame = frame[rows]

    if choices.models != "all":
        keep(frame["notability"] != "", "not notable")
    if choices.models in ALONE:
        reason, criteria = ALONE[choices.models]
        alone = frame["notability"].map(lambda cell: set(cell.split(LIST_SEPARATOR)) <= criteria)
        keep(~alone, f"notable for {reason} alone")
    keep(frame["date"] != "", "no publication date")
    frame["year"] = frame["date"].str[:4].astype(int)
    window = f"published outside {choices.first_year}-{choices.last_year}"
    keep(frame["year"].between(choices.first_year, choices.last_year), window)
    sector_of = SPONSOR_TO_SECTOR if choices.team == "sponsor" else TEAM_TO_SECTOR
    team = TEAM_COLUMN[choices.team]
    keep(frame[team].isin(sector_of), NO_TEAM[choices.team])
    frame["sector"] = frame[team].map(sector_of)
    if choices.resolved_leaning == "industry":
        blank = (frame["team_source"] != "label") & (frame["sector"] == "collaboration")
        frame.loc[blank, "sector"] = "industry-leaning collaboration"
    frame["domain"] = frame["domain"].where(frame["domain"].isin(choices.domains), OTHER_DOMAIN)
    frame["has_compute"] = frame["log10_compute"].notna() & (frame["confidence"] != "wrong")
    for kind in ("academia-only", "industry-only"):
        if not (frame["has_compute"] & (frame["sector"] == kind)).any():
            raise InputError(f"no {kind} model with a known training compute in the window", "table of models")
    return frame, flow


def decimal_year(dates: pd.Series) -> pd.Series:
    """Dates as years with a fraction: the middle of the day."""
    when = pd.to_datetime(dates)
    return when.dt.year + (when.dt.dayofyear - 0.5) / (365 + when.dt.is_leap_year)


def above_line(frame: pd.DataFrame, sds: float) -> pd.Series:
    """Whether a model's recorded compute is so many sd above the least-squares line of log10 compute on time."""
    time = decimal_year(frame["date"])
    slope, level = np.polyfit(time - time.mean(), frame["log10_compute"], 1)
    residual = frame["log10_compute"] - level - slope * (time - time.mean())
    above: pd.Series = residual > sds * residual.std()
    return above


def counts(frame: pd.DataFrame, choices: Choices) -> xr.DataArray:
    """Models by year and kind of team: (year, sector)."""
    years = np.arange(choices.first_year, choices.last_year + 1)
    table = pd.crosstab(frame["year"], frame["sector"]).reindex(index=years, columns=list(SECTORS), fill_value=0)
    return xr.DataArray(table.to_numpy(), {"year": years, "sector": list(SECTORS)}, ("year", "sector"))


def with_time(dataset: xr.Dataset) -> xr.Dataset:
    """Add ``decade`` (year,), decades from the middle of the window, and the walk's coordinate ``step``."""
    years = dataset["year"].to_numpy()
    middle = years.mean()
    decade = xr.DataArray((years - middle) / 10, dims="year", attrs={"unit": "decades from the middle of the window"})
    return dataset.assign(decade=decade, step=years[1:]).assign_attrs(middle=float(middle))


def three_years(table: pd.DataFrame) -> pd.DataFrame:
    """Sums over a window of three years, two at the ends: a single year is too noisy, or has no base."""
    return table.rolling(3, center=True, min_periods=1).sum()


def missing_share(frame: pd.DataFrame, choices: Choices) -> xr.DataArray:
    """Share of the models of a kind, in three-year windows, that have no usable compute: (year, sector)."""

    def window(rows: pd.DataFrame) -> pd.DataFrame:
        return three_years(pd.DataFrame(counts(rows, choices).to_pandas()))

    unknown, every = window(frame[~frame["has_compute"]]), window(frame)
    overall = unknown.sum() / every.sum().clip(lower=1)  # where a window holds no model of the kind
    return xr.DataArray((unknown / every.where(every > 0)).fillna(overall), dims=("year", "sector"))


def resolved_facts(known: pd.DataFrame, late: tuple[int, int]) -> dict[str, float]:
    """What kind of models the resolved rows are, beside the labelled ones.

    Parameters
    ----------
    known
        Rows of A, as ``select`` gives them.
    late
        First and last year of the period whose median compute is compared.

    Returns
    -------
    dict
        Numbers of models, all and of the domain Language; median log10 FLOP in ``late`` (0 where there is none).
    """
    labelled = known["team_source"] == "label"
    recent = known["year"].between(*late)
    out: dict[str, float] = {}
    for name, rows in (("labelled", labelled), ("resolved", ~labelled)):
        out[f"{name} models"] = int(rows.sum())
        out[f"{name} models, Language"] = int((known.loc[rows, "domain"] == "Language").sum())
        median = known.loc[rows & recent, "log10_compute"].median()
        out[f"{name} models, median log10 FLOP"] = 0.0 if pd.isna(median) else round(float(median), 1)
    return out
