"""The papers behind the code-release claim: which count by the choices of the analysis, and their labels' worth."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import InputError
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS, GROUPS, VENUES
from models.common.cells import (
    SIZES,
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
# By hand, mixed and industry-only are one. Where the table does not know a paper's kind, it is taken for mixed, as most
# of those are whose kind it knows.
HAND_TEAMS = {"0": ACADEMIA_ONLY, "1": MIXED}
# Its list holds links that were added later, mostly implementations by others: nearly every paper has one.
LINKED_LATER = ("ICLR", 2018)
# Of how many institutions the authors are, as the paper's list names them. No mixed team is of one: among papers of one
# there is nothing to compare it with.
INSTITUTIONS = {"2 institutions": 2, "3 or more": 3}
SIZES_OF_INSTITUTIONS = [f"{size} of {band}" for size in SIZES for band in INSTITUTIONS]
LEVELS = ("venue_year", "topic", "size", "topic_venue", "size_venue")


def has_link_field(frame: pd.DataFrame) -> pd.Series:
    """Whether the paper's list has a field for links that means something."""
    later = (frame["venue"] == LINKED_LATER[0]) & (frame["year"] == LINKED_LATER[1])
    return (frame["code_page"] != "missing") & ~later


def find_era(years: pd.Series) -> pd.Series:
    """Era of ``ERAS`` of a year; earlier and later years go to the nearest."""
    edges = [-np.inf, *(last + 0.5 for _, last in list(ERAS.values())[:-1]), np.inf]
    return pd.Series(pd.cut(years, edges, labels=list(ERAS)), index=years.index).astype(str)


def band_institutions(numbers: pd.Series) -> pd.Series:
    """Band of ``INSTITUTIONS`` for a number of institutions."""
    edges = [first - 0.5 for first in INSTITUTIONS.values()] + [np.inf]
    return pd.Series(pd.cut(numbers, edges, labels=list(INSTITUTIONS)), index=numbers.index).astype(str)


def select(tables: Tables, choices: Choices) -> tuple[Selection, dict[str, list[str]]]:
    """Papers read in full text with a known kind of team, and the levels of the model's dimensions.

    The levels are those of all papers of the window, whatever else the choices leave out: so that specifications share
    one compiled model, and a venue-year without papers stays at its prior. With ``institutions`` the levels of ``size``
    are those of ``SIZES_OF_INSTITUTIONS``: each band of team size by each of the number of institutions.

    Raises
    ------
    InputError
        If no paper is left.
    """
    rows = Selection(tables["papers"], "papers of the table")
    rows.keep(rows.frame["venue"].isin(VENUES), f"venue other than {', '.join(VENUES)}")
    rows.keep(rows.frame["code_coded"].isin(["yes", "no"]), "not read in full text")
    sizes = SIZES_OF_INSTITUTIONS if choices.institutions else list(SIZES)
    levels = _list_levels(rows.frame, sizes)
    rows.keep(rows.frame["track"] == "main", "track other than main")
    rows.keep(rows.frame["coder_excluded"] != "yes", "left out by the coder")
    if choices.research == "empirical":
        rows.keep(rows.frame["research"] == "empirical", "theoretical")
    if choices.without_venue:
        rows.keep(rows.frame["venue"] != choices.without_venue, f"published at {choices.without_venue}")
    if choices.papers == "with a link field":
        rows.keep(has_link_field(rows.frame), "no field for links in the paper's list, or the parse failed")
    elif choices.papers == "of several institutions":
        # A list that lacks affiliations of some authors names fewer institutions; those of mixed teams lack more often.
        named = tables["institutions"].set_index("id")["institutions"]
        rows.frame = rows.frame.assign(institutions=rows.frame["id"].map(named))
        rows.keep(rows.frame["institutions"].notna(), "number of institutions unknown")
        rows.keep(rows.frame["slots_without_text"] == 0, "an author's affiliation unknown")
        rows.keep(rows.frame["institutions"] >= min(INSTITUTIONS.values()), "of one institution")
    elif choices.papers != "all":
        parsed = rows.frame["slots_per"] != "none"
        rows.keep(parsed == (choices.papers == "with affiliations"), f"not {choices.papers} in a list")
    team = TEAM_COLUMNS[choices.team]
    rows.keep(rows.frame[team].isin(TEAM_TYPES), "kind of team unknown")
    rows.keep(rows.frame["n_authors"].notna(), "number of authors unknown")
    frame = rows.frame
    if frame.empty:
        problem = f"no paper of {', '.join(VENUES)} was read in full text and has a known kind of team"
        raise InputError(problem, "table of papers", hint="code_coded, team_coded, n_authors: see data/README.md")
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
    rows.frame = frame.assign(**_name_joint_levels(frame))
    return rows, levels


