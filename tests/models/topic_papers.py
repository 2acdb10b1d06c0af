"""Invented papers and invented draws for the tests of the compute-term claim; numbers by name, never by position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr
from scipy.special import expit

from data.tables.paper_schemas import PAPERS
from data.vocabulary import AUTHOR_KINDS, VENUES
from models.topic_compute.choices import Choices
from models.topic_compute.definitions import TERMS

Draws = np.ndarray[Any, np.dtype[np.float64]]
STEMS = {venue: stem for stem, venue in VENUES.items()}
TOPICS = ("computer vision", "natural language processing", "reinforcement learning")
# A paper of two academics with an abstract and no term, its team not coded.
PLAIN = {
    "track": "main", "sources": "paperlists", "research": "empirical", "coder_excluded": "", "slots_per": "author",
    "team_coded": "unknown", "team_passage": "unknown", "topic_basis": "title", "topic_keywords": "",
    "has_abstract": "yes", "code_page": "missing", "hardware_kind": "unknown", "accelerator_setups": 0.0,
}  # fmt: skip
NUMBERS = [name for name, column in PAPERS.columns.items() if column.dtype.type == np.float64]


def papers(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A valid table of papers; a row names what differs from ``PLAIN``.

    ``team`` (kind of author to number), ``terms`` (families, or family to number), ``topic``, ``venue``, ``year``,
    ``times`` (copies), or any column of the table.
    """
    out: list[dict[str, Any]] = []
    copies = []
    for row in rows:
        given = dict(row)
        one: dict[str, Any] = dict.fromkeys(PAPERS.columns, "") | dict.fromkeys(NUMBERS, np.nan) | PLAIN
        authors = dict.fromkeys(AUTHOR_KINDS, 0) | given.pop("team", {"education": 2})
        terms = given.pop("terms", ())
        copies.append(given.pop("times", 1))
        topic = given.get("topic", TOPICS[0])
        one |= {
            "venue": "NeurIPS",
            "year": 2015,
            "topic": topic,
            "topic_title": topic,
            "n_authors": sum(authors.values()),
        }
        one |= {f"authors_{kind}": number for kind, number in authors.items()} | given
        one |= {"slots_with_text": sum(authors.values()) - authors["unknown"], "slots_without_text": authors["unknown"]}
        one["team_listed"] = listed(authors)
        if one["has_abstract"] == "yes":
            used = terms if isinstance(terms, Mapping) else dict.fromkeys(terms, 1)
            one |= {"abstract_words": 100} | {column: used.get(family, 0) for family, column in TERMS.items()}
        out.append(one | {"id": f"{STEMS[one['venue']]}{one['year']}"})
    frame = pd.DataFrame(out, columns=list(PAPERS.columns)).astype(dict.fromkeys(NUMBERS, float))
    frame = frame.iloc[np.repeat(np.arange(len(out)), copies)].reset_index(drop=True)
    return frame.assign(id=[f"{place}-{number:012x}" for number, place in enumerate(frame["id"])])


def listed(authors: Mapping[str, int]) -> str:
    """Kind of team that the authors by sector make."""
    industry = authors["company"] + authors["double"] > 0
    academia = authors["education"] + authors["government"] + authors["nonprofit"] + authors["double"] > 0
    if industry and academia:
        return "mixed"
    if authors["unknown"] or not (industry or academia):
        return "unknown"
    return "industry-only" if industry else "academia-only"


def varied(count: int, seed: int) -> pd.DataFrame:
    """Papers of three topics, five venues (four groups) and all sizes, some with terms, a fifth of the teams unseen."""
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
    return papers(rows)


def random_draws(dataset: xr.Dataset, seed: int, chains: int = 2, draws: int = 3) -> xr.Dataset:
    """Draws of every parameter that the estimands use, without any structure."""
    rng = np.random.default_rng(seed)
    return _draws(dataset, lambda shape: rng.normal(0, 0.7, shape), chains, draws)


def constant_draws(dataset: xr.Dataset, **effects: Mapping[Any, float]) -> xr.Dataset:
    """Two equal draws, every parameter 0 but those named: ``size_effect={"5-6": -1.0}``, in all groups."""
    out = _draws(dataset, np.zeros, 1, 2)
    for name, values in effects.items():
        dim = name.removesuffix("_effect") if name != "slope" else "family"
        for level, value in values.items():
            out[name] = out[name].where(out[name][dim] != level, value)
    return out


def _draws(dataset: xr.Dataset, made: Any, chains: int, draws: int) -> xr.Dataset:
    dims: dict[str, tuple[str, ...]] = {
        "level": (), "venue_year_effect": ("venue_year",), "topic_effect": ("topic",), "pair_effect": ("pair",),
        "size_effect": ("group", "size"), "slope": ("topic", "family"), "family_slope": ("family",),
        "topic_slope_sd": (), "topic_family_sd": (), "new_topic_raw": (), "new_topic_family_raw": ("family",),
    }  # fmt: skip
    lead = {"chain": np.arange(chains), "draw": np.arange(draws)}
    out = {}
    for name, of in dims.items():
        coords = lead | {dim: dataset[dim].to_numpy() for dim in of}
        values = made(tuple(len(value) for value in coords.values()))
        out[name] = xr.DataArray(abs(values) if name.endswith("_sd") else values, coords, tuple(coords))
    return xr.Dataset(out)


def at_random_point(model: pm.Model, names: list[str], seed: int) -> tuple[dict[str, Draws], Draws]:
    """Values of these variables and the log-likelihood of each cell, where all free variables are drawn at random."""
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


def groups(venue: str) -> str:
    return {"NeurIPS": "machine learning", "ICML": "machine learning", "CVPR": "vision", "ACL": "language"}.get(
        venue, "AI"
    )


def size_of(authors: float) -> str:
    for name in ("1", "2", "3", "4"):
        if authors == int(name):
            return name
    return "5-6" if authors <= 6 else "7-8" if authors <= 8 else "9 or more"


def base_of(frame: pd.DataFrame, draws: xr.Dataset, shift: float = 0.0) -> np.ndarray:
    """Log-odds without terms, one row a draw and one column a paper, looked up by the names of each paper's levels."""
    columns = []
    for _, row in frame.iterrows():
        venue, year, topic = row["venue"], int(row["year"]), row["topic_used"]
        at = draws["venue_year_effect"].sel(venue_year=f"{venue} {year}") + draws["topic_effect"].sel(topic=topic)
        at = at + draws["pair_effect"].sel(pair=f"{topic} at {venue}")
        at = at + draws["size_effect"].sel(group=groups(venue), size=size_of(row["n_authors"]))
        columns.append(at.to_numpy().ravel() + shift * (row["unseen"] > 0))
    return np.column_stack(columns)


def slopes_of(frame: pd.DataFrame, draws: xr.Dataset, families: Iterable[str]) -> np.ndarray:
    """What each family adds to the log-odds of each paper: (draw, paper, family)."""
    columns = []
    for _, row in frame.iterrows():
        slope = draws["slope"].sel(topic=row["topic_used"], family=list(families)).transpose("chain", "draw", "family")
        columns.append(slope.to_numpy().reshape(-1, len(row["exposure"])) * np.array(row["exposure"]))
    return np.stack(columns, axis=1)


def flat(values: xr.DataArray) -> np.ndarray:
    """Draws of a scalar in one row."""
    return values.transpose("chain", "draw").to_numpy().ravel()


def share(log_odds: np.ndarray) -> np.ndarray:
    return np.asarray(expit(log_odds))


CHOICES = Choices()
