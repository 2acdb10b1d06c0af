"""One primary topic per paper, from a lexicon over title, keywords and abstract (``lexicons/topics.csv``).

The classifier is validated against the areas under which IJCAI and AAAI published their papers; see data/README.md.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

from data.classify.lexicon import read_lexicon
from data.vocabulary import OTHER_TOPIC

TITLE_WEIGHT = 3  # a title names the subject; an abstract also names what the paper only touches on
KEYWORD_WEIGHT = 2
LEAST_SCORE = 4  # one weak term in an abstract does not make a topic
TOKEN = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class _Lexicon:
    topics: tuple[str, ...]
    terms: dict[tuple[str, ...], tuple[tuple[int, int], ...]]
    """Words of a term to tuples (topic index, weight)."""
    lengths: dict[str, tuple[int, ...]]
    """First word of a term to the lengths of the terms that it begins, in words, longest first."""


def split_words(text: str) -> list[str]:
    """Split a text into lower-case words without plural endings."""
    return [_singularise(word) if word[-1] == "s" else word for word in TOKEN.findall(text.lower())]


def _singularise(word: str) -> str:
    if len(word) < 4 or word[-2] in "siu":
        return word
    return f"{word[:-3]}y" if len(word) > 4 and word.endswith("ies") else word[:-1]


@cache
def _read_lexicon() -> _Lexicon:
    topics: dict[str, int] = {}
    weights: dict[tuple[str, ...], dict[int, int]] = {}
    for row in read_lexicon("topics", ("topic", "term", "weight")):
        topic = topics.setdefault(row["topic"], len(topics))
        weights.setdefault(tuple(split_words(row["term"])), {})[topic] = int(row["weight"])
    lengths: dict[str, set[int]] = {}
    for term in weights:
        lengths.setdefault(term[0], set()).add(len(term))
    return _Lexicon(
        tuple(topics),
        {term: tuple(found.items()) for term, found in weights.items()},
        {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()},
    )


def score_topics(title: str, keywords: str = "", abstract: str = "") -> Counter[str]:
    """Return the weighted number of terms per topic.

    A term counts once in title, keywords and abstract each. A longer term masks the shorter terms that it contains.
    """
    lexicon = _read_lexicon()
    found: Counter[str] = Counter()
    for text, factor in ((title, TITLE_WEIGHT), (keywords, KEYWORD_WEIGHT), (abstract, 1)):
        tokens = split_words(text)
        seen: set[tuple[str, ...]] = set()
        end = 0  # of the last term
        for position, token in enumerate(tokens):
            if token not in lexicon.lengths or position < end:
                continue
            for length in lexicon.lengths[token]:
                term = tuple(tokens[position : position + length])
                if term in lexicon.terms:
                    if term not in seen:
                        seen.add(term)
                        for topic, weight in lexicon.terms[term]:
                            found[lexicon.topics[topic]] += factor * weight
                    end = position + length
                    break
    return found


def classify_topic(title: str, keywords: str = "", abstract: str = "") -> str:
    """Return the topic with the highest score, or ``other`` if no score is high enough; ties follow lexicon order."""
    found = score_topics(title, keywords, abstract)
    if not found:
        return OTHER_TOPIC
    order = _read_lexicon().topics
    best = min(found, key=lambda topic: (-found[topic], order.index(topic)))
    return best if found[best] >= LEAST_SCORE else OTHER_TOPIC
