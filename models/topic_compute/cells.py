"""Papers of the compute-term claim in cells: selection, exposure, and partly observed team types."""

from __future__ import annotations

import json
from typing import cast

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import comb

from data.errors import InputError
from data.vocabulary import OTHER_TOPIC, UNKNOWN
from models.common.cells import (
    FEW,
    TEAM_SIZES,
    band_team_size,
    count_cells,
    cross_indices,
    group_rare,
    group_venues,
    index_levels,
)
from models.common.claim import PROJECT_PAPERS, Tables
from models.common.exclusions import Selection
from models.common.team_types import ACADEMIA_ONLY
from models.topic_compute.choices import Choices
from models.topic_compute.decomposition import add_panel_weights
from models.topic_compute.definitions import CHANGE_OF, HARDWARE, MANY, TERMS

TRACKS = ("main", "findings")
# OpenAlex has thousands of topics and venues; the project's table has fewer than these. The claim has 24 topics.
MOST_TOPICS, MOST_VENUES = 24, 100
LARGEST_TEAM = 30  # authors of a partly observed team; larger teams count as this large


def select(tables: Tables, choices: Choices) -> Selection:
    """Select the papers of the contrast: those of ``select_papers`` at one of the ``MOST_VENUES`` most common venues.

    The contrast compares papers within a venue and year. Venues are never grouped: a stratum of many venues would
    compare papers between them. A paper without a known venue is left out, too.

    Raises
    ------
    InputError
        As ``select_papers``, or if no paper with compute terms is at a known venue.
    """
    rows = select_papers(tables, choices)
    known = rows.frame["venue"] != UNKNOWN
    if not known.all():
        rows.keep(known, "without a known venue")
    common = group_rare(rows.frame["venue"], MOST_VENUES, "") != ""
    if not common.all():
        rows.keep(common, f"at venues beyond the {MOST_VENUES} most common")
    if not rows.frame["exposure"].map(any).any():
        problem = "no paper with compute terms is at a known venue: there is no contrast to estimate"
        raise InputError(problem, "table of papers", hint=rows.describe())
    return rows


def select_papers(tables: Tables, choices: Choices) -> Selection:
    """Select papers of the window with an exposure, a team size and a known or partly observed team.

    Topics beyond the ``MOST_TOPICS`` most common of the selected papers are grouped as ``other``. The project's papers,
    if compared with a user's, are those of the same years.

    Returns
    -------
    Selection
        Columns of the table of papers, and ``topic_used``, ``size``, ``venue_group``, ``exposure`` (a tuple, one value
        per family), ``y`` (academia-only; for a partly observed team, no industry author observed), ``authors`` and
        ``unseen`` (authors not observed; 0 where the team type is known).

    Raises
    ------
    InputError
        If no paper is left, or none uses a term (or names an accelerator), or if ``choices.papers`` is ``project`` and
        the run has no table from OpenAlex.
    """
    if choices.papers == "project" and PROJECT_PAPERS not in tables:
        raise InputError("this comparison needs a user's table from OpenAlex", "table of papers")
    rows = Selection(tables[PROJECT_PAPERS if choices.papers == "project" else "papers"], "papers of the table")
    window = (choices.first_year, choices.last_year)
    if choices.papers == "project":
        users = tables["papers"]["year"]
        rows.keep(rows.frame["year"].between(users.min(), users.max()), "outside the years of the user's table")
    rows.keep_years(rows.frame["year"], *window, f"outside {window[0]}-{window[1]}, the years of the analysis")
    rows.keep(rows.frame["track"].isin(TRACKS), "track other than main and findings")
    if not choices.tei:
        rows.keep(rows.frame["sources"] != "tei", "known from TEI texts alone")
    if choices.without_venue:
        rows.keep(rows.frame["venue"] != choices.without_venue, f"published at {choices.without_venue}")
    if choices.exposure == "hardware":
        rows.keep(rows.frame["code_coded"] != "", "not read in full text")
        rows.keep(rows.frame["research"] == "empirical", "theoretical: no hardware expected")
    else:
        rows.keep(rows.frame["has_abstract"] == "yes", "without an abstract")
    topic = "topic_title" if choices.exposure == "hardware" else choices.topic
    if topic == "topic_keywords":
        rows.keep(rows.frame["topic_keywords"] != "", "without keywords that identify a topic")
    rows.keep(rows.frame["n_authors"].notna(), "number of authors unknown")
    _keep_with_team(rows, choices)
    frame = rows.frame.copy()
    if frame.empty:
        text = "a full text that the LLM annotator read" if choices.exposure == "hardware" else "an abstract"
        problem = f"no paper has {text}, a number of authors and a team that is known or partly observed"
        raise InputError(problem, "table of papers", hint=rows.describe())
    named = frame[topic].replace("", OTHER_TOPIC)
    frame["topic_used"] = group_rare(named, MOST_TOPICS, OTHER_TOPIC)
    frame["size"] = band_team_size(frame["n_authors"])
    frame["venue_group"] = group_venues(frame["venue"])
    frame["exposure"] = list_exposures(frame, choices)
    if not frame["exposure"].map(any).any():
        what = "names an accelerator" if choices.exposure == "hardware" else "uses a compute term"
        problem = f"no paper {what}: there is no contrast to estimate"
        raise InputError(problem, "table of papers", hint=rows.describe())
    rows.frame = frame
    if grouped := int((frame["topic_used"] != named).sum()):
        rows.count(f"of these, of topics beyond the {MOST_TOPICS} most common, grouped as {OTHER_TOPIC}", grouped)
    return rows


