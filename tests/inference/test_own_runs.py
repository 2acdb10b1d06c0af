"""A user's seed, hyper-parameters and data; sensitivity, diff and publish; on the toy claim, by command line."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from data.errors import InputError
from data.io import format_csv, parse_csv
from data.paths import SNAPSHOT
from data.tables.schemas import MODELS
from inference.pipeline import publish
from inference.store.declarations import collect_priors
from inference.store.overrides import RENAMED, Overrides, read_priors
from inference.store.paths import ROOT, Paths
from tests.conftest import FIXTURES, hash_files


def write_priors(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(content)
    return path


def read_mean(out: Path) -> float:
    rows = json.loads((out / "estimates.json").read_text())["estimates"]
    return next(float(row["median"]) for row in rows if row["headline"])


def test_a_users_priors_move_the_estimate_and_are_reported(toy: Any, tmp_path: Path):
    toy.refresh(tmp_path / "project")
    before = hash_files(tmp_path / "project")
    priors = write_priors(tmp_path, "[toy.mean]\nmean_sd = 0.1\n")
    code, output, errors = toy("refresh", "--priors", priors, "--out", tmp_path / "mine")
    assert code == 0, errors
    assert "my.toml: mean.mean_sd of your own in toy" in output
    assert read_mean(tmp_path / "project") < read_mean(tmp_path / "mine") < 0  # pulled towards the prior mean
    content = json.loads((tmp_path / "mine" / "estimates.json").read_text())
    assert content["given"] == {"seed": None, "models": None, "papers": None, "priors": "my.toml"}
    assert content["fits"]["toy/half_scale"]["differs"]["priors"] == {"mean_sd": 0.5}  # named prior sets do not change
    assert "nothing to do" in toy("refresh", "--priors", priors, "--out", tmp_path / "mine")[1]
    assert toy("status", "--out", tmp_path / "mine")[1] == "toy: current\n"
    priors.write_text("[toy.mean]\nmean_sd = 0.2\n")
    assert toy("status", "--out", tmp_path / "mine")[1] == "toy: stale (changed: priors: mean_sd)\n"
    assert hash_files(tmp_path / "project") == before


@pytest.mark.parametrize(
    ("content", "expected"),
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
def test_bad_priors_are_named(toy: Any, tmp_path: Path, content: str, expected: list[str]):
    code, _, errors = toy("refresh", "--priors", write_priors(tmp_path, content), "--out", tmp_path / "mine")
    assert code == 2
    assert len(errors.strip().splitlines()) == 1
    for text in expected:
        assert text in errors
    assert not list((tmp_path / "mine").rglob("*.nc"))


FORMER_NAMES = [(table, old, new) for table, names in RENAMED.items() for old, new in names.items()]


@pytest.mark.parametrize(("table", "old", "new"), FORMER_NAMES)
def test_former_names_of_hyper_parameters_are_refused_with_the_present_name(
    tmp_path: Path, table: str, old: str, new: str
):
    known = collect_priors()
    claim, model = table.split(".")
    names = {field.name for field in fields(known[claim][model])}
    assert new in names
    assert old not in names
    message = f"value {old!r}: unknown hyper-parameter (it is now called {new})"
    with pytest.raises(InputError, match=re.escape(message)):
        read_priors(write_priors(tmp_path, f"[{table}]\n{old} = 1.0\n"), known)
    with pytest.raises(InputError, match=rf"write it under .*\[{table}\]"):
        read_priors(write_priors(tmp_path, f"[{claim}]\n{old} = 1.0\n"), known)
    default = getattr(known[claim][model], new)
    value = list(default) if isinstance(default, tuple) else default
    read = read_priors(write_priors(tmp_path, f"[{table}]\n{new} = {value}\n"), known)
    assert read == {claim: {model: {new: default}}}


@pytest.mark.parametrize("table", RENAMED)
def test_scales_must_be_positive_under_their_present_names(tmp_path: Path, table: str):
    known = collect_priors()
    claim, model = table.split(".")
    scales = {field.name for field in fields(known[claim][model]) if not field.name.endswith("_mean")}
    assert scales
    for name in scales:
        with pytest.raises(InputError, match=f"column {name!r}.*: a scale must be positive"):
            read_priors(write_priors(tmp_path, f"[{table}]\n{name} = 0\n"), known)


def test_results_of_a_users_inputs_have_their_own_folder():
    overrides = Overrides(seed=4, models=Path("a/my.csv"), priors=Path("b/wide.toml"))
    assert re.fullmatch(r"models-my-[0-9a-f]{6}_priors-wide-[0-9a-f]{6}_seed-4", overrides.folder)
    others = [
        Overrides(models=Path("b/my.csv")),
        Overrides(priors=Path("a/my.csv")),
        Overrides(models=Path("a/my.v2.csv")),
    ]
    others += [Overrides(models=Path("a/my.csv"), decimal=sign) for sign in (None, ",", ".")]
    assert len({other.folder for other in others}) == 6
    for one in (overrides, others[-1]):
        assert Overrides.from_metadata(one.to_metadata()).list_names() == one.list_names()
    assert not Overrides().any


def test_a_users_table_replaces_the_headline_vintage(toy: Any, tmp_path: Path):
    path = tmp_path / "mine.csv"
    rows = [
        row for row in parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values() if row["vintage"] == "2025-06"
    ]
    path.write_bytes(format_csv(MODELS.columns, rows))
    code, output, errors = toy("refresh", "--models", path, "--out", tmp_path / "mine")
    assert code == 0, errors
    assert "mine.csv: a table with the documented columns, 1,891 models" in output
    code, output, errors = toy("refresh", "--models", FIXTURES / "epoch_small.csv", "--out", tmp_path / "r")
    assert code == 0, errors
    assert "a raw Epoch vintage" in output
    first = json.loads((tmp_path / "r" / "estimates.json").read_text())["fits"]["toy/main"]["data"]["flow"][1]
    assert first["left"] == 5  # rows of the fixture with known compute


def test_a_users_table_with_decimal_commas_is_read_if_asked_for(toy: Any, tmp_path: Path):
    rows = list(csv.reader(io.StringIO((FIXTURES / "epoch_small.csv").read_text())))
    comma = tmp_path / "comma.csv"
    with comma.open("w", newline="") as handle:
        csv.writer(handle).writerows(
            [re.sub(r"^([0-9])(\.[0-9]+)?(e[0-9]+)$", r"\g<1>,50\3", cell) for cell in row] for row in rows
        )
    out = tmp_path / "out"
    code, _, errors = toy("refresh", "--models", comma, "--out", out)
    assert code == 2
    assert "'Training compute (FLOP)'" in errors
    assert "--decimal ," in errors
    assert not out.exists()
    assert toy("refresh", "--models", comma, "--decimal", ",", "--out", out)[0] == 0
    assert json.loads((out / "estimates.json").read_text())["given"]["decimal"] == ","
    assert toy("status", "--out", out)[1] == "toy: current\n"
    assert "nothing to do" in toy("refresh", "--models", comma, "--decimal", ",", "--out", out)[1]
    for wrong, words in ((["--models", comma, "--decimal", ";"], "known: . and ,"), (["--decimal", ","], "--models")):
        code, _, errors = toy("refresh", *wrong, "--out", tmp_path / "none")
        assert code == 2
        assert words in errors


def test_sensitivity_is_0_where_declared_and_1_where_not(toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = tmp_path / "out"
    toy.refresh(out)
    code, output, errors = toy("sensitivity", "--out", out)
    assert code == 0, errors
    assert "half the scale of the mean" in output
    assert "declared, affects" in output
    with (out / "sensitivity.csv").open() as handle:
        row = next(csv.DictReader(handle))
    assert row["estimand"] == "toy/main/mean_by_year[2020]"
    assert float(row["median_shift_sd"]) > 0.3
    assert row["diagnosis"] == "prior-data conflict"
    empty = tmp_path / "none.toml"
    empty.write_text("")
    monkeypatch.setattr("inference.summaries.sensitivity.DECLARED", empty)
    code, output, _ = toy("sensitivity", "--out", out)
    assert code == 1
    assert "not declared: toy/main/mean_by_year[2020]: power-scaling of the prior" in output
    code, output, _ = toy("sensitivity", "--out", out, "--json")
    assert code == 1
    assert json.loads(output)["undeclared"]


def test_sensitivity_to_a_users_priors(toy: Any, tmp_path: Path):
    out = tmp_path / "out"
    before = toy.refresh(out)
    priors = write_priors(tmp_path, "[toy.mean]\nmean_sd = 0.1\n")
    code, output, errors = toy("sensitivity", "--out", out, "--priors", priors)
    assert code == 0, errors
    line = next(line for line in output.splitlines() if line.strip().startswith("my.toml"))
    assert "sd" in line
    assert len(list((out / "own").glob("priors-my-*/paper.pdf"))) == 1
    assert before.items() <= hash_files(out).items()


def test_sensitivity_without_results(toy: Any, tmp_path: Path):
    code, _, errors = toy("sensitivity", "--out", tmp_path)
    assert code == 2
    assert "there are no estimates" in errors


def test_diff(toy: Any, tmp_path: Path):
    toy.refresh(tmp_path / "old")
    toy("refresh", "--priors", write_priors(tmp_path, "[toy.mean]\nmean_sd = 0.01\n"), "--out", tmp_path / "new")
    code, output, _ = toy("diff", tmp_path / "old", tmp_path / "new" / "estimates.json", "--json")
    assert code == 0
    (row,) = json.loads(output)
    old = json.loads((tmp_path / "old" / "estimates.json").read_text())["estimates"][0]
    assert row["name"] == "toy/main/mean_by_year[2020]"
    assert row["shift"] == pytest.approx((read_mean(tmp_path / "new") - read_mean(tmp_path / "old")) / old["sd"])
    assert row["verdict"] == ["supported", "inconclusive"]
    assert row["rules"] == [2, 2]
    assert row["flipped"]
    code, output, _ = toy("diff", tmp_path / "old", tmp_path / "new")
    assert "1 verdicts flipped" in output
    same = toy("diff", tmp_path / "old", tmp_path / "old", "--all")[1]
    assert "2 estimates in both, 0 moved by more than one posterior sd, 0 verdicts flipped" in same
    malformed = tmp_path / "odd.json"
    malformed.write_text('{"schema_version": 1, "fits": {}, "estimates": [{"estimand": "x"}]}')
    later = tmp_path / "later.json"
    later.write_text('{"schema_version": 99, "fits": {}, "estimates": []}')
    for bad in (tmp_path / "none", tmp_path / "my.toml", malformed, later):
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
    toy.refresh(out.out)
    publish.publish(out, draws=True)
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "| the mean, 2020 | " in text
    assert "| fall | supported: P(sign) above 0.99, interval excludes 0 | −6.6 to −2.7 | 1 of 1 | " in text
    assert "an earlier table" not in text
    copied = (published / "estimates.json").read_text()
    assert json.loads(copied) == json.loads(out.estimates.read_text())
    assert sum(line.startswith('{"claim": ') for line in copied.splitlines()) == 2  # one estimate per line
    assert (published / "figures" / "toy.png").exists()
    assert r"\newcommand{\ToyMainMeanByYearTwoZeroTwoZero}{\ensuremath{-}" in (published / "estimates.tex").read_text()
    import gzip

    draws = list(
        csv.DictReader(io.StringIO(gzip.decompress((published / "draws_toy_main.csv.gz").read_bytes()).decode()))
    )
    assert len(draws) == 1000
    values = sorted(float(row["mean_by_year[2020]"]) for row in draws)
    assert values[500] == pytest.approx(read_mean(out.out), abs=0.15)
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


def test_sensitivity_to_priors_keeps_the_users_data(toy: Any, tmp_path: Path):
    mine = tmp_path / "mine.csv"
    rows = parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values()
    mine.write_bytes(format_csv(MODELS.columns, (row for row in rows if row["vintage"] == "2026-05")))
    out = tmp_path / "out"
    assert toy("refresh", "--models", mine, "--out", out)[0] == 0
    priors = write_priors(tmp_path, "[toy.mean]\nmean_sd = 1.0\n")
    code, output, errors = toy("sensitivity", "--out", out, "--priors", priors, "--json")
    assert code == 0, errors
    (row,) = json.loads(output)["estimates"]
    assert row["refits"][-1]["title"] == "my.toml"
    assert row["refits"][-1]["shift"]["median"] == 0  # the default value: same data, same draws


def test_status_with_damaged_metadata_and_outputs(toy: Any, tmp_path: Path):
    out = tmp_path / "out"
    toy.refresh(out)
    (out / "paper.pdf").unlink()
    assert "paper: stale (paper.pdf is missing or was changed)" in toy("status", "--out", out)[1]
    complete = json.loads((out / "outputs.json").read_text())
    for damaged in (
        {"key": "x"},
        complete | {"figures": []},
        complete | {"summaries": {"toy": {"parts": 5, "files": {}}}},
    ):
        (out / "outputs.json").write_text(json.dumps(damaged))
        assert toy("status", "--out", out)[0] == 0
        assert toy("refresh", "--out", out)[0] == 0
    metadata = out / "posteriors" / "toy" / "claim.json"
    for content in ('{"specs": {}, "left_out": {}, "overrides": null}', "[]", "{"):
        metadata.write_text(content)
        code, output, errors = toy("status", "--out", out)
        assert code == 0, errors
        assert "unfinished" in output
