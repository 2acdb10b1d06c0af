"""Tables of access by a second source, of pre-trained models, and of labels of their mentions."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.build.pretrained_tables import list_mention_labels, list_pretrained_models
from data.classify.pretrained import find_mentions
from data.errors import InputError
from data.io import format_csv
from data.sources.ecosystem_graphs import read_ecosystem_graphs
from data.tables.load import load
from data.tables.schemas import MODELS, read_models

HEADER = "model,organization,created,access,license\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "graphs.csv"
    path.write_text(HEADER + text)
    return path


def test_rows_of_ecosystem_graphs_are_read_and_counted(tmp_path: Path):
    lines = ["B,Lab,2023-01-05,closed,x", "A,Lab,,open,x", "A,Lab,2023-02-01,closed,x", ",Lab,,open,x", "C,Lab,soon,,x",
             "C,Co,soon,limited,x", ""]  # fmt: skip
    rows, counts = read_ecosystem_graphs(write(tmp_path, "\n".join(lines)))
    found = [(row["model"], row["organisation"], row["created"], row["access"]) for row in rows]
    assert found == [("A", "Lab", "", "open"), ("B", "Lab", "2023-01-05", "closed"), ("C", "Co", "", "limited")]
    assert counts == {
        "left out: a name that occurs before": 1, "left out: no name": 1, "left out: access unknown": 1,
        "unknown date": 2,
    }  # fmt: skip


def test_an_unknown_label_of_access_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="'ajar'") as refused:
        read_ecosystem_graphs(write(tmp_path, "A,Lab,2023-01-05,open,x\nB,Lab,2023-01-05,ajar,x\n"))
    assert (refused.value.row, refused.value.column) == (3, "access")


def test_each_model_of_the_lexicon_has_a_maker_a_release_and_an_access():
    rows = {str(row["model"]): row for row in list_pretrained_models()}
    assert rows["BERT"] == {
        "model": "BERT", "released": "2018-10", "organisation": "Google", "industry": "yes", "open": "yes",
    }  # fmt: skip
    assert (rows["GPT-3"]["industry"], rows["GPT-3"]["open"]) == ("yes", "no")
    assert (rows["GloVe"]["industry"], rows["RoBERTa"]["industry"]) == ("no", "yes")  # of a company and a university
    named = {
        name for text in ("We fine-tune BERT and GPT-3", "pre-trained GloVe vectors") for name in find_mentions(text)
    }
    assert named <= rows.keys() and len(named) == 3


def test_names_in_the_table_of_papers_are_of_the_table_of_models():
    papers, models = load("papers"), set(load("pretrained_models")["model"])
    for column in ("pretrained_title", "pretrained_abstract", "pretrained_text"):
        assert {name for cell in papers[column].unique() for name in cell.split("; ") if name} <= models


def test_labels_of_mentions_are_of_pretrained_models_and_of_papers_in_the_table(tmp_path: Path):
    labels = tmp_path / "labels.csv"
    lines = ["b,title,9,BERT,pretrained,study,", "a,text,70,T5,pretrained,use,j",
             "a,abstract,7,ResNet,architecture,use,", "c,title,1,BERT,pretrained,use,"]  # fmt: skip
    labels.write_text("id,where,at,term,sense,use,flag\n" + "\n".join(lines) + "\n")
    found = list_mention_labels([{"id": "a", "team_listed": "mixed"}, {"id": "b", "team_listed": "unknown"}], labels)
    assert [(row["id"], row["position"], row["use"], row["team_listed"]) for row in found] == [
        ("a", 70, "use", "mixed"), ("b", 9, "study", "unknown"),
    ]  # fmt: skip


def test_a_table_of_models_without_the_terms_of_weights_is_read(tmp_path: Path):
    rows = load("models").head(20)
    older = rows.drop(columns="weights_terms")
    path = tmp_path / "models.csv"
    path.write_bytes(format_csv(older.columns, older.fillna("").to_dict("records")))
    found = read_models(path)
    assert found.columns.tolist() == list(MODELS.columns)
    assert (found["weights_terms"] == "unknown").all()
    assert found.drop(columns="weights_terms").equals(older.reset_index(drop=True))
