"""Mentions in invented papers, counted by hand."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.errors import InputError
from models.pretrained_adoption.cells import find_origins, prepare
from models.pretrained_adoption.choices import Choices
from tests.models.pretrained_adoption.mentions import MODELS, make_many, make_paper, make_tables

CHOICES = Choices()


def test_a_name_counts_from_its_release_and_by_its_maker():
    names = pd.Series(["BERT", "BERT; GPT-3", "GloVe", "", "GPT-3; ", "unheard"])
    years = pd.Series([2017, 2019, 2019, 2022, 2020, 2022])
    found = {kind: values.tolist() for kind, values in find_origins(names, years, MODELS).items()}
    assert found == {
        "any": [False, True, True, False, True, False],
        "industry": [False, True, False, False, True, False],
        "open and industry": [False, True, False, False, False, False],  # nobody could download GPT-3
    }


def test_papers_are_counted_by_hand():
    papers = [
        make_paper(0, pretrained_title="BERT"),
        make_paper(1, pretrained_abstract="GloVe"),
        make_paper(2, team_listed="unknown", team_coded="mixed", pretrained_abstract="GPT-3"),
        make_paper(3, team_listed="mixed", team_coded="industry-only"),  # the list comes first
        make_paper(4, team_listed="unknown"),
        make_paper(5, has_abstract="no", pretrained_title="BERT"),
        make_paper(6, year=2017.0),
        make_paper(7, year=2018.0, topic_title="vision", venue="CVPR"),
    ]
    data = prepare(make_tables(papers), CHOICES)
    by_team = data[["n", "y"]].groupby(data["team_idx"]).sum()
    assert by_team["n"].values.tolist() == [3, 2] and by_team["y"].values.tolist() == [1, 1]
    assert data["mentioning"].values.tolist() == [2, 1, 0]
    assert data["origin_count"].values.tolist() == [[1, 1, 0], [1, 0, 0]]
    assert data["base_n"].sum("year").values.tolist() == [4, 1]
    assert (int(data["labelled"]), int(data["used"])) == (5, 3)
    left_out = {step["reason"]: step["n"] for step in json.loads(data.attrs["flow"])}
    assert {reason: n for reason, n in left_out.items() if n} == {
        "published outside 2018-2022": 1, "without an abstract": 1, "team type unknown": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "y"),
    [
        ({}, 2), ({"where": "title"}, 1), ({"models": "any"}, 3), ({"models": "open and industry"}, 1),
        ({"left_out": ("BERT",)}, 1), ({"team": "coded"}, 1), ({"team": "listed"}, 2),
        ({"without_field": "natural language processing"}, 0),
    ],
)  # fmt: skip
def test_choices_change_what_counts(changed: dict[str, Any], y: int):
    papers = [
        make_paper(0, pretrained_title="BERT"),
        make_paper(1, pretrained_abstract="GloVe", team_coded="mixed"),
        make_paper(2, pretrained_abstract="GPT-3", team_coded="mixed"),
        make_paper(3, topic_title="vision"),
    ]
    data = prepare(make_tables(papers), dataclasses.replace(CHOICES, **changed))
    assert int(data["y"].sum()) == y


def test_labels_of_titles_and_abstracts_alone():
    data = prepare(make_tables([make_paper(0)]), dataclasses.replace(CHOICES, labels="title and abstract"))
    assert (int(data["labelled"]), int(data["used"])) == (3, 2)


def test_a_lexicon_that_lacks_a_model_loses_the_papers_that_mention_only_it():
    papers = make_many(400, 2)
    full = prepare(make_tables(papers), CHOICES)
    lacking = prepare(make_tables(papers, MODELS[MODELS["model"] != "BERT"]), CHOICES)
    names = [f"{paper['pretrained_title']}; {paper['pretrained_abstract']}" for paper in papers]
    years = [paper["year"] for paper in papers]
    only = sum("BERT" in name and not ("GPT-3" in name and year >= 2020) and year >= 2018
               for name, year in zip(names, years, strict=True))  # fmt: skip
    assert only > 10
    assert int(full["y"].sum()) - int(lacking["y"].sum()) == only
    left_out = prepare(make_tables(papers), dataclasses.replace(CHOICES, left_out=("BERT",)))
    np.testing.assert_array_equal(left_out["y"], lacking["y"])


def test_no_paper_left_is_one_clear_message():
    with pytest.raises(InputError, match="no paper has an abstract and a known team type"):
        prepare(make_tables([make_paper(0, has_abstract="no")]), CHOICES)


def test_the_order_of_papers_does_not_matter():
    papers = make_many(200, 1)
    first, second = (prepare(make_tables(each), CHOICES) for each in (papers, papers[::-1]))
    assert first.drop_attrs().identical(second.drop_attrs())
