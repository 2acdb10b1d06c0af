"""One regular expression from the many patterns of a lexicon.

Python tries the alternatives of an expression one by one at every position of a text. Grouped by their first character,
most are skipped at once, which is several times faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# A first character that is plain: no special sign, and nothing after it makes it optional.
_PLAIN_START = re.compile(r"(?:\\b)?([A-Za-z0-9])(?![?*{])")
# Parts of a pattern that hold no alternative of their own: an escaped sign, or a set of characters.
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


def join_alternatives(patterns: Iterable[str]) -> str:
    """Join patterns into one that matches the same texts in the same order of preference.

    Parameters
    ----------
    patterns
        Patterns without capturing groups, case-sensitive.

    Returns
    -------
    str
        A pattern to put between ``(?:`` and ``)``.
    """
    alternatives = [part for pattern in patterns for part in split_alternatives(pattern)]
    firsts = [match[1] if (match := _PLAIN_START.match(part)) else "" for part in alternatives]
    plain = sorted(set(firsts) - {""})
    # Those without a plain first character are tried everywhere, at their place in the order.
    groups = {
        first: "|".join(part for part, own in zip(alternatives, firsts, strict=True) if own in (first, ""))
        for first in plain
    }
    joined = [f"(?={first})(?:{group})" for first, group in groups.items()]
    others = [part for part, own in zip(alternatives, firsts, strict=True) if not own]
    if others:
        none_of = f"(?![{''.join(plain)}])" if plain else ""
        joined.append(f"{none_of}(?:{'|'.join(others)})")
    return "|".join(joined)


def split_alternatives(pattern: str) -> list[str]:
    """Split a pattern at each ``|`` that is in no group."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(pattern):
        depth += (token == "(") - (token == ")")
        if token == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += token
    return parts
