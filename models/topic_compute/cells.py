"""The papers behind the compute-term claim: which count by the choices of the analysis, their exposure and outcome."""

from __future__ import annotations

import json
from typing import cast

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import comb

from data.errors import InputError
from models.common.cells import FEW, SIZES, band_team_size, count_cells, cross_indices, group_venues, index_levels
from models.common.claim import Tables
from models.common.exclusions import Selection
from models.common.team_types import ACADEMIA_ONLY
from models.topic_compute.choices import Choices
from models.topic_compute.decomposition import add_change_weights
from models.topic_compute.definitions import FALL_OF, HARDWARE, MANY, TERMS

TRACKS = ("main", "findings")
LARGEST_TEAM = 30  # of an incomplete paper; larger teams count as this large


def select(tables: Tables, choices: Choices) -> Selection:
    """Papers of the window with an exposure, a team size and a known or partly seen team.

    Returns
    -------
    Selection
        Columns of the table of papers, and ``topic_used``, ``size``, ``group`` (of venues), ``exposure`` (a tuple, one
        value a family), ``y`` (academia only, or, of a team seen in part, no industry author seen), ``authors`` and
        ``unseen`` (0 where the kind of team is known).

    Raises
    ------
    InputError
        If no paper is left.
    """
    rows = Selection(tables["papers"], "papers of the table")
    frame = rows.frame
    rows.keep(frame["year"].between(choices.first_year, choices.last_year), "outside the years of the analysis")
    rows.keep(rows.frame["track"].isin(TRACKS), "track other than main and findings")
    if not choices.tei:
        rows.keep(rows.frame["sources"] != "tei", "known from TEI texts alone")
    if choices.without_venue:
        rows.keep(rows.frame["venue"] != choices.without_venue, f"published at {choices.without_venue}")
    if choices.exposure == "hardware":
        rows.keep(rows.frame["code_coded"] != "", "not read in full text")
        rows.keep(rows.frame["research"] == "empirical", "theoretical: hardware is not to be expected")
    else:
        rows.keep(rows.frame["has_abstract"] == "yes", "without an abstract")
    topic = "topic_title" if choices.exposure == "hardware" else choices.topic
    if topic == "topic_keywords":
        rows.keep(rows.frame["topic_keywords"] != "", "without keywords that tell a topic")
    rows.keep(rows.frame["n_authors"].notna(), "number of authors unknown")
    _keep_with_team(rows, choices)
    frame = rows.frame.copy()
    if frame.empty:
        problem = "no paper has an abstract (or a full text), a number of authors and a team that is known or seen"
        raise InputError(problem, "table of papers", hint="see data/README.md for the columns that these need")
    frame["topic_used"] = frame[topic]
    frame["size"] = band_team_size(frame["n_authors"])
    frame["group"] = group_venues(frame["venue"])
    frame["exposure"] = list_exposures(frame, choices)
    if not frame["exposure"].map(any).any():
        what = "names an accelerator" if choices.exposure == "hardware" else "uses a compute term"
        raise InputError(f"no paper {what}: there is no contrast to estimate", "table of papers")
    rows.frame = frame
    return rows


def list_exposures(frame: pd.DataFrame, choices: Choices) -> pd.Series:
    """A tuple a paper, one value a family: used or not (1, 0), or log2 of one more than the number of terms."""
    if choices.exposure == "hardware":
        named = (frame["hardware_kind"] == "accelerator").astype(float)
        count = frame["accelerator_count"]
        values = pd.DataFrame(
            {HARDWARE[0]: named, HARDWARE[1]: named * (count >= MANY), HARDWARE[2]: named * count.isna()}
        )
    else:
        values = pd.DataFrame({family: frame[column].astype(float) for family, column in TERMS.items()})
        counted = choices.exposure == "term count"
        values = values.map(lambda count: np.log2(1 + count)) if counted else (values > 0).astype(float)
        if choices.without_family:
            values = values.drop(columns=choices.without_family)
    return pd.Series(list(values.round(3).itertuples(index=False, name=None)), index=frame.index)


