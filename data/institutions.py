"""How many institutions a paper's list of affiliations names.

An institution is what employs: a university with all its departments, a company with all its labs, an academy of
sciences with all its institutes; campuses of the University of California, and DeepMind beside Google, are their own.
Whose affiliation is whose does not matter, so that lists that name each affiliation once count as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from data.affiliations import FREE_MAIL, WEAK, match_organisations, normalise
from data.papers import read_slot
from data.record import Slot

# Parts of an institution; a university may be named like one (Worcester Polytechnic Institute).
PART = re.compile(
    r"\b(?:dep(?:artmen)?t|school|facult[eéy]|college of|lab(?:orator)?(?:y|ies|s)?|division|group|medical|unit|"
    r"hospital|cent(?:er|re)|institute?s?|programme?|section)\b"
)
UNIVERSITY = re.compile(r"\buniv\w*|\bcollege\b|\btech\w*|\bpolytech\w*")
# Words that many institutions share: they tell none from another.
GENERIC = re.compile(
    r"the|of|at|in|and|for|de|di|do|da|la|le|les|du|des|der|d|a|univ\w*|college|institute?|school|inc|ltd|corp\w*|co|"
    r"company|limited|group|research|lab\w*|science|sciences|technological|national|dep\w*|[a-z]?\d+\w*"
)
# The college of a university, and towns that are called so.
COLLEGE = re.compile(r"\s*(?:[a-z]+ )?(?:college|school) of\b|\s*college (?:park|station)\b")
SEPARATOR = re.compile(r"\s*[+;|]\s*|\s+/\s+|\s+(?=the university of )")
JOINT = re.compile(r"\s+(?:&|and)\s+")
# Campuses stand behind a comma; those of other states are the same by their first word.
CAMPUS = re.compile(r"university of california,? +(?:at )?|\buc,? +(?=[a-z])")
# Short for, in the words that are compared.
SAME = {
    "tech": "technology",
    "mit": "massachusetts",
    "csail": "massachusetts",
    "cmu": "carnegie mellon",
    "nyu": "new york",
    "courant": "new york",
    "ucl": "university college london",
    "ucla": "california los angeles",
    "ucsd": "california san diego",
    "ucsb": "california santa barbara",
    "berkeley": "california berkeley",
    "gatech": "georgia technology",
    "uiuc": "illinois urbana champaign",
    "umd": "maryland",
    "umass": "massachusetts amherst",
    "ustc": "china",
    "nus": "singapore",
    "hkust": "hong kong",
    "cuhk": "chinese hong kong",
    "tum": "munich",
    "eth": "swiss federal zurich",
    "epfl": "swiss federal lausanne",
}
Name = tuple[str, frozenset[str]]


def count_institutions(slots: Iterable[Slot]) -> int:
    """Number of institutions that these slots name; 0 if none can be read.

    Two names are of one institution if the words of one are among those of the other: the longest are counted, in
    whatever order they come.
    """
    names: list[Name] = []
    for slot in dict.fromkeys(map(read_slot, slots)):
        for sector, words in _named(slot):
            if words and not any(sector == other and words <= more for other, more in names):
                # The longer name takes the place of the shorter.
                names = [name for name in names if not (name[0] == sector and name[1] <= words)]
                names.append((sector, words))
    return len(names)


def _named(slot: Slot) -> list[Name]:
    names = [name for piece in _pieces(normalise(slot.text)) for name in _of_piece(piece)]
    if names:
        return names
    domain = slot.domain.strip(". ").lower()
    if "." not in domain or FREE_MAIL.match(domain):
        return []
    return [("domain", frozenset({_registered(domain)}))]


def _pieces(text: str) -> list[str]:
    """What stands beside an author, one affiliation a piece: joined ones only where both sides name an organisation."""
    pieces = []
    for piece in SEPARATOR.split(text):
        sides = JOINT.split(piece)
        apart = len(sides) > 1 and all(_organisations(side) and not COLLEGE.match(side) for side in sides)
        pieces += sides if apart else [piece]
    return [piece.strip(" ,.") for piece in pieces if any(map(str.isalpha, piece))]


def _organisations(text: str) -> list[tuple[str, str, int]]:
    """Sector, name and place of each organisation in a text, but for parts of universities."""
    return [
        (sector, name, at)
        for sector, name, at in match_organisations(text)
        if not WEAK.match(name) and not (sector == "education" and PART.match(name) and not UNIVERSITY.search(name))
    ]


def _of_piece(piece: str) -> list[Name]:
    piece = CAMPUS.sub("california ", piece)
    found = _organisations(piece)
    companies = [("company", _words(name)) for sector, name, _ in found if sector == "company"]
    if len(companies) > 1 and "deepmind" in piece.replace(" ", ""):
        companies = [("company", frozenset({"deepmind"}))]
    segments = [_segment(piece, at) for sector, _, at in found if sector == "education"]
    if "california " in piece and not segments:
        segments = [_segment(piece, piece.index("california "))]
    # The university stands beside its college.
    segments = [part for part in segments if not COLLEGE.match(part)] or segments
    universities = [("education", _words(part)) for part in segments]
    if companies or universities:
        return [*companies[:1], *universities]
    others = [(sector, _words(name)) for sector, name, _ in found]
    if others:
        return others[-1:]  # the academy stands behind its institute
    # An organisation that the lexicon does not have stands before its address.
    return [] if PART.search(piece) else [("company", _words(piece.partition(",")[0]))]


def _segment(text: str, at: int) -> str:
    """What stands between the commas around a place of a text."""
    return text[text.rfind(",", 0, at) + 1 :].partition(",")[0] if at else text.partition(",")[0]


def _words(name: str) -> frozenset[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.findall(r"[a-z]+\w*", plain)
    words = [word for each in words for word in SAME.get(each, each).split()]
    return frozenset(word for word in words if not GENERIC.fullmatch(word)) or frozenset(words)


def _registered(domain: str) -> str:
    """The part of a domain that one registers: ``cs.wisc.edu`` is of ``wisc.edu``."""
    parts = domain.split(".")
    short = len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in ("ac", "edu", "co", "com", "gov", "org")
    return ".".join(parts[-3 if short else -2 :])
