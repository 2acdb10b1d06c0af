"""Models and their access in cells, counted by hand."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from data.errors import InputError
from models.weights_access.cells import COUNTS, match_labels, normalise_model, prepare, select
from models.weights_access.choices import Choices
from tests.models.weights_access.entries import NO_LABELS, label_many, make_entry, make_labels, make_many, make_tables

CHOICES = Choices()


def test_each_reason_leaves_out_its_models() -> None:
    entries = [
        make_entry(0),
        make_entry(1, date=""),
        make_entry(2, date="2017-12-31"),
        make_entry(3, date="2026-01-01"),
        make_entry(4, team_resolved="government"),
        make_entry(5, team_resolved="unknown"),
        make_entry(6, team_resolved="mixed"),  # of two sectors, not named
        make_entry(7, vintage="2025-06"),
        make_entry(8, date="2018-01-01", weights_access="unknown", weights_terms=""),
        make_entry(9, date="2025-12-31", notability="highly cited"),
    ]
    rows = select(make_tables(entries), CHOICES)
    assert rows.frame["model"].tolist() == ["model 0", "model 8", "model 9"]
    assert {step["reason"]: step["n"] for step in rows.log} == {
        "models of vintage 2026-03": 0, "without a date": 1, "published outside 2018-2025": 2,
        "neither academia nor industry, or unknown": 3,
    }  # fmt: skip
    notable = select(make_tables(entries), dataclasses.replace(CHOICES, models="notable"))
    assert notable.frame["model"].tolist() == ["model 9"]
    assert notable.log[-1] == {"reason": "not notable", "n": 2, "left": 1}
    other = select(make_tables(entries), dataclasses.replace(CHOICES, vintage="2025-06"))
    assert other.frame["model"].tolist() == ["model 7"]


@pytest.mark.parametrize(
    ("access", "terms", "expected"),
    [
        ("open weights", "unrestricted", "unrestricted"),
        ("fully open", "unrestricted", "unrestricted"),
        ("open weights", "restricted", "restricted"),
        ("fully open", "non-commercial", "restricted"),
        ("open weights", "unknown", ""),
        ("open weights", "", ""),
        ("API", "", "served"),
        ("hosted", "", "served"),
        ("unreleased", "", "unreleased"),
        ("unknown", "", ""),
    ],
)
def test_classes_of_access(access: str, terms: str, expected: str) -> None:
    entries = [make_entry(0, weights_access=access, weights_terms=terms), make_entry(1)]
    row = select(make_tables(entries), CHOICES).frame.iloc[0]
    assert row["access"] == expected
    assert row["open"] == (access in ("open weights", "fully open"))
    assert row["known"] == (access != "unknown")
    data = prepare(make_tables([make_entry(0, domain="Vision", weights_access=access, weights_terms=terms),
                                make_entry(1)]), CHOICES)  # fmt: skip
    cell = data.isel(cell=data["domain_idx"].values.tolist().index(1))
    is_open = access in ("open weights", "fully open")
    assert {name: int(cell[name]) for name in COUNTS} == {
        "n": 1, "known": int(access != "unknown"), "open": int(is_open),
        "with_terms": int(expected in ("restricted", "unrestricted")), "unrestricted": int(expected == "unrestricted"),
        "closed": int(access != "unknown" and not is_open), "served": int(expected == "served"),
    }  # fmt: skip


def test_models_are_counted_by_sector_year_domain_and_compute() -> None:
    entries = [
        make_entry(0),
        make_entry(1, weights_terms="restricted"),
        make_entry(2, weights_terms="unknown"),
        make_entry(3, weights_access="API", weights_terms=""),
        make_entry(4, weights_access="unknown", weights_terms=""),
        make_entry(5, log10_compute=25.0),
        make_entry(6, log10_compute=np.nan),
        make_entry(7, notability="highly cited"),
        make_entry(8, team_resolved="academia-leaning collaboration"),
        make_entry(9, team_resolved="industry-leaning collaboration"),
        make_entry(10, team_resolved="collaboration"),
        make_entry(11, team_resolved="industry-only", date="2023-02-03", domain="Vision", weights_access="unreleased",
                   weights_terms=""),
    ]  # fmt: skip
    data = prepare(make_tables(entries), CHOICES)
    assert data["year"].values.tolist() == [2021, 2022, 2023]  # a year without a model is kept
    assert data["time"].values.tolist() == [0, 0.25, 0.5]
    names = ("sector_idx", "year_idx", "domain_idx", "compute", "compute_unknown", "notable", *COUNTS)
    cells = sorted(zip(*(data[name].values.tolist() for name in names), strict=True))
    assert cells == [
        (0, 0, 0, 0.0, 0.0, 0.0, 5, 4, 3, 2, 1, 1, 1),
        (0, 0, 0, 0.0, 0.0, 1.0, 1, 1, 1, 1, 1, 0, 0),
        (0, 0, 0, 0.0, 1.0, 0.0, 1, 1, 1, 1, 1, 0, 0),
        (0, 0, 0, 1.0, 0.0, 0.0, 1, 1, 1, 1, 1, 0, 0),
        (1, 0, 0, 0.0, 0.0, 0.0, 3, 3, 3, 3, 3, 0, 0),
        (2, 2, 1, 0.0, 0.0, 0.0, 1, 1, 0, 0, 0, 1, 0),
    ]
    facts = json.loads(data.attrs["facts"])
    assert facts["models"] == "12" and facts["access known"] == "11"
    assert facts["open, academia-only, 2021"] == "6" and facts["known, academia-only, 2021"] == "7"
    assert data.attrs["error"] == "disagreement"


def test_all_but_the_commonest_domains_are_other() -> None:
    domains = [f"domain {i}" for i in range(8) for _ in range(8 - i)]
    data = prepare(make_tables([make_entry(i, domain=name) for i, name in enumerate(domains)]), CHOICES)
    assert data["domain"].values.tolist() == [*(f"domain {i}" for i in range(6)), "other"]
    assert data["n"].groupby(data["domain_idx"]).sum().values.tolist() == [8, 7, 6, 5, 4, 3, 2 + 1]


def test_names_match_by_letters_and_digits() -> None:
    assert normalise_model("GPT-4 (turbo) v1.5") == normalise_model("gpt 4 Turbo v15") == "gpt4turbov15"
    names = ["GPT-4", "PaLM 2", "Twin", "twin", "Alone", "通义", "Gemma", "OPT"]
    models = pd.Series(names, index=range(10, 18))
    labels = make_labels(
        ("gpt 4", "closed"), ("gpt4", "limited"),  # duplicates that agree: neither is open
        ("palm2", "open"), ("PaLM-2", "closed"),  # that conflict
        ("Twin", "open"),  # two models have the name
        ("智谱", "open"),  # no letter or digit that could match
        ("gemma", "open"), ("Gemma", "open"), ("opt-175B", "open"),
    )  # fmt: skip
    found = match_labels(models, labels)
    assert found.tolist() == ["not open", "", "", "", "", "", "open", ""]
    assert found.index.tolist() == models.index.tolist()
    assert match_labels(models, NO_LABELS).tolist() == [""] * 8


def test_disagreements_are_of_models_with_two_known_labels() -> None:
    entries = [
        make_entry(0),
        make_entry(1, weights_access="API", weights_terms=""),
        make_entry(2, weights_access="unreleased", weights_terms=""),
        make_entry(3, weights_access="unknown", weights_terms=""),  # known to the second source alone
        make_entry(4),  # known to the first alone
        make_entry(5),
    ]
    labels = make_labels(
        ("model 0", "limited"), ("model 1", "closed"), ("model 2", "open"), ("model 3", "open"), ("model 5", "open")
    )
    data = prepare(make_tables(entries, labels), CHOICES)
    assert (int(data["compared"]), int(data["disagree"])) == (4, 2)
    facts = json.loads(data.attrs["facts"])
    assert (facts["compared"], facts["agree"], facts["second alone"]) == ("4", "2", "1")


@pytest.mark.parametrize(
    "choices",
    [CHOICES, dataclasses.replace(CHOICES, vintage="2030-01"), dataclasses.replace(CHOICES, models="notable")],
    ids=["unknown", "empty", "not notable"],
)
def test_no_known_access_is_one_clear_message(choices: Choices) -> None:
    entries = [make_entry(i, weights_access="unknown", weights_terms="") for i in range(3)]
    with pytest.raises(InputError, match=f"no model of vintage {choices.vintage} has a known access to its weights"):
        prepare(make_tables(entries), choices)


def test_the_order_of_rows_does_not_matter() -> None:
    entries = make_many(200, 1)
    labels = label_many(entries)
    first = prepare(make_tables(entries, labels), CHOICES)
    second = prepare(make_tables(entries[::-1], labels[::-1]), CHOICES)
    assert int(first["disagree"]) > 0
    assert first.identical(second)
