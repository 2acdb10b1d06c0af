"""Models of one of Epoch's vintages with their access, in cells, and their labels in a second source."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import InputError
from models.common.cells import group_rare, index_levels
from models.common.claim import Tables
from models.common.exclusions import Selection
from models.weights_access.choices import Choices
from models.weights_access.definitions import CLASSES, MIDDLE, SECTORS, THOUSANDFOLD

DOMAINS = 6  # the commonest; the rest is "other"
ORIGIN = 2021  # of time
OPEN = ("open weights", "fully open")
COVARIATES = ("compute", "compute_unknown", "notable")
COUNTS = ("n", "known", "open", "with_terms", "unrestricted", "closed", "served")


def select(tables: Tables, choices: Choices) -> Selection:
    """Select the models of a vintage by academia, industry or both.

    The frame gets the columns ``sector``, ``year``, ``known`` (whether the access is known), ``open``, ``access`` (one
    of ``CLASSES``, empty if not known) and ``second`` (open, not open, or empty: the label of the second source).

    Raises
    ------
    InputError
        If no model is left.
    """
    frame = tables["models"]
    rows = Selection(frame[frame["vintage"] == choices.vintage], f"models of vintage {choices.vintage}")
    rows.keep(rows.frame["date"] != "", "without a date")
    rows.keep_years(
        rows.frame["date"].str[:4].astype(int), choices.first_year, choices.last_year,
        f"published outside {choices.first_year}-{choices.last_year}",
    )  # fmt: skip
    # Academia and industry together, whichever leads, are a collaboration.
    sector = rows.frame["team_resolved"].str.replace(r"^.*collaboration$", SECTORS[1], regex=True)
    rows.keep(sector.isin(SECTORS), "neither academia nor industry, or unknown")
    if choices.models == "notable":
        rows.keep(rows.frame["notability"] != "", "not notable")
    if rows.frame.empty or (rows.frame["weights_access"] == "unknown").all():
        problem = f"no model of vintage {choices.vintage} has a known access to its weights"
        raise InputError(problem, "table of models", hint=f"{rows.describe()}; see weights_access in data/README.md")
    frame = rows.frame
    is_open = frame["weights_access"].isin(OPEN)
    terms = frame["weights_terms"].where(frame["weights_terms"] != "non-commercial", "restricted")
    served = frame["weights_access"].isin(["API", "hosted"])
    access = np.select(
        [is_open & (terms == "restricted"), is_open & (terms == "unrestricted"), served,
         frame["weights_access"] == "unreleased"],
        ["restricted", "unrestricted", "served", "unreleased"], "",
    )  # fmt: skip
    rows.frame = frame.assign(
        sector=sector[frame.index],
        year=frame["date"].str[:4].astype(int),
        known=frame["weights_access"] != "unknown",
        open=is_open,
        access=access,
        second=match_labels(frame["model"], tables["access_labels"]),
    )
    return rows


def normalise_model(name: str) -> str:
    """Normalise the name of a model to its letters and digits."""
    return re.sub(r"[^a-z0-9]+", "", name.casefold())


def match_labels(models: pd.Series, labels: pd.DataFrame) -> pd.Series:
    """Return the second source's label of each model: open, not open, or empty if no label has its name.

    A name that several models have is not matched. Several labels of one name are matched if all agree.
    """
    keys, others = models.map(normalise_model), labels["model"].map(normalise_model)
    is_open = labels["access"].eq("open").groupby(others).agg(["min", "max"])
    clear = is_open[is_open["min"] == is_open["max"]]["min"]
    unique = ~keys.duplicated(keep=False) & keys.ne("")
    found = keys.where(unique).map(clear)
    return found.map({True: "open", False: "not open"}).fillna("")


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count models by cell: sector, year, domain, training compute, and whether notable.

    Returns
    -------
    xarray.Dataset
        By ``cell``: ``n`` (models), ``known`` (with known access), ``open`` (with open weights), ``with_terms`` (open,
        with known terms), ``unrestricted``, ``closed`` (known, not open) and ``served``; index vectors of sector, year
        and domain; ``compute`` (log10 FLOP less 22, in units of 3 dex, 0 if not known), ``compute_unknown`` and
        ``notable``, 1 or 0.
        Scalars: ``compared``, models with a known label in both sources, and ``disagree``, those whose labels differ.
        By ``year``: ``time``, in four years from 2021. attrs: ``flow``, ``facts`` and ``error``.

    Raises
    ------
    InputError
        If no model is left, or none has a known access.
    """
    rows = select(tables, choices)
    frame = rows.frame
    compute = frame["log10_compute"]
    frame = frame.assign(
        domain=group_rare(frame["domain"], DOMAINS, "other"),
        compute=((compute - MIDDLE) / THOUSANDFOLD).fillna(0.0),
        compute_unknown=compute.isna().astype(float),
        notable=(frame["notability"] != "").astype(float),
        n=1,
        with_terms=frame["access"].isin(CLASSES[2:]),
        unrestricted=frame["access"] == CLASSES[3],
        closed=frame["known"] & ~frame["open"],
        served=frame["access"] == CLASSES[1],
    )
    levels: dict[str, list[Any]] = {
        "sector": list(SECTORS),
        "year": list(range(int(frame["year"].min()), int(frame["year"].max()) + 1)),
        "domain": sorted(frame["domain"].unique()),
    }
    cells = frame.groupby([*levels, *COVARIATES], sort=True)[list(COUNTS)].sum().reset_index()
    both = frame["known"] & (frame["second"] != "")
    disagree = both & ((frame["second"] == "open") != frame["open"])
    return xr.Dataset(
        {
            **{name: ("cell", cells[name].to_numpy().astype(np.int64), {"unit": "models"}) for name in COUNTS},
            **{f"{name}_idx": ("cell", index_levels(cells[name], levels[name])) for name in levels},
            **{name: ("cell", cells[name].to_numpy(float)) for name in COVARIATES},
            "time": ("year", (np.array(levels["year"]) - ORIGIN) / 4, {"unit": f"four years from {ORIGIN}"}),
            "compared": int(both.sum()),
            "disagree": int(disagree.sum()),
        },
        coords=levels,
        attrs={"error": choices.error, "flow": rows.to_json(), "facts": json.dumps(_list_facts(frame, both, disagree))},
    )


def _list_facts(frame: pd.DataFrame, both: pd.Series, disagree: pd.Series) -> dict[str, str]:
    """List the counts that the paper reports."""
    facts = {
        "models": f"{len(frame):,}",
        "access known": f"{int(frame['known'].sum()):,}",
        "compared": str(int(both.sum())),
        "agree": str(int((both & ~disagree).sum())),
        "second alone": str(int((~frame["known"] & (frame["second"] != "")).sum())),
    }
    for (year, sector), part in frame.groupby(["year", "sector"]):
        facts[f"{sector}, {year}"] = f"{len(part):,}"
        facts[f"open, {sector}, {year}"] = f"{int(part['open'].sum()):,}"
        facts[f"known, {sector}, {year}"] = f"{int(part['known'].sum()):,}"
    return facts
