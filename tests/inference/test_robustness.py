"""Robustness on invented rows: which analyses count for a headline, and every figure, by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from inference.pipeline.console import print_headlines
from inference.pipeline.publish import write_table
from inference.store.paths import Paths
from inference.summaries.robustness import add_robustness, list_compared
from models.common.claim import RAW, Specification

SAME = ("e",)


def specify(
    name: str, role: Any, compared_with: str = "main", same: tuple[str, ...] = SAME, **more: Any
) -> Specification:
    kind = "main" if role == "main" else "measurement"
    return Specification(name, f"title of {name}", kind, more.pop("model", "m"), role=role,  # type: ignore[arg-type]
                         compared_with=compared_with, same_quantity=same, **more)  # fmt: skip


SPECIFICATIONS = (
    specify("main", "main"),
    specify("near", "defensible"),
    specify("far", "defensible"),
    specify("wide", "defensible"),
    specify("named_prior", "defensible", priors={"s": 2.0}),
    specify("extreme", "bound"),
    specify("step", "step"),
    specify("elsewhere", "separate"),
    specify("of_another_estimand", "defensible", same=("f",)),
    specify("second", "main", "second"),
    specify("of_second", "defensible", "second"),
    specify("not_fitted", "defensible"),
    specify("users_own", "defensible", user_only=True),
    specify("counted", "defensible", model=RAW),
    specify("stale", "defensible"),
)


def make_row(spec: str, median: float, verdict: str | None, sd: float = 0.1, **more: Any) -> dict[str, Any]:
    figures = {"median": median, "eti_low": median - sd, "eti_high": median + sd, "scale": "log", "value": None}
    named = {"claim": "c", "spec": spec, "spec_title": f"title of {spec}", "estimand": "e", "title": "the ratio"}
    text = f"{median:.2f} ({median - sd:.2f} to {median + sd:.2f})"
    row = named | {"coords": {"team": "a"}, "kind": "quantity", "headline": spec == "main", "verdict": verdict}
    return row | figures | {"text": text, "n": 10, "published_text": "value below 1", "published_sign": -1} | more


def make_rows() -> list[dict[str, Any]]:
    return [
        make_row("main", 0.80, "supported"),
        make_row("near", 0.82, "supported"),
        make_row("far", 1.02, "inconclusive"),
        make_row("wide", 0.81, "inconclusive", 0.4),
        make_row("named_prior", 0.70, "supported"),
        make_row("extreme", 0.20, "supported"),
        make_row("step", 3.0, "contradicted"),
        make_row("elsewhere", 3.0, "contradicted"),
        make_row("of_another_estimand", 3.0, "contradicted"),
        make_row("second", 0.5, "supported", headline=True),
        make_row("of_second", 0.9, "supported"),
        make_row("stale", 3.0, "contradicted"),
        make_row("near", 3.0, "contradicted") | {"coords": {"team": "b"}},
        make_row("near", 3.0, "contradicted") | {"estimand": "f"},
    ]


FITS = {f"c/{one.name}": {"stale": one.name == "stale"} for one in SPECIFICATIONS}


def rejudge(row: dict[str, Any], median: float) -> str:
    """Judge as a posterior as narrow as the headline's would be: the sign is clear up to 0.9."""
    return "supported" if median < 0.9 else "inconclusive"


