"""Fast search in long texts.

Expressions that ignore case take several times longer than those for lower-case text, and an expression with many
beginnings takes many times longer than finding the beginnings as plain strings and trying it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator


def make_lower(text: str) -> str:
    """Convert a text to lower case without moving any character, so that a position in one is valid in the other."""
    return text.replace("İ", "i").lower()  # the only letter whose lower case has two characters


def find_matches(pattern: re.Pattern[str], text: str, stems: Iterable[str]) -> Iterator[re.Match[str]]:
    """Yield what ``pattern.finditer(text)`` yields, provided that every match begins with one of the stems."""
    starts = set()
    for stem in stems:
        start = text.find(stem)
        while start >= 0:
            starts.add(start)
            start = text.find(stem, start + 1)
    end = 0
    for start in sorted(starts):
        if start >= end and (match := pattern.match(text, start)):
            end = match.end()
            yield match
