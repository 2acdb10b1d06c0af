"""Rows of the continuous model: log10 performance of papers, and of Epoch's models whose hardware is known."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from data.errors import InputError
from models.common.cells import TEAM_SIZES, band_team_size, index_levels
from models.common.claim import Tables
from models.common.exclusions import Selection
from models.common.team_types import TEAM_TYPES
from models.compute_gap.cells import ORIGIN, TAKEN_AS, select
from models.compute_gap.choices import Choices

NLP = ("ACL", "EMNLP")
FIRST_MODEL = 2012  # year of the first of Epoch's models taken here
INDEXED = ("team", "venue_year", "venue", "topic", "size", "year")


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Prepare a row per paper or model, with log10 performance of its largest set-up.

    The source ``venues`` has the papers of the main fit, ``nlp`` those of ACL and EMNLP, 2014-18, whose full texts were
    parsed, and ``epoch`` Epoch's notable models. A number of chips that is not stated counts as one, or as
    ``choices.unknown`` says.

    Returns
    -------
    xarray.Dataset
        By ``row``: ``performance`` (log10 FLOP/s) and index vectors ``..._idx`` of team type, venue-year (for Epoch the
        year), venue and team size (for Epoch one level), topic (for Epoch the domain) and year.
        By ``year``: ``time``, in four years from 2021.
        attrs: ``flow`` (exclusions) and ``facts`` as JSON, and ``tail``.

    Raises
    ------
    InputError
        If no row is left.
    """
    chosen = {"venues": select, "nlp": select_nlp, "epoch": select_models}[choices.source](tables, choices)
    chips = chosen.frame["chips"].fillna(TAKEN_AS.get(choices.unknown, 1.0))
    frame = chosen.frame.assign(
        performance=chosen.frame["peak"] + np.log10(chips), year=chosen.frame["year"].astype(int)
    )
    levels = {name: sorted(frame[name].unique()) for name in INDEXED} | {"team": list(TEAM_TYPES)}
    if choices.source != "epoch":
        levels["size"] = list(TEAM_SIZES)
    levels["year"] = list(range(levels["year"][0], levels["year"][-1] + 1))
    by_team = frame["team"].value_counts().reindex(list(TEAM_TYPES), fill_value=0)
    return xr.Dataset(
        {
            "performance": ("row", frame["performance"].to_numpy(float), {"unit": "log10 FLOP/s"}),
            **{f"{name}_idx": ("row", index_levels(frame[name], levels[name])) for name in INDEXED},
            "time": ("year", (np.array(levels["year"]) - ORIGIN) / 4, {"unit": f"four years from {ORIGIN}"}),
        },
        coords={"industry": list(TEAM_TYPES[1:]), **levels},
        attrs={
            "tail": choices.tail,  # form of the residuals, on which the structure of the model depends
            "flow": chosen.to_json(),
            "facts": json.dumps({"rows": f"{len(frame):,}"} | {name: f"{n:,}" for name, n in by_team.items()}),
        },
    )


def select_nlp(tables: Tables, choices: Choices) -> Selection:
    """Select papers of NLP venues that state an accelerator, with the team type of the list's affiliations.

    Raises
    ------
    InputError
        If no paper is left.
    """
    rows = Selection(tables["papers"], "papers of the table")
    rows.keep(rows.frame["venue"].isin(NLP), f"venue other than {', '.join(NLP)}")
    rows.keep(rows.frame["hardware_kind"] != "unknown", "full text not parsed")
    rows.keep(rows.frame["hardware_kind"] == "accelerator", "no accelerator stated")
    rows.keep(rows.frame["track"].isin(["main", "findings"]), "track other than main and findings")
    rows.keep(rows.frame["accelerator_log10_peak"].notna(), "type of accelerator without a known peak")
    rows.keep(rows.frame["team_listed"].isin(TEAM_TYPES), "team type unknown")
    rows.keep(rows.frame["n_authors"].notna(), "number of authors unknown")
    _refuse_none(rows, f"no paper of {', '.join(NLP)} states an accelerator with a known peak", "table of papers")
    frame = rows.frame
    rows.frame = frame.assign(
        team=frame["team_listed"],
        topic=frame["topic_title"],
        size=band_team_size(frame["n_authors"]),
        venue_year=frame["venue"] + " " + frame["year"].astype(int).astype(str),
        peak=frame["accelerator_log10_peak"],
        chips=frame["accelerator_count"],
    )
    return rows


def select_models(tables: Tables, choices: Choices) -> Selection:
    """Select Epoch's models with one type of chip that the table of chips has, and the number of chips.

    Raises
    ------
    InputError
        If no model is left.
    """
    frame = tables["models"]
    rows = Selection(frame[frame["vintage"] == choices.epoch_vintage], f"models of vintage {choices.epoch_vintage}")
    chips = tables["chips"].set_index("chip")
    names = ("log10_fp32", "log10_tensor16") if choices.peak == "fp32" else ("log10_tensor16", "log10_fp32")
    peak = chips[names[0]].fillna(chips[names[1]])
    rows.keep(rows.frame["hardware_count"].notna(), "number of chips unknown")
    rows.keep(rows.frame["hardware"] != "", "type of chip unknown")
    rows.keep(~rows.frame["hardware"].str.contains(";"), "chips of several types")
    rows.keep(rows.frame["hardware"].map(peak).notna(), "type of chip without a known peak")
    rows.keep(rows.frame["date"] >= str(FIRST_MODEL), f"published before {FIRST_MODEL}, or without a date")
    # Academia and industry together, whichever leads, are mixed.
    team = rows.frame["team_resolved"].str.replace(r"^.*collaboration$", "mixed", regex=True)
    of_both = team.isin(TEAM_TYPES) & (rows.frame["team_resolved"] != "mixed")
    rows.keep(of_both, "neither academia nor industry, or unknown")
    problem = f"no model of vintage {choices.epoch_vintage} has both a number and a known type of chips"
    _refuse_none(rows, problem, "table of models")
    frame = rows.frame
    rows.frame = frame.assign(
        team=team[frame.index],
        topic=frame["domain"],
        size="any",
        venue="any",
        venue_year=frame["date"].str[:4],
        year=frame["date"].str[:4].astype(int),
        peak=frame["hardware"].map(peak),
        chips=frame["hardware_count"],
    )
    return rows


def _refuse_none(rows: Selection, problem: str, table: str) -> None:
    if rows.frame.empty:
        raise InputError(problem, table, hint=f"{rows.describe()}; see data/README.md")
