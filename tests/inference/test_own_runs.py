"""A user's own seed, priors and data; sensitivity, diff and publish; on the toy claim, through the commands."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from data.io import format_csv, parse_csv
from data.paths import SNAPSHOT
from data.tables.schemas import MODELS
from inference.pipeline import publish
from inference.store.overrides import Overrides
from inference.store.paths import ROOT, Paths
from tests.conftest import FIXTURES, digests


def own_priors(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(content)
    return path


def mean(out: Path) -> float:
    rows = json.loads((out / "estimates.json").read_text())["estimates"]
    return next(float(row["median"]) for row in rows if row["headline"])


def test_own_priors_move_the_estimate_and_are_said(toy: Any, tmp_path: Path):
    toy.good(tmp_path / "project")
    before = digests(tmp_path / "project")
    priors = own_priors(tmp_path, "[toy.mean]\nmean_sd = 0.1\n")
    code, said, errors = toy("refresh", "--priors", priors, "--out", tmp_path / "mine")
    assert code == 0, errors
    assert "my.toml: mean.mean_sd of your own in toy" in said
    assert mean(tmp_path / "project") < mean(tmp_path / "mine") < 0  # drawn to the prior's mean
    content = json.loads((tmp_path / "mine" / "estimates.json").read_text())
    assert content["given"] == {"seed": None, "models": None, "papers": None, "priors": "my.toml"}
    assert content["fits"]["toy/half_scale"]["differs"]["priors"] == {"mean_sd": 0.5}  # named sets stay as named
    assert "nothing to do" in toy("refresh", "--priors", priors, "--out", tmp_path / "mine")[1]
    assert toy("status", "--out", tmp_path / "mine")[1] == "toy: current\n"
    priors.write_text("[toy.mean]\nmean_sd = 0.2\n")
    assert toy("status", "--out", tmp_path / "mine")[1] == "toy: stale (changed: priors: mean_sd)\n"
    assert digests(tmp_path / "project") == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[toy\n", ["my.toml", "not TOML"]),
        ("", ["my.toml", "no hyper-parameters"]),
        ("[toy]\nmean_sd = 1\n", ["my.toml", "'toy.mean_sd'", "write it under [toy.mean]"]),
        ("[toy]\nmeans = 1\n", ["my.toml", "'toy.means'", "[toy.mean]"]),
        ("[toy.median]\nmean_sd = 1\n", ["my.toml", "unknown generative model", "'toy.median'", "[toy.mean]"]),
        ("[academic]\nmean_sd = 1\n", ["my.toml", "unknown claim", "'academic'", "toy"]),
        ("mean_sd = 1\n", ["my.toml", "unknown claim", "'mean_sd'"]),
        ("[toy.mean]\nmean = 1\n", ["my.toml", "unknown hyper-parameter", "'mean'", "mean_sd"]),
        ('[toy.mean]\nmean_sd = "wide"\n', ["my.toml", "'mean_sd'", "finite number"]),
        (f"[toy.mean]\nmean_sd = 1{'0' * 400}\n", ["my.toml", "'mean_sd'", "finite number"]),
        (f"[toy.mean]\nmean_sd = 1{'0' * 5000}\n", ["my.toml", "not TOML"]),
        ("[toy.mean]\nmean_sd = 1e-300\n", ["my.toml", "'mean_sd'", "positive"]),
        ("[toy.mean]\nmean_sd = nan\n", ["my.toml", "'mean_sd'", "finite number"]),
        ("[toy.mean]\nmean_sd = -1\n", ["my.toml", "'mean_sd'", "positive"]),
        ("[toy.mean]\nmean_sd = [1, 2]\n", ["my.toml", "'mean_sd'", "one number"]),
        ("[toy.mean]\nmean_sd = true\n", ["my.toml", "'mean_sd'", "finite number"]),
    ],
)
def test_bad_priors_are_named(toy: Any, tmp_path: Path, content: str, words: list[str]):
    code, _, errors = toy("refresh", "--priors", own_priors(tmp_path, content), "--out", tmp_path / "mine")
    assert code == 2
    assert len(errors.strip().splitlines()) == 1
    for word in words:
        assert word in errors
    assert not list((tmp_path / "mine").rglob("*.nc"))


def test_own_results_go_to_a_folder_of_their_own():
    given = Overrides(seed=4, models=Path("a/my.csv"), priors=Path("b/wide.toml"))
    assert re.fullmatch(r"models-my-[0-9a-f]{6}_priors-wide-[0-9a-f]{6}_seed-4", given.folder)
    others = [
        Overrides(models=Path("b/my.csv")),
        Overrides(priors=Path("a/my.csv")),
        Overrides(models=Path("a/my.v2.csv")),
    ]
    assert len({given.folder for given in [*others, Overrides(models=Path("a/my.csv"))]}) == 4
    assert Overrides.from_metadata(given.to_metadata()).names() == given.list_names()
    assert not Overrides().any


def test_own_table_takes_the_place_of_the_headline_vintage(toy: Any, tmp_path: Path):
    path = tmp_path / "mine.csv"
    rows = [
        row for row in parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values() if row["vintage"] == "2025-06"
    ]
    path.write_bytes(format_csv(MODELS.columns, rows))
    code, said, errors = toy("refresh", "--models", path, "--out", tmp_path / "mine")
    assert code == 0, errors
    assert "mine.csv: a table of the documented columns, 1,891 models" in said
    code, said, errors = toy("refresh", "--models", FIXTURES / "epoch_small.csv", "--out", tmp_path / "r")
    assert code == 0, errors
    assert "a raw Epoch vintage" in said
    first = json.loads((tmp_path / "r" / "estimates.json").read_text())["fits"]["toy/main"]["data"]["flow"][1]
    assert first["left"] == 5  # rows of the fixture with a compute


def test_sensitivity_is_0_where_declared_and_1_where_not(toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = tmp_path / "out"
    toy.good(out)
    code, said, errors = toy("sensitivity", "--out", out)
    assert code == 0, errors
    assert "priors of half the scale" in said
    assert "declared, concerns" in said
    with (out / "sensitivity.csv").open() as handle:
        row = next(csv.DictReader(handle))
    assert row["estimand"] == "toy/main/mean_by_year[2020]"
    assert float(row["median_shift_sd"]) > 0.3
    assert row["diagnosis"] == "prior-data conflict"
    nothing = tmp_path / "none.toml"
    nothing.write_text("")
    monkeypatch.setattr("inference.summaries.sensitivity.DECLARED", nothing)
    code, said, _ = toy("sensitivity", "--out", out)
    assert code == 1
    assert "not declared: toy/main/mean_by_year[2020]: power-scaling of the prior" in said
    code, said, _ = toy("sensitivity", "--out", out, "--json")
    assert code == 1
    assert json.loads(said)["undeclared"]


def test_sensitivity_to_a_users_own_priors(toy: Any, tmp_path: Path):
    out = tmp_path / "out"
    before = toy.good(out)
    priors = own_priors(tmp_path, "[toy.mean]\nmean_sd = 0.1\n")
    code, said, errors = toy("sensitivity", "--out", out, "--priors", priors)
    assert code == 0, errors
    line = next(line for line in said.splitlines() if line.strip().startswith("my.toml"))
    assert "sd" in line
    assert len(list((out / "own").glob("priors-my-*/paper.pdf"))) == 1
    assert before.items() <= digests(out).items()


def test_sensitivity_without_results(toy: Any, tmp_path: Path):
    code, _, errors = toy("sensitivity", "--out", tmp_path)
    assert code == 2
    assert "there are no estimates" in errors


def test_diff(toy: Any, tmp_path: Path):
    toy.good(tmp_path / "old")
    toy("refresh", "--priors", own_priors(tmp_path, "[toy.mean]\nmean_sd = 0.01\n"), "--out", tmp_path / "new")
    code, said, _ = toy("diff", tmp_path / "old", tmp_path / "new" / "estimates.json", "--json")
    assert code == 0
    (row,) = json.loads(said)
    old = json.loads((tmp_path / "old" / "estimates.json").read_text())["estimates"][0]
    assert row["name"] == "toy/main/mean_by_year[2020]"
    assert row["shift"] == pytest.approx((mean(tmp_path / "new") - mean(tmp_path / "old")) / old["sd"])
    assert row["verdict"] == ["agrees", "undecided"]
    assert row["flipped"]
    code, said, _ = toy("diff", tmp_path / "old", tmp_path / "new")
    assert "1 verdicts flipped" in said
    same = toy("diff", tmp_path / "old", tmp_path / "old", "--all")[1]
    assert "2 estimates in both, 0 moved by more than one posterior sd, 0 verdicts flipped" in same
    odd = tmp_path / "odd.json"
    odd.write_text('{"schema_version": 1, "fits": {}, "estimates": [{"estimand": "x"}]}')
    for bad in (tmp_path / "none", tmp_path / "my.toml", odd):
        code, _, errors = toy("diff", tmp_path / "old", bad)
        assert code == 2
        assert len(errors.strip().splitlines()) == 1


def test_publish(toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out, published, readme = Paths(tmp_path / "out"), tmp_path / "published", tmp_path / "README.md"
    monkeypatch.setattr(publish, "README", readme)
    monkeypatch.setattr(publish, "PUBLISHED", published)
    readme.write_text(f"before\n{publish.START}\nan earlier table\n{publish.END}\nafter\n")
    with pytest.raises(publish.CheckError, match="never fitted"):
        publish.publish(out)
    toy.good(out.out)
    publish.publish(out, draws=True)
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "| the mean, 2020 † | " in text
    assert "an earlier table" not in text
    copied = (published / "estimates.json").read_text()
    assert json.loads(copied) == json.loads(out.estimates.read_text())
    assert sum(line.startswith('{"claim": ') for line in copied.splitlines()) == 2  # an estimate a line
    assert (published / "figures" / "toy.png").exists()
    assert r"\newcommand{\ToyMainMeanByYearTwoZeroTwoZero}{\ensuremath{-}" in (published / "estimates.tex").read_text()
    import gzip

    draws = list(
        csv.DictReader(io.StringIO(gzip.decompress((published / "draws_toy_main.csv.gz").read_bytes()).decode()))
    )
    assert len(draws) == 1000
    values = sorted(float(row["mean_by_year[2020]"]) for row in draws)
    assert values[500] == pytest.approx(mean(out.out), abs=0.15)
    codebook = list(csv.DictReader((published / "draws_codebook.csv").open()))
    assert codebook[0]["unit"] == "log10 FLOP"
    assert publish.list_stale(published) == []
    content = json.loads((published / "estimates.json").read_text())
    content["fits"]["toy/main"]["fit_key"] = "0" * 64
    (published / "estimates.json").write_text(json.dumps(content))
    assert publish.list_stale(published) == ["toy/main"]
    assert publish.list_stale(tmp_path / "none") == ["nothing is published"]
    out.paper.write_bytes(b"touched")
    with pytest.raises(publish.CheckError, match="run make refresh first"):
        publish.publish(out)


@pytest.mark.parametrize("out", ["paper/published", "", ".", "figures"])
def test_results_never_go_among_the_projects_files(toy: Any, out: str):
    code, _, errors = toy("refresh", "--seed", "4", "--out", ROOT / out)
    assert code == 2
    assert "never go" in errors


def test_sensitivity_to_priors_keeps_the_users_own_data(toy: Any, tmp_path: Path):
    mine = tmp_path / "mine.csv"
    rows = parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values()
    mine.write_bytes(format_csv(MODELS.columns, (row for row in rows if row["vintage"] == "2026-05")))
    out = tmp_path / "out"
    assert toy("refresh", "--models", mine, "--out", out)[0] == 0
    priors = own_priors(tmp_path, "[toy.mean]\nmean_sd = 1.0\n")
    code, said, errors = toy("sensitivity", "--out", out, "--priors", priors, "--json")
    assert code == 0, errors
    (row,) = json.loads(said)["estimates"]
    assert row["refits"][-1]["title"] == "my.toml"
    assert row["refits"][-1]["shift"]["median"] == 0  # the default itself: the same data, the same draws


def test_status_of_damaged_notes_and_outputs(toy: Any, tmp_path: Path):
    out = tmp_path / "out"
    toy.good(out)
    (out / "paper.pdf").unlink()
    assert "paper: stale (paper.pdf is missing or was changed)" in toy("status", "--out", out)[1]
    whole = json.loads((out / "outputs.json").read_text())
    for damaged in ({"key": "x"}, whole | {"figures": []}, whole | {"summaries": {"toy": {"parts": 5, "files": {}}}}):
        (out / "outputs.json").write_text(json.dumps(damaged))
        assert toy("status", "--out", out)[0] == 0
        assert toy("refresh", "--out", out)[0] == 0
    note = out / "posteriors" / "toy" / "claim.json"
    for content in ('{"specs": {}, "left_out": {}, "overrides": null}', "[]", "{"):
        note.write_text(content)
        code, said, errors = toy("status", "--out", out)
        assert code == 0, errors
        assert "unfinished" in said