def _find_event(frame: pd.DataFrame, choices: Choices) -> pd.Series:
    """What counts as a release."""
    if choices.outcome == "page":
        return frame["code_page"] == "link"
    released = frame["code_coded"] == "yes"
    return released & (frame["code_statement"] == OWN[0]) if choices.outcome == "address" else released


def _name_joint_levels(frame: pd.DataFrame) -> dict[str, pd.Series]:
    year = frame["year"].astype(int).astype(str)
    return {
        "venue_year": frame["venue"] + " " + year,
        "topic_venue": frame["topic"] + " at " + frame["venue"],
        "size_venue": frame["size"] + " at " + frame["venue"],
    }


def _list_levels(frame: pd.DataFrame, sizes: list[str]) -> dict[str, list[str]]:
    venues = [venue for venue in VENUES if (frame["venue"] == venue).any()]
    topics = sorted(frame["topic_title"].unique())
    places = frame[["venue", "year"]].drop_duplicates().sort_values(["venue", "year"])
    return {
        "venue_year": [f"{venue} {year:.0f}" for venue, year in places.itertuples(index=False)],
        "topic": topics,
        "size": sizes,
        "topic_venue": [f"{topic} at {venue}" for topic in topics for venue in venues],
        "size_venue": [f"{size} at {venue}" for size in sizes for venue in venues],
    }


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Counts of papers and releases in cells, and what is known of the labels' errors.

    Returns
    -------
    xarray.Dataset
        By ``cell`` (venue-year, topic, team size, kind of team): ``n`` papers, ``y`` with a release as observed, and
        positions ``at_...`` on the other dims. By ``base``, the cells without the kind of team: ``base_n`` (team,
        base), papers, and positions ``base_at_...``. By ``team`` and ``era``: hand-coded papers that release
        (``hand_release``) and those of them so coded (``hand_release_coded``); that do not (``hand_none``,
        ``hand_none_coded``). By ``team``: ``shift_sensitivity`` and ``shift_specificity``, log-odds. By ``team``,
        ``year`` and ``venues``: ``passages`` that the coder took for a release, ``passages_own`` that are one. By
        ``team`` and ``year``: ``n_by_team_year``, papers; with ``venues``: ``n_by_stratum``. ``with_error``,
        ``error_by_team``, ``some_unwilling``: 0 or 1; ``willing_of`` (team,): whose w is a team's. ``mix``
        (venue_year, effect): shares of a venue-year's papers by topic at the venue, team size at the venue, and topic
        in the year, one after the other. By ``venue_year``, and topic or size: positions ``..._at``. ``pull_...``: as
        ``_pulls`` says. attrs ``flow``: exclusions, JSON.

    Raises
    ------
    InputError
        If no paper is left.
    """
    rows, levels = select(tables, choices)
    frame = rows.frame
    years = sorted(set(_list_years(levels["venue_year"])))
    levels |= {"team": list(TEAM_TYPES), "industry": list(TEAM_TYPES[1:]), "venues": list(GROUPS), "era": list(ERAS)}
    table = count_cells(frame, [*LEVELS, "venues", "era", "year", "team"], "event")
    base = table.groupby([*LEVELS, "venues", "era"], sort=True).size().reset_index()
    key = {key: i for i, key in enumerate(base[["venue_year", "topic", "size"]].itertuples(index=False, name=None))}
    at_base = np.array([key[row] for row in table[["venue_year", "topic", "size"]].itertuples(index=False, name=None)])
    year_of_base = index_levels(base["venue_year"].str.rsplit(" ", n=1).str[1].astype(int), years)
    base_n = np.zeros((len(TEAM_TYPES), len(base)), dtype=np.int64)
    base_n[index_levels(table["team"], TEAM_TYPES), at_base] = table["n"]
    placed = {name: index_levels(table[name], levels[name]) for name in (*LEVELS, "venues", "era", "team")}
    placed["year"] = index_levels(table["year"].astype(int), years)
    sizes = {name: len(level) for name, level in levels.items()} | {"year": len(years)}
    observed = xr.Dataset(
        {
            "n": ("cell", table["n"].to_numpy(), {"unit": "papers"}),
            "y": ("cell", table["y"].to_numpy(), {"unit": "papers"}),
            **{f"at_{name}": ("cell", at) for name, at in placed.items()},
            "at_base": ("cell", at_base),
            "at_venue_year_topic": ("cell", cross_indices(placed, sizes, "venue_year", "topic")),
            "at_team_venue_year_size": ("cell", cross_indices(placed, sizes, "team", "venue_year", "size")),
            "at_error": ("cell", cross_indices(placed, sizes, "team", "era")),
            "at_stratum": ("cell", cross_indices(placed, sizes, "team", "year", "venues")),
            "base_n": (("team", "base"), base_n, {"unit": "papers"}),
            **{
                f"base_at_{name}": ("base", index_levels(base[name], levels[name]))
                for name in (*LEVELS, "venues", "era")
            },
            "base_at_topic_year": ("base", index_levels(base["topic"], levels["topic"]) * len(years) + year_of_base),
            "year_scaled": ("year", (np.array(years) - MIDDLE_YEAR) / 4, {"unit": f"four years from {MIDDLE_YEAR}"}),
            **_index_parents(levels),
            **_index_by_venue_year(levels, years),
            "venue_year_venues": ("venue_year", _index_groups(levels["venue_year"])),
            "venue_year_era": (
                "venue_year",
                index_levels(find_era(pd.Series(_list_years(levels["venue_year"]))), list(ERAS)),
            ),
            "venue_year_year": ("venue_year", _list_years(levels["venue_year"])),
        },
        coords={**levels, "year": years},
    )
    by_team_year = np.zeros((len(TEAM_TYPES), len(years)), dtype=np.int64)
    np.add.at(by_team_year, (placed["team"], placed["year"]), table["n"].to_numpy())
    observed = observed.assign(_compute_offset_factors(table, levels)).assign(mix=_compute_mix(observed))
    observed["n_by_team_year"] = (("team", "year"), by_team_year, {"unit": "papers"})
    by_stratum = np.zeros((len(TEAM_TYPES), len(years), len(GROUPS)), dtype=np.int64)
    np.add.at(by_stratum.reshape(-1), observed["at_stratum"].to_numpy(), table["n"].to_numpy())
    observed["n_by_stratum"] = (("team", "year", "venues"), by_stratum, {"unit": "papers"})
    era = index_levels(find_era(pd.Series(years)), list(ERAS))
    stratum_error = np.arange(len(TEAM_TYPES))[:, None, None] * len(ERAS) + era[None, :, None]
    observed["stratum_error"] = (("team", "year", "venues"), np.broadcast_to(stratum_error, by_stratum.shape).copy())
    labels = _count_labels(tables, frame, years, choices)
    return observed.merge(labels).assign_attrs(flow=rows.to_json(), facts=json.dumps(_list_facts(frame, labels)))


def _list_years(venue_years: list[str]) -> list[int]:
    return [int(name.rsplit(" ", 1)[1]) for name in venue_years]


def _compute_mix(observed: xr.Dataset) -> xr.Variable:
    """Shares of a venue-year's papers by topic at the venue, team size at the venue, and topic in the year."""
    n = observed["base_n"].sum("team").to_numpy().astype(float)
    places = ("topic_venue", "size_venue", "topic_year")
    sizes = [observed.sizes[name] for name in places[:2]] + [observed.sizes["topic"] * observed.sizes["year"]]
    row = observed["base_at_venue_year"].to_numpy()
    out = np.zeros((observed.sizes["venue_year"], sum(sizes)))
    for name, start in zip(places, np.cumsum([0, *sizes]), strict=False):
        np.add.at(out, (row, start + observed[f"base_at_{name}"].to_numpy()), n)
    papers = np.bincount(row, n, minlength=len(out))
    return xr.Variable(("venue_year", "effect"), out / np.maximum(papers, 1)[:, None])


