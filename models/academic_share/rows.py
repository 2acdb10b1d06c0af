"""Rows of the academic share: the models that the choices of the analysis select, and the log of exclusions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import InputError
from data.vocabulary import COMPUTE_SE, LIST_SEPARATOR
from models.academic_share.choices import Choices
from models.academic_share.definitions import LATE, PERIODS
from models.common.claim import Tables
from models.common.exclusions import Selection
from models.common.periods import count_rows

SECTORS = ("academia-only", "collaboration", "industry-leaning collaboration", "industry-only", "other")
# The team type of each sector label; data/README.md gives the reasons in a table. Unknown labels are left out.
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
# The shares that are also computed among the models in the table, and the team types that they sum.
TABLE_SHARES = {
    "academia_only": ("academia-only",),
    "industry_only": ("industry-only",),
    "industry_with_leaning": ("industry-only", "industry-leaning collaboration"),
}
OTHER_DOMAIN = "Other"
ENOUGH = 3  # models of a year: a share of fewer says little


def select_window(tables: Tables, choices: Choices) -> Selection:
    """Select the models of the window, with a known team type or without, and log the exclusions.

    Returns
    -------
    Selection
        Rows of the table of models, with ``year`` and ``has_compute``: whether a training compute is recorded, which
        Epoch has not marked as wrong.

    Raises
    ------
    InputError
        If the vintage has no models, or none of the years of the analysis.
    """
    frame = tables["models"]
    if choices.vintage not in set(frame["vintage"]):
        found = ", ".join(sorted(set(frame["vintage"])))
        raise InputError("no models of this vintage", "table of models", column="vintage", value=choices.vintage,
                         hint=f"found: {found}")  # fmt: skip
    models = Selection(frame[frame["vintage"] == choices.vintage].copy(), "models of the vintage")
    if choices.models != "all":
        models.keep(models.frame["notability"] != "", "not notable")
    if choices.models in ALONE:
        reason, criteria = ALONE[choices.models]
        alone = models.frame["notability"].map(lambda cell: set(cell.split(LIST_SEPARATOR)) <= criteria)
        models.keep(~alone, f"notable for {reason} alone")
    models.keep(models.frame["date"] != "", "no publication date")
    frame = models.frame
    usable = frame["log10_compute"].notna() & (frame["confidence"] != "wrong")
    models.frame = frame.assign(year=frame["date"].str[:4].astype(int), has_compute=usable)
    window = (choices.first_year, choices.last_year)
    models.keep_years(models.frame["year"], *window, f"published outside {window[0]}-{window[1]}")
    return models


def flag_known_team(frame: pd.DataFrame, choices: Choices) -> pd.Series:
    """Flag models whose team type is known from the source that the choices name."""
    sector_of = SPONSOR_TO_SECTOR if choices.team == "sponsor" else TEAM_TO_SECTOR
    known: pd.Series = frame[TEAM_COLUMN[choices.team]].isin(sector_of)
    return known


def select(tables: Tables, choices: Choices) -> Selection:
    """Select the models of the window whose team type is known, and log the exclusions.

    Returns
    -------
    Selection
        Rows of the table of models, with ``year``, ``sector`` (the team type), ``domain`` (one of the choices, or
        Other) and ``has_compute``.

    Raises
    ------
    InputError
        If the vintage has no models, none of the years of the analysis, or no model with a known compute of
        academia-only or of industry-only; or if fewer than two years have enough models for a share.
    """
    models = select_window(tables, choices)
    sector_of = SPONSOR_TO_SECTOR if choices.team == "sponsor" else TEAM_TO_SECTOR
    team = TEAM_COLUMN[choices.team]
    models.keep(flag_known_team(models.frame, choices), NO_TEAM[choices.team])
    frame = models.frame.copy()
    frame["sector"] = frame[team].map(sector_of)
    if choices.resolved_leaning == "industry":
        resolved = (frame["team_source"] != "label") & (frame["sector"] == "collaboration")
        frame.loc[resolved, "sector"] = "industry-leaning collaboration"
    frame["domain"] = frame["domain"].where(frame["domain"].isin(choices.domains), OTHER_DOMAIN)
    for sector in ("academia-only", "industry-only"):
        if not (frame["has_compute"] & (frame["sector"] == sector)).any():
            problem = f"no {sector} model with a known training compute in the window"
            raise InputError(problem, "table of models", hint=models.describe())
    counts = frame.loc[frame["has_compute"], "year"].value_counts()
    if (counts >= ENOUGH).sum() < 2:
        problem = f"too few models: fewer than two years have {ENOUGH} models with a known training compute"
        raise InputError(problem, "table of models", hint=models.describe())
    models.frame = frame
    return models


def convert_to_decimal_year(dates: pd.Series) -> pd.Series:
    """Convert dates to decimal years, at the middle of the day."""
    when = pd.to_datetime(dates)
    return when.dt.year + (when.dt.dayofyear - 0.5) / (365 + when.dt.is_leap_year)


def flag_above_line(frame: pd.DataFrame, sds: float, reference: pd.DataFrame | None = None) -> pd.Series:
    """Flag models at least ``sds`` sd above the least-squares line of log10 compute on time of the reference models.

    By default, the models are their own reference.
    """
    of_line = frame if reference is None else reference
    middle = convert_to_decimal_year(of_line["date"]).mean()

    def compute_residual(models: pd.DataFrame) -> pd.Series:
        time = convert_to_decimal_year(models["date"]) - middle
        residual: pd.Series = models["log10_compute"] - intercept - slope * time
        return residual

    slope, intercept = np.polyfit(convert_to_decimal_year(of_line["date"]) - middle, of_line["log10_compute"], 1)
    above: pd.Series = compute_residual(frame) > sds * compute_residual(of_line).std()
    return above


def count_models(frame: pd.DataFrame, choices: Choices) -> xr.DataArray:
    """Count models by year and team type: (year, sector)."""
    years = np.arange(choices.first_year, choices.last_year + 1)
    table = pd.crosstab(frame["year"], frame["sector"]).reindex(index=years, columns=list(SECTORS), fill_value=0)
    return xr.DataArray(table.to_numpy(), {"year": years, "sector": list(SECTORS)}, ("year", "sector"))


def add_time(dataset: xr.Dataset) -> xr.Dataset:
    """Add ``decade`` (year,), decades from the middle of the window, and ``step``, the coordinate of the walk."""
    years = dataset["year"].to_numpy()
    middle = years.mean()
    decade = xr.DataArray((years - middle) / 10, dims="year", attrs={"unit": "decades from the middle of the window"})
    return dataset.assign(decade=decade, step=years[1:]).assign_attrs(middle=float(middle))


def sum_three_years(table: pd.DataFrame) -> pd.DataFrame:
    """Sum over three-year windows (two years at the ends): a single year is too noisy, or has no models."""
    return table.rolling(3, center=True, min_periods=1).sum()


def compute_missing_share(frame: pd.DataFrame, choices: Choices) -> xr.DataArray:
    """Compute the share of models without a usable compute, by team type in three-year windows: (year, sector)."""

    def sum_window(rows: pd.DataFrame) -> pd.DataFrame:
        return sum_three_years(pd.DataFrame(count_models(rows, choices).to_pandas()))

    unknown, every = sum_window(frame[~frame["has_compute"]]), sum_window(frame)
    overall = unknown.sum() / every.sum().clip(lower=1)  # used where a window has no model of the team type
    return xr.DataArray((unknown / every.where(every > 0)).fillna(overall), dims=("year", "sector"))


def describe_resolved(known: pd.DataFrame, late: tuple[int, int]) -> dict[str, float]:
    """Describe the models whose sector was resolved, and those whose sector was labelled.

    Parameters
    ----------
    known
        Rows of the shares, as ``select`` returns them.
    late
        First and last year of the period in which median computes are compared.

    Returns
    -------
    dict
        Numbers of models, of all domains and of Language; median log10 FLOP in ``late`` (0 if there is no model).
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


