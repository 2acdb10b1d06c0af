"""Extended specifications: fitted separately, stored, committed, shown, and marked when they are stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import inference.store.extended
import inference.store.fingerprints
from inference.pipeline.extended import copy_extended, fit_extended
from inference.store.fingerprints import list_parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import Paths
from inference.summaries.ladder import _compute_odds_ratio, find_largest_step
from inference.summaries.refits import add_moved_most


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
    assert main["moved_most"]["spec"] == "five"
    assert main["moved_most"]["shift"]["median"] == pytest.approx((five["median"] - main["median"]) / main["sd"])


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


def row(spec: str, median: float, headline: bool = False, n: int = 100) -> dict[str, Any]:
    ends = {"median": median, "eti_low": median - 1, "eti_high": median + 1, "n": n}
    return {"claim": "c", "spec": spec, "estimand": "e", "coords": {}, "headline": headline, "sd": 0.5, **ends,
            "text": "", "verdict": None}  # fmt: skip


def test_moved_most_is_one_choice_of_the_same_model():
    fits = {
        "c/main": ("main", {}, {}),
        "c/near": ("measurement", {"a": 1}, {}),
        "c/far": ("measurement", {"b": 1}, {}),
        "c/two": ("measurement", {"a": 1, "b": 1}, {}),
        "c/prior": ("prior", {}, {"s": 2}),
        "c/second": ("main", {"c": 1}, {}),
        "c/few": ("sampling", {"d": 1}, {}),
        "c/variant": ("measurement", {"e": 1}, {}),
        "c/variant_other": ("measurement", {"e": 2}, {}),
        "c/variant_two": ("measurement", {"a": 2, "e": 2}, {}),
        "c/second_too": ("main", {"f": 1, "g": 1}, {}),
        "c/second_part": ("sampling", {"g": 1}, {}),
        "c/second_less": ("sampling", {"f": 1, "g": 1, "h": 1}, {}),
    }
    described = {
        name: {"kind": kind, "model": "m", "title": name, "differs": {"choices": choices, "priors": priors}}
        for name, (kind, choices, priors) in fits.items()
    }
    rows = [
        row("main", 0.0, True),
        row("near", 0.1),
        row("far", -0.3),
        row("two", 9.0),
        row("prior", 9.0),
        row("second", 9.0),
        row("few", 9.0, n=49),
        row("variant", 0.2, True),
        row("variant_other", 0.3),
        row("variant_two", 9.0),
        row("second_too", 0.0, True),
        row("second_part", 0.2),
        row("second_less", 0.1),
    ]
    add_moved_most(rows, described)
    assert rows[0]["moved_most"]["spec"] == "far"
    assert rows[0]["moved_most"]["shift"]["median"] == pytest.approx(-0.6)
    assert rows[0]["moved_most"]["n"] == 100
    # A headline of a second main fit is compared with the main fit, and with other values of the same choice.
    assert rows[7]["moved_most"]["spec"] == "main"
    rows[8]["median"] = 0.9
    add_moved_most(rows, described)
    assert rows[7]["moved_most"]["spec"] == "variant_other"
    assert rows[10]["moved_most"]["spec"] == "second_less"  # the other lacks a choice of the second main fit
    assert all(other["moved_most"] is None for other in rows if not other["headline"])


def test_counted_odds_ratio_is_that_of_the_table():
    found = _compute_odds_ratio(k=20, n=100, k_reference=40, n_reference=100)
    assert found["median"] == pytest.approx(20.5 * 60.5 / (80.5 * 40.5))
    assert found["n"] == 200
    assert found["eti_low"] < found["median"] < found["eti_high"] < 1


def test_the_step_that_matters_most_is_the_largest():
    steps = [{"spec": "a", "median": 0.5}, {"spec": "b", "median": 0.25}, {"spec": "c", "median": 0.24}]
    assert find_largest_step(steps, "ratio") == "b"
    assert find_largest_step(steps[:1], "ratio") is None
    shares = [{"spec": "a", "median": 0.5}, {"spec": "b", "median": 0.4}, {"spec": "c", "median": 0.01}]
    assert find_largest_step(shares, "probability") == "c"