def _compute_offset_factors(
    table: pd.DataFrame, levels: dict[str, list[str]]
) -> dict[str, tuple[str | tuple[str, ...], Floats]]:
    """By how much log-odds make up for fewer releases seen, of their logarithm, and for more mistakes.

    1 / (1 - share observed) and 1 / share, of shares between 0.1 and 0.75: beyond, the first order no longer holds.
    1 and 0 without papers.
    """
    out: dict[str, tuple[str | tuple[str, ...], Floats]] = {}
    for name, dims in (("venue_year", ["venue_year"]), ("era", ["venues", "era"])):
        total = table.groupby(dims)[["y", "n"]].sum()
        share = total["y"] / total["n"]
        at = tuple(index_levels(total.index.get_level_values(dim).to_series(), levels[dim]) for dim in dims)
        seen, false = (fill([len(levels[dim]) for dim in dims]) for fill in (np.ones, np.zeros))
        seen[at] = 1 / (1 - share.clip(0, 0.75))
        false[at] = 1 / share.clip(0.1, 1)
        out |= {f"pull_{name}": (tuple(dims), seen), f"pull_{name}_false": (tuple(dims), false)}
    return out


def _index_parents(levels: dict[str, list[str]]) -> dict[str, tuple[str, Ints]]:
    """Position of the topic, and of the size, of each of those at a venue."""
    return {
        f"{name}_of": (
            f"{name}_venue",
            index_levels(pd.Series(levels[f"{name}_venue"]).str.rsplit(" at ", n=1).str[0], levels[name]),
        )
        for name in ("topic", "size")
    }