def list_families(choices: Choices) -> list[str]:
    """Names of the exposures, in order."""
    if choices.exposure == "hardware":
        return list(HARDWARE)
    return [family for family in TERMS if family != choices.without_family]


def _keep_with_team(rows: Selection, choices: Choices) -> None:
    """Keep the papers whose kind of team is known, or of whose authors some are; add ``y``, ``authors``, ``unseen``.

    Listed: the listed authors decide where all of them are known; else the coded kind; else those that are seen.
    Coded: the coded kind decides, also in full texts. Listed where coded: as listed, for the same papers as coded.
    """
    frame = rows.frame
    coded = frame["team_coded"] != "unknown"
    by_author = frame["slots_per"] == "author"
    kinds = frame[[f"authors_{kind}" for kind in ("education", "company", "government", "nonprofit", "double")]]
    industry = frame[[f"authors_{kind}" for kind in choices.industry]].sum(axis=1) > 0
    complete = by_author & (frame["authors_unknown"] == 0)
    seen = by_author & (kinds.sum(axis=1) > 0)
    as_coded = choices.team == "coded" or choices.exposure == "hardware"
    if as_coded or choices.team == "listed where coded":
        usable, known = coded, coded
    elif choices.unseen == "complete cases":
        usable, known = complete, complete
    else:
        usable, known = complete | coded | seen, complete | coded
    from_coded = coded & (~complete | as_coded)
    y = (~industry).where(~from_coded, frame["team_coded"] == ACADEMIA_ONLY)
    unseen = frame["authors_unknown"].where(~known, 0.0)
    if choices.unseen == "all academic":  # none of them from industry: what is seen is the kind
        unseen = unseen * 0
    elif choices.unseen == "all industry":
        y, unseen = y & (unseen == 0), unseen * 0
    rows.frame = frame.assign(y=y, authors=frame["n_authors"], unseen=unseen.astype(int))
    rows.keep(usable, "kind of team not coded, and no author's affiliation seen")
    left = rows.frame
    filled = int(from_coded[usable].sum())
    rows.count("of these, kind of team from the coded full text", filled)
    partly = int((left["unseen"] > 0).sum())
    rows.count("of these, some authors unseen", partly)


