"""Invented papers and draws for the tests of the compute-term claim, and quantities by hand.

Calculations by hand look every number up by name, never by position.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr
from scipy.special import expit

from data.tables.load import load
from data.tables.paper_schemas import PAPERS
from data.vocabulary import AUTHOR_SECTORS, VENUES
from models.topic_compute.cells import prepare, select
from models.topic_compute.choices import Choices
from models.topic_compute.definitions import TERMS

Draws = np.ndarray[Any, np.dtype[np.float64]]
CHOICES = Choices()
STEMS = {venue: stem for stem, venue in VENUES.items()}
TOPICS = ("computer vision", "natural language processing", "reinforcement learning")
# A paper of two academics with an abstract and without terms; its team has no LLM label.
PLAIN = {
    "track": "main", "sources": "paperlists", "research": "empirical", "coder_excluded": "", "slots_per": "author",
    "team_coded": "unknown", "team_passage": "unknown", "topic_basis": "title", "topic_keywords": "",
    "has_abstract": "yes", "code_page": "missing", "hardware_kind": "unknown", "accelerator_setups": 0.0,
}  # fmt: skip
DIMS_OF: dict[str, tuple[str, ...]] = {  # of the parameters that the estimands use
    "intercept": (), "venue_year_effect": ("venue_year",), "topic_effect": ("topic",),
    "topic_venue_effect": ("topic_venue",), "size_effect": ("venue_group", "size"), "slope": ("topic", "family"),
    "family_slope": ("family",), "topic_slope_sd": (), "topic_family_sd": (),
}  # fmt: skip
NUMBERS = [name for name, column in PAPERS.columns.items() if column.dtype.type == np.float64]


def make_papers(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a valid table of papers; a row names what differs from ``PLAIN``.

    Keys of a row: ``team`` (sector to number of authors), ``terms`` (families, or family to number), ``topic``,
    ``venue``, ``year``, ``times`` (copies), or any column of the table.
    """
    out: list[dict[str, Any]] = []
    copies = []
    for row in rows:
        values = dict(row)
        one: dict[str, Any] = dict.fromkeys(PAPERS.columns, "") | dict.fromkeys(NUMBERS, np.nan) | PLAIN
        authors = dict.fromkeys(AUTHOR_SECTORS, 0) | values.pop("team", {"education": 2})
        terms = values.pop("terms", ())
        copies.append(values.pop("times", 1))
        topic = values.get("topic", TOPICS[0])
        one |= {
            "venue": "NeurIPS",
            "year": 2015,
            "topic": topic,
            "topic_title": topic,
            "n_authors": sum(authors.values()),
        }
        one |= {f"authors_{sector}": number for sector, number in authors.items()} | values
        one |= {"slots_with_text": sum(authors.values()) - authors["unknown"], "slots_without_text": authors["unknown"]}
        one["team_listed"] = find_team_type(authors)
        if one["has_abstract"] == "yes":
            used = terms if isinstance(terms, Mapping) else dict.fromkeys(terms, 1)
            one |= {"abstract_words": 100} | {column: used.get(family, 0) for family, column in TERMS.items()}
        out.append(one | {"id": f"{STEMS[one['venue']]}{one['year']}"})
    frame = pd.DataFrame(out, columns=list(PAPERS.columns)).astype(dict.fromkeys(NUMBERS, float))
    frame = frame.iloc[np.repeat(np.arange(len(out)), copies)].reset_index(drop=True)
    return frame.assign(id=[f"{prefix}-{number:012x}" for number, prefix in enumerate(frame["id"])])


def find_team_type(authors: Mapping[str, int]) -> str:
    """Return the team type of a team with so many authors by sector."""
    industry = authors["company"] + authors["double"] > 0
    academia = authors["education"] + authors["government"] + authors["nonprofit"] + authors["double"] > 0
    if industry and academia:
        return "mixed"
    if authors["unknown"] or not (industry or academia):
        return "unknown"
    return "industry-only" if industry else "academia-only"


