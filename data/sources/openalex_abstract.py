"""Abstract of an OpenAlex work, rebuilt from its inverted index: each word with its positions in the text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from data.sources.record import clean, replace_entities

# Larger indices are whole texts or faults, and rebuilding them could fill the memory. The longest abstract of the
# vintages at hand has 1,112 words.
MOST_WORDS = 20_000  # in an abstract, and its last position
LONGEST_ABSTRACT = 200_000  # characters
# Tags of HTML, JATS and MathML; comparisons such as "p < 0.05 and q > 1" are none.
_INLINE = r"i|b|u|em|strong|italic|bold|sub|sup|sc|scp|span|tt|a|small|underline|monospace|ext-link|xref"
_BLOCK = (
    r"p|br|h[1-6]|title|sec|abstract|label|list|list-item|ul|ol|li|div|break|inline-formula|disp-formula|tex-math|"
    r"alternatives|math|mi|mo|mn|mrow|msub|msup|mtext|mover|mfrac|semantics|annotation"
)
INLINE_TAG = re.compile(rf"</?(?:\w+:)?(?:{_INLINE})(?:\s[^<>]*=[^<>]*)?\s*/?>", re.IGNORECASE)
BLOCK_TAG = re.compile(rf"</?(?:\w+:)?(?:{_BLOCK})(?:\s[^<>]*=[^<>]*)?\s*/?>", re.IGNORECASE)

NOT_UNDERSTOOD = "abstract not understood, taken as missing"
TOO_LONG = "abstract with too many words or positions, taken as missing"
GAPS = "abstract with missing words"
TWICE = "abstract with two words at one position"


def drop_markup(text: object) -> str:
    """Return one clean line of text, as ``clean``, without tags of HTML, JATS and MathML."""
    if isinstance(text, str) and ("<" in text or "&" in text):
        text = BLOCK_TAG.sub(" ", INLINE_TAG.sub("", replace_entities(text)))
    return clean(text)


def parse_abstract(value: object) -> tuple[str, list[str]]:
    """Rebuild an abstract from ``abstract_inverted_index``.

    Parameters
    ----------
    value
        Words with lists of positions, as the API delivers them; the same as JSON text, or under ``InvertedIndex``, as
        in some dumps.

    Returns
    -------
    text : str
        The abstract; empty if there is none, or if the index cannot be read.
    remarks : list of str
        What was wrong with the index. Missing positions are skipped.
    """
    index = value
    if isinstance(index, str):
        try:
            index = json.loads(index) if index.strip() else None
        except (ValueError, RecursionError):
            return "", [NOT_UNDERSTOOD]
    if isinstance(index, Mapping) and isinstance(inner := index.get("InvertedIndex"), Mapping):
        index = inner
    if index is None or index in ({}, []):
        return "", []
    if not isinstance(index, Mapping) or not all(isinstance(places, list) for places in index.values()):
        return "", [NOT_UNDERSTOOD]
    if (
        sum(map(len, index.values())) > MOST_WORDS
        or sum((len(word) + 1) * len(places) for word, places in index.items()) > LONGEST_ABSTRACT
    ):
        return "", [TOO_LONG]
    placed = [(position, word) for word, places in index.items() for position in places]
    if not all(type(position) is int and position >= 0 for position, _ in placed):
        return "", [NOT_UNDERSTOOD]
    if any(position > MOST_WORDS for position, _ in placed):
        return "", [TOO_LONG]
    placed.sort(key=lambda one: one[0])  # words at the same position keep their order
    distinct = len({position for position, _ in placed})
    remarks = [GAPS] if placed and placed[-1][0] + 1 > distinct else []
    remarks += [TWICE] if distinct < len(placed) else []
    return drop_markup(" ".join(word for _, word in placed)), remarks
