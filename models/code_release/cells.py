"""Papers of the code-release claim in cells, and the labels that calibrate the LLM annotator."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import InputError
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS, GROUPS, VENUES
from models.common.cells import (
    TEAM_SIZES,
    VENUE_GROUPS,
    Floats,
    Ints,
    band_team_size,
    count_cells,
    cross_indices,
    group_venues,
    index_levels,
)
from models.common.claim import Tables
from models.common.exclusions import Selection
from models.common.team_types import ACADEMIA_ONLY, MIXED, TEAM_TYPES

MIDDLE_YEAR = 2018
TEAM_COLUMNS = {"coded": "team_coded", "listed": "team_listed"}
OWN = ("own, address", "own, elsewhere")  # labels of a passage that releases the paper's own code
# Human labels do not separate mixed from industry-only. If the table of papers does not give the team type of a paper
# with industry, the paper counts as mixed: most papers with industry whose team type the table gives are mixed.
HUMAN_TEAMS = {"0": ACADEMIA_ONLY, "1": MIXED}
# In the list of this venue-year, nearly every paper has a link added later, mostly to an implementation by others.
LINKED_LATER = ("ICLR", 2018)
# Number of the authors' institutions, as the paper's list names them. A mixed team has at least two, so papers of one
# institution offer no comparison.
INSTITUTIONS = {"2 institutions": 2, "3 or more": 3}
SIZES_OF_INSTITUTIONS = [f"{size} of {band}" for size in TEAM_SIZES for band in INSTITUTIONS]
CELL = ("venue_year", "topic", "size")
# Names of facts that the paper looks up, and the counts that they report.
FACTS = {
    "hand release": "human_release",
    "hand release coded": "human_release_labelled",
    "hand none": "human_none",
    "hand none coded": "human_none_labelled",
    "passages": "passages",
    "passages own": "passages_own",
}


def has_link_field(frame: pd.DataFrame) -> pd.Series:
    """Return whether the paper's list has a meaningful field for links."""
    later = (frame["venue"] == LINKED_LATER[0]) & (frame["year"] == LINKED_LATER[1])
    return (frame["code_page"] != "missing") & ~later


def find_era(years: pd.Series) -> pd.Series:
    """Return the era of each year, one of ``ERAS``; earlier and later years get the nearest era."""
    edges = [-np.inf, *(last + 0.5 for _, last in list(ERAS.values())[:-1]), np.inf]
    return pd.Series(pd.cut(years, edges, labels=list(ERAS)), index=years.index).astype(str)


def band_institutions(numbers: pd.Series) -> pd.Series:
    """Return the band of ``INSTITUTIONS`` for each number of institutions."""
    edges = [first - 0.5 for first in INSTITUTIONS.values()] + [np.inf]
    return pd.Series(pd.cut(numbers, edges, labels=list(INSTITUTIONS)), index=numbers.index).astype(str)


