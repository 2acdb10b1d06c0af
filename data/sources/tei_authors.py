"""Authors and affiliations of a TEI header.

GROBID assigns affiliations by position and by marker, and often to the wrong author. What it cannot assign stands under
an author without a name; what it takes for a name may be an organisation. Affiliations whose author is not certain
belong to the paper as a whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from lxml import etree

from data.io import parse_csv
from data.paths import LEXICONS
from data.sources.record import Slot, clean

NS = {"t": "http://www.tei-c.org/ns/1.0"}
HYPHEN = re.compile(r"(?<=[a-z])- (?=[a-z])")
# A "name" with one of these words is an affiliation that GROBID mistook for an author.
ORGANISATION = re.compile(
    r"universit|institut|department|laborator|\blabs?\b|research|college|school|centre|center|fondazione|faculty|"
    r"academy|\binc\b|\bltd\b|corporation|technolog|science|\bmoe key|\bgmbh\b|\bllc\b|"
    r"^(?:amazon|google|microsoft|facebook|ibm|tencent|alibaba|baidu|samsung|bloomberg)\b",
    re.IGNORECASE,
)
# A part of an organisation, which does not identify it.
PART = re.compile(
    r"^\W*\d?\W*(?:the )?(?:dep(?:artmen)?ts?\b|computer science|computational linguistics|faculty)", re.I
)
MAIL = re.compile(r"^\W*\{|^\S+@\S+$")  # addresses alone
# Headings and page headers that GROBID mistook for an affiliation.
HEADING = re.compile(
    r"^[\W\d]*(?:[ivx]+\.\s)?(?:"
    r"(?:abstract|introduction|motivations?|descriptions?|overview|background|related works?|key ?words|contents|"
    r"conclusions?|discussion|methods?|results|references|acknowledge?ments?|appendix|preface|summary|preprint|"
    r"(?:extended|long|short|demo|system) (?:abstract|papers?))\W*$|"
    r"proceedings of\b|arxiv\b|page\b|published (?:as|in)\b|(?:accepted|submitted|to appear|under review)\b|"
    r"copyright\b|(?:(?:19|20)\d\d )?(?:\w+ )?(?:annual |international )*"
    r"(?:conference|workshop|meeting|symposium) (?:on|of)\b)",
    re.IGNORECASE,
)
# Companies of the lexicon whose name is also a surname or a first name.
PERSONS_NAME = re.compile(
    r"apple|araya|arm|audi|aws|bain|bayer|bloomberg|boe|bosch|bridgewater|canon|(?:carl )?zeiss|changhong|cisco|corti|"
    r"cruise|d\W*e\W*shaw|dahua|daimler|dell|didi|disney|dolby|dyson|ericsson|ernst|fair|grab|harman|hewlett|honda|"
    r"honeywell|huawei|huya|ivi|jd|jing ?dong|j\W*p\W*morgan|janssen|kindred|kwai|malong|marvell|mazda|mckinsey|"
    r"mercedes|merck|merl|mei ?tuan|michelin|moody|nio|nissan|northrop|philips|ping ?an|qi ?an ?xin|rafael|rasa|"
    r"renault|roche|saab|safran|sap|siemens|sony|t\W*j\W*watson|thales|thomson|tim ?es|toyota|trax|uber|vivo|yitu",
    re.IGNORECASE,
)
# Words after the name of a company that belong to it.
COMPANY_TAIL = re.compile(
    r"\b(?:ai|brain|research|labs?|laborator(?:y|ies)|inc|ltd|llc|corp(?:oration)?|gmbh|co|group|cloud|health|asia|team|"
    r"technolog(?:y|ies)|the|and|of)\b",
    re.IGNORECASE,
)


def read_text(node: etree._Element | None) -> str:
    """Return the text of an element as one line, words that a line break hyphenates joined."""
    return "" if node is None else HYPHEN.sub("", clean(" ".join(node.itertext(etree.Element))))


def is_name(text: str) -> bool:
    """Return whether a text is long enough for a person's name: three letters, or two of a wide script.

    Chinese, Japanese and Korean names have two or three characters; shorter texts are initials and markers.
    """
    letters = [char for char in text if char.isalpha()]
    return len(letters) > 2 or sum(unicodedata.east_asian_width(char) in "WF" for char in letters) > 1


def split_name(text: str) -> tuple[str, str]:
    """Split the name of an author entry into a person and an organisation, either of which may be empty.

    Examples
    --------
    >>> split_name("Bob Baker Openai"), split_name("Google Brain"), split_name("Antal van den Bosch")
    (('Bob Baker', 'Openai'), ('', 'Google Brain'), ('Antal van den Bosch', ''))
    """
    for match in _compile_organisations("company").finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        if PERSONS_NAME.fullmatch(match.group()) and not COMPANY_TAIL.match(after.lstrip()):
            continue
        rest = COMPANY_TAIL.sub(" ", _compile_organisations("company").sub(" ", after))
        if not is_name(rest):
            return before.strip(" ,;@") if is_name(before) else "", text[match.start() :]
        if not is_name(before):
            # One word after the name of a large company may be a place: "Google Zürich".
            person = not ORGANISATION.search(after if len(rest.split()) > 1 else text[match.start() :])
            return (after.strip(" ,;"), match.group()) if person else ("", text)
    if ORGANISATION.search(text):
        return "", text
    return (text, "") if is_name(text) else ("", "")


def read_authors(authors: Iterable[etree._Element]) -> tuple[tuple[Slot, ...], str, int]:
    """Read the affiliations of a paper from the ``author`` elements of its header.

    Returns
    -------
    slots
        Affiliations, as in ``Record``.
    slots_per
        What each slot belongs to, as in ``Record``.
    named : int
        Number of authors with a person's name.

    Notes
    -----
    A company that is printed with a name is one more affiliation of the paper. Without any other affiliation it is
    that of the person.
    """
    entries = [(author, split_name(_read_name(author))) for author in authors]
    people = {_list_words(person) for _, (person, _) in entries if person}
    listed: list[list[str]] = []
    domains: list[str] = []
    companies: list[str] = []  # company that is printed with the name of each person
    loose: list[str] = []
    for author, (person, organisation) in entries:
        found = [(node, _read_affiliation(node, people)) for node in author.findall("t:affiliation", NS)]
        if person:
            listed.append(list(dict.fromkeys(text for _, text in found if text)))
            domains.append(read_text(author.find("t:email", NS)).rpartition("@")[2].lower())
            companies.append(organisation)
        elif organisation:
            loose += [organisation, *(text for _, text in found if text)]
        else:
            loose += [text for node, text in found if _is_organisation(node, text)]
    # The names of affiliations that are listed as well say nothing new.
    texts = "\n".join([*loose, *(text for group in listed for text in group)]).casefold()
    companies = ["" if company.casefold() in texts else company for company in companies]
    if not loose and not any(listed) and any(companies):
        listed = [[company] if company else [] for company in companies]
    else:
        loose += [company for company in companies if company]
    return (*_make_slots(listed, domains, loose), len(listed))


def _make_slots(
    listed: Sequence[Sequence[str]], domains: Sequence[str], loose: Sequence[str]
) -> tuple[tuple[Slot, ...], str]:
    """Return slots and what each belongs to, from the affiliations under each person and those under none."""
    if not loose and not _is_pile(listed):
        by_person = tuple(Slot(" + ".join(texts), domain) for texts, domain in zip(listed, domains, strict=True))
        return by_person, "" if all(slot.is_empty for slot in by_person) else "author"
    distinct = list(dict.fromkeys([text for texts in listed for text in texts] + list(loose)))
    # A single affiliation, listed without an author, applies to all authors.
    if len(distinct) == 1 and not any(listed) and listed:
        return tuple(Slot(distinct[0], domain) for domain in domains), "author"
    slots = [Slot(text) for text in distinct]
    slots += [Slot("", domain) for texts, domain in zip(listed, domains, strict=True) if domain and not texts]
    return tuple(slots), "paper" if slots else ""


def _is_pile(listed: Sequence[Sequence[str]]) -> bool:
    """Return whether all affiliations of a paper are piled under its first authors.

    A first author with two affiliations, and others with one of them, is the usual printed list of a visitor or an
    intern, so that it is no pile.
    """
    with_text = [texts for texts in listed if texts]
    if len(listed) < 2 or not any(len(texts) > 1 for texts in listed):
        return False
    lacking = len(with_text) < len(listed)
    if lacking and all(len(texts) > 1 for texts in with_text):
        return True
    every = {text for texts in listed for text in texts}
    piled = [set(texts) == every for texts in listed]
    if not piled[0] or any(len(texts) > 1 for texts, whole in zip(listed, piled, strict=True) if not whole):
        return False
    return lacking or len(every) > 2 or all(piled)


def _read_name(author: etree._Element) -> str:
    """Return the name of an author, also of one without the markup of GROBID: ``<author>Ann Lee</author>``."""
    for name in ("persName", "name"):
        if (node := author.find(f"t:{name}", NS)) is not None:
            return read_text(node)
    return clean(author.text)


def _read_affiliation(node: etree._Element, people: set[frozenset[str]]) -> str:
    """Return department, laboratory, institution and place, in the order of an address line.

    Without a parsed organisation, the line as printed is returned, if there is one; it is a note of GROBID, or the text
    of the affiliation itself. Headings and names of authors are no affiliation.
    """
    parts = [text for part in node.findall("t:orgName", NS) if _is_affiliation(text := read_text(part), people)]
    if not parts:
        notes = [_read_raw(note) for note in node.findall("t:note[@type='raw_affiliation']", NS)]
        if not notes and (
            clean(node.text) or node.find("t:address", NS) is None or node.find(".//t:orgName", NS) is not None
        ):
            notes = [read_text(node)]
        if raw := ", ".join(text for text in notes if _is_affiliation(text, people)):
            return raw
    parts += [read_text(part) for part in node.findall(".//t:settlement", NS) + node.findall(".//t:country", NS)]
    return ", ".join(part for part in parts if part)


def _read_raw(note: etree._Element) -> str:
    """Return a printed affiliation without its marker."""
    return HYPHEN.sub("", clean(" ".join(note.xpath(".//text()[not(ancestor::t:label)]", namespaces=NS))))


def _is_affiliation(text: str, people: set[frozenset[str]]) -> bool:
    if not text or HEADING.search(text):
        return False
    pieces = [piece for piece in re.split(r"\s*(?:[,;&]|\band\b)\s*", text) if piece]
    return _list_words(text) not in people and not all(_list_words(piece) in people for piece in pieces)


def _is_organisation(node: etree._Element, text: str) -> bool:
    """Return whether an affiliation without an author names an organisation, rather than a part of one or a place."""
    if not text or MAIL.search(text):
        return False
    if _compile_organisations("").search(text) or node.find("t:orgName[@type='institution']", NS) is not None:
        return True
    return bool(ORGANISATION.search(text)) and not PART.search(text)


def _list_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


@cache
def _compile_organisations(sector: str) -> re.Pattern[str]:
    """Return a pattern of the lexicon's organisations of one sector, or of all."""
    rows = parse_csv(LEXICONS / "organisations.csv", ("sector", "pattern")).values()
    patterns = "|".join(row["pattern"] for row in rows if sector in ("", row["sector"]))
    return re.compile(rf"(?<![a-z0-9])(?:{patterns})(?![a-z0-9])", re.IGNORECASE)
