"""The command ``sensitivity`` on results that have no refits under other priors, as those of a user's data."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference.summaries.sensitivity import format_rows_csv, select_rows

PRIORS = "[toy.mean]\nmean_sd = 0.1\n"
ENDS = ("median", "eti_low", "eti_high")


@pytest.fixture
def without_refits(toy: Any, tmp_path: Path) -> Path:
    """Refresh the toy claim with its prior set extended, so that ``refresh`` does not fit it; with another seed."""
    from models.toy import specifications

    every = [replace(one, extended=one.extended or one.kind == "prior") for one in specifications.SPECIFICATIONS]
    toy.monkeypatch.setattr(specifications, "SPECIFICATIONS", tuple(every))
    out = tmp_path / "mine"
    code, _, errors = toy("refresh", "--seed", "11", "--out", out)
    assert code == 0, errors
    rows = read_rows(out)
    assert rows
    assert not any(row["refits"] for row in rows)
    return out


def read_rows(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((out / "estimates.json").read_text())["estimates"]
    return rows


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open() as handle:
        return list(csv.DictReader(handle))


def test_headlines_without_refits_have_power_scaling_and_contraction(toy: Any, without_refits: Path):
    code, output, errors = toy("sensitivity", "--out", without_refits)
    assert code == 0, errors
    (headline,) = [row for row in read_rows(without_refits) if row["headline"]]
    assert f"{headline['title']}: {headline['text']}" in output
    assert f"prior {headline['prior_sensitivity_text']}; contraction {headline['contraction_text']}" in output
    assert "no refits under other priors" in output
    (line,) = read_csv(without_refits / "sensitivity.csv")
    assert line["estimand"] == "toy/main/mean_by_year[2020]"
    assert float(line["prior_sensitivity"]) == headline["prior_sensitivity"]
    assert float(line["contraction"]) == headline["contraction"]
    assert line["priors"] == line["median_shift_sd"] == line["verdict_under_it"] == ""
    (row,) = json.loads(toy("sensitivity", "--out", without_refits, "--json")[1])["estimates"]
    assert row["prior_sensitivity"] == headline["prior_sensitivity"]
    assert row["refits"] == []


def test_a_users_priors_move_headlines_without_refits(toy: Any, without_refits: Path, tmp_path: Path):
    priors = tmp_path / "my.toml"
    priors.write_text(PRIORS)
    code, output, errors = toy("sensitivity", "toy", "--priors", priors, "--out", without_refits)
    assert code == 0, errors
    (folder,) = (without_refits / "own").iterdir()
    (before,), (after,) = ([row for row in read_rows(out) if row["headline"]] for out in (without_refits, folder))
    assert after["median"] > before["median"]  # pulled towards the prior mean, zero
    (line,) = read_csv(folder / "sensitivity.csv")
    assert line["priors"] == "my.toml"
    for end in ENDS:
        assert float(line[f"{end}_shift_sd"]) == pytest.approx((after[end] - before[end]) / before["sd"])
        assert float(line[f"{end}_shift"]) == pytest.approx(after[end] - before[end])
    assert any(text.strip().startswith("my.toml") and text.rstrip().endswith("sd") for text in output.splitlines())
    assert "shifts of the median / lower / upper end" in output
    (row,) = json.loads(toy("sensitivity", "--priors", priors, "--out", without_refits, "--json")[1])["estimates"]
    assert [refit["title"] for refit in row["refits"]] == ["my.toml"]


def test_prior_sets_are_not_compared_with_a_users_priors(toy: Any, tmp_path: Path):
    """A prior set replaces the user's values: its estimate would not be one under them."""
    out, priors = tmp_path / "out", tmp_path / "my.toml"
    toy.refresh(out)
    priors.write_text(PRIORS)
    assert toy("sensitivity", "--priors", priors, "--out", out)[0] == 0
    (folder,) = (out / "own").iterdir()
    lines = read_csv(folder / "sensitivity.csv")
    assert [(line["estimand"].split("/")[1], line["priors"]) for line in lines] == [
        ("main", "half the scale of the mean"),
        ("main", "my.toml"),
    ]


def test_a_claim_without_estimates_is_named(toy: Any, tmp_path: Path):
    from models.registry import CLAIMS

    out = tmp_path / "out"
    toy.refresh(out)
    CLAIMS.append("academic_share")
    code, _, errors = toy("sensitivity", "academic_share", "--out", out)
    assert code == 2
    assert "there are no estimates of academic_share" in errors
    assert not (out / "sensitivity.csv").exists()


def test_the_csv_has_a_line_for_every_selected_estimate():
    row = json.loads((Path(__file__).parents[2] / "paper" / "published" / "estimates.json").read_text())["estimates"][0]
    rows = [row | {"refits": [], "headline": headline, "kind": kind} for headline in (True, False) for kind in
            ("quantity", "probability")]  # fmt: skip
    selected = select_rows(rows)
    assert [(one["headline"], one["kind"]) for one in selected] == [(True, "quantity")]
    assert format_rows_csv(selected, {}).count(b"\n") == 2