def select(tables: Tables, choices: Choices) -> tuple[Selection, dict[str, list[str]]]:
    """Select papers read in full text with a known team type, and list the coordinates of the model's dims.

    The coordinates are those of all papers of ``VENUES`` read in full text, whatever the choices then exclude.
    Specifications thus share a compiled model, and a venue-year without papers keeps its prior. With ``institutions``,
    the coordinates of ``size`` are ``SIZES_OF_INSTITUTIONS``: each band of team size by each band of the number of
    institutions.

    Raises
    ------
    InputError
        If no paper is left.
    """
    rows = Selection(tables["papers"], "papers of the table")
    rows.keep(rows.frame["venue"].isin(VENUES), f"venue other than {', '.join(VENUES)}")
    rows.keep(rows.frame["code_coded"].isin(["yes", "no"]), "not read in full text")
    sizes = SIZES_OF_INSTITUTIONS if choices.institutions else list(TEAM_SIZES)
    levels = _list_levels(rows.frame, sizes)
    rows.keep(rows.frame["track"] == "main", "track other than main")
    rows.keep(rows.frame["coder_excluded"] != "yes", "excluded by the LLM annotator")
    if choices.research == "empirical":
        rows.keep(rows.frame["research"] == "empirical", "theoretical")
    if choices.without_venue:
        rows.keep(rows.frame["venue"] != choices.without_venue, f"published at {choices.without_venue}")
    if choices.papers == "with a link field":
        rows.keep(has_link_field(rows.frame), "no field for links in the paper's list, or the parse failed")
    elif choices.papers == "of several institutions":
        # A list without some authors' affiliations names too few institutions. Mixed teams lack them more often.
        named = tables["institutions"].set_index("id")["institutions"]
        rows.frame = rows.frame.assign(institutions=rows.frame["id"].map(named))
        rows.keep(rows.frame["institutions"].notna(), "number of institutions unknown")
        rows.keep(rows.frame["slots_without_text"] == 0, "an author's affiliation unknown")
        rows.keep(rows.frame["institutions"] >= min(INSTITUTIONS.values()), "of one institution")
    elif choices.papers != "all":
        parsed = rows.frame["slots_per"] != "none"
        rows.keep(parsed == (choices.papers == "with affiliations"), f"not {choices.papers} in a list")
    team = TEAM_COLUMNS[choices.team]
    rows.keep(rows.frame[team].isin(TEAM_TYPES), "team type unknown")
    rows.keep(rows.frame["n_authors"].notna(), "number of authors unknown")
    frame = rows.frame
    if frame.empty:
        problem = f"no paper of {', '.join(VENUES)} was read in full text and has a known team type"
        hint = (
            f"{rows.describe()}; this claim needs LLM labels of full texts (code_coded: yes or no), {team} and"
            " n_authors: see data/README.md"
        )
        raise InputError(problem, "table of papers", hint=hint)
    size = band_team_size(frame["n_authors"])
    if choices.institutions:
        size += " of " + band_institutions(frame["institutions"])
    frame = frame.assign(
        team=frame[team],
        topic=frame["topic_title"],
        size=size,
        venues=group_venues(frame["venue"]),
        era=find_era(frame["year"]),
        event=_find_event(frame, choices),
    )
    rows.frame = frame.assign(venue_year=frame["venue"] + " " + frame["year"].astype(int).astype(str))
    return rows, levels


def _find_event(frame: pd.DataFrame, choices: Choices) -> pd.Series:
    """Return whether a paper counts as a release."""
    if choices.outcome == "page":
        return frame["code_page"] == "link"
    released = frame["code_coded"] == "yes"
    return released & (frame["code_statement"] == OWN[0]) if choices.outcome == "address" else released


