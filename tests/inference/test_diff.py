"""``diff`` of two estimates.json: of one schema version or of both, and with specifications that were renamed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data.errors import InputError
from inference.store import renamed
from inference.summaries.diff import compare, read_estimates, summarise_differences


def make_row(spec: str = "main", median: float = 0.6, verdict: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"claim": "c", "spec": spec, "estimand": "e", "coords": {}, "title": "the share", "headline": True}
    row |= {"kind": "quantity", "unit": "probability", "median": median, "sd": 0.05, "text": f"{median}", "refits": []}
    return row | {"verdict": verdict} | more


def make_new_row(verdict: str, **more: Any) -> dict[str, Any]:
    """Make a row of version 2, with P(within) = 0.6 of a published value inside the interval, unless changed."""
    chances = {"p_within": 0.6, "p_within_mcse": 0.01, "p_sign": None, "p_sign_mcse": None, "p_rope": None}
    figures = {"eti_low": 0.5, "eti_high": 0.7, "mcse_low": 0.0, "mcse_high": 0.0, "published": 0.65, "scale": "logit"}
    return make_row(verdict=verdict) | chances | figures | more


def write(path: Path, version: int, *rows: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"schema_version": version, "fits": {}, "estimates": rows}))
    return path


def run(tmp_path: Path, old: Any, new: Any, versions: tuple[int, int] = (1, 2)) -> tuple[dict[str, Any], str]:
    files = [
        write(tmp_path / f"{i}.json", version, row)
        for i, (version, row) in enumerate(zip(versions, (old, new), strict=True))
    ]
    rows = compare(*(read_estimates(file) for file in files), headline_only=True)
    return rows[0], summarise_differences(rows)


def test_another_rule_alone_flips_no_verdict(tmp_path: Path):
    row, line = run(tmp_path, make_row(verdict="compatible"), make_new_row("inconclusive"))
    assert row["verdict"] == ["compatible", "inconclusive"]
    assert row["rules"] == [1, 2]
    assert not row["flipped"]
    assert row["verdict_text"] == "compatible (rule 1), the same as inconclusive (rule 2)"
    first, second = line.splitlines()
    assert "0 verdicts flipped" in first
    assert "the rule of schema version 1 and the rule of schema version 2" in second


def test_a_posterior_that_moved_flips_a_verdict_under_the_earlier_rule(tmp_path: Path):
    moved = make_new_row("inconclusive", median=0.5, eti_low=0.4, eti_high=0.6)
    row, line = run(tmp_path, make_row(verdict="compatible"), moved)  # now undecided, under the earlier rule
    assert row["flipped"]
    assert row["verdict_text"] == "compatible (rule 1), now flipped to inconclusive (rule 2)"
    assert row["shift"] == pytest.approx(-2.0)
    assert "1 moved by more than one posterior sd, 1 verdicts flipped" in line


@pytest.mark.parametrize(
    ("earlier", "verdict", "chances"),
    [
        ("agrees", "supported", {"p_sign": 0.99, "p_rope": 0.02}),
        ("disagrees", "contradicted", {"p_sign": 0.01, "p_rope": 0.02}),
        ("negligible", "practically equivalent", {"p_sign": 0.99, "p_rope": 0.97}),
    ],
)
def test_signs_have_other_names(tmp_path: Path, earlier: str, verdict: str, chances: dict[str, float]):
    errors = {"p_within": None, "p_sign_mcse": 0.001, "p_rope_mcse": 0.001, "published": None, "scale": "log"}
    row, _ = run(tmp_path, make_row(verdict=earlier), make_new_row(verdict, **chances, **errors))
    assert not row["flipped"]
    other, _ = run(tmp_path, make_row(verdict="undecided"), make_new_row(verdict, **chances, **errors))
    assert other["flipped"]


def test_versions_in_the_other_order(tmp_path: Path):
    row, _ = run(tmp_path, make_new_row("inconclusive"), make_row(verdict="compatible"), (2, 1))
    assert (row["rules"], row["flipped"]) == ([2, 1], False)
    assert row["verdict_text"] == "inconclusive (rule 2), the same as compatible (rule 1)"


@pytest.mark.parametrize("version", [1, 2])
def test_one_version_compares_its_own_verdicts(tmp_path: Path, version: int):
    pair = (version, version)
    same, line = run(tmp_path, make_new_row("inconclusive"), make_new_row("inconclusive"), pair)
    assert (same["verdict_text"], same["flipped"], line.count("\n")) == ("inconclusive", False, 0)
    other, _ = run(tmp_path, make_new_row("agrees"), make_new_row("inconclusive"), pair)
    assert (other["verdict_text"], other["flipped"]) == ("agrees, now inconclusive", True)


def test_an_event_that_has_a_verdict_since_has_not_flipped(tmp_path: Path):
    event = {"kind": "probability", "median": None, "sd": None}
    row, _ = run(tmp_path, make_row(**event), make_new_row("contradicted", **event))
    assert (row["flipped"], row["verdict_text"]) == (False, "none (rule 1), the same as contradicted (rule 2)")


def test_an_unknown_version_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="schema version, 3, is unknown"):
        read_estimates(write(tmp_path / "e.json", 3, make_row()))


def test_a_specification_is_compared_under_its_present_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(renamed.RENAMED, "c/before", "c/after")
    row, line = run(tmp_path, make_row("before"), make_row("after", 0.65), (1, 1))
    assert row["name"] == "c/after/e"
    assert row["shift"] == pytest.approx(1.0)
    assert "1 estimates in both" in line


def test_former_names_are_explained(monkeypatch: pytest.MonkeyPatch, toy: Any):
    monkeypatch.setitem(renamed.RENAMED, "toy/before", "toy/after")
    monkeypatch.setitem(renamed.DROPPED, "toy/everything", "named priors of one group each")
    for name, words in (
        ("before", "toy/before is now called toy/after"),
        ("toy/everything", "toy/everything was dropped: named priors of one group each"),
        ("five", "this is a specification of toy: name the claim"),
        ("unheard", "known: toy"),
    ):
        code, _, errors = toy("alternatives", name)
        assert code == 2
        assert words in errors


def test_former_names_are_none_of_present_ones():
    from inference.store.declarations import list_specifications
    from models.registry import CLAIMS

    present = {f"{claim}/{one.name}" for claim in CLAIMS for one in list_specifications(claim)}
    assert not (renamed.RENAMED.keys() | renamed.DROPPED.keys()) & present
    assert set(renamed.RENAMED.values()) <= present
    assert all(renamed.DROPPED.values())
