"""The commands as a user calls them: valid input, invalid input, and files that must not change."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from data.io import format_csv, read_bytes
from data.paths import SNAPSHOT
from data.tables.paper_schemas import PAPERS
from data.tables.user_tables import OPTIONAL_COLUMNS
from inference.store.declarations import import_part, list_specifications
from inference.store.paths import ROOT
from inference.summaries.sensitivity import list_needless, list_undeclared, read_declared
from models.registry import CLAIMS
from tests.conftest import hash_files
from tests.models.topic_papers import simulate_papers

HEAVY = ("pymc", "arviz", "pandas", "xarray", "matplotlib", "nutpie", "pytensor")


def test_refresh_gives_gated_estimates_paper_and_figures(refreshed: Path, estimates: dict[str, Any]):
    schema = json.loads((ROOT / "inference" / "estimates.schema.json").read_text())
    jsonschema.validate(estimates, schema)
    assert estimates["claims"] == ["academic_share"]
    assert estimates["missing"] == [claim for claim in CLAIMS if claim != "academic_share"]
    assert (refreshed / "paper.pdf").read_bytes().startswith(b"%PDF")
    for name in ("academic_share", "academic_share_main_predictive", "academic_share_large_scale_predictive"):
        for ending in ("pdf", "png", "csv"):
            assert (refreshed / "figures" / f"{name}.{ending}").stat().st_size > 100
    assert not (refreshed / ".refresh-staging").exists()


def test_default_settings_pass_the_gate_without_a_retry(estimates: dict[str, Any]):
    for name, fit in estimates["fits"].items():
        assert fit["gate"]["passed"], name
        assert not fit["gate"]["retried"], name
        assert fit["gate"]["r_hat_max"] <= 1.01
        assert fit["gate"]["ess_min"] >= 400


def test_second_refresh_changes_nothing_and_imports_nothing_heavy(refreshed: Path, run: Any):
    before = hash_files(refreshed)
    done = run("-X", "importtime", "-m", "inference", "refresh", "academic_share", "--out", refreshed)
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout
    assert hash_files(refreshed) == before
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert not imported & set(HEAVY)


@pytest.mark.parametrize("arguments", [("status",), ("status", "--json"), ("--help",), ("refresh", "--help")])
def test_what_changes_nothing_imports_nothing_heavy(run: Any, arguments: tuple[str, ...]):
    done = run("-X", "importtime", "-m", "inference", *arguments)
    assert done.returncode == 0, done.stderr
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert not imported & set(HEAVY)


def test_status_says_current_and_stale(refreshed: Path, run: Any, tmp_path: Path):
    assert run("-m", "inference", "status", "academic_share", "--out", refreshed).stdout == "academic_share: current\n"
    never = json.loads(run("-m", "inference", "status", "--json", "--out", tmp_path).stdout)
    assert never["academic_share"]["state"] == "never fitted"
    assert never["academic_share"]["fits"]["main"] == {"state": "missing", "why": "no good posterior"}
    assert never["academic_share"]["outputs"] == never["paper"] == {"state": "missing", "why": "no fits"}
    found = json.loads(run("-m", "inference", "status", "--json", "--out", refreshed).stdout)
    current = {"state": "current", "why": ""}
    fits = {one.name: current for one in list_specifications("academic_share", extended=False)}
    assert found["academic_share"] == {**current, "fits": fits, "outputs": current}
    assert found["paper"] == current


def test_figure_data_are_the_estimates(refreshed: Path, estimates: dict[str, Any]):
    import csv

    with (refreshed / "figures" / "academic_share.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    medians = {
        (row["spec"], row["estimand"].removesuffix("_by_year"), row["coords"]["year"]): row["median"]
        for row in estimates["estimates"]
        if "year" in row["coords"] and row["kind"] == "quantity"
    }
    assert len(rows) == 2 * 3 * 13
    for row in rows:
        assert float(row["median"]) == pytest.approx(medians[row["spec"], row["estimand"], int(row["year"])], rel=1e-4)


def test_figures_are_redrawn_from_stored_rows_alone(refreshed: Path, tmp_path: Path):
    """Rows are computed from the posteriors once; figures drawn from the stored rows are the same, byte by byte."""
    from figures import academic_share

    charts = json.loads((refreshed / "summaries" / "academic_share.json").read_text())["charts"]
    academic_share.draw(charts, tmp_path)
    drawn, there = hash_files(tmp_path), hash_files(refreshed / "figures")
    assert len(drawn) == 12
    assert drawn.items() <= there.items()


def test_power_scaling_covers_every_quantity(published: dict[str, Any]):
    quantities = [row for row in published["estimates"] if row["kind"] == "quantity"]
    assert len(quantities) > 100
    for row in quantities:
        assert row["prior_sensitivity"] is not None, row
        assert row["prior_sensitive"] == (row["prior_sensitivity"] > 0.05)


def test_sensitive_headlines_are_declared(published: dict[str, Any]):
    declared = read_declared()
    assert list_undeclared(published["estimates"], declared) == []
    assert list_needless(published["estimates"], declared) == []
    for name, entry in declared.items():
        section = (ROOT / "paper" / "sections" / f"{name.partition('/')[0]}.typ").read_text()
        assert entry["sentence"] in " ".join(section.split()), name


@pytest.mark.parametrize("name", list(CLAIMS))
def test_headlines_exist_and_published_values_are_found(published: dict[str, Any], name: str):
    claim = import_part(name, "reporting")
    rows = [row for row in published["estimates"] if row["claim"] == name]
    headlines = [row for row in rows if row["headline"]]
    assert 3 <= len(headlines) == len(claim.HEADLINES)
    assert {row["estimand"] for row in rows if row["published_text"]} == {
        known.estimand for known in claim.PUBLISHED if not known.not_comparable
    }


def damaged(tmp_path: Path, change: str) -> Path:
    """Write a table of models with one error."""
    text = read_bytes(SNAPSHOT / "models.csv.gz").decode()
    lines = text.split("\n")
    path = tmp_path / "my.csv"
    if change == "folder":
        path.mkdir()
        return path
    if change == "none":
        return path
    if change == "empty":
        text = ""
    elif change == "column":
        text = text.replace("log10_compute,", "compute,", 1)
    else:
        row = next(i for i, line in enumerate(lines) if ",academia-only," in line and ",2012-" not in line and i > 5)
        cells = lines[row].split(",")
        lines[row] = {
            "date": ",".join([*cells[:2], "soon", *cells[3:]]),
            "sector": lines[row].replace(",academia-only,", ",a university,"),
            "compute": lines[row].replace(",academia-only,", ",academia-only,", 1),
        }[change]
        if change == "compute":
            lines[row] = (
                "2023-12,Mine,2015-01-01,Vision,,Uni,academia,academia-only,academia-only,label,academia,,lots,,unknown,"
                ",,,unknown,unknown,unknown"
            )
        text = "\n".join(lines)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("folder", ["my.csv", "folder"]),
        ("none", ["my.csv", "no such file"]),
        ("empty", ["my.csv", "empty"]),
        ("column", ["my.csv", "'log10_compute'", "missing"]),
        ("date", ["my.csv", "row", "'date'", "'soon'"]),
        ("sector", ["my.csv", "row", "'team'", "'a university'"]),
        ("compute", ["my.csv", "row", "'log10_compute'", "'lots'"]),
    ],
)
def test_bad_table_is_named_and_good_results_stay(
    refreshed: Path, run: Any, tmp_path: Path, change: str, words: list[str]
):
    out = tmp_path / "out"
    shutil.copytree(refreshed, out)
    before = hash_files(out)
    done = run("-m", "inference", "refresh", "--models", damaged(tmp_path, change), "--out", out)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "loading PyMC" not in done.stdout  # reported before anything slow
    for word in words:
        assert word in done.stderr
    assert hash_files(out) == before


def test_usage_errors(run: Any, tmp_path: Path):
    for arguments in (["refresh", "no_such_claim"], ["refresh", "--sed", "1"], ["nothing"]):
        done = run("-m", "inference", *arguments, "--out", tmp_path)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1


def test_own_results_never_go_over_the_projects(run: Any):
    done = run("-m", "inference", "refresh", "--seed", "4", "--out", ROOT / "build")
    assert done.returncode == 2
    assert "never go over" in done.stderr


def test_interrupted_refresh_says_so_and_leaves_nothing_half(tmp_path: Path):
    command = [sys.executable, "-m", "inference", "refresh", "--out", str(tmp_path)]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert "loading" in running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 130
    assert errors.startswith("error: interrupted")
    assert "Traceback" not in errors
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".part", ".nc")]


def test_unusable_place(run: Any, tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = run("-m", "inference", "refresh", "--out", blocked / "out")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_data_commands(run: Any, tmp_path: Path):
    done = run("-m", "data", "validate", SNAPSHOT / "models.csv.gz")
    assert done.returncode == 0
    assert "7240 models, valid" in done.stdout
    done = run("-m", "data", "describe")
    assert done.returncode == 0
    assert "left out: no name" in done.stdout
    done = run("-m", "data", "validate", damaged(tmp_path, "sector"))
    assert done.returncode == 2
    assert "'a university'" in done.stderr
    assert run("-m", "data", "build", tmp_path / "none").returncode == 2


SEEDS = (1, 2, 3)  # fixed in advance


@pytest.fixture(scope="module")
def seeded(published: dict[str, Any], run: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    """Contents of estimates.json: as published (0), and from a refresh with each of ``SEEDS``."""
    fits = published["fits"]
    refreshed_rows = [row for row in published["estimates"] if not fits[f"{row['claim']}/{row['spec']}"].get("aside")]
    found = {0: {**published, "estimates": refreshed_rows}}
    for seed in SEEDS:
        out = tmp_path_factory.mktemp(f"seed_{seed}")
        done = run("-m", "inference", "refresh", "--seed", str(seed), "--out", out)
        assert done.returncode == 0, done.stdout + done.stderr
        found[seed] = json.loads((out / "estimates.json").read_text())
    return found


def apart(seeded: dict[int, dict[str, Any]], seed: int) -> list[tuple[float, dict[str, Any]]]:
    """Distances of a seed's estimates from those published, in combined Monte Carlo standard errors; each with its row.

    The standard error of an interval's end is itself an estimate, with an error of a sixth of its size: among thousands
    some are far too small. The errors from the fits of all seeds are therefore combined; their posterior is the same.
    """
    assert len({len(content["estimates"]) for content in seeded.values()}) == 1
    found = []
    for was, now, *every in zip(*(seeded[i]["estimates"] for i in (0, seed, *seeded)), strict=True):
        assert (was["estimand"], was["coords"], was["spec"]) == (now["estimand"], now["coords"], now["spec"])
        pairs = [("value", "mcse")] if was["kind"] == "probability" else [
            ("median", "mcse"), ("eti_low", "mcse_low"), ("eti_high", "mcse_high")]  # fmt: skip
        for value, error in pairs:
            combined = (2 * sum(row[error] ** 2 for row in every) / len(every)) ** 0.5
            if combined == 0:
                assert was[value] == now[value], was["title"]
            else:
                found.append((abs(was[value] - now[value]) / combined, was))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_three_seeds_fixed_in_advance_agree(seeded: dict[int, dict[str, Any]], seed: int):
    """Compared with the project's seed: within 4 combined Monte Carlo standard errors for headlines, 5 for others.

    One normal error in twenty-two is beyond 2 standard errors. More than one in fifteen would show that the standard
    errors are too small.
    """
    assert all(fit["gate"]["passed"] and not fit["gate"]["retried"] for fit in seeded[seed]["fits"].values())
    distances = apart(seeded, seed)
    for distance, row in distances:
        assert distance <= (4 if row["headline"] else 5), (row["spec"], row["title"])
    assert sum(distance > 2 for distance, _ in distances) <= len(distances) / 15
    for was, now in zip(seeded[0]["estimates"], seeded[seed]["estimates"], strict=True):
        opposite = ({"agrees", "disagrees"}, {"supported", "contradicted"})
        assert {was["verdict"], now["verdict"]} not in opposite, was["title"]
        if was["headline"]:
            assert was["verdict"] == now["verdict"], was["title"]


@pytest.mark.slow
def test_refresh_of_a_users_papers_without_code_or_hardware(run: Any, tmp_path: Path):
    """Invented papers in the form of a bibliographic source, in which industry is associated with no term.

    The seed of the papers was fixed before the first run. For one seed in nine, each interval would exclude the null.
    """
    frame = simulate_papers(6000, 5)
    columns = [name for name in PAPERS.columns if name not in OPTIONAL_COLUMNS]
    path = tmp_path / "openalex.csv"
    path.write_bytes(format_csv(columns, frame.astype(object).where(frame.notna(), "")[columns].to_dict("records")))
    done = run("-m", "inference", "refresh", "topic_compute", "--papers", path, "--out", tmp_path / "own")
    assert done.returncode == 0, done.stderr
    assert f"{len(OPTIONAL_COLUMNS)} columns" in done.stdout
    content = json.loads((tmp_path / "own" / "estimates.json").read_text())
    specs = {name.removeprefix("topic_compute/"): fit for name, fit in content["fits"].items()}
    assert {"main", "plain", "with_years", "as_published", "with_trends"} == set(specs)
    assert all(fit["gate"]["passed"] for fit in specs.values())
    rows = {(row["spec"], row["estimand"]): row for row in content["estimates"]}
    assert rows["main", "odds_ratio"]["eti_low"] < 1 < rows["main", "odds_ratio"]["eti_high"]
    assert rows["as_published", "slope_within"]["eti_low"] < 0 < rows["as_published", "slope_within"]["eti_high"]
    assert (tmp_path / "own" / "paper.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_cold_and_warm_cache_give_the_same_estimates(refreshed: Path, run: Any, tmp_path: Path):
    """Refits from the same seed; the second time pytensor has no compiled code in its cache."""
    arguments = ("refresh", "academic_share", "--out", tmp_path / "out")
    cold = run("-m", "inference", *arguments, COMPUTE_DIVIDE_CACHE=str(tmp_path / "cache"))
    assert cold.returncode == 1, cold.stderr  # the other claims are missing from the paper
    for name in ("estimates.json", "paper.pdf"):
        assert (tmp_path / "out" / name).read_bytes() == (refreshed / name).read_bytes(), name
