"""Papers of the hardware gap: set-ups on the lattice of numbers of chips, in cells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import InputError
from models.common.cells import TEAM_SIZES, Floats, Ints, band_team_size, cross_indices, index_levels
from models.common.claim import Tables
from models.common.exclusions import Selection
from models.common.team_types import ACADEMIA_ONLY, TEAM_TYPES
from models.compute_gap.choices import Choices
from models.compute_gap.definitions import (
    BIN_WIDTH,
    CLASSES,
    FIRST_BIN,
    LARGE,
    LARGEST,
    MORE,
    N_BINS,
    NUMBERS,
    ORDINARY,
    PUBLISHED_AT,
    QUANTILE,
    SIDES,
    VENUES,
)

SCORED = "fourth"  # the part of the labels that the parser has never seen
FEW_CHIPS = 15  # a type that fewer papers use is counted with the common type of the nearest peak
ORIGIN = 2021  # of time: near the middle of the papers
TAKEN_AS = {"one": 1.0, "eight": 8.0}  # chips of a paper that states no number, unless it is latent
# How the names of TPUs start, and of the cards that NVIDIA sells to consumers; all other chips are of data centres and
# workstations.
KINDS = {"tpu": ("TPU",), "consumer": ("GTX", "RTX 2", "RTX 3", "RTX 4", "TITAN")}
CELL = ("team", "venue_year", "topic", "size", "checked")


def select(tables: Tables, choices: Choices) -> Selection:
    """Select empirical papers of the main track, read in full text, that state an accelerator with a known peak.

    The frame gets the columns ``team``, ``topic``, ``size``, ``venue_year``, ``peak`` (log10 FLOP/s of one chip),
    ``chips`` (number of chips, NaN if the paper states none), ``labelled`` (whether a reader labelled the number) and
    ``checked`` (whether the number counts as free of error). A label replaces what the parser found.

    Raises
    ------
    InputError
        If no paper is left.
    """
    rows = select_read(tables, choices)
    papers = _correct(rows.frame, tables["hardware_labels"])
    rows.frame = papers
    rows.keep(papers["hardware_kind"] == "accelerator", "no accelerator stated")
    peak = rows.frame["accelerator_log10_peak"]
    if choices.peak == "tensor":
        peak = rows.frame["accelerator_log10_tensor16"].fillna(peak)
    chips = rows.frame["accelerator_count"]
    if choices.setups == "sum":  # as many chips of the largest set-up as all set-ups together are worth
        chips = chips.where(rows.frame["labelled"], 10 ** (rows.frame["accelerators_log10_sum"] - peak))
    if choices.unknown != "latent":
        chips = chips.fillna(TAKEN_AS[choices.unknown])
    checked = rows.frame["labelled"] | (choices.error == "none")
    rows.frame = rows.frame.assign(peak=peak, chips=chips, checked=checked)
    rows.keep(rows.frame["peak"].notna(), "type of accelerator without a known peak")
    if rows.frame.empty:
        problem = f"no paper of {', '.join(VENUES)} that was read in full text states an accelerator with a known peak"
        hint = f"{rows.describe()}; this claim needs hardware_kind, accelerator and team_coded: see data/README.md"
        raise InputError(problem, "table of papers", hint=hint)
    return rows


def select_read(tables: Tables, choices: Choices) -> Selection:
    """Select empirical papers of the main track, read in full text, whether or not they state an accelerator.

    Raises
    ------
    InputError
        If there are papers, all of other years.
    """
    rows = Selection(tables["papers"], "papers of the table")
    rows.keep(rows.frame["venue"].isin(VENUES), f"venue other than {', '.join(VENUES)}")
    rows.keep(rows.frame["hardware_coded"].isin(["yes", "no"]), "not read in full text")
    rows.keep_years(
        rows.frame["year"], choices.first_year, choices.last_year,
        f"published outside {choices.first_year}-{choices.last_year}",
    )  # fmt: skip
    rows.keep(rows.frame["track"] == "main", "track other than main")
    rows.keep(rows.frame["coder_excluded"] != "yes", "excluded by the LLM annotator")
    rows.keep(rows.frame["research"] == "empirical", "theoretical")
    if choices.without_venue:
        rows.keep(rows.frame["venue"] != choices.without_venue, f"published at {choices.without_venue}")
    rows.keep(rows.frame["team_coded"].isin(TEAM_TYPES), "team type unknown")
    rows.keep(rows.frame["n_authors"].notna(), "number of authors unknown")
    frame = rows.frame
    rows.frame = frame.assign(
        team=frame["team_coded"],
        topic=frame["topic_title"],
        size=band_team_size(frame["n_authors"]),
        venue_year=frame["venue"] + " " + frame["year"].astype(int).astype(str),
    )
    return rows


def _correct(frame: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Replace what the parser found by the label of a reader, where there is one."""
    names = ["accelerator", "accelerator_count", "accelerator_log10_peak", "accelerator_log10_tensor16"]
    last = labels.drop_duplicates("id", keep="last").set_index("id")
    labelled = frame["id"].isin(last.index) & (frame["hardware_kind"] == "accelerator")
    out = frame.assign(labelled=labelled)
    for name in names:
        out[name] = out[name].where(~labelled, out["id"].map(last[name]))
    return out