def list_exposures(frame: pd.DataFrame, choices: Choices) -> pd.Series:
    """Return one tuple per paper, with one value per family: 1 if used and 0 if not, or log2(1 + number of terms)."""
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
    """Return the names of the families, in order."""
    if choices.exposure == "hardware":
        return list(HARDWARE)
    return [family for family in TERMS if family != choices.without_family]


def _keep_with_team(rows: Selection, choices: Choices) -> None:
    """Keep the papers whose team type is known or partly observed; add ``y``, ``authors`` and ``unseen``.

    With ``team`` "listed", the listed authors decide if all of them are known. Otherwise the LLM label of the team type
    decides, and without a label the authors that are observed. With "coded", the LLM label decides, as it always does
    for full texts. With "listed where coded", the rule is that of "listed", for papers that have an LLM label.
    """
    frame = rows.frame
    coded = frame["team_coded"] != "unknown"
    by_author = frame["slots_per"] == "author"
    sectors = frame[[f"authors_{sector}" for sector in ("education", "company", "government", "nonprofit", "double")]]
    industry = frame[[f"authors_{sector}" for sector in choices.industry]].sum(axis=1) > 0
    complete = by_author & (frame["authors_unknown"] == 0)
    observed = by_author & (sectors.sum(axis=1) > 0)
    as_coded = choices.team == "coded" or choices.exposure == "hardware"
    if as_coded or choices.team == "listed where coded":
        usable, known = coded, coded
    elif choices.unseen == "complete cases":
        usable, known = complete, complete
    else:
        usable, known = complete | coded | observed, complete | coded
    from_coded = coded & (~complete | as_coded)
    y = (~industry).where(~from_coded, frame["team_coded"] == ACADEMIA_ONLY)
    unseen = frame["authors_unknown"].where(~known, 0.0)
    if choices.unseen == "all academic":  # the observed authors then decide the team type
        unseen = unseen * 0
    elif choices.unseen == "all industry":
        y, unseen = y & (unseen == 0), unseen * 0
    rows.frame = frame.assign(y=y, authors=frame["n_authors"], unseen=unseen.astype(int))
    rows.keep(usable, "team type without a label, and no author's affiliation observed")
    left = rows.frame
    filled = int(from_coded[usable].sum())
    rows.count("of these, team type from the LLM label of the full text", filled)
    partly = int((left["unseen"] > 0).sum())
    rows.count("of these, some authors not observed", partly)


