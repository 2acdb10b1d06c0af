"""Every generative model on a small invented table: its values and log densities at any point, without sampling."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import xarray as xr
from pymc.initial_point import make_initial_point_expression
from pytensor.compile.mode import Mode

from inference.store.declarations import import_part
from models.common.claim import Model
from models.common.team_types import TEAM_TYPES
from tests.models.compute_gap.papers import NO_LABELS, make_many, make_tables
from tests.models.declared import models_of
from tests.models.pretrained_adoption import mentions
from tests.models.topic_papers import simulate_papers
from tests.models.weights_access import entries

Values = dict[str, np.ndarray[Any, Any]]
Tables = dict[str, pd.DataFrame]
AS_WRITTEN = Mode("py", optimizer=None)  # plain numpy without rewrites of the graph, so compiling takes no time
YEARS = range(2010, 2023)


# --- invented tables --------------------------------------------------------------------------------------------------


@functools.cache
def table_of_models() -> Tables:
    """Make notable models of all team types and years; some lack a compute, others a confidence in it."""
    rng = np.random.default_rng(1)
    rows = 156
    known = rng.random(rows) < 0.75
    labelled = rng.random(rows) < 0.6
    team_types = [
        "academia-only",
        "collaboration",
        "industry-leaning collaboration",
        "industry-only",
        "government",
        "unknown",
    ]
    year = np.resize(np.array(YEARS), rows)
    frame = pd.DataFrame(
        {
            "model": [f"model {i}" for i in range(rows)],
            "date": [f"{y}-{m:02d}-{d:02d}" for y, m, d in zip(year, rng.integers(1, 13, rows),
                                                                rng.integers(1, 29, rows), strict=True)],
            "notability": rng.choice(["highly cited", "significant use", ""], rows, p=[0.6, 0.3, 0.1]),
            "team_resolved": rng.choice(team_types, rows, p=[0.35, 0.12, 0.13, 0.25, 0.1, 0.05]),
            "team_source": "label",
            "domain": rng.choice(["Language", "Vision", "Games", "Biology"], rows),
            "log10_compute": np.where(known, 17 + 0.5 * (year - 2010) + rng.normal(0, 1.5, rows), np.nan),
            "log10_compute_se": np.where(known & labelled, rng.uniform(0.2, 1.6, rows), np.nan),
            "confidence": np.where(labelled, "likely", "unverified"),
            "training_code": rng.choice(["open", "restricted", "unreleased", "unknown"], rows),
        }
    )  # fmt: skip
    frame["team"] = frame["team_resolved"]
    frame.loc[frame.index % 29 == 0, "confidence"] = "wrong"  # such a compute counts as missing
    # A confidence without an error would get one of Epoch's three errors, so it occurs only with the table's.
    frame.loc[(frame["confidence"] == "likely") & frame["log10_compute_se"].isna(), "confidence"] = "unverified"
    vintages = [frame.assign(vintage=vintage) for vintage in ("2023-12", "2025-06")]
    return {"models": pd.concat(vintages, ignore_index=True)}


@functools.cache
def table_of_releases(papers: int = 500) -> Tables:
    """Make papers of three venues that were read in full text and one that was not, human labels, and passages."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "id": [f"paper{i}" for i in range(papers)],
            "venue": rng.choice(["AAAI", "NeurIPS", "ICLR", "CVPR"], papers, p=[0.35, 0.35, 0.15, 0.15]),
            "year": rng.choice([2014.0, 2018, 2020, 2022], papers),
            "topic_title": rng.choice(["a", "b", "c"], papers, p=[0.5, 0.3, 0.2]),
            "n_authors": rng.choice([1.0, 3, 5, 8], papers),
            "team_coded": rng.choice(TEAM_TYPES, papers, p=[0.5, 0.3, 0.2]),
            "code_coded": rng.choice(["no", "yes"], papers, p=[0.6, 0.4]),
            "code_statement": rng.choice(["nothing", "own, address"], papers),
            "code_page": rng.choice(["none", "link"], papers),
            "track": "main", "research": "empirical", "coder_excluded": "no", "slots_per": "author",
            "sources": "tei", "authors_unknown": 0.0, "slots_without_text": 0.0,
            **{f"authors_{kind}": 0.0 for kind in ("government", "nonprofit", "double")},
        }
    )  # fmt: skip
    frame["team_listed"] = frame["team_coded"]
    company = np.select(
        [frame["team_coded"] == "mixed", frame["team_coded"] == "industry-only"],
        [np.ceil(frame["n_authors"] / 2), frame["n_authors"]],
        0.0,
    )
    frame["authors_company"], frame["authors_education"] = company, frame["n_authors"] - company
    chosen = frame.iloc[:60]
    human = pd.DataFrame(
        {
            "id": chosen["id"], "venue": chosen["venue"], "year": chosen["year"], "research": "empirical",
            "team_hand": np.where(chosen["team_coded"] == "academia-only", "0", "1"),
            "code_hand": rng.choice(["0", "1"], len(chosen)),
        }
    )  # fmt: skip
    agrees = rng.random(len(chosen)) < 0.85
    human["code_coder"] = np.where(agrees, human["code_hand"], np.where(human["code_hand"] == "1", "0", "1"))
    read = frame[(frame["code_coded"] == "yes") & (frame["venue"] != "CVPR")].iloc[:80]
    labels = rng.choice(["own, address", "of others"], len(read), p=[0.8, 0.2])
    passages = pd.DataFrame({"id": read["id"], "team_coded": read["team_coded"], "label": labels})
    return {"papers": frame, "coder_labels": human, "code_labels": passages}


