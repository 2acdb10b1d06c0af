"""Counts of compute terms in a text, by family (``lexicons/compute_terms.csv``: expressions with examples).

Families: ``hardware``; ``cost_using`` (spending or needing compute) and ``cost_saving`` (using less of it);
``scale``; ``parallel`` (parallel and distributed training); ``flop`` (counts of operations). Each lexicon entry lists
examples that it must match and must not match; the tests run all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from data.classify.lexicon import read_lexicon
from data.classify.lower import make_lower

VERSION = "1"  # increase with every change of the lexicon
COLUMNS = ("family", "pattern", "matches", "does_not_match")
ORDER = ("cost_saving", "scale", "flop", "parallel", "cost_using", "hardware")  # at one position the first match wins


@cache
def _compile_pattern() -> re.Pattern[str]:
    """Compile all entries into one expression with a group per family, so that a text is scanned once.

    Saving is tried before using: "reduces the high computational cost" counts as saving. The expression is for
    lower-case text, because ignoring case takes several times longer.
    """
    entries: dict[str, list[str]] = {family: [] for family in ORDER}
    for row in read_lexicon("compute_terms", COLUMNS):
        entries[row["family"]].append(row["pattern"])
    groups = (f"(?P<{family}>{'|'.join(patterns)})" for family, patterns in entries.items())
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(groups)})")


def count_terms(text: str) -> Counter[str]:
    """Count the compute terms of a text by family. A passage counts once, for the first family in ``ORDER``."""
    return Counter(match.lastgroup or "" for match in _compile_pattern().finditer(make_lower(text)))
