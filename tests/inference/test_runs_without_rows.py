"""A user's tables that support no claim, or one of two: the reason is the real one, and nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import inference.pipeline.refresh
from data.errors import InputError
from data.io import format_csv, parse_csv
from data.paths import SNAPSHOT
from data.tables.paper_schemas import PAPERS
from data.tables.schemas import MODELS
from inference.pipeline.fitter import check_rows
from inference.store.overrides import Overrides
from inference.store.paths import ROOT, Paths
from models.registry import CLAIMS
from tests.models.topic_papers import make_papers

Row = dict[str, Any]
USED = {"terms": ["scale"], "code_coded": "yes", "team_coded": "mixed"}  # enough for both claims about papers


def write_papers(path: Path, rows: list[Row]) -> Path:
    frame: pd.DataFrame = make_papers(rows)
    records = frame.astype(object).where(frame.notna(), "").to_dict("records")
    path.write_bytes(format_csv(PAPERS.columns, records))
    return path


def write_models(path: Path, change: Callable[[Row], Row]) -> Path:
    rows = parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values()
    path.write_bytes(format_csv(MODELS.columns, (change(dict(row)) for row in rows if row["vintage"] == "2023-12")))
    return path


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace fits and outputs; return the claims that would be fitted."""
    claims: list[str] = []

    def run(work: Any, tasks: Any, report: Any) -> list[tuple[str, tuple[bool, str]]]:
        claims.extend(tasks)
        return [(claim, (True, "")) for claim in tasks]

    monkeypatch.setattr(inference.pipeline.refresh, "run_by_claim", run)
    monkeypatch.setattr(inference.pipeline.refresh, "write_outputs", lambda *arguments: [])
    return claims


def refresh(claims: list[str], out: Path, **tables: Path) -> list[str]:
    """Refresh, which should not fail; return what was reported."""
    reported: list[str] = []
    assert inference.pipeline.refresh.refresh(claims, Paths(out), reported.append, Overrides(**tables)) == 0
    return reported


PAPERS_REFUSED: dict[str, tuple[list[Row], list[str]]] = {
    "years": ([USED | {"year": 2024}] * 2, ["all 2 papers are of 2024; the claim is about 2012-2021"]),
    "years before and after": (
        [USED | {"year": year} for year in (2009, 2022, 2023)],
        ["all 3 papers are of 2009, 2022-2023"],
    ),
    "abstracts": ([USED | {"has_abstract": "no"}] * 3, ["no paper has an abstract", "3 without an abstract"]),
    "teams": (
        [{"terms": ["scale"], "team": {"unknown": 3}}],
        ["of 1 papers of the table; left out: 1 team type without a label, and no author's affiliation observed"],
    ),
    "tracks": (
        [USED | {"track": "demo"}, USED | {"year": 2024}],
        ["1 track other than main and findings", "1 outside"],
    ),
    "terms": ([{"team": {"education": 2}}], ["no paper uses a compute term"]),
}


@pytest.mark.parametrize("case", PAPERS_REFUSED)
def test_papers_that_cannot_be_used_are_refused_with_the_reason(case: str, tmp_path: Path, ran: list[str]):
    rows, expected = PAPERS_REFUSED[case]
    papers = write_papers(tmp_path / "papers.csv", rows)
    with pytest.raises(InputError) as refused:
        refresh(["topic_compute"], tmp_path / "out", papers=papers)
    for text in expected:
        assert text in str(refused.value)
    assert ran == []
    assert not (tmp_path / "out").exists()


MODELS_REFUSED: dict[str, tuple[Callable[[Row], Row], str]] = {
    "years": (lambda row: row | {"date": "2005-02-01"}, "are of 2005; the claim is about 2010-2022"),
    "notable": (lambda row: row | {"notability": ""}, "not notable"),
    "compute": (lambda row: row | {"log10_compute": "", "confidence": "unknown"}, "with a known training compute"),
    "teams": (
        lambda row: row | {"team": "unknown", "team_resolved": "unknown", "team_source": "unknown"},
        "team without a sector",
    ),
    "academia": (
        lambda row: row | {"team": "industry-only", "team_resolved": "industry-only", "team_source": "label"},
        "no academia-only model",
    ),
}


@pytest.mark.parametrize("case", MODELS_REFUSED)
def test_models_that_cannot_be_used_are_refused_with_the_reason(case: str, tmp_path: Path, ran: list[str]):
    change, expected = MODELS_REFUSED[case]
    with pytest.raises(InputError, match=expected):
        refresh(["academic_share"], tmp_path / "out", models=write_models(tmp_path / "models.csv", change))
    assert ran == []
    assert not (tmp_path / "out").exists()


