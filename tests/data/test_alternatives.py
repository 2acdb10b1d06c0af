"""One expression from many patterns matches what the patterns match, in their order."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from data.classify.affiliations import COLUMNS
from data.classify.alternatives import join_alternatives, split_alternatives
from data.classify.lexicon import read_lexicon
from data.classify.lower import find_matches, make_lower

PATTERNS = ["ab", "a", "abc|b?c", r"\bca\b", "(?:a|c)b|c", "[ab]c", r"b{2}", "c[a|b]", r"\w a", "ba(?=c)"]


@given(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=8), st.text("abc ", max_size=30))
def test_same_matches_as_the_plain_alternation(patterns: list[str], text: str):
    plain, joined = (re.compile(f"(?:{every})(?! )") for every in ("|".join(patterns), join_alternatives(patterns)))
    assert [match.span() for match in joined.finditer(text)] == [match.span() for match in plain.finditer(text)]


def test_alternatives_in_groups_and_sets_stay_together():
    assert split_alternatives(r"a(?:b|c)|[|)]d|e\|f|\(g") == ["a(?:b|c)", "[|)]d", r"e\|f", r"\(g"]


def test_every_organisation_is_still_whole():
    for row in read_lexicon("organisations", COLUMNS):
        assert "|".join(split_alternatives(row["pattern"])) == row["pattern"]
        re.compile(join_alternatives([row["pattern"]]))


@given(st.text("ab c.", max_size=40))
def test_search_from_stems_finds_every_match(text: str):
    pattern = re.compile(r"\b(?:a |b)?(?:ab|ca)\b[^.]{0,5}?\bb")
    found = [match.span() for match in find_matches(pattern, text, ("a ", "ab", "b", "ca"))]
    assert found == [match.span() for match in pattern.finditer(text)]


@given(st.text(max_size=20))
def test_lower_case_moves_no_character(text: str):
    assert len(make_lower(text)) == len(text)
    assert make_lower(f"{text}İGPU").endswith("igpu")
