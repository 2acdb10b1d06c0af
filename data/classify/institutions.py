"""Number of institutions named in a paper's list of affiliations.

An institution is an employer: a university with all its departments, a company with all its labs, an academy of
sciences with all its institutes. Each campus of the University of California is an institution, and DeepMind is
separate from Google. Affiliations need not be assigned to authors, so lists that name each affiliation once also count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from data.classify.affiliations import FREE_MAIL, WEAK, match_organisations, normalise
from data.classify.paper_row import drop_unusable_text
from data.sources.record import Slot

# Parts of an institution; some universities are named like a part (Worcester Polytechnic Institute).
PART = re.compile(
    r"\b(?:dep(?:artmen)?t|school|facult[eéy]|college of|lab(?:orator)?(?:y|ies|s)?|division|group|medical|unit|"
    r"hospital|cent(?:er|re)|institute?s?|programme?|section)\b"
)
UNIVERSITY = re.compile(r"\buniv\w*|\bcollege\b|\btech\w*|\bpolytech\w*")
# Words that many institutions share and that do not distinguish them.
GENERIC_WORDS = re.compile(
    r"the|of|at|in|and|for|de|di|do|da|la|le|les|du|des|der|d|a|univ\w*|college|institute?|school|inc|ltd|corp\w*|co|"
    r"company|limited|group|research|lab\w*|technological|dep\w*|[a-z]?\d+\w*"
)
# A college of a university, and towns with such a name.
COLLEGE = re.compile(r"\s*(?:[a-z]+ )?(?:college|school) of\b|\s*college (?:park|station)\b|\s*university park\b")
# Words that distinguish institutions with the same name: Michigan and Michigan State, Tokyo and Tokyo Tech.
DISTINGUISHING_WORDS = frozenset({
    "state", "technology", "technical", "polytechnic", "electronic", "electronics", "science", "medical", "normal",
    "american", "chinese", "city", "north", "northern", "south", "southern", "east", "eastern", "west", "western",
    "central", "national", "federal",
})  # fmt: skip
NO_NAME = re.compile(r"(?:usa|u\.s\.a|uk|china|not provided|none|n/?a|computer science|student|independent\b.*|[a-z]?)")
SEPARATOR = re.compile(r"\s*[+;|]\s*|\s+/\s+|\s+(?=the university of )")
JOINT = re.compile(r"\s+(?:&|and)\s+")
# Campuses follow a comma; a university of another state is matched by its first word.
CAMPUS = re.compile(r"university of california,? +(?:at )?|\buc,? +(?=[a-z])")
# Abbreviations, with the words that are compared.
ABBREVIATIONS = {
    "tech": "technology",
    "cas": "chinese academy",
    "mit": "massachusetts technology",
    "csail": "massachusetts technology",
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
    "ustc": "science technology china",
    "nus": "singapore",
    "hkust": "hong kong science technology",
    "cuhk": "chinese hong kong",
    "tum": "munich",
    "eth": "swiss federal technology zurich",
    "epfl": "swiss federal technology lausanne",
}
# Names of labs and former names, with their company.
COMPANY_NAMES = {
    "meta": "facebook",
    "fair": "facebook",
    "damo": "alibaba",
    "taobao": "alibaba",
    "wechat": "tencent",
    "noah": "huawei",
    "kwai": "kuaishou",
    "deepmind": "deepmind",
}
Name = tuple[str, frozenset[str]]


def count_institutions(slots: Iterable[Slot]) -> int:
    """Count the institutions named in slots; 0 if none can be read.

    Two names are of one institution if one contains all words of the other, and the additional words do not include
    any of ``DISTINGUISHING_WORDS``. The longest names are counted, whatever their order. A mail domain counts if its
    author's text names no institution, unless another author with the same domain has a text that does.
    """
    named = {slot: _find_named(slot.text) for slot in map(drop_unusable_text, slots)}
    domains = {_find_registered(slot.domain) for slot, names in named.items() if not names}
    domains -= {"", *(_find_registered(slot.domain) for slot, names in named.items() if names)}
    found: list[Name] = []
    for name in (name for names in named.values() for name in names):
        if not any(_is_among(name, other) for other in found):
            found = [other for other in found if not _is_among(other, name)]  # the longer name replaces the shorter
            found.append(name)
    return len(found) + len(domains)


def _is_among(short: Name, long: Name) -> bool:
    return short[0] == long[0] and short[1] <= long[1] and not (long[1] - short[1]) & DISTINGUISHING_WORDS


def _find_named(text: str) -> list[Name]:
    return [name for piece in _split_pieces(normalise(text)) for name in _identify_piece(piece) if name[1]]


def _split_pieces(text: str) -> list[str]:
    """Split a slot into affiliations; a text joined by "and" is split only if both sides name an organisation."""
    pieces = []
    for piece in SEPARATOR.split(text):
        sides = JOINT.split(piece)
        apart = len(sides) > 1 and all(_find_organisations(side) and not COLLEGE.match(side) for side in sides)
        pieces += sides if apart else [piece]
    return [piece.strip(" ,.") for piece in pieces if any(map(str.isalpha, piece))]


def _find_organisations(text: str) -> list[tuple[str, str, int]]:
    """Return sector, name and position of each organisation in a text, except parts of universities."""
    found = [
        (sector, name, position)
        for sector, name, position in match_organisations(text)
        if not (sector == "education" and PART.match(name) and not UNIVERSITY.search(name))
    ]
    return [match for match in found if not WEAK.match(match[1])] or found


def _identify_piece(piece: str) -> list[Name]:
    """Return company and university of one affiliation; without either, its last organisation or its first words."""
    piece = CAMPUS.sub("california ", piece)
    found = _find_organisations(piece)
    companies = [_identify_company(name) for sector, name, _ in found if sector == "company"]
    segments = [_split_segment(piece, position) for sector, _, position in found if sector == "education"]
    if "california " in piece and not segments:
        segments = [_split_segment(piece, piece.index("california "))]
    # The university is named along with its college, a school of another name, or its town.
    segments = [part for part in segments if not COLLEGE.match(part)] or segments
    universities = [part for part in segments if "universi" in part] or segments[:1]
    if universities and "joint" in piece:
        companies = []  # a joint laboratory belongs to its host
    if companies or universities:
        deepmind = frozenset({"deepmind"})
        chosen = deepmind if deepmind in companies or "deep mind" in piece else next(iter(companies), frozenset())
        return [("company", chosen), *(("education", _list_words(part)) for part in universities)]
    others = [(sector, _list_words(name)) for sector, name, _ in found]
    if others:
        return others[-1:]  # the academy follows its institute
    # An organisation that is not in the lexicon precedes its address.
    first = piece.partition(",")[0].strip()
    return [] if PART.search(piece) or NO_NAME.fullmatch(first) else [("company", _list_words(first))]


def _identify_company(name: str) -> frozenset[str]:
    words = _list_words(name)
    return next((frozenset({COMPANY_NAMES[word]}) for word in sorted(words) if word in COMPANY_NAMES), words)


def _split_segment(text: str, position: int) -> str:
    """Return the text between the commas around a position."""
    return text[text.rfind(",", 0, position) + 1 :].partition(",")[0] if position else text.partition(",")[0]


def _list_words(name: str) -> frozenset[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.findall(r"[a-z]+\w*", plain)
    words = [word for each in words for word in ABBREVIATIONS.get(each, each).split()]
    return frozenset(word for word in words if not GENERIC_WORDS.fullmatch(word)) or frozenset(words)


def _find_registered(domain: str) -> str:
    """Return the registered part of a domain, ``wisc.edu`` for ``cs.wisc.edu``; empty for free mail."""
    domain = domain.strip(". ").lower()
    if "." not in domain or FREE_MAIL.match(domain):
        return ""
    parts = domain.split(".")
    short = len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in ("ac", "edu", "co", "com", "gov", "org")
    return ".".join(parts[-3 if short else -2 :])