def compute_unseen_industry(frame: pd.DataFrame, choices: Choices) -> pd.Series:
    """Compute q, the probability that none of a team's industry authors is observed, for a team that has some.

    The observed authors are assumed to be a random subset of the team. With k of n authors from industry and u authors
    not observed, no industry author is observed with probability C(u, k) / C(n, k). k given n has the distribution of
    the papers of the venue group whose authors are all known. If few of them have n authors, papers with a similar
    number of authors are used, and if these are few, those of all venue groups. If there are none, q = u / n.

    Returns
    -------
    pandas.Series
        Probability for every paper; 0 where the team type is known.
    """
    partly = frame["unseen"] > 0
    q = pd.Series(0.0, index=frame.index)
    if not partly.any():
        return q
    complete = frame[(frame["slots_per"] == "author") & (frame["authors_unknown"] == 0)]
    industry = complete[[f"authors_{sector}" for sector in choices.industry]].sum(axis=1).astype(int)
    some = complete.assign(k=industry, size_used=complete["authors"].clip(upper=LARGEST_TEAM))[industry > 0]
    for key, papers in frame[partly].groupby(["venue_group", "authors", "unseen"]).groups.items():
        group, authors, unseen = cast(tuple[str, float, int], key)
        n = min(int(authors), LARGEST_TEAM)
        u = min(max(round(unseen / authors * n), 1), n - 1)
        same = some[(some["venue_group"] == group) & (some["size_used"] == n)]
        if len(same) < FEW:
            same = some[(some["venue_group"] == group) & (abs(some["size_used"] - n) <= max(1, n // 4))]
        if len(same) < FEW:
            same = some[abs(some["size_used"] - n) <= max(1, n // 2)]
        # Papers of a similar team size provide the share of industry authors, not their number: k is interpolated.
        k = np.clip(same["k"] / same["authors"] * n, 1, n).to_numpy()
        below = np.floor(k)
        hidden = [comb(u, number) / comb(n, number) for number in (below, np.minimum(below + 1, n))]
        q[papers] = float(np.mean((1 - k + below) * hidden[0] + (k - below) * hidden[1])) if len(same) else u / n
    return q


def count_papers(rows: Selection, choices: Choices) -> xr.Dataset:
    """Count the papers in cells.

    Returns
    -------
    xarray.Dataset
        By ``cell``: ``n`` papers, ``y`` of them academia-only (or without an observed industry author), ``q``,
        ``partly`` (1 if the team is partly observed), and index vectors ``..._idx``: into venue-years, topics, team
        sizes, venue groups and exposures, and into flattened tables of several of these. By ``exposure`` and
        ``family``: ``value``. By ``venue_year``: ``venue_year_year``, ``venue_year_venue``. By ``venue_year`` and
        ``topic``: ``topic_venue_idx``, 0 where no cell has both. attrs ``flow`` (exclusions) and ``facts``, JSON;
        ``unseen_shift``, log-odds.
    """
    frame = rows.frame
    frame["q"] = compute_unseen_industry(frame, choices).round(3)
    frame["partly"] = frame["unseen"] > 0
    table = count_cells(frame, ["venue", "year", "topic_used", "size", "exposure", "q", "partly"], "y")
    venue, topic = table["venue"], table["topic_used"]
    coordinates = pd.DataFrame(
        {
            "venue_year": venue + " " + table["year"].astype(int).astype(str),
            "topic": topic,
            "topic_venue": topic + " at " + venue,
            "venue_group": group_venues(venue),
            "size": table["size"],
            "exposure": table["exposure"],
        }
    )
    levels = {name: sorted(values.unique()) for name, values in coordinates.items()} | {"size": list(TEAM_SIZES)}
    idx = {str(name): index_levels(values, levels[name]) for name, values in coordinates.items()}
    idx["partly"] = table["partly"].to_numpy().astype(np.int64)
    sizes = {str(name): len(level) for name, level in levels.items()} | {"partly": 2}
    joint = (("venue_year", "topic"), ("topic", "exposure"), ("venue_group", "size", "partly"))
    venue_years = table.assign(venue_year=coordinates["venue_year"]).drop_duplicates("venue_year")
    venue_years = venue_years.set_index("venue_year").loc[levels["venue_year"]]
    topic_venue_idx = np.zeros((sizes["venue_year"], sizes["topic"]), dtype=np.int64)
    topic_venue_idx[idx["venue_year"], idx["topic"]] = idx["topic_venue"]
    single = ("venue_year", "topic", "size", "venue_group", "exposure")
    exposures = np.array(levels["exposure"], float).reshape(sizes["exposure"], -1)
    dataset = xr.Dataset(
        {
            "n": ("cell", table["n"].to_numpy(), {"unit": "papers"}),
            "y": ("cell", table["y"].to_numpy(), {"unit": "papers"}),
            "q": ("cell", table["q"].to_numpy(float)),
            "partly": ("cell", idx["partly"]),
            **{f"{name}_idx": ("cell", idx[name]) for name in single},
            **{"_".join([*names, "idx"]): ("cell", cross_indices(idx, sizes, *names)) for names in joint},
            "topic_venue_idx": (("venue_year", "topic"), topic_venue_idx),
            "value": (("exposure", "family"), exposures),
            "venue_year_venue": ("venue_year", venue_years["venue"].to_numpy(str)),
            "venue_year_year": ("venue_year", venue_years["year"].to_numpy(int)),
        },
        coords={"family": list_families(choices)} | {name: levels[name] for name in levels if name != "exposure"},
    )
    facts = {"venues": frame["venue"].nunique(), "papers": len(frame), "exposed": int(frame["exposure"].map(any).sum())}
    attrs = {"flow": rows.to_json(), "facts": json.dumps(facts), "unseen_shift": choices.unseen_shift}
    return dataset.assign_attrs(attrs)


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count papers in cells (see ``count_papers``), and add the weights of the decomposition.

    Raises
    ------
    InputError
        If no paper is left.
    """
    return add_panel_weights(count_papers(select(tables, choices), choices), CHANGE_OF[choices.exposure == "hardware"])