@functools.cache
def table_of_topics() -> Tables:
    """Make papers of three topics at five venues, with compute terms; each venue covers the whole window."""
    return {"papers": simulate_papers(700, 3)}


@functools.cache
def table_of_setups() -> Tables:
    """Make papers that state accelerators, some without a number, and labels of a few numbers."""
    papers = make_many(300, 7)
    labels = NO_LABELS.copy()
    for i, paper in enumerate(papers[:40]):
        count = paper["accelerator_count"] * (4 if i % 5 == 0 else 1)
        labels.loc[i] = [paper["id"], "fourth", paper["accelerator"], count, paper["accelerator_log10_peak"], np.nan]
    return make_tables(papers, labels)


@functools.cache
def table_of_mentions() -> Tables:
    """Make papers of all team types and years, some of which mention pre-trained models."""
    return mentions.make_tables(mentions.make_many(400, 7))


@functools.cache
def table_of_access() -> Tables:
    """Make models of all sectors and classes of access, and labels of some in a second source."""
    models = entries.make_many(250, 7)
    return entries.make_tables(models, entries.label_many(models))


# --- the models -------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Case:
    """A generative model of a claim, with choices and tables."""

    claim: str
    name: str
    tables: Callable[[], Tables]
    choices: Any
    priors: Any

    @property
    def model(self) -> Model:
        """Return the declared model."""
        return models_of(self.claim)[self.name]


def _case(claim: str, name: str, tables: Callable[[], Tables], **choices: Any) -> Case:
    declared = import_part(claim, "specifications")
    return Case(claim, name, tables, dataclasses.replace(declared.CHOICES, **choices), declared.PRIORS[name])