def simulate_papers(count: int, seed: int) -> pd.DataFrame:
    """Simulate papers of three topics, five venues (four groups) and all team sizes.

    Some have terms; a fifth of the larger teams are partly observed.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        authors = int(rng.integers(1, 11))
        industry = int(rng.integers(0, authors + 1)) if rng.random() < 0.5 else 0
        unseen = int(rng.integers(1, authors)) if authors > 1 and rng.random() < 0.2 else 0
        hidden = int(rng.hypergeometric(industry, authors - industry, unseen))
        team = {"company": industry - hidden, "education": authors - industry - unseen + hidden, "unknown": unseen}
        rows.append(
            {
                "venue": str(rng.choice(["NeurIPS", "ICML", "CVPR", "ACL", "AAAI"])),
                "year": int(rng.integers(2012, 2020)),
                "topic": str(rng.choice(TOPICS)),
                "team": team,
                "terms": [family for family in TERMS if rng.random() < 0.2],
            }
        )
    return make_papers(rows)


def make_random_draws(dataset: xr.Dataset, seed: int, chains: int = 2, draws: int = 3) -> xr.Dataset:
    """Make draws of every parameter that the estimands use, without any structure."""
    rng = np.random.default_rng(seed)
    return _draws(dataset, lambda shape: rng.normal(0, 0.7, shape), chains, draws)


def make_constant_draws(dataset: xr.Dataset, **effects: Mapping[Any, float]) -> xr.Dataset:
    """Make two equal draws with every parameter 0 except those named: ``size_effect={"5-6": -1.0}``, in all groups."""
    out = _draws(dataset, np.zeros, 1, 2)
    for name, values in effects.items():
        dim = name.removesuffix("_effect") if name != "slope" else "family"
        for level, value in values.items():
            out[name] = out[name].where(out[name][dim] != level, value)
    return out


def _draws(dataset: xr.Dataset, make: Callable[[tuple[int, ...]], Draws], chains: int, draws: int) -> xr.Dataset:
    lead = {"chain": np.arange(chains), "draw": np.arange(draws)}
    out = {}
    for name, dims in DIMS_OF.items():
        coords = lead | {dim: dataset[dim].to_numpy() for dim in dims}
        values = make(tuple(len(value) for value in coords.values()))
        out[name] = xr.DataArray(abs(values) if name.endswith("_sd") else values, coords, tuple(coords))
    return xr.Dataset(out)


def evaluate_at_random_point(model: pm.Model, names: list[str], seed: int) -> tuple[dict[str, Draws], Draws]:
    """Evaluate these variables and the log-likelihood of each cell at a random value of all free variables."""
    rng = np.random.default_rng(seed)
    point = {name: rng.normal(0, 0.7, np.shape(value)) for name, value in model.initial_point().items()}
    wanted = model.replace_rvs_by_values([model[name] for name in names])
    found = model.compile_fn(
        [*wanted, *model.logp(vars=model.observed_RVs, sum=False)],
        inputs=model.value_vars,
        mode="FAST_COMPILE",
        on_unused_input="ignore",
    )(point)
    return dict(zip(names, found[: len(names)], strict=True)), np.concatenate(
        [part.ravel() for part in found[len(names) :]]
    )


def find_venue_group(venue: str) -> str:
    """Return the venue group of a venue."""
    groups = {"NeurIPS": "machine learning", "ICML": "machine learning", "CVPR": "vision", "ACL": "language"}
    return groups.get(venue, "AI")


def find_size_band(authors: float) -> str:
    """Return the band of a team size."""
    for name in ("1", "2", "3", "4"):
        if authors == int(name):
            return name
    return "5-6" if authors <= 6 else "7-8" if authors <= 8 else "9 or more"


def sum_base(frame: pd.DataFrame, draws: xr.Dataset, shift: float = 0.0) -> Draws:
    """Sum the log-odds of each paper without its terms, (draw, paper), looked up by the paper's names."""
    columns = []
    for _, row in frame.iterrows():
        venue, year, topic = row["venue"], int(row["year"]), row["topic_used"]
        log_odds = draws["venue_year_effect"].sel(venue_year=f"{venue} {year}") + draws["topic_effect"].sel(topic=topic)
        log_odds = log_odds + draws["topic_venue_effect"].sel(topic_venue=f"{topic} at {venue}")
        size = {"venue_group": find_venue_group(venue), "size": find_size_band(row["n_authors"])}
        log_odds = log_odds + draws["size_effect"].sel(size)
        columns.append(flatten(log_odds) + shift * (row["unseen"] > 0))
    return np.column_stack(columns)


def multiply_slopes(frame: pd.DataFrame, draws: xr.Dataset, families: Iterable[str]) -> Draws:
    """Multiply the slope of each family by each paper's use of it, (draw, paper, family), log-odds."""
    columns = []
    for _, row in frame.iterrows():
        slope = draws["slope"].sel(topic=row["topic_used"], family=list(families)).transpose("chain", "draw", "family")
        columns.append(slope.to_numpy().reshape(-1, len(row["exposure"])) * np.array(row["exposure"]))
    return np.stack(columns, axis=1)


def flatten(values: xr.DataArray) -> Draws:
    """Return the draws of a scalar in one row."""
    row: Draws = values.transpose("chain", "draw").to_numpy().ravel()
    return row


def compute_probability(log_odds: Draws) -> Draws:
    """Return the inverse logit."""
    return np.asarray(expit(log_odds))


@functools.cache
def read_real_tables() -> dict[str, pd.DataFrame]:
    """Read the table of papers of the snapshot."""
    return {"papers": load("papers")}


def select_papers(frame: pd.DataFrame, **choices: Any) -> pd.DataFrame:
    """Select papers of a table as the contrast does; the index is their id."""
    return select({"papers": frame}, dataclasses.replace(CHOICES, **choices)).frame.set_index("id")


def prepare_cells(frame: pd.DataFrame, **choices: Any) -> xr.Dataset:
    """Prepare the contrast's dataset from a table of papers."""
    return prepare({"papers": frame}, dataclasses.replace(CHOICES, **choices))
