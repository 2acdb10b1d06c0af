"""Outputs by claim and stage: only stale ones are written again, for the toy claim and a copy of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import figures
import inference.pipeline.outputs
import models
from inference.store import imports
from models.registry import CLAIMS
from tests.conftest import forget, hash_files
from tests.toy.run import TOY


@pytest.fixture
def two(toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The toy claim and a copy of it, ``other``, in a folder that tests may edit."""
    root = tmp_path / "code"
    shutil.copytree(TOY / "models" / "toy", root / "models" / "other", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "figures").mkdir()
    shutil.copy2(TOY / "figures" / "toy.py", root / "figures" / "other.py")
    for path in root.rglob("*.py"):
        path.write_text(path.read_text().replace("models.toy", "models.other").replace('"toy"', '"other"'))
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(root / "models")])
    monkeypatch.setattr(figures, "__path__", [*figures.__path__, str(root / "figures")])
    imports.find_file.cache_clear()
    CLAIMS[:] = ["toy", "other"]
    # Tasks run in this process: another would not find the claims.
    run_in_processes = inference.pipeline.outputs.run_in_processes
    monkeypatch.setattr(
        inference.pipeline.outputs,
        "run_in_processes",
        lambda work, tasks, workers, hint, report: run_in_processes(work, tasks, 1, hint, report),
    )
    toy.root = root
    yield toy
    forget("other")


def steps(output: str) -> set[str]:
    """List what was written: ``toy: estimates``, ``other: figures``, ``paper``; and fits, as ``toy/main: sampling``."""
    lines = [line.split("] ", 1)[1] for line in output.splitlines() if line.startswith("[")]
    made = {line for line in lines if line.endswith((": estimates", ": figures")) or line == "paper"}
    return made | {f"{line.split(' ')[0]}: sampling" for line in lines if "sampling" in line}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("two") / "out"


@pytest.fixture
def built(two: Any, tmp_path: Path, once: Path) -> tuple[Any, Path, dict[str, str]]:
    """Results of both claims, made once and copied: the folder of the code is no part of a fingerprint."""
    if not once.exists():
        code, output, errors = two("refresh", "--out", once)
        assert code == 0, errors
        assert {"toy: estimates", "other: estimates", "toy: figures", "other: figures", "paper"} <= steps(output)
        assert "no fit needed the one retry" in output
    out = tmp_path / "out"
    shutil.copytree(once, out)
    return two, out, hash_files(out)


def again(built: tuple[Any, Path, dict[str, str]]) -> tuple[set[str], set[str]]:
    """Refresh again; return what was written, and the files that changed."""
    two, out, before = built
    code, output, errors = two("refresh", "--out", out)
    assert code == 0, errors
    after = hash_files(out)
    assert "nothing to do" in two("refresh", "--out", out)[1]
    return steps(output), {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}


def test_a_figure_that_is_gone_is_drawn_again_without_a_posterior(built: Any, monkeypatch: pytest.MonkeyPatch):
    _, out, _ = built
    (out / "figures" / "other.png").unlink()
    monkeypatch.setattr("inference.store.posteriors.load", lambda *arguments, **options: pytest.fail("opened"))
    made, changed = again(built)
    assert made == {"other: figures"}  # the same bytes: the paper is as it was
    assert changed == set()


def test_one_word_in_a_claims_figure_draws_that_claim_alone(built: Any):
    two, _, _ = built
    path = two.root / "figures" / "other.py"
    path.write_text(path.read_text().replace('"o")', '"s", ms=9)'))
    forget("other")
    made, changed = again(built)
    assert made == {"other: figures", "paper"}
    assert {"figures/other.png", "figures/other.pdf", "outputs.json"} <= changed
    assert not {name for name in changed if "toy" in name or name.startswith(("posteriors", "summaries"))}


def test_a_label_of_one_claim_refits_nothing_and_leaves_the_other(built: Any):
    two, out, _ = built
    path = two.root / "models" / "other" / "reporting.py"
    path.write_text(path.read_text().replace("the mean", "the average"))
    forget("other")
    made, changed = again(built)
    assert {step for step in made if step != "other: figures"} == {"other: estimates", "paper"}
    assert "summaries/other.json" in changed
    assert not {name for name in changed if name.startswith("posteriors") or name == "summaries/toy.json"}
    titles = {row["claim"]: row["title"] for row in json.loads((out / "estimates.json").read_text())["estimates"]}
    assert titles == {"toy": "the mean, 2020", "other": "the average, 2020"}


def test_a_default_of_one_claim_refits_what_uses_it(built: Any):
    two, _, _ = built
    path = two.root / "models" / "other" / "choices.py"
    path.write_text(path.read_text().replace("mean_sd: float = 1.0", "mean_sd: float = 1.25"))
    forget("other")
    made, _ = again(built)
    assert {step for step in made if "sampling" in step} == {"other/main: sampling", "other/half_scale: sampling"}
    assert "toy: estimates" not in made


def test_a_touched_paper_is_written_again_alone(built: Any):
    _, out, _ = built
    (out / "paper.pdf").write_bytes(b"touched")
    made, changed = again(built)
    assert made == {"paper"}
    assert changed == set()


def test_a_touched_summary_is_made_again_and_draws_nothing(built: Any):
    _, out, _ = built
    path = out / "summaries" / "toy.json"
    path.write_text(path.read_text().replace("the mean", "the mode"))
    made, changed = again(built)
    assert made == {"toy: estimates"}
    assert changed == set()


def test_status_tells_fits_and_outputs_apart(built: Any):
    two, out, _ = built
    (out / "figures" / "other.png").unlink()
    found = json.loads(two("status", "--json", "--out", out)[1])
    assert list(found) == ["toy", "other", "paper"]
    current = {"state": "current", "why": ""}
    assert found["toy"] == current | {"fits": {"main": current, "half_scale": current}, "outputs": current}
    assert found["other"]["state"] == "current"
    assert found["other"]["outputs"] == {"state": "stale", "why": "figures/other.png is missing or was changed"}
    assert found["paper"] == {"state": "stale", "why": "outputs of other"}
    output = two("status", "--out", out)[1]
    assert "other: current\n" in output
    assert "other: estimates and figures stale (figures/other.png is missing or was changed)" in output
    path = two.root / "models" / "other" / "specifications.py"
    path.write_text(path.read_text().replace("0.5 * PRIORS", "0.65 * PRIORS"))
    forget("other")
    found = json.loads(two("status", "--json", "--out", out)[1])
    assert found["other"]["fits"]["main"] == current
    assert found["other"]["fits"]["half_scale"] == {"state": "stale", "why": "changed: priors: mean_sd"}
    assert found["other"]["state"] == "stale"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('Headline("main", "mean_by_year"', 'Headline("main", "mean_by_yr"', "headline main/mean_by_yr {'year': 2020}"),
        ('Published("mean_by_year", {"year": 2020}', 'Published("mean_by_year", {"year": 2021}',
         "published mean_by_year {'year': 2021}"),
    ],
)  # fmt: skip
def test_a_headline_or_published_value_that_no_fit_has_is_named(built: Any, old: str, new: str, named: str):
    """Otherwise it would silently be missing from every table."""
    two, out, before = built
    path = two.root / "models" / "other" / "reporting.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    forget("other")
    code, _, errors = two("refresh", "--out", out)
    assert code == 1
    assert f"models/other/reporting.py names estimates that no fit has: {named}" in errors
    assert hash_files(out) == before
