"""Ladders: their steps in order, and what a user's data cannot compare."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import xarray as xr

from inference.pipeline.console import print_headlines
from inference.pipeline.publish import _write_ladder_table
from inference.store.paths import Paths
from inference.summaries.ladder import NOT_ESTIMATED, make_ladders, make_raw_rows
from models.common.claim import Headline, Published, Specification

SPECIFICATIONS = [
    Specification(name, f"title of {name}", "main" if name == "main" else "sampling", "model", role=role,
                  same_quantity=("share",))
    for name, role in (("labelled", "step"), ("main", "main"), ("later", "defensible"))
]  # fmt: skip
REPORTING: Any = SimpleNamespace(
    HEADLINES=[Headline("main", "share")],
    LADDER={"labelled": "prior", "main": "measurement", "later": "sampling"},
    SEPARATE_QUANTITIES={},
    PUBLISHED=(Published("share", value=0.5, tolerance=0.5),),
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
    own = [*SPECIFICATIONS[:2], replace(SPECIFICATIONS[2], title="the project's own", kind="source", user_only=True)]
    [without] = make_ladders(own, REPORTING, [rows[0], make_row("labelled", 0.5)], [])
    assert "not_compared" not in without  # a step of user's runs alone is none that the project's run lacks
    [silent] = make_ladders(own, REPORTING, [rows[0], make_row("labelled", 0.5)], [], {"later": ""})
    assert "not_compared" not in silent
    [refused] = make_ladders(own, REPORTING, [rows[0], make_row("labelled", 0.5)], [], {"later": "another source"})
    assert [step["reason"] for step in refused["not_compared"]] == ["another source"]
    print_headlines({"estimates": [], "fits": {}, "ladders": {"claim": [ladder]}}, Paths(tmp_path))
    assert "not compared: title of labelled (the share): no team has a label" in capsys.readouterr().out


def test_a_step_of_another_quantity_is_no_part_of_the_ladder():
    """Because the specification does not list the estimand, or because the published value is not comparable in it."""
    rows = [make_row(spec, median) for spec, median in (("labelled", 0.5), ("main", 0.4), ("later", 0.9))]
    [whole] = make_ladders(SPECIFICATIONS, REPORTING, rows, [])
    assert [step["spec"] for step in whole["rungs"]] == whole["order"] == ["labelled", "main", "later"]
    assert whole["matters_most"] == "later"
    assert [step["headline"] for step in whole["rungs"]] == [False, True, False]
    unlisted = [*SPECIFICATIONS[:2], replace(SPECIFICATIONS[2], same_quantity=("change",))]
    published = (Published("share", value=0.5, tolerance=0.5, not_comparable_in=("later",)),)
    incomparable = SimpleNamespace(**vars(REPORTING) | {"PUBLISHED": published})
    for specifications, reporting in ((unlisted, REPORTING), (SPECIFICATIONS, incomparable)):
        [ladder] = make_ladders(specifications, reporting, rows, [])
        assert [step["spec"] for step in ladder["rungs"]] == ["labelled", "main"]
        assert ladder["other_quantity"] == ["later"]
        assert ladder["matters_most"] == "main"
        assert "not_compared" not in ladder
        table = "\n".join(_write_ladder_table([ladder, whole | {"title": "whole"}]))
        assert "| sampling: title of later | another quantity | x, n = 9 ◂ |" in table


def test_a_role_for_another_question_does_not_take_a_step_from_the_ladder():
    rows = [make_row(name, 0.4) for name in ("labelled", "main", "later")]
    other = replace(SPECIFICATIONS[2], compared_with="another main fit", same_quantity=("slope",))
    [ladder] = make_ladders([*SPECIFICATIONS[:2], other], REPORTING, rows, [])
    assert [step["spec"] for step in ladder["rungs"]] == ["labelled", "main", "later"]
    same = replace(other, compared_with="main")  # for this question it is an analysis of something else
    [without] = make_ladders([*SPECIFICATIONS[:2], same], REPORTING, rows, [])
    assert [step["spec"] for step in without["rungs"]] == ["labelled", "main"]


def test_raw_counts_are_compared_as_their_variable_says():
    counts = xr.DataArray([20, 100, 40, 100], {"raw": ["k", "n", "k_reference", "n_reference"]}, ("raw",))
    raw = xr.Dataset(
        {"odds": counts, "ratio": counts.assign_attrs(measure="ratio"), "share": counts.sel(raw=["k", "n"])}
    )
    fitted = xr.DataTree.from_dict({"raw": raw.drop_vars("share")})
    shares = xr.DataTree.from_dict({"raw": raw[["share"]].sel(raw=["k", "n"])})
    rows = make_raw_rows("c", SPECIFICATIONS, {"main": fitted, "later": shares})
    medians = {row["estimand"]: row["median"] for row in rows}
    assert medians["ratio"] == 0.5
    assert medians["odds"] == pytest.approx(20.5 * 60.5 / (80.5 * 40.5))
    assert medians["share"] == 0.2
