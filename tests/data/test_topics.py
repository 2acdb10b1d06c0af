"""Topics of papers; test_validation covers their agreement with published areas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.classify.topics import classify_topic, split_words
from data.tables.paper_schemas import TOPICS
from data.vocabulary import OTHER_TOPIC


def test_the_number_of_topics_is_manageable():
    assert 12 <= len(TOPICS) - 1 <= 25 and TOPICS[-1] == OTHER_TOPIC


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        (
            "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
            "natural language processing",
        ),
        ("Deep Residual Learning for Image Recognition", "computer vision"),
        ("Soft Actor-Critic: Off-Policy Maximum Entropy Deep Reinforcement Learning", "reinforcement learning"),
        ("wav2vec: Unsupervised Pre-Training for Speech Recognition", "speech and audio"),
        ("Semi-Supervised Classification with Graph Convolutional Networks", "graphs and networks"),
        ("Auto-Encoding Variational Bayes with Gaussian Processes", "probabilistic inference"),
        ("Fair Division of Indivisible Goods under Envy-Freeness", "multi-agent systems and game theory"),
        ("Heuristic Search for Classical Planning", "planning, search and constraints"),
        ("Regret Bounds for Linear Contextual Bandits", "online learning and bandits"),
        ("A Note on Things", OTHER_TOPIC),
        ("", OTHER_TOPIC),
    ],
)
def test_titles(title: str, topic: str):
    assert classify_topic(title) == topic


def test_plurals_and_longer_terms():
    assert split_words("Ontologies of GANs, glass and status") == ["ontology", "of", "gan", "glass", "and", "status"]
    # "natural language" is one term; the shorter "language" inside it does not count again.
    assert classify_topic("natural language") == "natural language processing"


@given(st.text(max_size=200), st.text(max_size=50), st.text(max_size=300))
def test_any_text_has_one_topic(title: str, keywords: str, abstract: str):
    assert classify_topic(title, keywords, abstract) in TOPICS
