"""Papers with abstracts in cells, with those that mention a pre-trained model."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import InputError
from models.common.cells import FEW, count_cells, cross_indices, index_levels
from models.common.claim import Tables
from models.common.exclusions import Selection
from models.common.team_types import TEAM_TYPES
from models.pretrained_adoption.choices import Choices
from models.pretrained_adoption.definitions import ORIGINS, RECENT_YEARS

ORIGIN = 2020  # of time
CELL = ("team", "year", "field", "venue")


def select(tables: Tables, choices: Choices) -> Selection:
    """Select papers with an abstract and a known team type.

    The frame gets the columns ``team``, ``field``, ``mentions`` (whether the paper mentions a model that counts),
    ``any`` (a model of anyone) and a column of each of ``ORIGINS``. A model counts from the year of its first release.

    Raises
    ------
    InputError
        If no paper is left.
    """
    rows = Selection(tables["papers"], "papers of the table")
    rows.keep_years(
        rows.frame["year"], choices.first_year, choices.last_year,
        f"published outside {choices.first_year}-{choices.last_year}",
    )  # fmt: skip
    rows.keep(rows.frame["has_abstract"] == "yes", "without an abstract")
    listed, coded = rows.frame["team_listed"], rows.frame["team_coded"]
    team = {"listed": listed, "coded": coded, "either": listed.where(listed.isin(TEAM_TYPES), coded)}[choices.team]
    rows.keep(team.isin(TEAM_TYPES), "team type unknown")
    if choices.without_field:
        rows.keep(rows.frame["topic_title"] != choices.without_field, f"field {choices.without_field}")
    if rows.frame.empty:
        problem = "no paper has an abstract and a known team type"
        raise InputError(problem, "table of papers", hint=f"{rows.describe()}; see has_abstract in data/README.md")
    frame = rows.frame
    names = frame["pretrained_title"]
    if choices.where != "title":
        names = names.str.cat(frame["pretrained_abstract"], sep="; ")
    found = find_origins(names, frame["year"], tables["pretrained_models"], choices.left_out)
    counted = "any" if choices.models == "any" else choices.models
    rows.frame = frame.assign(team=team[frame.index], field=frame["topic_title"], **found, mentions=found[counted])
    return rows


def find_origins(
    names: pd.Series, years: pd.Series, models: pd.DataFrame, left_out: tuple[str, ...] = ()
) -> dict[str, pd.Series]:
    """Find which papers mention a model of anyone, of industry, and of industry with weights to download.

    Parameters
    ----------
    names
        Names of models by paper, separated by ``; ``.
    years
        Year of each paper. A name counts from the year of the model's release on.
    models
        The table ``pretrained_models``.
    left_out
        Names that do not count.
    """
    known = models[~models["model"].isin(left_out)].set_index("model")
    released = known["released"].str[:4].astype(int)
    sets = {
        "any": set(known.index),
        ORIGINS[0]: set(known.index[known["industry"] == "yes"]),
        ORIGINS[1]: set(known.index[(known["industry"] == "yes") & (known["open"] == "yes")]),
    }
    mentioned = [
        {name for name in cell.split("; ") if name in released.index and released[name] <= year}
        for cell, year in zip(names, years, strict=True)
    ]
    return {kind: pd.Series([bool(of & every) for of in mentioned], names.index) for kind, every in sets.items()}


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count papers, and those that mention a model, by team type, year, field and venue.

    Returns
    -------
    xarray.Dataset
        By ``cell``: ``n`` (papers), ``y`` (papers that mention a model), index vectors ``..._idx`` of team type, year,
        field and venue, and of the combinations of team type and year, and of field and year.
        By ``team``, of the papers of 2020-22: ``mentioning`` (papers that mention a model of anyone), and
        ``origin_count`` (origin, team), those of them that mention one of industry, and one to download.
        By ``base``, a field and venue: ``base_n`` (year, base) papers of all team types, and index vectors.
        Scalars ``labelled`` and ``used``: labelled mentions, and those that are a use.
        By ``year``: ``time``, in two years from 2020. attrs: ``flow`` and ``facts`` as JSON.

    Raises
    ------
    InputError
        If no paper is left.
    """
    rows = select(tables, choices)
    frame = rows.frame.assign(year=rows.frame["year"].astype(int))
    cells = count_cells(frame, CELL, "mentions")
    levels: dict[str, list[Any]] = {
        "team": list(TEAM_TYPES),
        "year": list(range(int(frame["year"].min()), int(frame["year"].max()) + 1)),
        "field": sorted(frame["field"].unique()),
        "venue": sorted(frame["venue"].unique()),
    }
    idx = {name: index_levels(cells[name], levels[name]) for name in CELL}
    lengths = {name: len(level) for name, level in levels.items()}
    idx["team_year"] = cross_indices(idx, lengths, "team", "year")
    idx["field_year"] = cross_indices(idx, lengths, "field", "year")
    base = frame.groupby(["field", "venue"], sort=True).size().reset_index(name="n")
    pairs = pd.MultiIndex.from_frame(base[["field", "venue"]])
    by_year = frame.assign(n=1).pivot_table("n", ["field", "venue"], "year", aggfunc="sum", fill_value=0)
    by_year = by_year.reindex(pairs).reindex(columns=levels["year"], fill_value=0)
    recent = frame[frame["year"].between(*RECENT_YEARS) & frame["any"]]
    labels = tables["mention_labels"]
    if choices.labels != "all":
        labels = labels[labels["where"] != "text"]
    unit = {"unit": "papers"}
    return xr.Dataset(
        {
            "n": ("cell", cells["n"].to_numpy(), unit),
            "y": ("cell", cells["y"].to_numpy(), unit),
            **{f"{name}_idx": ("cell", values) for name, values in idx.items()},
            "mentioning": ("team", _count_by_team(recent), unit),
            "origin_count": (
                ("origin", "team"), np.stack([_count_by_team(recent[recent[name]]) for name in ORIGINS]), unit,
            ),
            "base_n": (("year", "base"), by_year.to_numpy().T.astype(np.int64), unit),
            **{f"base_{name}_idx": ("base", index_levels(base[name], levels[name])) for name in ("field", "venue")},
            "labelled": len(labels),
            "used": int((labels["use"] == "use").sum()),
            "time": ("year", (np.array(levels["year"]) - ORIGIN) / 2, {"unit": f"two years from {ORIGIN}"}),
        },
        coords={**levels, "origin": list(ORIGINS), "contrast": list(TEAM_TYPES[1:])},
        attrs={"flow": rows.to_json(), "facts": json.dumps(_list_facts(frame, labels))},
    )  # fmt: skip


def _count_by_team(frame: pd.DataFrame) -> Any:
    return frame["team"].value_counts().reindex(list(TEAM_TYPES), fill_value=0).to_numpy().astype(np.int64)


def _list_facts(frame: pd.DataFrame, labels: pd.DataFrame) -> dict[str, str]:
    """List the counts that the paper reports."""
    facts = {
        "papers": f"{len(frame):,}",
        "mentions": f"{int(frame['mentions'].sum()):,}",
        "labelled": str(len(labels)),
        "used": str(int((labels["use"] == "use").sum())),
    }
    for (year, team), part in frame.groupby(["year", "team"]):
        facts[f"papers, {team}, {year}"] = f"{len(part):,}"
        facts[f"mentions, {team}, {year}"] = f"{int(part['mentions'].sum()):,}"
    few = frame.groupby(["field", "year"]).size()
    facts["field-years under thirty papers"] = str(int((few < FEW).sum()))
    facts["field-years"] = str(len(few))
    return facts
