"""Topics: what they are, and how they agree with the areas under which the papers were published."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import paperlists
from data.record import Record
from data.topics import OTHER, topic_of, topics, words

# Areas of IJCAI and AAAI that have a counterpart among the topics.
AREAS = (
    ("natural language processing", "Natural Language"),
    ("computer vision", "Computer Vision"),
    ("multi-agent systems and game theory", "Agent-based|Multiagent|Game Theory"),
    ("planning, search and constraints", "Constraint|Heuristic Search|^Search|Planning"),
    ("knowledge and reasoning", "Knowledge Rep"),
    ("recommendation and data mining", "Data Mining"),
    ("ML", "Machine Learning(?! Appl)"),
    ("without counterpart", "."),
)
REPORT = ("ijcai2022", "aaai2022")


def area_of(record: Record) -> str:
    return next((topic for topic, pattern in AREAS if re.search(pattern, record.area)), "")


def f1(pairs: list[tuple[str, str]], topic: str) -> float:
    both = sum(truth == topic == guess for truth, guess in pairs)
    return 2 * both / (sum(truth == topic for truth, _ in pairs) + sum(guess == topic for _, guess in pairs))


def test_there_are_as_many_topics_as_a_reader_can_hold():
    assert 12 <= len(topics()) - 1 <= 25 and topics()[-1] == OTHER


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
        ("A Note on Things", OTHER),
        ("", OTHER),
    ],
)
def test_titles(title: str, topic: str):
    assert topic_of(title) == topic


def test_plurals_and_longer_terms():
    assert words("Ontologies of GANs, glass and status") == ["ontology", "of", "gan", "glass", "and", "status"]
    # "natural language" is one term: the shorter "language" inside it does not count again.
    assert topic_of("natural language") == "natural language processing"


@given(st.text(max_size=200), st.text(max_size=50), st.text(max_size=300))
def test_any_text_has_one_topic(title: str, keywords: str, abstract: str):
    assert topic_of(title, keywords, abstract) in topics()


@pytest.fixture(scope="module")
def listed(raw_folder: Path) -> list[Record]:
    stems = ("ijcai2020", "ijcai2021", "ijcai2022", "aaai2021", "aaai2022")
    return [
        record
        for stem in stems
        for record in paperlists.read(raw_folder / "paperlists" / f"{stem}.json.gz", stem).records
    ]


@pytest.mark.parametrize("part", ["all the text", "title alone"])
def test_agrees_with_published_areas(listed: list[Record], part: str):
    pairs = [
        (area_of(record), topic_of(record.title, "", record.abstract if part == "all the text" else ""))
        for record in listed
        if record.stem in REPORT and record.area
    ]
    table = Counter(pairs)
    for (area, topic), n in sorted(table.items(), key=lambda item: (item[0][0], -item[1])):
        print(f"{area:40} {topic:40} {n}")
    scores = {topic: f1(pairs, topic) for topic, _ in AREAS[:-2]}
    print(part, {topic: round(value, 2) for topic, value in scores.items()})
    if part == "all the text":
        assert scores["natural language processing"] >= 0.75 and scores["computer vision"] >= 0.75
