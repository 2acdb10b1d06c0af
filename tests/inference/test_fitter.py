"""A claim's fitter: the draws that it keeps for later specifications, and the one retry of a fit."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import inference.pipeline.fitter
import inference.sampling.fit
from data.paths import SNAPSHOT
from data.tables.load import load
from inference.pipeline.fitter import Fitter, load_tables
from inference.sampling.settings import RETRY_DRAWS, RETRY_TARGET_ACCEPT, Sampler
from inference.store.declarations import list_specifications, resolve
from inference.store.overrides import Overrides
from models.common.claim import PROJECT_PAPERS, Specification

SPECIFICATIONS = [
    Specification("main", "main", "main", "mean"),
    Specification("half_scale", "half", "prior", "mean", priors={"mean_sd": 0.5}),
    Specification("five", "five numbers", "sampling", "mean", {"first": 5}),
    Specification("again", "main again", "definition", "mean"),
]


def run_fitter(
    monkeypatch: pytest.MonkeyPatch, specifications: list[Specification]
) -> tuple[list[Any], dict[str, int]]:
    """Run the toy claim's fitter without sampling: the fits made, and the fits kept after each specification."""
    fits: list[Any] = []

    def fit(*arguments: Any) -> Any:
        fits.append(arguments)
        children = ("statistics",) if arguments[-1] else ()
        return SimpleNamespace(attrs={}, children=children), SimpleNamespace(passed=True), False

    monkeypatch.setattr(inference.sampling.fit, "fit_checked", fit)
    monkeypatch.setattr(inference.sampling.fit, "derive_with_choices", lambda tree, model, choices: tree)
    monkeypatch.setattr("inference.sampling.diagnostics.check", lambda *trees: SimpleNamespace(passed=True))
    monkeypatch.setattr(inference.pipeline.fitter, "list_specifications", lambda *_: specifications)
    fitter = Fitter("toy", {"models": load("models")}, {}, Overrides(), None)
    fitted, left_out = fitter.prepare(lambda text: None)
    kept = {}
    for one in fitted:
        fitter.fit(one.name, lambda text: None)
        kept[one.name] = len(fitter._done)
    assert left_out == {}
    return fits, kept


def test_only_draws_that_a_later_specification_takes_are_kept(toy: Any, monkeypatch: pytest.MonkeyPatch):
    fits, kept = run_fitter(monkeypatch, list(SPECIFICATIONS))
    assert len(fits) == 3  # the last reuses the draws of the first
    assert kept == {"main": 1, "half_scale": 1, "five": 1, "again": 1}


def test_a_main_fit_never_reuses_draws_without_predictive_checks(toy: Any, monkeypatch: pytest.MonkeyPatch):
    main, *_, step = SPECIFICATIONS
    fits, _ = run_fitter(monkeypatch, [step, main])
    assert [bool(arguments[-1]) for arguments in fits] == [False, True]


def read_lines() -> list[bytes]:
    return gzip.decompress((SNAPSHOT / "papers.csv.gz").read_bytes()).splitlines(keepends=True)


def write_papers(path: Path, **columns: Any) -> Path:
    """Write the first 40 papers of the snapshot."""
    pd.read_csv(io.BytesIO(b"".join(read_lines()[:41])), keep_default_na=False).assign(**columns).to_csv(
        path, index=False
    )
    return path


def test_a_table_from_openalex_brings_its_topics_and_the_projects_papers_beside_it(tmp_path: Path):
    path = write_papers(tmp_path / "works.csv", sources="openalex", topic_openalex="Topic Modeling")
    told: list[str] = []
    tables, choices = load_tables("topic_compute", Overrides(papers=path), told.append)
    assert choices == {"topic": "topic_openalex"}
    assert {name: len(table) for name, table in tables.items()} == {"papers": 40, PROJECT_PAPERS: len(read_lines()) - 1}
    assert told == ["works.csv: 40 papers; from OpenAlex, with its topics; code, hardware and LLM labels are unknown"]
    tables, choices = load_tables("code_release", Overrides(papers=path), told.append)
    assert choices == {}
    assert PROJECT_PAPERS not in tables
    sources = ["openalex"] * 39 + ["paperlists"]
    mixed = write_papers(tmp_path / "mixed.csv", sources=sources, topic_openalex="Topic Modeling")
    tables, choices = load_tables("topic_compute", Overrides(papers=mixed), told.append)
    assert (list(tables), choices) == (["papers"], {})


def test_user_only_specifications_exist_only_in_runs_on_a_users_table(tmp_path: Path):
    def list_names(overrides: Overrides) -> set[str]:
        return {one.name for one in list_specifications("topic_compute", False, overrides)}

    own = list_names(Overrides(papers=tmp_path / "works.csv"))
    projects = list_names(Overrides())
    assert own - projects == {"project_papers"}
    [step] = [one for one in list_specifications("topic_compute", False, Overrides(papers=tmp_path)) if one.user_only]
    resolved = resolve("topic_compute", step, Overrides(), topic="topic_openalex").choices
    assert (resolved.papers, resolved.topic) == ("project", "topic")  # the project's papers have no other topics
    assert projects < own
    assert list_names(Overrides(models=tmp_path / "models.csv")) == projects  # the claim reads no models
    assert list_names(Overrides(seed=3)) == projects


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[bool]], tuple[list[Sampler], list[str], bool]]:
    """Run fits whose gates pass or fail in order; return the samplers, the reports, and whether there was a retry."""

    def run(passes: list[bool]) -> tuple[list[Sampler], list[str], bool]:
        samplers: list[Sampler] = []
        reported: list[str] = []
        gates = iter(SimpleNamespace(passed=good, faults=[] if good else ["R-hat"]) for good in passes)
        monkeypatch.setattr(inference.sampling.fit, "fit", lambda *arguments: samplers.append(arguments[6]))
        monkeypatch.setattr(inference.sampling.fit, "check", lambda tree: next(gates))
        quick: Any = Sampler(draws=700, tune=100, target_accept=0.7)
        nothing: Any = None
        _, gate, retried = inference.sampling.fit.fit_checked(
            nothing, nothing, nothing, nothing, 1, nothing, quick, reported.append
        )
        assert gate.passed is passes[len(samplers) - 1]
        return samplers, reported, retried

    return run


def test_a_fit_that_passes_is_not_tried_again(tried: Any):
    samplers, reported, retried = tried([True])
    assert len(samplers) == 1
    assert not retried
    assert reported == []


@pytest.mark.parametrize("second", [True, False])
def test_the_one_retry_takes_smaller_steps_and_more_draws(tried: Any, second: bool):
    (first, again), reported, retried = tried([False, second])
    assert retried
    # The retry does not use a model's shorter tuning.
    assert again == Sampler(draws=RETRY_DRAWS * first.draws, tune=Sampler.tune, target_accept=RETRY_TARGET_ACCEPT)
    assert reported == [f"gate: R-hat: one retry, target_accept 0.99, {again.draws} draws"]