def prepare_shares(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count the models of the shares: labelled notable models with a known training compute.

    Returns
    -------
    xarray.Dataset
        ``count`` (year, sector), models; ``n`` (year,), models; ``unknown`` (year,), models that differ from those only
        in that their team type is unknown; ``decade`` (year,). The attribute ``flow`` holds the exclusions as JSON.
    """
    models = select(tables, choices)
    window = select_window(tables, choices).frame
    unknown = window[window["has_compute"] & ~flag_known_team(window, choices)]
    models.keep(models.frame["log10_compute"].notna(), "training compute unknown")
    models.keep(models.frame["has_compute"], "training compute marked wrong by Epoch")
    if choices.above_line is not None:
        unknown = unknown[flag_above_line(unknown, choices.above_line, models.frame)]
        large = flag_above_line(models.frame, choices.above_line)
        models.keep(large, f"less than {choices.above_line:g} sd above the trend of compute")
    known = models.frame
    count = count_models(known, choices)
    by_year = unknown["year"].value_counts().reindex(count["year"].to_numpy(), fill_value=0)
    dataset = xr.Dataset(
        {
            "count": count.assign_attrs(unit="models"),
            "n": count.sum("sector"),
            "unknown": ("year", by_year.to_numpy(int), {"unit": "models"}),
        }
    )
    facts = json.dumps(describe_resolved(known, PERIODS[LATE]))
    return add_time(dataset).assign_attrs(flow=models.to_json(), periods=json.dumps(PERIODS), facts=facts)


def prepare_upper_tail(tables: Tables, choices: Choices) -> xr.Dataset:
    """Collect counts and computes of labelled notable models, with or without a known compute, for the upper tail.

    Returns
    -------
    xarray.Dataset
        ``count`` (cell, sector), models in year-by-domain cells that are not empty, with ``cell_year_idx`` and
        ``cell_domain_idx``; ``log10_compute`` and ``se`` (row,), dex, of models with a known compute, with
        ``sector_idx``, ``domain_idx``, ``year_idx`` and ``row_decade``; ``domain_mix`` (year, domain), observed in a
        three-year window, and ``domain_mix_fixed`` (domain,), observed in all years; ``missing`` (year, sector), share
        of models without a compute in a three-year window; ``n`` and ``n_compute`` (year,), numbers of models, of all
        and of those with a compute. The attributes ``flow`` and ``spread`` hold the exclusions as JSON, and the choice
        of the same name.
    """
    models = select(tables, choices)
    frame = models.frame.copy()
    domains = [*choices.domains, OTHER_DOMAIN]
    frame["domain_idx"] = frame["domain"].map(domains.index)
    frame["year_idx"] = frame["year"] - choices.first_year
    frame["sector_idx"] = frame["sector"].map(SECTORS.index)
    cells = pd.crosstab([frame["year_idx"], frame["domain_idx"]], frame["sector_idx"])
    cells = cells.reindex(columns=range(len(SECTORS)), fill_value=0)
    rows = frame[frame["has_compute"]]
    se = rows["log10_compute_se"].fillna(rows["confidence"].map(COMPUTE_SE))
    by_domain = pd.crosstab(frame["year"], frame["domain"])
    by_domain = by_domain.reindex(index=range(choices.first_year, choices.last_year + 1), columns=domains, fill_value=0)
    window = sum_three_years(by_domain)
    for year in window.index[window.sum(axis=1) == 0]:
        problem = f"no labelled model within a year of {year}, so the mix of domains is undefined"
        raise InputError(problem, "table of models", hint="the analysis covers 2010 to 2022")
    fixed = by_domain.sum() / len(frame)
    dataset = xr.Dataset(
        {
            "count": (("cell", "sector"), cells.to_numpy(), {"unit": "models"}),
            "cell_year_idx": ("cell", cells.index.get_level_values(0).to_numpy(int)),
            "cell_domain_idx": ("cell", cells.index.get_level_values(1).to_numpy(int)),
            "log10_compute": ("row", rows["log10_compute"].to_numpy(), {"unit": "log10 FLOP"}),
            "se": ("row", se.fillna(choices.unlabelled_se).to_numpy(), {"unit": "dex"}),
            "error_known": ("row", se.notna().to_numpy()),
            "sector_idx": ("row", rows["sector_idx"].to_numpy(int)),
            "domain_idx": ("row", rows["domain_idx"].to_numpy(int)),
            "year_idx": ("row", rows["year_idx"].to_numpy(int)),
            "domain_mix": (("year", "domain"), window.div(window.sum(axis=1), axis=0).to_numpy()),
            "domain_mix_fixed": ("domain", fixed.to_numpy()),
            "missing": (("year", "sector"), compute_missing_share(frame, choices).to_numpy()),
            "n": ("year", by_domain.sum(axis=1).to_numpy(), {"unit": "models"}),
        },
        coords={"year": by_domain.index.to_numpy(), "sector": list(SECTORS), "domain": domains},
    )
    dataset = add_time(dataset)
    dataset["row_decade"] = (
        "row",
        (convert_to_decimal_year(rows["date"]).to_numpy() - dataset.attrs["middle"] - 0.5) / 10,
    )
    dataset["count_compute"] = count_models(rows, choices)
    dataset["n_compute"] = dataset["count_compute"].sum("sector")
    reason = "of these without a usable training compute (they stay in the model of team types)"
    models.count(reason, len(frame) - len(rows), len(rows))
    return dataset.assign_attrs(flow=models.to_json(), periods=json.dumps(PERIODS), spread=choices.spread)


def count_raw(dataset: xr.Dataset) -> xr.Dataset:
    """Count models for the raw shares by year and period; dim ``raw`` holds ``k`` (the team types) and ``n`` (all)."""
    n = dataset["count"].sum("sector")
    out: dict[str, xr.DataArray] = {}
    for name, sectors in TABLE_SHARES.items():
        k = dataset["count"].sel(sector=list(sectors)).sum("sector")
        for which, by in (("year", "_by_year"), ("period", "")):
            parts = [count_rows(part, PERIODS)[f"n_by_{which}"] for part in (k, n)]
            out[f"share_{name}{by}"] = xr.concat(parts, xr.DataArray(["k", "n"], dims="raw", name="raw"))
    return xr.Dataset(out)