def round_to_lattice(chips: pd.Series) -> pd.Series:
    """Round numbers of chips to the nearest power of two on the log scale, 1 to 2,048; NaN stays."""
    lattice: pd.Series = (2.0 ** np.round(np.log2(chips))).clip(ORDINARY[0], LARGE[-1])
    return lattice


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count papers by number of chips and by chip.

    Returns
    -------
    xarray.Dataset
        By ``cell`` (team type, venue-year, topic, team size, and whether the number is free of error): ``count``
        (cell, class) papers with one chip, two to eight, and more, index vectors ``..._idx``, and ``checked``, 1 or 0.
        By ``venue_year``: index vectors of its venue and its year.
        By ``unknown``, a cell of papers without a stated number: ``unknown_n`` papers and ``unknown_..._idx``.
        By ``year`` and ``team``: ``ordinary_count`` (year, team, ordinary_number) papers with two, four and eight
        chips, ``large_count`` (year, team, large) with more, ``chip_count`` (year, team, class, chip) with each chip,
        and ``unknown_count`` (year, team, chip) with each chip and no stated number.
        By ``chip``: ``peak``, log10 FLOP/s, and ``kind_of_chip`` (kind, chip), 1 or 0.
        By ``base``, a venue-year, topic and team size: ``base_n`` (team, base) papers, and index vectors.
        By ``team``: labelled papers that the parser has never seen (``scored``), and those read wrong (``misread``);
        by ``class``, what the parser found for those (``misread_as``).
        By ``venue_year`` and ``team``: ``read_n`` papers read, ``stated_n`` of them state an accelerator.
        By ``side`` and ``bin``: ``published_count`` papers of the published venue-year, an unknown number taken as one.
        attrs: ``flow`` (exclusions) and ``facts`` as JSON.

    Raises
    ------
    InputError
        If no paper is left.
    """
    papers = select(tables, choices)
    frame = papers.frame.assign(lattice=round_to_lattice(papers.frame["chips"]))
    frame = frame.assign(number=frame["lattice"].map(_name_number), chip=group_chips(frame))
    levels = _list_levels(tables, choices, frame)
    sizes = {name: len(level) for name, level in levels.items()}
    known = frame[frame["lattice"].notna()]
    peaks = frame.groupby("chip")["peak"].median()
    known = known.assign(**{"class": known["number"].map(_name_class)})
    table = known.assign(n=1).pivot_table("n", list(CELL), "class", aggfunc="sum", fill_value=0, observed=True)
    table = table.reindex(columns=list(CLASSES), fill_value=0)
    cells = table.index.to_frame(index=False)
    unknown = frame[frame["lattice"].isna()]
    many = known[known["number"] == MORE]
    several = known[known["class"] == CLASSES[1]]
    several = several.assign(ordinary_number=several["lattice"].astype(int))
    papers_unit = {"unit": "papers"}
    dataset = xr.Dataset(
        {
            "count": (("cell", "class"), table.to_numpy(), {"unit": "papers"}),
            **_index_cells(cells, levels, "", "cell"),
            "checked": ("cell", cells["checked"].to_numpy().astype(np.int64)),
            "venue_year_venue_idx": ("venue_year", _index_venues(levels["venue_year"], levels)),
            "venue_year_year_idx": ("venue_year", _index_years(levels["venue_year"], levels)),
            **_index_unknown(unknown, levels),
            "unknown_count": (("year", "team", "chip"), _count(unknown, levels, "year", "team", "chip"), papers_unit),
            "ordinary_count": (
                ("year", "team", "ordinary_number"), _count(several, levels, "year", "team", "ordinary_number"),
                papers_unit,
            ),
            "large_count": (("year", "team", "large"), _count(many, levels, "year", "team", "lattice"), papers_unit),
            "chip_count": (
                ("year", "team", "class", "chip"), _count(known, levels, "year", "team", "class", "chip"), papers_unit,
            ),
            "peak": ("chip", peaks[levels["chip"]].to_numpy(), {"unit": "log10 FLOP/s"}),
            "kind_of_chip": (
                ("kind", "chip"),
                np.array([[name.startswith(starts) for name in levels["chip"]] for starts in KINDS.values()], float),
            ),
            "time": ("year", (np.array(levels["year"]) - ORIGIN) / 4, {"unit": f"four years from {ORIGIN}"}),
            **_count_base(frame, levels, sizes),
            **_count_stated(tables, choices, frame, levels),
        },
        coords={name: level for name, level in levels.items() if name != "lattice"},
    )  # fmt: skip
    dataset = dataset.merge(_count_misread(tables, frame)).merge(_count_published(frame))
    facts = json.dumps(_list_facts(frame, dataset))
    return dataset.assign_attrs({"flow": papers.to_json(), "facts": facts})


def group_chips(frame: pd.DataFrame) -> pd.Series:
    """Name the chip of each paper; rare types are counted with the common type of the nearest peak."""
    papers = frame["accelerator"].value_counts()
    peak = frame.groupby("accelerator")["peak"].median()
    common = sorted(name for name in papers.index if papers[name] >= FEW_CHIPS) or sorted(papers.index)
    nearest = {
        name: name if name in common else min(common, key=lambda other: (abs(peak[other] - peak[name]), other))
        for name in papers.index
    }
    return frame["accelerator"].map(nearest)


def _name_number(lattice: float) -> str:
    return "" if np.isnan(lattice) else MORE if lattice > ORDINARY[-1] else str(int(lattice))


def _name_class(number: str) -> str:
    return {"": "", NUMBERS[0]: CLASSES[0], MORE: CLASSES[-1]}.get(number, CLASSES[1])


def _list_levels(tables: Tables, choices: Choices, frame: pd.DataFrame) -> dict[str, list[Any]]:
    """List the coordinates. Those of venue-years and topics are of all papers that were read."""
    read = select_read(tables, choices).frame
    venue_years = read[["venue", "year"]].drop_duplicates().sort_values(["venue", "year"])
    return {
        "team": list(TEAM_TYPES),
        "industry": list(TEAM_TYPES[1:]),
        "venue": [venue for venue in VENUES if (read["venue"] == venue).any()],
        "venue_year": [f"{venue} {year:.0f}" for venue, year in venue_years.itertuples(index=False)],
        "topic": sorted(read["topic"].unique()),
        "size": list(TEAM_SIZES),
        "year": sorted({int(year) for year in read["year"]}),
        "chip": sorted(frame["chip"].unique()),
        "class": list(CLASSES),
        "kind": list(KINDS),
        "ordinary_number": list(ORDINARY[1:]),
        "large": list(LARGE),
        "lattice": [float(number) for number in LARGE],
    }


def _index_unknown(unknown: pd.DataFrame, levels: dict[str, list[Any]]) -> dict[str, Any]:
    """Count papers without a stated number by team type, venue-year, topic and team size, with index vectors."""
    cells = unknown.groupby(list(CELL[:-1]), sort=True, observed=True).size().reset_index(name="n")
    n = ("unknown", cells["n"].to_numpy().astype(np.int64), {"unit": "papers"})
    return {"unknown_n": n, **_index_cells(cells, levels, "unknown_", "unknown")}


def _index_cells(cells: pd.DataFrame, levels: dict[str, list[Any]], prefix: str, dim: str) -> dict[str, Any]:
    """Index the levels of cells, and their combinations of team type and venue-year, as tables of effects have them."""
    idx = {name: index_levels(cells[name], levels[name]) for name in CELL[:-1]}
    lengths = {name: len(levels[name]) for name in ("team", "venue_year")}
    idx["team_venue_year"] = cross_indices(idx, lengths, "team", "venue_year")
    return {f"{prefix}{name}_idx": (dim, values) for name, values in idx.items()}


def _index_venues(venue_years: Sequence[str], levels: dict[str, list[Any]]) -> Ints:
    return index_levels(pd.Series(venue_years).str.rsplit(" ", n=1).str[0], levels["venue"])


def _index_years(venue_years: Sequence[str], levels: dict[str, list[Any]]) -> Ints:
    return index_levels(pd.Series(venue_years).str.rsplit(" ", n=1).str[1].astype(int), levels["year"])


def _count(frame: pd.DataFrame, levels: dict[str, list[Any]], *names: str) -> Ints:
    """Count papers by several columns, in the shape of their levels."""
    shape = [len(levels[name]) for name in names]
    idx = np.ravel_multi_index([index_levels(frame[name], levels[name]) for name in names], shape)
    return np.bincount(idx, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)


def _count_base(frame: pd.DataFrame, levels: dict[str, list[Any]], sizes: dict[str, int]) -> dict[str, Any]:
    """Count papers by team type and base cell (venue-year, topic, team size)."""
    names = ("venue_year", "topic", "size")
    shape = [sizes[name] for name in names]
    flat = np.ravel_multi_index([index_levels(frame[name], levels[name]) for name in names], shape)
    cells, inverse = np.unique(flat, return_inverse=True)
    n = np.zeros((len(TEAM_TYPES), len(cells)), dtype=np.int64)
    np.add.at(n, (index_levels(frame["team"], levels["team"]), inverse), 1)
    idx = dict(zip(names, np.unravel_index(cells, shape), strict=True))
    return {
        "base_n": (("team", "base"), n, {"unit": "papers"}),
        **{f"base_{name}_idx": ("base", values.astype(np.int64)) for name, values in idx.items()},
    }


def _count_stated(
    tables: Tables, choices: Choices, frame: pd.DataFrame, levels: dict[str, list[Any]]
) -> dict[str, Any]:
    """Count the papers that were read, and those of them that state an accelerator, by venue-year and team type."""
    read = select_read(tables, choices).frame
    return {
        name: (("venue_year", "team"), _count(papers, levels, "venue_year", "team"), {"unit": "papers"})
        for name, papers in (("read_n", read), ("stated_n", frame))
    }


def _count_misread(tables: Tables, frame: pd.DataFrame) -> xr.Dataset:
    """Count the labelled papers of the part that the parser has never seen, and those whose number it reads wrong.

    A number is wrong if it falls into another class. Papers whose passage states no number, or for which
    the parser found none, do not count.
    """
    labels = tables["hardware_labels"]
    labels = labels[labels["part"] == SCORED].set_index("id")
    parsed = tables["papers"].set_index("id")["accelerator_count"]
    scored = frame[frame["id"].isin(labels.index)]
    truth, found = (
        round_to_lattice(scored["id"].map(numbers)).map(_name_number).map(_name_class)
        for numbers in (labels["accelerator_count"], parsed)
    )
    both = (truth != "") & (found != "")
    wrong = both & (truth != found)
    count = {
        name: scored.loc[rows, "team"].value_counts().reindex(list(TEAM_TYPES), fill_value=0).to_numpy()
        for name, rows in (("scored", both), ("misread", wrong))
    }
    as_class = found[wrong].value_counts().reindex(list(CLASSES), fill_value=0).to_numpy()
    return xr.Dataset(
        {
            **{name: ("team", values.astype(np.int64), {"unit": "papers"}) for name, values in count.items()},
            "misread_as": ("class", as_class.astype(np.int64), {"unit": "papers"}),
        }
    )


def take_published(frame: pd.DataFrame) -> dict[str, Floats]:
    """Return log10 FLOP/s of the papers of the published venue-year, by side; an unknown number is taken as one."""
    papers = frame[frame["venue_year"] == PUBLISHED_AT]
    performance = papers["peak"] + np.log10(papers["chips"].fillna(1))
    academia = papers["team"] == ACADEMIA_ONLY
    sides = (performance[academia].to_numpy(float), performance[~academia].to_numpy(float))
    return dict(zip(SIDES, sides, strict=True))


def _count_published(frame: pd.DataFrame) -> xr.Dataset:
    bins = [np.clip((values - FIRST_BIN) // BIN_WIDTH, 0, N_BINS - 1) for values in take_published(frame).values()]
    count = np.stack([np.bincount(each.astype(int), minlength=N_BINS) for each in bins])
    return xr.Dataset({"published_count": (("side", "bin"), count, {"unit": "papers"})}, {"side": list(SIDES)})


def compare_counted(academia: Floats, industry: Floats) -> dict[str, float]:
    """Compare the papers of two sides as counted: ratios of four means, also without the largest, and P(more)."""
    out = {
        "geometric": industry.mean() - academia.mean(),
        "median": np.median(industry) - np.median(academia),
        "quantile": np.quantile(industry, QUANTILE) - np.quantile(academia, QUANTILE),
    }
    difference = (industry[:, None] - academia).round(6)
    out["more"] = np.log10(((difference > 0) + 0.5 * (difference == 0)).mean())
    both = np.concatenate([industry, academia])
    of_industry = np.arange(len(both)) < len(industry)
    order = np.argsort(-both, kind="stable")  # of ties, industry's papers go first
    for k in LARGEST:
        kept = order[k:]
        first, second = (10 ** both[kept[of_industry[kept] == side]] for side in (True, False))
        out[f"arithmetic without {k}" if k else "arithmetic"] = np.log10(first.mean() / second.mean())
    return {name: float(10**value) for name, value in out.items()}


def _list_facts(frame: pd.DataFrame, dataset: xr.Dataset) -> dict[str, str]:
    """List the counts that the paper reports."""
    sides = take_published(frame)
    facts = {
        "papers": f"{len(frame):,}",
        "papers without a number": f"{int(frame['lattice'].isna().sum()):,}",
        "papers of more than eight chips": f"{int((frame['number'] == MORE).sum()):,}",
        "papers read": f"{int(dataset['read_n'].sum()):,}",
        "labelled": f"{int(frame['labelled'].sum()):,}",
        "scored": str(int(dataset["scored"].sum())),
        "misread": str(int(dataset["misread"].sum())),
    }
    for team, part in frame.groupby("team"):
        facts[f"papers, {team}"] = f"{len(part):,}"
        facts[f"one chip, {team}"] = f"{int((part['number'] == NUMBERS[0]).sum()):,}"
    if all(len(values) > LARGEST[-1] for values in sides.values()):
        facts |= {f"{PUBLISHED_AT}, {side}": f"{len(values):,}" for side, values in sides.items()}
        read = dataset["read_n"].sel(venue_year=PUBLISHED_AT).to_numpy()
        facts |= {f"{PUBLISHED_AT}, read": f"{read.sum():,}"}
        facts |= {
            f"{PUBLISHED_AT}, read, {side}": f"{n:,}" for side, n in zip(SIDES, (read[0], read[1:].sum()), strict=True)
        }
        counted = compare_counted(*sides.values())
        facts |= {f"{PUBLISHED_AT}, counted, {name}": f"{value:.2g}" for name, value in counted.items()}
    return facts
