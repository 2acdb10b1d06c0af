"""Extended specifications: fitted separately, stored, committed, shown, and marked when they are stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import inference.store.extended
import inference.store.fingerprints
from inference.pipeline.extended import copy_extended, fit_extended
from inference.store.fingerprints import list_parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import Paths
from inference.summaries.ladder import _compute_odds_ratio, _compute_ratio, find_largest_step


@pytest.fixture
def apart(toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Paths]:
    """The toy claim, with separate folders for results and committed extended specifications."""
    paths = Paths(tmp_path / "build")
    monkeypatch.setattr(inference.store.fingerprints, "EXTENDED", tmp_path / "alternatives.json")
    monkeypatch.setattr(inference.store.extended, "EXTENDED", tmp_path / "alternatives.json")
    return toy, paths


def estimates(paths: Paths) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(paths.estimates.read_text())
    return content


def test_refresh_skips_them_and_shows_what_alternatives_fitted(apart: tuple[Any, Paths]):
    toy, paths = apart
    assert toy("refresh", "--out", paths.out)[0] == 0
    assert set(estimates(paths)["fits"]) == {"toy/main", "toy/half_scale"}

    reported: list[str] = []
    assert fit_extended(["toy"], paths, reported.append) == []
    assert any("passed the gate, kept" in line for line in reported)
    reported.clear()
    assert fit_extended(["toy"], paths, reported.append) == []
    assert reported[-1] == "toy: all 1 extended specifications are current"

    (paths.out / "estimates.json").unlink()
    assert toy("refresh", "--out", paths.out)[0] == 0
    content = estimates(paths)
    assert content["fits"]["toy/five"]["aside"]
    assert not content["fits"]["toy/five"]["stale"]
    main, five = (next(r for r in content["estimates"] if r["spec"] == spec) for spec in ("main", "five"))
    assert (main["n"], five["n"]) == (10, 5)
    found = main["robustness"]
    assert (found["of"], found["declared"]) == (2, 2)
    half = next(r for r in content["estimates"] if r["spec"] == "half_scale")
    medians = {r["spec"]: r["median"] for r in (main, half, five)}
    assert [found["median_low"], found["median_high"]] == [min(medians.values()), max(medians.values())]
    far = max(("half_scale", "five"), key=lambda spec: abs(medians[spec] - medians["main"]))
    assert found["moves_most"]["spec"] == far
    assert five["robustness"] is None


def test_states_of_extended_specifications(apart: tuple[Any, Paths]):
    _, paths = apart
    parts = list_parts_by_fit("toy", Overrides(), extended=True)
    states = inference.store.extended.find_extended_states
    assert states(paths, "toy", parts) == {"five": ("missing", "run alternatives")}
    fit_extended(["toy"], paths, lambda text: None)
    assert states(paths, "toy", parts) == {"five": ("current", "")}
    copy = paths.out.parent / "alternatives.json"
    copy.write_text(json.dumps(copy_extended(paths)))
    other = {"five": parts["five"] | {"published": "another value"}}
    assert states(paths, "toy", other)["five"][0] == "stale"


def test_committed_ones_are_shown_and_marked_when_stale(apart: tuple[Any, Paths], tmp_path: Path):
    toy, paths = apart
    toy("refresh", "--out", paths.out)
    fit_extended(["toy"], paths, lambda text: None)
    copy = copy_extended(paths)
    assert set(copy["fits"]) == {"toy/five"}
    file = paths.out / "alternatives" / "toy" / "five.json"
    file.unlink()
    (tmp_path / "alternatives.json").write_text(json.dumps(copy))
    parts = list_parts_by_fit("toy", Overrides(), extended=True)
    assert not inference.store.extended.read_kept(paths, "toy", parts)["five"]["fit"]["stale"]
    older = {"five": parts["five"] | {"requirements.lock": "another"}}
    assert inference.store.extended.read_kept(paths, "toy", older)["five"]["fit"]["stale"]


def test_runs_with_overrides_have_none(apart: tuple[Any, Paths], tmp_path: Path):
    toy, paths = apart
    fit_extended(["toy"], paths, lambda text: None)
    assert toy("refresh", "--seed", "7", "--out", paths.out / "own")[0] == 0
    assert "toy/five" not in json.loads((paths.out / "own" / "estimates.json").read_text())["fits"]


def test_counted_odds_ratio_is_that_of_the_table():
    found = _compute_odds_ratio(k=20, n=100, k_reference=40, n_reference=100)
    assert found["median"] == pytest.approx(20.5 * 60.5 / (80.5 * 40.5))
    assert found["n"] == 200
    assert found["eti_low"] < found["median"] < found["eti_high"] < 1


def test_counted_ratio_has_the_interval_of_its_logarithm():
    """By hand, with the standard error of Katz et al. (1978), and against 200,000 pairs of binomial samples."""
    found = _compute_ratio(k=20, n=100, k_reference=40, n_reference=100)
    assert found is not None
    assert found["median"] == pytest.approx(0.5)
    sd = np.sqrt(1 / 20 - 1 / 100 + 1 / 40 - 1 / 100)
    assert found["eti_low"] == pytest.approx(0.5 * np.exp(-1.598193 * sd), rel=1e-6)
    assert found["eti_high"] == pytest.approx(0.5 * np.exp(1.598193 * sd), rel=1e-6)
    assert found["n"] == 200
    rng = np.random.default_rng(3)
    large = _compute_ratio(k=200, n=1000, k_reference=400, n_reference=1000)
    assert large is not None
    ratios = np.log(rng.binomial(1000, 0.2, 200_000) / rng.binomial(1000, 0.4, 200_000))
    width = np.log(large["eti_high"] / large["eti_low"]) / 2 / 1.598193
    assert ratios.std() == pytest.approx(width, rel=0.01)
    assert _compute_ratio(k=0, n=100, k_reference=40, n_reference=100) is None
    assert _compute_ratio(k=20, n=100, k_reference=0, n_reference=100) is None


def test_the_step_that_matters_most_is_the_largest():
    steps = [{"spec": "a", "median": 0.5}, {"spec": "b", "median": 0.25}, {"spec": "c", "median": 0.24}]
    assert find_largest_step(steps, "ratio") == "b"
    assert find_largest_step(steps[:1], "ratio") is None
    shares = [{"spec": "a", "median": 0.5}, {"spec": "b", "median": 0.4}, {"spec": "c", "median": 0.01}]
    assert find_largest_step(shares, "probability") == "c"
