"""Papers from OpenAlex in the compute-term claim: every simulated paper is counted in its own cell."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from data.build.openalex import write_tables
from data.tables.user_tables import read_user_papers
from models.topic_compute.cells import prepare as prepare_contrast
from models.topic_compute.cells import select
from models.topic_compute.choices import Choices
from models.topic_compute.topic_year import prepare as prepare_topic_year
from tests.data.openalex_simulation import TOPICS, Simulation, simulate_works
from tests.data.openalex_works import write_works

CHOICES = Choices(topic="topic_openalex")
SIMULATED = 800


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate_works(SIMULATED, 0.6, 5)


@pytest.fixture(scope="module")
def papers(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = write_works(tmp_path_factory.mktemp("works"), simulation.works)
    write_tables(folder, lambda text: None)
    frame, message = read_user_papers(folder / "papers.csv.gz")
    assert "from OpenAlex, with its topics; code, hardware and LLM labels are unknown" in message
    return frame


def test_the_regression_counts_the_simulated_papers(simulation: Simulation, papers: pd.DataFrame):
    counts = prepare_topic_year({"papers": papers}, CHOICES).sum("venue")
    truth = simulation.truth
    assert set(counts["topic"].values) == {name for name, _, _ in TOPICS.values()}
    for topic in counts["topic"].values:
        for year in counts["year"].values:
            these = truth[(truth["topic"] == topic) & (truth["year"] == year)]
            found = {name: int(counts[name].sel(topic=topic, year=year)) for name in ("n", "m", "y", "k", "y_with")}
            assert found == {
                "n": len(these), "m": len(these), "y": these["y"].sum(), "k": these["terms"].sum(),
                "y_with": (these["y"] & these["terms"]).sum(),
            }  # fmt: skip


def test_the_contrast_counts_the_simulated_papers(simulation: Simulation, papers: pd.DataFrame):
    data = prepare_contrast({"papers": papers}, CHOICES)
    with_terms = data["value"].values.any(axis=1)[data["exposure_idx"].values]
    names = data["venue_year"].values[data["venue_year_idx"].values]
    found: dict[tuple[str, bool], list[int]] = {}
    for name, terms, n, y in zip(names, with_terms, data["n"].values, data["y"].values, strict=True):
        total = found.setdefault((str(name), bool(terms)), [0, 0])
        total[0], total[1] = total[0] + int(n), total[1] + int(y)
    truth = simulation.truth.assign(place=lambda frame: frame["venue"] + " " + frame["year"].astype(str))
    expected = truth.groupby(["place", "terms"])["y"].agg(["size", "sum"])
    assert found == {key: list(row) for key, row in zip(expected.index, expected.to_numpy().tolist(), strict=True)}
    assert not data["partly"].any()


def test_hardware_is_unknown_in_openalex(papers: pd.DataFrame):
    with pytest.raises(Exception, match="no paper has a full text that the LLM annotator read"):
        select({"papers": papers}, dataclasses.replace(CHOICES, exposure="hardware"))


def test_authors_are_counted_by_sector(simulation: Simulation, papers: pd.DataFrame):
    assert papers["n_authors"].sum() == simulation.truth["authors"].sum()
    assert (papers["team_listed"] == "academia-only").sum() == simulation.truth["y"].sum()
    assert np.array_equal(np.sort(papers["year"]), np.sort(simulation.truth["year"]))
    assert (papers["sources"] == "openalex").all()