def test_a_table_that_supports_no_claim_has_a_reason_for_each(tmp_path: Path, ran: list[str]):
    papers = write_papers(tmp_path / "papers.csv", [{"year": 2024, "venue": "CVPR"}])
    with pytest.raises(InputError) as refused:
        refresh(["topic_compute", "code_release"], tmp_path / "out", papers=papers)
    assert "topic_compute: table of papers: the only paper is of 2024" in str(refused.value)
    assert "code_release: table of papers: no paper of NeurIPS" in str(refused.value)
    assert "1 venue other than NeurIPS, ICML, ICLR, AAAI, IJCAI" in str(refused.value)


def test_a_claim_without_rows_is_left_out_beside_one_with_rows(tmp_path: Path, ran: list[str]):
    papers = write_papers(tmp_path / "papers.csv", [USED | {"year": 2022}] * 4)
    reported = refresh(["topic_compute", "code_release"], tmp_path / "out", papers=papers)
    assert ran == ["code_release"]
    (text,) = [text for text in reported if "left out:" in text and text.startswith("topic_compute")]
    assert text.startswith("topic_compute left out: table of papers: all 4 papers are of 2022")


def test_a_claim_of_other_tables_does_not_need_the_users(tmp_path: Path, ran: list[str]):
    papers = write_papers(tmp_path / "papers.csv", [USED | {"year": 2024}])
    refresh(["academic_share", "topic_compute"], tmp_path / "out", papers=papers)
    assert ran == ["academic_share"]


def test_years_outside_are_counted_where_others_are_inside(tmp_path: Path, ran: list[str]):
    papers = write_papers(tmp_path / "papers.csv", [USED | {"times": 3}, USED | {"year": 2024, "times": 2}])
    reported = refresh(["topic_compute"], tmp_path / "out", papers=papers)
    assert ran == ["topic_compute"]
    start = "topic_compute: main fit from 3 of 5 papers of the table; left out: "
    assert reported == [start + "2 outside 2012-2021, the years of the analysis"]


def test_a_reason_found_only_while_fitting_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    papers = write_papers(tmp_path / "papers.csv", [USED])
    found = {"topic_compute": (True, "too few"), "code_release": (True, "")}
    monkeypatch.setattr(inference.pipeline.refresh, "run_by_claim", lambda work, tasks, report: [
        (claim, found[claim]) for claim in tasks])  # fmt: skip
    monkeypatch.setattr(inference.pipeline.refresh, "write_outputs", lambda *arguments: [])
    assert "topic_compute left out: too few" in refresh([*found], tmp_path / "out", papers=papers)
    with pytest.raises(InputError, match="too few"):
        refresh(["topic_compute"], tmp_path / "out", papers=papers)


def test_a_bad_table_is_refused_even_if_another_claim_could_run(tmp_path: Path, ran: list[str]):
    papers = tmp_path / "papers.csv"
    papers.write_text("id,venue\n1,2\n")
    with pytest.raises(InputError, match=r"papers\.csv"):
        refresh(["academic_share", "topic_compute"], tmp_path / "out", papers=papers)
    assert ran == []


def test_the_check_does_not_import_pymc(tmp_path: Path):
    papers = write_papers(tmp_path / "papers.csv", [USED | {"year": 2024}] * 2)
    code = "import json, sys\nfrom inference.cli import main\ncode = main()\n"
    code += "print(json.dumps([code, [name for name in ('pymc', 'pytensor') if name in sys.modules]]))"
    arguments = ["refresh", "topic_compute", "--papers", str(papers), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert json.loads(done.stdout) == [2, []], done.stderr
    assert done.stderr == "error: table of papers: all 2 papers are of 2024; the claim is about 2012-2021\n"
    assert not (tmp_path / "out").exists()


def test_the_modules_that_choose_rows_do_not_import_pymc():
    names = [f"models.{path.parent.name}.{path.stem}" for name in ("rows", "cells")
             for path in sorted((ROOT / "models").glob(f"*/{name}.py"))]  # fmt: skip
    assert len(names) > len(CLAIMS)
    code = f"import sys, {', '.join(names)}; assert not {{'pymc', 'pytensor'}} & sys.modules.keys()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_projects_models_given_as_a_users_own_have_rows():
    found, fault = check_rows("academic_share", Overrides(models=SNAPSHOT / "models.csv.gz"))
    assert fault == ""
    assert " models of the vintage; left out: " in found