def _list_levels(frame: pd.DataFrame, sizes: list[str]) -> dict[str, list[str]]:
    venues = [venue for venue in VENUES if (frame["venue"] == venue).any()]
    topics = sorted(frame["topic_title"].unique())
    venue_years = frame[["venue", "year"]].drop_duplicates().sort_values(["venue", "year"])
    return {
        "venue_year": [f"{venue} {year:.0f}" for venue, year in venue_years.itertuples(index=False)],
        "topic": topics,
        "size": sizes,
        "topic_venue": [f"{topic} at {venue}" for topic in topics for venue in venues],
        "size_venue": [f"{size} at {venue}" for size in sizes for venue in venues],
    }


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count papers and releases in cells, and the labels that calibrate the annotator.

    Returns
    -------
    xarray.Dataset
        By ``cell`` (venue-year, topic, team size, team type): ``n`` papers, ``y`` with an observed release, and index
        vectors ``..._idx`` into one coordinate, or into a flattened table of several coordinates.
        By ``base``, a venue-year, topic and team size: ``base_n`` (team, base) papers, index vectors ``base_..._idx``.
        By ``venue_year``: what ``_describe_venue_years`` returns.
        By stratum (team, year, venues): ``stratum_n`` papers, ``stratum_team_era_idx``, ``passages`` that the annotator
        took for a release, and ``passages_own``, those of them that are one.
        By ``team`` and ``era``: papers with a release by human label (``human_release``), and those of them with LLM
        label yes (``human_release_labelled``); papers without a release by human label (``human_none``), and those of
        them with LLM label no (``human_none_labelled``).
        By ``team``: ``shift_sensitivity`` and ``shift_specificity``, log-odds.
        By ``year`` and ``era``: ``year_in_era``, 1 or 0.
        attrs: ``error``, ``calibration`` and ``ceiling`` of the choices; ``flow`` (exclusions) and ``facts`` as JSON.

    Raises
    ------
    InputError
        If no paper is left.
    """
    papers, levels = select(tables, choices)
    frame = papers.frame
    years = sorted({_read_year(name) for name in levels["venue_year"]})
    levels |= {"team": list(TEAM_TYPES), "industry": list(TEAM_TYPES[1:]), "venues": list(GROUPS), "era": list(ERAS)}
    table = count_cells(frame, [*CELL, "venues", "era", "year", "team"], "event")
    idx = {name: index_levels(table[name], levels[name]) for name in (*CELL, "venues", "era", "team")}
    idx["year"] = index_levels(table["year"].astype(int), years)
    sizes = {name: len(level) for name, level in levels.items()} | {"year": len(years)}
    stratum_idx = cross_indices(idx, sizes, "team", "year", "venues")
    shape = (len(TEAM_TYPES), len(years), len(GROUPS))
    strata = np.bincount(stratum_idx, table["n"], int(np.prod(shape))).astype(np.int64).reshape(shape)
    dataset = xr.Dataset(
        {
            "n": ("cell", table["n"].to_numpy(), {"unit": "papers"}),
            "y": ("cell", table["y"].to_numpy(), {"unit": "papers"}),
            **{f"{name}_idx": ("cell", idx[name]) for name in (*CELL, "team", "era", "year")},
            "venue_group_idx": ("cell", idx["venues"]),
            "venue_year_topic_idx": ("cell", cross_indices(idx, sizes, "venue_year", "topic")),
            "team_venue_year_size_idx": ("cell", cross_indices(idx, sizes, "team", "venue_year", "size")),
            "team_era_idx": ("cell", cross_indices(idx, sizes, "team", "era")),
            "stratum_idx": ("cell", stratum_idx),
            "stratum_n": (("team", "year", "venues"), strata, {"unit": "papers"}),
            "stratum_team_era_idx": (("team", "year", "venues"), _index_errors(years)),
            "year_in_era": (("year", "era"), np.eye(len(ERAS))[_index_eras(years)]),
            **_count_base(idx, sizes, table["n"].to_numpy()),
        },
        coords={**levels, "year": years},
    )
    dataset = dataset.assign(_describe_venue_years(table, levels))
    labels = _count_labels(tables, frame, years, choices)
    facts = json.dumps(_list_facts(frame, labels))
    attrs = {name: getattr(choices, name) for name in ("error", "calibration", "ceiling")}
    return dataset.merge(labels).assign_attrs(attrs | {"flow": papers.to_json(), "facts": facts})


def _read_year(venue_year: str) -> int:
    return int(venue_year.rsplit(" ", 1)[1])


def _index_eras(years: list[int]) -> Ints:
    """Return the index of each year's era."""
    return index_levels(find_era(pd.Series(years)), list(ERAS))


def _index_errors(years: list[int]) -> Ints:
    """Return the index of each stratum in the flattened table (team, era): shape (team, year, venues)."""
    idx = np.arange(len(TEAM_TYPES))[:, None, None] * len(ERAS) + _index_eras(years)[None, :, None]
    return np.repeat(idx, len(GROUPS), axis=2)


def _count_base(idx: dict[str, Ints], sizes: dict[str, int], n: Ints) -> dict[str, Any]:
    """Count papers by team type and base cell (venue-year, topic, team size); add the base cells' index vectors."""
    cells, first, base_idx = np.unique(cross_indices(idx, sizes, *CELL), return_index=True, return_inverse=True)
    base_n = np.zeros((len(TEAM_TYPES), len(cells)), dtype=np.int64)
    base_n[idx["team"], base_idx] = n
    base = {name: values[first] for name, values in idx.items()}
    return {
        "base_n": (("team", "base"), base_n, {"unit": "papers"}),
        "base_venue_year_idx": ("base", base["venue_year"]),
        "base_venue_group_idx": ("base", base["venues"]),
        "base_era_idx": ("base", base["era"]),
        "base_venue_year_topic_idx": ("base", cross_indices(base, sizes, "venue_year", "topic")),
        "base_venue_year_size_idx": ("base", cross_indices(base, sizes, "venue_year", "size")),
    }