def _index_by_venue_year(levels: dict[str, list[str]], years: list[int]) -> dict[str, tuple[tuple[str, str], Ints]]:
    """Position of each topic, and of each team size, at a venue-year's venue, and of each topic in its year."""
    venue = pd.Series(levels["venue_year"]).str.rsplit(" ", n=1).str[0]
    found = {
        f"{name}_venue_at": np.stack(
            [index_levels(each + " at " + venue, levels[f"{name}_venue"]) for each in levels[name]], axis=1
        )
        for name in ("topic", "size")
    }
    in_year = index_levels(pd.Series(_list_years(levels["venue_year"])), years)
    found["topic_year_at"] = np.arange(len(levels["topic"])) * len(years) + in_year[:, None]
    return {name: (("venue_year", name.split("_")[0]), places) for name, places in found.items()}


def _index_groups(venue_years: list[str]) -> Ints:
    return np.array([name.split(" ")[0] in VENUE_GROUPS["AI"] for name in venue_years], dtype=np.int64)


def _count_labels(tables: Tables, frame: pd.DataFrame, years: list[int], choices: Choices) -> xr.Dataset:
    """What calibrates the coder: papers coded by hand, and passages labelled by what they say.

    Passages count if their paper is among those of the analysis, with its kind of team there; papers coded by hand
    have the kind that the table knows, or else the hand's own.
    """
    hand = tables["coder_labels"]
    hand = hand[(hand["research"] == "empirical") & hand["team_hand"].isin(list(HAND_TEAMS))]
    hand = hand[hand["code_hand"].isin(["0", "1"]) & (hand["venue"] != choices.without_venue)]
    if choices.error == "none" or choices.calibration == "passages":
        hand = hand.iloc[:0]
    known = hand["id"].map(tables["papers"].set_index("id")[TEAM_COLUMNS[choices.team]])
    team = known.where(known.isin(TEAM_TYPES), hand["team_hand"].map(HAND_TEAMS))
    at = index_levels(team, TEAM_TYPES) * len(ERAS) + index_levels(find_era(hand["year"]), list(ERAS))
    released, seen = (hand["code_hand"] == "1").to_numpy(), (hand["code_coder"] == "1").to_numpy()
    by_hand = {
        name: (("team", "era"), _bin_indices(at[which], len(TEAM_TYPES), len(ERAS)), {"unit": "papers"})
        for name, which in {
            "hand_release": released,
            "hand_release_coded": released & seen,
            "hand_none": ~released,
            "hand_none_coded": ~released & ~seen,
        }.items()
    }
    passages = tables["code_labels"][["id", "label"]].merge(frame[["id", "team", "year", "venues"]], on="id")
    if choices.error == "none" or choices.calibration == "hand":
        passages = passages.iloc[:0]
    own = passages["label"].isin([*OWN, "promised"] if choices.promised else OWN).to_numpy()
    place = index_levels(passages["team"], TEAM_TYPES) * len(years) + index_levels(passages["year"].astype(int), years)
    place = place * len(GROUPS) + index_levels(passages["venues"], GROUPS)
    shape = (len(TEAM_TYPES), len(years), len(GROUPS))
    industry = np.array([team != ACADEMIA_ONLY for team in TEAM_TYPES], float)
    return xr.Dataset(
        {
            **by_hand,
            "passages": (("team", "year", "venues"), _bin_indices(place, *shape), {"unit": "passages"}),
            "passages_own": (("team", "year", "venues"), _bin_indices(place[own], *shape), {"unit": "passages"}),
            "shift_sensitivity": ("team", choices.shift_sensitivity * industry, {"unit": "log-odds"}),
            "shift_specificity": ("team", choices.shift_specificity * industry, {"unit": "log-odds"}),
            "with_error": float(choices.error != "none"),
            "error_by_team": float(choices.error == "by team"),
            "willing_of": ("team", np.arange(len(TEAM_TYPES)) * (choices.willing == "by team")),
            "some_unwilling": float(choices.willing != "all"),
        }
    )


def _bin_indices(places: Ints, *shape: int) -> Ints:
    """Counts of positions in an array of a shape, flattened."""
    return np.bincount(places, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)


def _list_facts(frame: pd.DataFrame, labels: xr.Dataset) -> dict[str, str]:
    """Counts that the paper speaks of."""
    facts = {"papers": f"{len(frame):,}", "releases": f"{int(frame['event'].sum()):,}"}
    total = labels.sum()
    for name in ("hand_release", "hand_release_coded", "hand_none", "hand_none_coded", "passages", "passages_own"):
        facts[name.replace("_", " ")] = str(int(total[name]))
        by_team = labels[name].sum([dim for dim in labels[name].dims if dim != "team"])
        facts |= {f"{name.replace('_', ' ')}, {team}": str(int(by_team[i])) for i, team in enumerate(TEAM_TYPES)}
    for team, part in frame.groupby("team"):
        facts[f"papers, {team}"] = f"{len(part):,}"
    return facts
