"""Shape of a paper list, inferred from its records: separators, and what affiliations and domains belong to.

Lists of one venue differ from year to year, so that a name cannot tell their shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data.sources.record import clean, replace_entities

SUFFIXES = ("jr", "sr", "ii", "iii", "iv", "phd", "md", "esq")  # of a person's name, without points
COMMAS = re.compile(r",|&|\band\b")
AND = re.compile(r"\band\b")
# In lists of affiliations per paper (CVPR 2020-22), 5 to 9 % of the papers name an affiliation twice and there are half
# as many affiliations as authors. In lists per author, also those with many gaps (ICLR 2021, NeurIPS 2021), 44 to 94 %
# of the papers name one twice and there are at least 77 % as many as authors.
MOST_REPEATS = 0.25
MOST_PER_AUTHOR = 0.75
LEAST_PAPERS, LEAST_WITH_SEVERAL = 3, 2
# Share of domains that fit the affiliation of their slot rather than another of the paper: 0 is chance, 1 all of them.
LEAST_ALIGNED = 0.5
LEAST_EVIDENCE = 3.0  # domains beyond chance
MOST_COMPARED = 200  # papers whose domains are compared; enough for any list
GENERIC = ("edu", "com", "org", "net", "gov", "mil", "www", "mail", "inc", "info")  # words of many domains


@dataclass(frozen=True, slots=True)
class Listed:
    """Names, affiliation texts and mail domains of one paper, each in the order of the list."""

    authors: tuple[str, ...]
    texts: tuple[str, ...]
    domains: tuple[str, ...]
    separator: str = ""
    """What separates the authors, "commas" or "semicolons"; empty for one author, or if they are a list."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the affiliations of a list belong to. ``sure`` is False if the list does not show it."""

    per_paper: bool = False
    sure: bool = True
    domains_aligned: bool = True
    slots_by_commas: bool = False
    """Whether papers with authors joined by commas have their affiliations joined by commas too."""


def has_commas_in_names(texts: Sequence[str]) -> bool:
    """Return whether the names of a list are like ``Lee, Ann; Chan, Bo``: then a comma does not separate authors.

    With ``Lee, Ann and Chan, Bo``, as in BibTeX, each name has one comma.
    """
    names = [name for text in texts if ";" in text for name in text.split(";") if name.strip()]
    if names:
        return sum("," in name for name in names) > len(names) / 2
    groups = [AND.split(text) for text in texts if AND.search(text)]
    return bool(groups) and all(re.fullmatch(r"[^,]*\w[^,]*,[^,]*\w[^,]*", name) for group in groups for name in group)


def split_authors(value: str | Sequence[str], comma_in_names: bool = False) -> tuple[str, ...]:
    """Split the authors of a paper into names, without suffixes of persons such as ``Jr.``.

    Parameters
    ----------
    value
        Names in one text, separated by semicolons or else by commas and "and"; or one entry per author.
    comma_in_names
        Whether a comma is a part of names (``has_commas_in_names``).
    """
    if isinstance(value, str):
        value = value.split(";") if ";" in value else (AND if comma_in_names else COMMAS).split(value)
    names = (name.strip() for name in value)
    return tuple(name for name in names if name and name.replace(".", "").lower() not in SUFFIXES)


def find_separator(texts: Sequence[str]) -> str:
    """Return what separates entries in most texts of a list: a semicolon, unless most have line breaks or bars."""
    return next((sign for sign in ("\n", "|") if sum(sign in text for text in texts) > len(texts) / 2), ";")


def split_slots(value: object) -> tuple[list[str], bool]:
    """Split affiliations or mail domains into slots, and return whether the whole value could be read.

    Parameters
    ----------
    value
        A text with semicolons, or one entry per slot. An entry stays one slot whatever its text; it may itself be a
        list, of the affiliations of one author.
    """
    if isinstance(value, str):
        # Entities have semicolons, so they go first; clean() makes semicolons of full-width ones, so it goes last.
        return [clean(part) for part in replace_entities(value).split(";")] if value else [], True
    if not isinstance(value, list):
        return [], not value or value != value
    slots, understood = [], True
    for entry in value:
        parts = entry if isinstance(entry, list) else [entry]
        understood &= all(part is None or isinstance(part, str) for part in parts)
        slots.append(" + ".join(filter(None, map(clean, parts))))
    return slots, understood


def find_shape(papers: Iterable[Listed]) -> Shape:
    """Find the shape of a list from all of its papers.

    Affiliations are per paper if hardly any paper names one twice and they are many fewer than the authors. In a list
    per author with gaps, several authors share an affiliation, so that it is named several times. With too few papers,
    affiliations are taken to be per author, which leaves teams unknown rather than wrong. If no authors are listed, no
    affiliation can be theirs.
    """
    papers = [paper for paper in papers if any(paper.texts)]
    without_authors = bool(papers) and not any(paper.authors for paper in papers)
    papers = [paper for paper in papers if len(paper.authors) != 1]
    known = [paper for paper in papers if paper.authors]
    authors = sum(len(paper.authors) for paper in known)
    fewer = sum(len(paper.texts) for paper in known) <= MOST_PER_AUTHOR * authors
    named = [[text.casefold() for text in paper.texts if text] for paper in papers]
    several = [texts for texts in named if len(texts) > 1]
    repeats = sum(len(set(texts)) < len(texts) for texts in several)
    enough = len(papers) >= LEAST_PAPERS and len(several) >= LEAST_WITH_SEVERAL
    distinct = repeats <= MOST_REPEATS * len(several)
    per_paper = without_authors or (bool(known) and fewer and distinct and enough)
    sure = per_paper or not (known and fewer and distinct)
    slots_by_commas = not per_paper and all(len(paper.texts) == 1 for paper in papers if paper.separator == "commas")
    return Shape(per_paper, sure, _are_domains_aligned(papers), slots_by_commas)


def _are_domains_aligned(papers: Sequence[Listed]) -> bool:
    """Return whether mail domains stand in the slots of their affiliations; True if a list has too little evidence."""
    compared = [paper for paper in papers if len({*filter(None, paper.domains)}) > 1 and len({*paper.texts}) > 1]
    equal = [paper for paper in compared if len(paper.texts) == len(paper.domains)]
    if len(equal) < len(compared) / 2:
        return False
    found = most = expected = 0.0
    for paper in equal[:MOST_COMPARED]:
        slots = [(text, domain) for text, domain in zip(paper.texts, paper.domains, strict=True) if text and domain]
        initials = [_find_names(text) for text, _ in slots]
        for own, (_, domain) in enumerate(slots):
            fits = [_has_name(domain, names) for names in initials]
            if any(fits):
                found += fits[own]
                most += 1
                expected += sum(fits) / len(fits)
    return most - expected < LEAST_EVIDENCE or found - expected >= LEAST_ALIGNED * (most - expected)


def _find_names(text: str) -> tuple[str, frozenset[str]]:
    """Return the letters of an affiliation, and its words and initials, in lower case."""
    words = re.findall(r"[^\W\d_]+", text)
    initials = "".join(word[0] for word in words if word[0].isupper())
    return "".join(words).lower(), frozenset([*map(str.lower, words), initials.lower()])


def _has_name(domain: str, names: tuple[str, frozenset[str]]) -> bool:
    """Return whether a word of a domain occurs in an affiliation: "leeds" of ``leeds.ac.uk``, "mit" of ``mit.edu``."""
    letters, words = names
    parts = (part for part in re.split(r"[.-]", domain) if len(part) > 2 and part not in GENERIC)
    return any(part in words or (len(part) > 3 and part in letters) for part in parts)