def _describe_venue_years(table: pd.DataFrame, levels: dict[str, list[str]]) -> dict[str, Any]:
    """Compute the properties of venue-years that the linear predictor and the offsets need.

    Returns
    -------
    dict
        By ``venue_year``: ``time``, in units of four years from 2018; ``venue_year_year``, ``venue_year_group_idx``,
        ``venue_year_era_idx``. By ``venue_year`` and ``topic`` or ``size``: ``topic_venue_idx``, ``size_venue_idx``,
        and the shares of the venue-year's papers, ``topic_share``, ``size_share``. By ``venues`` and ``era``, and by
        ``venue_year``: the factors of the offsets, ``seen_factor...`` per unit of log(ceiling times sensitivity) and
        ``false_factor...`` per unit of probability. By ``venues`` and ``era``:
        ``any_industry_contrast_n`` and ``only_industry_contrast_n``, the papers that tell of each contrast.
    """
    names = pd.Series(levels["venue_year"])
    venue, years = names.str.rsplit(" ", n=1).str[0], names.map(_read_year)
    out: dict[str, Any] = {
        "time": ("venue_year", (years.to_numpy() - MIDDLE_YEAR) / 4, {"unit": f"four years from {MIDDLE_YEAR}"}),
        "venue_year_year": ("venue_year", years.to_numpy()),
        "venue_year_group_idx": ("venue_year", venue.isin(VENUE_GROUPS["AI"]).to_numpy().astype(np.int64)),
        "venue_year_era_idx": ("venue_year", index_levels(find_era(years), list(ERAS))),
    }
    for name in ("topic", "size"):
        at_venue = [index_levels(level + " at " + venue, levels[f"{name}_venue"]) for level in levels[name]]
        out[f"{name}_venue_idx"] = (("venue_year", name), np.stack(at_venue, axis=1))
        counts = table.pivot_table("n", "venue_year", name, aggfunc="sum", fill_value=0)
        papers = counts.reindex(index=levels["venue_year"], columns=levels[name], fill_value=0).to_numpy()
        out[f"{name}_share"] = (("venue_year", name), papers / np.maximum(papers.sum(axis=1, keepdims=True), 1))
    for suffix, dims in (("", ["venues", "era"]), ("_venue_year", ["venue_year"])):
        seen, false = _compute_offset_factors(table, dims, levels)
        out |= {f"seen_factor{suffix}": (dims, seen), f"false_factor{suffix}": (dims, false)}
    return out | _count_contrasts(table, levels)


def _count_contrasts(table: pd.DataFrame, levels: dict[str, list[str]]) -> dict[str, Any]:
    """Count the papers that tell of a contrast of neighbouring team types: n m / (n + m) of n and m papers."""
    dims = ["team", "venues", "era"]
    shape = [len(levels[dim]) for dim in dims]
    idx = np.ravel_multi_index([index_levels(table[dim], levels[dim]) for dim in dims], shape)
    n = np.bincount(idx, table["n"], int(np.prod(shape))).reshape(shape)
    return {
        f"{name}_industry_contrast_n": (dims[1:], n[i] * n[i + 1] / np.maximum(n[i] + n[i + 1], 1), {"unit": "papers"})
        for i, name in enumerate(("any", "only"))
    }


def _compute_offset_factors(
    table: pd.DataFrame, dims: list[str], levels: dict[str, list[str]]
) -> tuple[Floats, Floats]:
    """Compute 1 / (1 - share) and 1 / share, of papers with an observed release, by dims; 1 and 0 without papers.

    The share is at most 0.75 in the first and at least 0.1 in the second. Beyond these limits, a first-order offset no
    longer holds.
    """
    shape = [len(levels[dim]) for dim in dims]
    idx = np.ravel_multi_index([index_levels(table[dim], levels[dim]) for dim in dims], shape)
    y, n = (np.bincount(idx, table[name], int(np.prod(shape))) for name in ("y", "n"))
    share = np.divide(y, n, out=np.zeros(len(n)), where=n > 0)
    seen = np.where(n > 0, 1 / (1 - np.clip(share, 0, 0.75)), 1.0)
    false = np.where(n > 0, 1 / np.clip(share, 0.1, 1), 0.0)
    return seen.reshape(shape), false.reshape(shape)


