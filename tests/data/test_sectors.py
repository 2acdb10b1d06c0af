"""Sectors of organisations, team types, resolution of missing labels, and changes between vintages."""

from __future__ import annotations

import pytest

from data.build.snapshot import VINTAGES
from data.classify.sectors import Sectors, resolve
from data.rules import classify_sectors
from data.tables.load import load
from data.tables.vintages import CHANGES, list_differences


def row(
    model: str, organisations: str, team: str = "unknown", sectors: str = "unknown", **more: object
) -> dict[str, object]:
    source = "label" if team != "unknown" else "unknown"
    made = {"model": model, "date": "2015-01-01", "organisations": organisations, "organisation_sectors": sectors}
    made |= {"team": team, "team_resolved": team, "team_source": source, "notability": "highly cited"}
    return made | {"log10_compute": 20.0, "confidence": "likely"} | more


@pytest.mark.parametrize(
    ("sectors", "team"),
    [
        (["academia"], "academia-only"),
        (["academia", "academia"], "academia-only"),
        (["industry"], "industry-only"),
        (["industry", "academia"], "collaboration"),
        (["industry", "academia", "academia"], "academia-leaning collaboration"),
        (["industry", "academia", "industry", "government"], "industry-leaning collaboration"),
        (["academia", "government"], "mixed"),
        (["industry", "research collective"], "mixed"),
        (["government", "government"], "government"),
        (["academia", "unknown"], "unknown"),
        (["industry", "academia", "unknown"], "unknown"),
        ([], "unknown"),
    ],
)
def test_team_of(sectors: list[str], team: str):
    assert classify_sectors(sectors) == team


def test_organisation_has_the_sector_that_labels_give_it():
    known = Sectors.from_rows(
        [
            row("a", "Uni", "academia-only"),
            row("a2", "UNI", "academia-only"),
            row("b", "Firm; Uni", "collaboration"),
            row("c", "Both", "academia-only"),
            row("c2", "Both", "academia-only"),
            row("d", "Both", "industry-only"),
            row("e", "Lab", "academia-only"),
            row("e2", "Lab", "academia-only"),
            row("f", "Lab; Firm", "mixed", "government; industry"),  # an organisation's own label takes precedence
            row("g", "Once", "industry-only"),  # the label of a single team is not enough
            row("h", "Mine; Half", "industry-only", "industry; unknown"),  # not aligned, so Half stays unknown
        ]
    )
    found = {name: known.find_sector(name) for name in ("Uni", "Both", "Lab", "Firm", "Once", "Half", "Nobody")}
    assert found == {
        "Uni": "academia", "Both": "unknown", "Lab": "government", "Firm": "industry", "Once": "unknown",
        "Half": "unknown", "Nobody": "unknown",
    }  # fmt: skip
    assert known.find_sector("Firm", without="f") == "unknown"
    assert known.find_sector("Uni", without="a") == "unknown"


def test_resolved_from_organisations_then_from_a_later_vintage_else_unknown():
    labels = (("Uni", "academia-only"), ("Firm", "industry-only"))
    known = Sectors.from_rows([row(f"{name}{i}", name, team) for name, team in labels for i in range(3)])
    later = [
        row("named", "X", "industry-only"),
        row("named", "X", "academia-only"),  # from a later vintage; the nearest counts
        row("namesake", "X", "industry-only", date="2019-01-01"),
    ]
    rows = [
        row("both", "Uni; FIRM", sectors="unknown; unknown"),
        row("named", "Nobody"),
        row("namesake", "Nobody"),  # the same name in another year may be another model
        row("labelled", "Uni", "industry-only"),
        row("half", "Uni; Nobody", sectors="unknown; unknown"),
    ]
    counts = resolve(rows, known, later)
    assert [(r["team_resolved"], r["team_source"]) for r in rows] == [
        ("collaboration", "organisations"),
        ("industry-only", "later vintage"),
        ("unknown", "unknown"),
        ("industry-only", "label"),  # a label stays, whatever the sectors of its organisations
        ("unknown", "unknown"),
    ]
    assert [r["team"] for r in rows] == ["unknown", "unknown", "unknown", "industry-only", "unknown"]
    assert rows[4]["organisation_sectors"] == "academia; unknown"
    assert counts["blank team: still unknown"] == 2
    assert counts["labelled team, foretold by other models"] == 1
    assert counts["labelled team, foretold by other models: same kind"] == 0


def test_differences_between_vintages_by_hand():
    before = [
        row("same", "U", "academia-only"),
        row("gone", "U", "industry-only"),
        row("relabelled", "U", "academia-only"),
        row("unnoticed", "U", "academia-only", notability=""),
        row("no compute", "U", "academia-only", log10_compute=""),
        row("early", "U", "academia-only", date="2009-01-01"),
    ]
    after = [
        row("same", "U", "academia-only", log10_compute=20.1),
        row("relabelled", "U", "collaboration"),
        row("unnoticed", "U", "academia-only"),
        row("no compute", "U", "academia-only"),
        row("new", "U", "government"),
    ]
    found = {r["change"]: r for r in list_differences(before, after) if r["n"]}
    assert {change: r["n"] for change, r in found.items()} == {
        "added: no model of this name before": 1,
        "added: not notable before": 1,
        "added: no usable compute before": 1,
        "dropped: no model of this name any more": 1,
        "in both": 2,
        "in both: team relabelled": 1,
        "in both: compute changed": 1,
    }
    assert found["added: no model of this name before"]["other"] == 1
    assert found["dropped: no model of this name any more"]["industry-only"] == 1
    assert found["in both: team relabelled"]["collaboration"] == 1
    assert set(found) <= set(CHANGES)


def test_labels_of_the_snapshot_stay_and_every_resolution_has_a_source():
    frame = load("models")
    labelled = frame["team"] != "unknown"
    assert (frame.loc[labelled, "team_resolved"] == frame.loc[labelled, "team"]).all()
    assert (frame["team_source"].eq("label") == labelled).all()
    assert (frame["team_source"].eq("unknown") == frame["team_resolved"].eq("unknown")).all()
    assert set(frame["vintage"]) == set(VINTAGES)