def add(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    add_robustness(rows, **({"specifications": SPECIFICATIONS, "fits": FITS, "rejudge": rejudge} | more))
    found: dict[str, Any] = rows[0]["robustness"]
    return found


def test_every_figure_by_hand():
    rows = make_rows()
    found = add(rows)
    assert (found["of"], found["declared"], found["same_verdict"], found["verdicts_text"]) == (4, 6, 2, "2 of 4")
    assert (found["median_low"], found["median_high"], found["range_text"]) == (0.70, 1.02, "0.70 to 1.02")
    figures = {"spec": "far", "title": "title of far", "text": "1.02 (0.92 to 1.12)", "verdict": "inconclusive"}
    assert found["moves_most"] == figures | {"median": 1.02}
    wide = {"spec": "wide", "title": "title of wide", "text": "0.81 (0.41 to 1.21)", "verdict": "inconclusive"}
    assert found["changed"] == [figures | {"because": "median"}, wide | {"because": "interval"}]
    bound = {"spec": "extreme", "title": "title of extreme", "text": "0.20 (0.10 to 0.30)"}
    assert found["bounds"] == [bound | {"verdict": "supported", "median": 0.20}]
    assert found["settled"]
    assert found["text"] == (
        "with 4 of 6 other defensible analyses, medians range from 0.70 to 1.02; the verdict is the same in 2 of 4; "
        "the median moves most under “title of far”, to 1.02 (0.92 to 1.12); the verdict is inconclusive under “title "
        "of far” (another median), inconclusive under “title of wide” (another interval)"
    )
    assert [row["robustness"] is not None for row in rows] == [row["headline"] for row in rows]


def test_what_moves_a_ratio_most_is_measured_on_its_logarithm():
    rows = [make_row("main", 1.0, "supported"), make_row("near", 0.5, "supported"), make_row("far", 1.8, "supported")]
    assert 1.8 - 1.0 > 1.0 - 0.5
    assert abs(math.log(0.5)) > math.log(1.8)
    assert add(rows)["moves_most"]["spec"] == "near"
    as_they_are = [row | {"scale": "identity"} for row in rows]
    assert add(as_they_are)["moves_most"]["spec"] == "far"


def test_opposite_verdicts_settle_nothing():
    for one, other, settled in (
        ("supported", "contradicted", False),
        ("contradicted", "supported", False),
        ("agrees", "disagrees", False),
        ("supported", "inconclusive", True),
        ("practically equivalent", "supported", True),
    ):
        found = add([make_row("main", 0.8, one), make_row("near", 1.2, other)])
        assert found["settled"] == settled
        assert found["text"].endswith("These data do not settle it") == (not settled)
    # Two others may have opposite verdicts while the headline's is inconclusive.
    rows = [
        make_row("main", 1.0, "inconclusive"),
        make_row("near", 1.2, "contradicted"),
        make_row("far", 0.8, "supported"),
    ]
    assert not add(rows)["settled"]
    assert add([make_row("main", 0.8, "supported"), make_row("extreme", 1.2, "contradicted")])["settled"]


def test_a_headline_of_another_main_fit_has_its_own_question():
    rows = make_rows()
    add(rows)
    (second,) = [row["robustness"] for row in rows if row["spec"] == "second"]
    assert (second["of"], second["declared"], second["range_text"]) == (1, 1, "0.50 to 0.90")


def test_a_headline_that_is_no_main_fit_is_compared_with_its_main_fit():
    by_name = {one.name: one for one in SPECIFICATIONS}
    names = [one.name for one in list_compared(by_name["far"], "e", SPECIFICATIONS, "defensible")]
    assert names == ["main", "near", "wide", "named_prior", "not_fitted", "users_own", "stale"]
    assert [one.name for one in list_compared(by_name["far"], "e", SPECIFICATIONS, "bound")] == ["extreme"]
    assert list_compared(by_name["far"], "f", SPECIFICATIONS, "defensible") == []
    assert list_compared(by_name["elsewhere"], "f", SPECIFICATIONS, "defensible") == []


def test_a_users_run_counts_what_was_fitted():
    rows = [make_row("main", 0.80, "supported"), make_row("users_own", 0.9, "supported")]
    found = add(rows)
    assert (found["of"], found["declared"], found["verdicts_text"]) == (1, 7, "1 of 1")
    alone = add([make_row("main", 0.80, "supported")])
    assert (alone["of"], alone["same_verdict"], alone["verdicts_text"], alone["moves_most"]) == (0, 0, None, None)
    assert alone["text"] == "no other defensible analysis was fitted"
    assert alone["range_text"] == "0.80"


def test_estimates_without_a_verdict_have_a_range_alone():
    for verdict in (None, "not comparable"):
        found = add([make_row("main", 0.80, verdict), make_row("near", 0.9, verdict)])
        assert (found["same_verdict"], found["verdicts_text"], found["changed"]) == (None, None, [])
        assert found["range_text"] == "0.80 to 0.90"
    # An estimate that was kept before schema version 2 has no verdict, and is not compared with one that has.
    kept = add([make_row("main", 0.80, "supported"), make_row("near", 0.9, None)])
    assert (kept["of"], kept["declared"]) == (0, 6)


def test_an_event_has_a_range_of_probabilities():
    event = {"kind": "probability", "median": None, "eti_low": None, "eti_high": None, "scale": None}
    rows = [
        make_row("main", 0.8, "contradicted") | event | {"value": 0.09, "text": "0.09"},
        make_row("near", 0.8, "inconclusive") | event | {"value": 0.73, "text": "0.73"},
        make_row("far", 0.8, "contradicted") | event | {"value": 0.005, "text": "below 0.01"},
    ]
    found = add(rows)
    assert (found["median_low"], found["median_high"], found["range_text"]) == (0.005, 0.73, "below 0.01 to 0.73")
    assert found["moves_most"]["spec"] == "near"
    assert [one["because"] for one in found["changed"]] == ["probability"]
    assert found["verdicts_text"] == "1 of 2"


def test_without_draws_no_reason_is_given():
    found = add(make_rows(), rejudge=lambda row, median: None)
    assert [one["because"] for one in found["changed"]] == [None, None]
    assert "inconclusive under “title of far”, inconclusive" in found["text"]


def test_many_changes_are_counted():
    names = ("near", "far", "wide", "named_prior")
    rows = [make_row("main", 0.8, "supported"), *(make_row(name, 0.95, "inconclusive") for name in names)]
    assert "the verdict is another in 4, 4 because of another median" in add(rows)["text"]


def test_tables_show_it(capsys: Any, tmp_path: Any):
    rows = make_rows()
    rows[4]["verdict"] = "contradicted"
    add(rows)
    extra = {"verdict_note": "P(sign) 0.95", "rope_text": "0.91 to 1.10", "prior_sensitive": False, "contraction": 0.9}
    extra |= {"prior_shift": None, "verdict_changes": []}
    shown = [row | extra for row in rows]
    content = {"claims": ["c"], "estimates": shown, "ladders": {"c": []}, "fits": {}}
    table = write_table(content)
    cells = "| supported: P(sign) 0.95 | 0.70 to 1.02 | 1 of 4, not settled | title of far: 1.02 |"
    assert f"| the ratio | 0.80 (0.70 to 0.90) | 10 | value below 1 (ROPE 0.91 to 1.10) {cells}" in table
    print_headlines(content, Paths(tmp_path))
    output = capsys.readouterr().out
    assert "1 of 4" in output
    assert "not settled by these data: the ratio\n" in output


def test_headlines_by_era_are_one_table(capsys: Any, tmp_path: Any):
    rows = [
        make_row("main", median, "supported") | {"coords": {"era": era, "team": "a"}, "title": f"the ratio, {era}, a"}
        for era, median in (("2014-18", 0.7), ("2021", 0.6), ("2014-22", 0.8))
    ]
    rows.append(make_row("main", 0.9, "supported") | {"coords": {"era": "2014-22", "team": "b"}, "title": "b, 2014-22"})
    add(rows)
    extra = {"verdict_note": None, "rope_text": None}
    table = write_table({"claims": ["c"], "estimates": [row | extra for row in rows], "ladders": {}})
    assert "| by era | 2014-22 | 2014-18 | 2021 |" in table
    assert "| the ratio, a | 0.80 (0.70 to 0.90), supported | 0.70 (0.60 to 0.80), supported | 0.60" in table
    assert "| the ratio, 2014-22, a | 0.80" in table
    assert "| b, 2014-22 | 0.90" in table
    assert "| the ratio, 2014-18, a |" not in table
    flags = {"prior_sensitive": False, "contraction": 0.9, "prior_shift": None, "verdict_changes": []}
    print_headlines({"estimates": [row | flags for row in rows], "fits": {}, "ladders": {}}, Paths(tmp_path))
    output = capsys.readouterr().out
    assert "by era: 2 more headlines" in output
    assert "0.80 (0.70 to" in output
    assert "0.70 (0.60" not in output


@pytest.mark.parametrize("stale", [True, False])
def test_a_fit_of_other_data_is_not_compared(stale: bool):
    rows = [make_row("main", 0.8, "supported"), make_row("near", 0.9, "supported")]
    found = add(rows, fits={"c/main": {"stale": False}, "c/near": {"stale": stale}})
    assert found["of"] == (0 if stale else 1)
