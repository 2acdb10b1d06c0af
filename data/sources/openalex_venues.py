"""Venue of an OpenAlex work, from the name of the source where it was published."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from functools import cache

from data.vocabulary import UNKNOWN, VENUES

ARXIV = "arXiv"
LONGEST_SLUG = 48  # characters; longer names end in a hash of the rest
# What changes from year to year, and publishers: "Proceedings of the Thirty-First AAAI Conference on ...".
_ORDINAL = (
    r"\d+(?:st|nd|rd|th)|(?:(?:twenti|thirti|forti|fifti|sixti|seventi|eighti|nineti)eth|"
    r"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[- ]?)?"
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teenth)"
)
_CHANGING = re.compile(rf"\b(?:(?:19|20)\d\d|'\d\d|{_ORDINAL})\b|'\d\d\b")
_NOISE = re.compile(
    r"\b(?:proceedings|advances in|annual|ieee|cvf|acm|isca|computer society|conference|of|the|on|in|for)\b"
)
# The rest of the names of conferences, without noise and years. A workshop, or a conference of another name, has other
# words too, so that it does not match.
CONFERENCES = {
    "aaai": r"(?:national|aaai) artificial intelligence",
    "acl": r"(?:joint )?(?:\d* ?)meeting association computational linguistics"
    r"(?: and international joint natural language processing(?: (?:asian federation|afnlp|acl).*)?)?",
    "acml": r"asian machine learning",
    "aistats": r"(?:international )?artificial intelligence and statistics",
    "automl": r"(?:international )?automated machine learning",
    "coling": r"(?:international )?computational linguistics coling|international computational linguistics"
    r"|coling \d* ?international computational linguistics",
    "colt": r"(?:computational )?learning theory",
    "corl": r"robot learning",
    "cvpr": r"computer vision and pattern recognition",
    "emnlp": r"(?:joint )?empirical methods natural language processing"
    r"(?: and (?:international joint natural language processing|computational natural language learning))?",
    "iccv": r"international computer vision",
    "iclr": r"international learning representations",
    "icml": r"international machine learning",
    "ijcai": r"international joint artificial intelligence",
    "naacl": r"north american chapter association computational linguistics(?: human language technolog(?:y|ies))?",
    "nips": r"neural information processing systems",
    "uai": r"uncertainty artificial intelligence",
    "wacv": r"(?:winter|workshop) applications computer vision",
    "3dv": r"international 3d vision",
}
# Conferences that are no key of ``VENUES`` and appear under different names. The key is their short form.
OTHER_CONFERENCES = {
    "chi": r"(?:chi )?human factors computing systems",
    "eacl": r"european chapter association computational linguistics",
    "eccv": r"eccv|european computer vision",
    "icassp": r"icassp|international acoustics speech (?:and )?signal processing",
    "icra": r"icra|(?:international )?robotics and automation",
    "interspeech": r"interspeech|international speech communication association(?: interspeech)?",
    "iros": r"iros|(?:rsj )?(?:international )?intelligent robots and systems",
    "kdd": r"kdd|(?:sigkdd )?(?:international )?knowledge discovery and data mining",
    "sigir": r"sigir|(?:international )?(?:sigir )?(?:international )?research and development information retrieval",
}
_CONFERENCES = {stem: re.compile(pattern) for stem, pattern in (CONFERENCES | OTHER_CONFERENCES).items()}
# Journals and volumes that are named like the rest of a conference's name.
_NO_CONFERENCE = re.compile(r"(?:computational linguistics|robot learning|learning theory)\W*")
# Parts of proceedings: they name the volume, not another conference.
_VOLUME = re.compile(
    r"[:,(]?\s*\b(?:volume|vol\.?|part)\s*[\divx]+\b|\b(?:long|short|long and short) papers\b|\bmain volume\b"
)
_FINDINGS = re.compile(r"findings of the association for computational linguistics:?\s*([a-z]+)")
_DEMO = re.compile(r"[:,(]?\s*\b(?:system )?demonstrations?\b.*")
# What makes a name that of a conference. Only there are publishers no part of the name: "IEEE Software" is a journal.
_MEETING = r"(?:conferences?|symposi(?:um|a)|workshops?|congress|meetings?)"
_PUBLISHER = r"(?:ieee|acm|cvf|rsj|springer|isca|computer society|(?<=acm[ /-])sig[a-z]+)"
_NO_NAME = re.compile(rf"\b(?:{_PUBLISHER}|annual|international)\b")
# The acronym in "ICASSP 2022 - 2022 IEEE International Conference on ..." and "SIGIR '17: Proceedings of the ...".
_LEADING = re.compile(
    r"^[a-z0-9]+(?:-[a-z0-9]+)*(?:\s*[:,]\s*|\s+[-–—]\s+)"
    rf"(?=(?:(?:proceedings|of|the|joint|annual|international|european|{_PUBLISHER})[\s/-]+)*{_MEETING}\b)"
)
_SMALL_WORDS = ("proceedings", "of", "the", "on", "in", "for", "and")
# The end of "Advances in ... 32", and of "... - ICML '07".
_ENDING = re.compile(r"[\s,:]+\d{1,3}\s*$|\s[-–]\s+[a-z]{3,12}\s*$")
_WORKSHOP = re.compile(rf"\bworkshops?\b|\b(?:{'|'.join(VENUES)})w\b")


@cache
def find_venue(name: str) -> tuple[str, str]:
    """Find the venue that the name of a source means.

    Parameters
    ----------
    name
        Such as ``2019 IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)``; may be empty.

    Returns
    -------
    venue : str
        Key of ``VENUES``; ``arXiv``; ``unknown`` without a name; or a short form of the name: lower-case letters,
        digits and hyphens. It has no year, and that of a conference has no publisher or acronym either.
    track : str
        ``findings`` or ``demo`` if the name is of such a volume of a conference, else ``main``.
    """
    plain = _simplify(name)
    if not name.strip():
        return UNKNOWN, "main"
    if re.match(r"arxiv\b", plain):
        return ARXIV, "main"
    if (findings := _FINDINGS.search(plain)) and findings.group(1) in VENUES:
        return findings.group(1), "findings"
    if not _WORKSHOP.search(plain.replace("workshop on applications of computer vision", "")):
        without_demo = _DEMO.sub("", plain)
        if stem := _find_conference(without_demo):
            return stem, "demo" if without_demo != plain else "main"
    return _make_slug(_drop_publishers(plain), name), "main"


def make_stem(venue: str, year: int) -> str:
    """Join venue and year to the name that ``data.rules.parse_venue_year`` reads."""
    return f"{venue}{year}" if venue in (*VENUES, ARXIV, UNKNOWN) else f"{venue}-{year}"


def _simplify(name: str) -> str:
    """Return a name in lower case without entities, accents and a year."""
    text = unicodedata.normalize("NFKD", html.unescape(html.unescape(name)))
    text = "".join(char for char in text if not unicodedata.combining(char)).lower().replace("’", "'")
    return " ".join(_CHANGING.sub(" ", text).split())


def _find_conference(plain: str) -> str:
    acronym = re.sub(r"[^a-z0-9]", "", plain)
    if acronym in VENUES:
        return "nips" if acronym == "neurips" else acronym
    if acronym == "computervisioneccv":  # Springer's title, "Computer Vision – ECCV 2020"
        return "eccv"
    if _NO_CONFERENCE.fullmatch(plain):
        return ""
    text = re.sub(r"[^a-z0-9]+", " ", _drop_acronyms(plain).replace("&", " and "))
    words = " ".join(_NOISE.sub(" ", text).split())
    return next((stem for stem, pattern in _CONFERENCES.items() if pattern.fullmatch(words)), "")


def _drop_acronyms(plain: str) -> str:
    """Drop what stands around the name of a conference: brackets, volumes, a leading and a trailing acronym."""
    text = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", plain)
    text = _ENDING.sub("", re.sub(r"\s+", " ", _VOLUME.sub(" ", text)).strip(" ,.:;-"))
    return _LEADING.sub("", text)


def _drop_publishers(plain: str) -> str:
    """Drop publishers and acronyms from the name of a conference, unless nothing else names it."""
    if not re.search(rf"\b{_MEETING}\b", plain):
        return plain
    text = _NO_NAME.sub(" ", _drop_acronyms(plain))
    words = re.findall(r"[a-z0-9]+", re.sub(rf"\b{_MEETING}\b", " ", text))
    return text if set(words) - set(_SMALL_WORDS) else plain


def _make_slug(plain: str, name: str) -> str:
    """Make a short form of a name that ``parse_venue_year`` accepts before a year, and that is no known venue."""
    slug = "-".join(word for word in re.findall(r"[a-z0-9]+", plain) if word not in _SMALL_WORDS)
    code = hashlib.sha256(slug.encode()).hexdigest()[:6] + "x"
    if not re.search(r"[a-z]", slug):  # a name in another script
        return f"source-{hashlib.sha256(name.encode()).hexdigest()[:6]}x"
    if len(slug) > LONGEST_SLUG:
        slug = f"{slug[:LONGEST_SLUG].rstrip('-')}-{code}"
    if slug in VENUES or slug.lower() in (ARXIV.lower(), UNKNOWN) or re.search(r"\d{4}$", slug):
        slug = f"{slug}-{code}"
    return slug