def _count_labels(tables: Tables, frame: pd.DataFrame, years: list[int], choices: Choices) -> xr.Dataset:
    """Count what calibrates the annotator: papers with a human label, and labelled passages.

    A passage counts if its paper is in the analysis, and has the team type of that paper. A paper with a human label
    has the team type that the table of papers gives, or else that of the human label.
    """
    human = tables["coder_labels"]
    human = human[(human["research"] == "empirical") & human["team_hand"].isin(list(HUMAN_TEAMS))]
    human = human[human["code_hand"].isin(["0", "1"]) & (human["venue"] != choices.without_venue)]
    if choices.error == "none" or choices.calibration == "passages":
        human = human.iloc[:0]
    known = human["id"].map(tables["papers"].set_index("id")[TEAM_COLUMNS[choices.team]])
    team = known.where(known.isin(TEAM_TYPES), human["team_hand"].map(HUMAN_TEAMS))
    idx = index_levels(team, TEAM_TYPES) * len(ERAS) + index_levels(find_era(human["year"]), list(ERAS))
    released, labelled = (human["code_hand"] == "1").to_numpy(), (human["code_coder"] == "1").to_numpy()
    by_paper = {
        name: (("team", "era"), _bin_indices(idx[which], len(TEAM_TYPES), len(ERAS)), {"unit": "papers"})
        for name, which in {
            "human_release": released,
            "human_release_labelled": released & labelled,
            "human_none": ~released,
            "human_none_labelled": ~released & ~labelled,
        }.items()
    }
    passages = tables["code_labels"][["id", "label"]].merge(frame[["id", "team", "year", "venues"]], on="id")
    if choices.error == "none" or choices.calibration == "hand":
        passages = passages.iloc[:0]
    own = passages["label"].isin([*OWN, "promised"] if choices.promised else OWN).to_numpy()
    shape = (len(TEAM_TYPES), len(years), len(GROUPS))
    teams, groups = index_levels(passages["team"], TEAM_TYPES), index_levels(passages["venues"], GROUPS)
    stratum_idx = np.ravel_multi_index((teams, index_levels(passages["year"].astype(int), years), groups), shape)
    industry = np.array([team != ACADEMIA_ONLY for team in TEAM_TYPES], float)
    return xr.Dataset(
        {
            **by_paper,
            "passages": (("team", "year", "venues"), _bin_indices(stratum_idx, *shape), {"unit": "passages"}),
            "passages_own": (("team", "year", "venues"), _bin_indices(stratum_idx[own], *shape), {"unit": "passages"}),
            "shift_sensitivity": ("team", choices.shift_sensitivity * industry, {"unit": "log-odds"}),
            "shift_specificity": ("team", choices.shift_specificity * industry, {"unit": "log-odds"}),
        }
    )


def _bin_indices(idx: Ints, *shape: int) -> Ints:
    """Count how often each index into a flattened array occurs; return the counts in the shape of that array."""
    return np.bincount(idx, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)


def _list_facts(frame: pd.DataFrame, labels: xr.Dataset) -> dict[str, str]:
    """List the counts that the paper reports."""
    facts = {"papers": f"{len(frame):,}", "releases": f"{int(frame['event'].sum()):,}"}
    total = labels.sum()
    for fact, name in FACTS.items():
        facts[fact] = str(int(total[name]))
        by_team = labels[name].sum([dim for dim in labels[name].dims if dim != "team"])
        facts |= {f"{fact}, {team}": str(int(by_team[i])) for i, team in enumerate(TEAM_TYPES)}
    for team, part in frame.groupby("team"):
        facts[f"papers, {team}"] = f"{len(part):,}"
    return facts