CASES = {
    "shares": _case("academic_share", "shares", table_of_models),
    "upper_tail": _case("academic_share", "upper_tail", table_of_models),
    "upper_tail, changing spread": _case("academic_share", "upper_tail", table_of_models, spread="changing"),
    "contrast": _case("topic_compute", "contrast", table_of_topics),
    "topic_year": _case("topic_compute", "topic_year", table_of_topics),
    "topic_year, spanning": _case("topic_compute", "topic_year", table_of_topics, venues="spanning"),
    "release": _case("code_release", "release", table_of_releases),
    "release, by team": _case("code_release", "release", table_of_releases, error="by team"),
    "release, common ceiling": _case("code_release", "release", table_of_releases, ceiling="common"),
    "release, no error or ceiling": _case("code_release", "release", table_of_releases, error="none", ceiling="none"),
    "measurements": _case("code_release", "measurements", table_of_releases, error="none"),
    "authors": _case("code_release", "authors", table_of_releases, error="none"),
    "training_code": _case("code_release", "training_code", table_of_models),
    "setups": _case("compute_gap", "setups", table_of_setups),
    "performance": _case("compute_gap", "performance", table_of_setups),
    "performance, normal": _case("compute_gap", "performance", table_of_setups, tail="normal"),
    "mentions": _case("pretrained_adoption", "mentions", table_of_mentions),
    "access": _case("weights_access", "access", table_of_access),
    "access, no errors": _case("weights_access", "access", table_of_access, error="none"),
    "ordered": _case("weights_access", "ordered", table_of_access, error="none"),
}


@functools.cache
def dataset_of(name: str) -> xr.Dataset:
    """Prepare the data of a case."""
    case = CASES[name]
    return case.model.prepare(case.tables(), case.choices)


class Evaluated:
    """A model with its values and log densities by name, at points of the unconstrained space."""

    def __init__(self, name: str, dataset: xr.Dataset | None = None) -> None:
        self.case, self.dataset = CASES[name], dataset_of(name) if dataset is None else dataset
        self.model: pm.Model = self.case.model.build(self.dataset, self.case.priors)
        named = [*self.model.free_RVs, *self.model.deterministics]
        terms = [*self.model.free_RVs, *self.model.observed_RVs]
        outputs = [
            *self.model.replace_rvs_by_values(named),
            *self.model.logp(vars=terms, jacobian=False, sum=False),  # densities of the values, not of the transformed
        ]
        self.names, self.terms = ([variable.name for variable in some] for some in (named, terms))
        self._evaluate = pytensor.function(self.model.value_vars, outputs, mode=AS_WRITTEN, on_unused_input="ignore")
        # ``model.initial_point`` does the same, but it rewrites the graph, which takes longer than all the rest.
        starts = make_initial_point_expression(
            free_rvs=self.model.free_RVs, rvs_to_transforms=self.model.rvs_to_transforms,
            initval_strategies=self.model.rvs_to_initial_values, return_transformed=True,
        )  # fmt: skip
        found = pytensor.function([], starts, mode=AS_WRITTEN)()
        self.start: Values = dict(zip((value.name for value in self.model.value_vars), found, strict=True))
        self._data = {self.case.priors: self._read_data(self.model)}

    @staticmethod
    def _read_data(model: pm.Model) -> Values:
        return {variable.name: variable.get_value() for variable in model.data_vars}

    def point(self, seed: int = 1, sd: float = 0.4) -> Values:
        """Return a random point near the initial point."""
        rng = np.random.default_rng(seed)
        return {name: np.asarray(value + rng.normal(0, sd, np.shape(value))) for name, value in self.start.items()}

    def __call__(self, point: Mapping[str, Any], priors: Any = None) -> tuple[Values, Values]:
        """Return values of free variables and deterministics, and elementwise log densities."""
        priors = priors or self.case.priors
        if priors not in self._data:
            self._data[priors] = self._read_data(self.case.model.build(self.dataset, priors))
        for name, value in self._data[priors].items():
            self.model[name].set_value(value)
        found = self._evaluate(*(point[variable.name] for variable in self.model.value_vars))
        values = dict(zip(self.names, found, strict=False))
        return values, dict(zip(self.terms, found[len(self.names) :], strict=True))


@functools.cache
def evaluated(name: str) -> Evaluated:
    """Build and compile the model of a case once."""
    return Evaluated(name)
