"""Ladders: their steps in order, and what a user's data cannot compare."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from inference.pipeline.console import print_headlines
from inference.store.paths import Paths
from inference.summaries.ladder import NOT_ESTIMATED, make_ladders
from models.common.claim import Headline, Specification

SPECIFICATIONS = [
    Specification(name, f"title of {name}", "main" if name == "main" else "sampling", "model")
    for name in ("labelled", "main", "later")
]
REPORTING: Any = SimpleNamespace(
    HEADLINES=[Headline("main", "share")],
    LADDER={"labelled": "prior", "main": "measurement", "later": "sampling"},
    SEPARATE_QUANTITIES={},
)


def make_row(spec: str, median: float) -> dict[str, Any]:
    return {
        "spec": spec, "estimand": "share", "coords": {}, "title": "the share", "published": 0.5, "published_sign": None,
        "published_text": "0.5", "reference": None, "unit": "probability", "n": 9, "median": median, "eti_low": 0.1,
        "eti_high": 0.9, "text": "x",
    }  # fmt: skip


def test_ladder_names_the_steps_that_are_missing_and_why(capsys: Any, tmp_path: Any):
    rows = [make_row("main", 0.4), make_row("later", 0.6)]
    [ladder] = make_ladders(SPECIFICATIONS, REPORTING, rows, [], {"labelled": "no team has a label"})
    assert [step["spec"] for step in ladder["rungs"]] == ["main", "later"]
    assert ladder["not_compared"] == [
        {"spec": "labelled", "title": "title of labelled", "reason": "no team has a label"}
    ]
    [other] = make_ladders(SPECIFICATIONS, REPORTING, rows[:1], [])
    assert [step["reason"] for step in other["not_compared"]] == [NOT_ESTIMATED, NOT_ESTIMATED]
    [whole] = make_ladders(SPECIFICATIONS, REPORTING, [*rows, make_row("labelled", 0.5)], [])
    assert "not_compared" not in whole
    own = [*SPECIFICATIONS[:2], Specification("later", "the project's own", "source", "model", user_only=True)]
    [without] = make_ladders(own, REPORTING, [rows[0], make_row("labelled", 0.5)], [])
    assert "not_compared" not in without  # a step of user's runs alone is none that the project's run lacks
    [silent] = make_ladders(own, REPORTING, [rows[0], make_row("labelled", 0.5)], [], {"later": ""})
    assert "not_compared" not in silent
    [refused] = make_ladders(own, REPORTING, [rows[0], make_row("labelled", 0.5)], [], {"later": "another source"})
    assert [step["reason"] for step in refused["not_compared"]] == ["another source"]
    print_headlines({"estimates": [], "fits": {}, "ladders": {"claim": [ladder]}}, Paths(tmp_path))
    assert "not compared: title of labelled (the share): no team has a label" in capsys.readouterr().out
