"""Compute terms and pre-trained models: the examples of every lexicon entry, and other mentions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.classify.compute_terms import COLUMNS, count_terms
from data.classify.lexicon import read_lexicon
from data.classify.pretrained import COLUMNS as MODEL_COLUMNS
from data.classify.pretrained import find_mentions
from data.vocabulary import FAMILIES

TERMS = read_lexicon("compute_terms", COLUMNS)
MODELS = read_lexicon("pretrained", MODEL_COLUMNS)


def examples(cell: str) -> list[str]:
    return [text for text in cell.split(" | ") if text]


@pytest.mark.parametrize("row", TERMS, ids=lambda row: f"{row['family']}: {row['matches'][:30]}")
def test_terms_match_their_examples(row: dict[str, str]):
    assert row["family"] in FAMILIES and examples(row["matches"])
    for text in examples(row["matches"]):
        assert count_terms(text)[row["family"]], text
    for text in examples(row["does_not_match"]):
        assert not count_terms(text)[row["family"]], text


@pytest.mark.parametrize(
    "text",
    [
        "We compute the gradient.",
        "a parallel corpus of English and German",
        "the computed features",
        "flip-flops",
        "outputs",
    ],
)
def test_words_that_mean_something_else(text: str):
    assert not count_terms(text)


def test_using_and_saving_are_kept_apart():
    assert count_terms("at a high computational cost") == {"cost_using": 1}
    assert count_terms("which reduces the high computational cost") == {"cost_saving": 1}
    assert count_terms("We reduce training time and use 3,000 GPU hours.") == {"cost_saving": 1, "cost_using": 1}


@pytest.mark.parametrize("row", MODELS, ids=lambda row: row["model"])
def test_models_match_their_examples(row: dict[str, str]):
    assert re.fullmatch(r"\d{4}-\d{2}", row["released"]) and row["organisation"]
    assert set(row["sectors"].split("; ")) <= {"company", "education", "nonprofit", "government"}
    for text in examples(row["matches"]):
        assert row["model"] in find_mentions(text), text
    for text in examples(row["does_not_match"]):
        assert row["model"] not in find_mentions(text), text


def test_architectures_count_only_where_they_are_pretrained():
    assert find_mentions("features of an ImageNet pre-trained ResNet-50") == ("ResNet",)
    assert find_mentions("We train a ResNet-50 from scratch on CIFAR.") == ()
    assert find_mentions("BERTScore and Roberta Flack") == ()
    assert find_mentions("We propose MWP-BERT.") == ("BERT",)


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str):
    assert all(family in FAMILIES for family in count_terms(text))
    assert set(find_mentions(text)) <= {row["model"] for row in MODELS}