def compute_unseen_industry(frame: pd.DataFrame, choices: Choices) -> pd.Series:
    """q: the probability that a team with industry authors shows none of them, by team size, number unseen and group.

    The seen are taken as a random subset of the team, so that with k of n authors from industry and u unseen, none is
    seen with probability C(u, k) / C(n, k); k given n comes from the complete papers of the venue group, a number of
    authors borrowing from its neighbours where there are few.

    Returns
    -------
    pandas.Series
        Probability for every paper; 0 where the kind of team is known.
    """
    partly = frame["unseen"] > 0
    q = pd.Series(0.0, index=frame.index)
    if not partly.any():
        return q
    complete = frame[(frame["slots_per"] == "author") & (frame["authors_unknown"] == 0)]
    industry = complete[[f"authors_{kind}" for kind in choices.industry]].sum(axis=1).astype(int)
    some = complete.assign(k=industry, size_used=complete["authors"].clip(upper=LARGEST_TEAM))[industry > 0]
    for key, at in frame[partly].groupby(["group", "authors", "unseen"]).groups.items():
        group, authors, unseen = cast(tuple[str, float, int], key)
        n = min(int(authors), LARGEST_TEAM)
        u = min(max(round(unseen / authors * n), 1), n - 1)
        same = some[(some["group"] == group) & (some["size_used"] == n)]
        if len(same) < FEW:
            same = some[(some["group"] == group) & (abs(some["size_used"] - n) <= max(1, n // 4))]
        if len(same) < FEW:
            same = some[abs(some["size_used"] - n) <= max(1, n // 2)]
        # Between team sizes the share of industry is carried, not its number; what lies between two numbers is both.
        k = np.clip(same["k"] / same["authors"] * n, 1, n).to_numpy()
        below = np.floor(k)
        hidden = [comb(u, number) / comb(n, number) for number in (below, np.minimum(below + 1, n))]
        q[at] = float(np.mean((1 - k + below) * hidden[0] + (k - below) * hidden[1])) if len(same) else u / n
    return q


def count_papers(rows: Selection, choices: Choices) -> xr.Dataset:
    """Sufficient counts of the papers.

    Returns
    -------
    xarray.Dataset
        By ``cell``: ``n`` papers, ``y`` of them academia only (or without a seen industry author), ``q``, ``partly``
        (some authors unseen), and positions ``at_venue_year``, ``at_topic``, ``at_size``, ``at_group`` (of
        venues), ``at_pair`` (topic and venue), ``at_exposure``, and in tables of these, flattened. By ``exposure`` and
        ``family``: ``value``. By ``venue_year``: ``year_of``, ``venue_of``; with ``topic``: ``pair_at``, position of
        the pair, 0 where no cell has it. attrs ``flow``: exclusions, JSON.
    """
    frame = rows.frame
    frame["q"] = compute_unseen_industry(frame, choices).round(3)
    frame["partly"] = frame["unseen"] > 0
    by = ["venue", "year", "topic_used", "size", "exposure", "q", "partly"]
    table = count_cells(frame, by, "y")
    table["group"] = group_venues(table["venue"])
    names = {
        "venue_year": [f"{venue} {year:.0f}" for venue, year in zip(table["venue"], table["year"], strict=True)],
        "pair": [f"{topic} at {venue}" for topic, venue in zip(table["topic_used"], table["venue"], strict=True)],
    }
    table = table.assign(**names)
    levels = {name: sorted(table[name].unique()) for name in names}
    used = {"topic": "topic_used", "group": "group", "exposure": "exposure"}
    levels |= {name: sorted(table[column].unique()) for name, column in used.items()} | {"size": list(SIZES)}
    used |= {name: name for name in ("venue_year", "size", "pair")}
    places = table.drop_duplicates("venue_year").set_index("venue_year").loc[levels["venue_year"]]
    at = {name: index_levels(table[column], levels[name]) for name, column in used.items()}
    at["partly"], sizes = table["partly"].to_numpy().astype(np.int64), {"partly": 2}
    sizes |= {name: len(level) for name, level in levels.items()}
    joint = {
        "_".join(by): cross_indices(at, sizes, *by)
        for by in (("venue_year", "topic"), ("topic", "exposure"), ("group", "size", "partly"))
    }
    pair_at = np.zeros((sizes["venue_year"], sizes["topic"]), dtype=np.int64)
    pair_at[at["venue_year"], at["topic"]] = at["pair"]
    dataset = xr.Dataset(
        {
            "n": ("cell", table["n"].to_numpy(), {"unit": "papers"}),
            "y": ("cell", table["y"].to_numpy(), {"unit": "papers"}),
            "q": ("cell", table["q"].to_numpy(float)),
            "partly": ("cell", at["partly"]),
            **{f"at_{name}": ("cell", at[name]) for name in used},
            **{f"at_{name}": ("cell", place) for name, place in joint.items()},
            "pair_at": (("venue_year", "topic"), pair_at),
            "value": (("exposure", "family"), np.array(levels["exposure"], float).reshape(len(levels["exposure"]), -1)),
            "venue_of": ("venue_year", places["venue"].to_numpy(str)),
            "year_of": ("venue_year", places["year"].to_numpy(int)),
        },
        coords={"family": list_families(choices)}
        | {name: level for name, level in levels.items() if name != "exposure"},
    )
    facts = {"venues": frame["venue"].nunique(), "papers": len(frame), "exposed": int(frame["exposure"].map(any).sum())}
    attrs = {"flow": rows.to_json(), "facts": json.dumps(facts), "unseen_shift": choices.unseen_shift}
    return dataset.assign_attrs(attrs)


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Cells of papers with their exposures (see ``cells``), and weights for the decomposition.

    Raises
    ------
    InputError
        If no paper is left.
    """
    return add_change_weights(count_papers(select(tables, choices), choices), FALL_OF[choices.exposure == "hardware"])
