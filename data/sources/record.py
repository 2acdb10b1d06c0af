"""Raw records: what a source reports about a paper, before anything is classified."""

from __future__ import annotations

import functools
import hashlib
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from textwrap import shorten

from data.vocabulary import OTHER_TRACK, VENUES

# Track labels as the sources write them, with spaces for underscores. The first match wins.
TRACKS = (
    ("workshop", r"workshop track|^workshops?\b|(poster|oral) workshop"),
    ("demo", r"\bdemos?\b|demonstration|exhibit|^projects$"),
    ("student", r"doctoral|student|\bsrw\b|\bph\.?d\b|undergraduate"),
    ("journal", r"journal|^(?:tacl|tmlr|tog|tvcg)\b"),
    ("sister", r"sister"),
    ("invited", r"early career|new faculty|senior|blue sky|summary talk|invited|keynote|what's hot|test of time"),
    ("survey", r"survey"),
    ("tutorial", r"tutorial"),
    ("applications", r"\biaai|\beaai|\bindustry\b|\bindustrial\b|\bapplied[ -]data\b|\bads\b|^applications?( track)?$"),
    ("datasets", r"\bdatasets?\b|^d ?& ?b\b|^resources?( track| papers?)?$"),
    ("findings", r"findings"),
    (
        "special",
        r"\bspecial\b|focus area|improving human|ai and autonomy|^computational sustainability|"
        r"understanding intelligence and|evolution of the contours|human[- ]aware a|human[- ]cent(?:e?red) a|"
        r"social[ -](?:impact|good)|\bfor[ -]good\b|4good\b|creativ|\bthe arts\b|compsust|well-?being|fintech|"
        r"critical technologies|ai4tech|\balignment track|^ai alignment|safe and robust|safe,? robust|^position\b",
    ),
)
# Words of labels that say how a paper of the main track was accepted or presented ("Long Main", "Accept (Poster)").
_MAIN_WORDS = """
main track tracks conference proceedings technical research regular full long short paper papers poster posters oral
orals spotlight spotlights highlight highlights highlighted talk talks presentation accept accepted conditional notable
top best award awards candidate runner up honorable mention outstanding and or as in none
"""
MAIN_WORDS = frozenset([*_MAIN_WORDS.split(), *VENUES])
# Areas of AAAI and IJCAI, which have a category of their own in the LLM labels, and are the main track.
MAIN_AREAS = re.compile(
    r"(?:main|(?:aaai )?technical) track\b.*|"
    r"agent-based and multi-?agent systems|ai ethics(?:, trust, fairness)?|"
    r"cognitive model+ing and cognitive systems|combinatorial (?:&|and) heuristic search|computer vision(?: i+)?|"
    r"constraint satisfaction and optimi[sz]ation|constraints and sat(?:isfiability)?|data mining|"
    r"heuristic search and game playing|humans and ai|knowledge representation(?:,| and) reasoning(?:,? and logic)?|"
    r"machine learning(?: [a-z]-[a-z]| applications| methods)?|multidisciplinary topics and applications|"
    r"natural language processing|planning and scheduling|robotics(?: and vision)?|search|uncertainty in ai",
    re.IGNORECASE,
)
LONGEST_LABEL, MOST_LABELS = 60, 20  # characters of an unknown label, and number of labels, that are reported
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_TRACKS = tuple((track, re.compile(pattern, re.IGNORECASE)) for track, pattern in TRACKS)


@dataclass(frozen=True, slots=True)
class Institution:
    """An institution that a source has identified: its id, ROR, name and type, each empty if not known."""

    id: str = ""
    ror: str = ""
    name: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """Affiliation text and mail domain, as printed with one author or once for the whole paper.

    A text of several lines holds one affiliation per line. ``institutions`` are those that the source has identified;
    the text then holds only the affiliations of the author that it has not identified.
    """

    text: str = ""
    domain: str = ""
    institutions: tuple[Institution, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the slot has neither text nor domain nor institutions."""
        return not self.text and not self.domain and not self.institutions


@dataclass(frozen=True, slots=True)
class Annotation:
    """Labels that the LLM annotator (a language model) gave a full text, each with its supporting passage."""

    theoretical: bool
    excluded: bool
    team: str
    team_passage: str
    code: bool
    code_passage: str
    hardware: bool
    hardware_passage: str


@dataclass(frozen=True, slots=True)
class FullText:
    """Whole text of a paper without its bibliography.

    ``back`` is what stands outside the body: availability statements, appendices and notes. Acknowledgements are
    separate, wherever they stand.
    """

    abstract: str
    body: str
    back: str
    acknowledgement: str

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts, in the order of the attributes; a part that the paper does not have is empty."""
        return self.abstract, self.body, self.back, self.acknowledgement

    @property
    def own_text(self) -> str:
        """The parts about the work itself: all but the acknowledgement, whose names are those of people and donors."""
        return "\n".join((self.abstract, self.body, self.back))


@dataclass(frozen=True, slots=True)
class Record:
    """One paper as reported by one source.

    ``slots_per`` is ``author`` if ``slots`` has one entry per author, in order; ``paper`` if it has each affiliation
    of the paper once; and ``""`` if the source lists none. ``links`` is None if the source has no field for links.
    ``grobid`` is the version of GROBID that extracted the record, if it says so. ``topic`` is the topic under which
    the source itself lists the paper, if it does.
    """

    source: str
    stem: str
    title: str
    track: str = "main"
    area: str = ""
    keywords: str = ""
    abstract: str = ""
    n_authors: int | None = None
    slots: tuple[Slot, ...] = ()
    slots_per: str = ""
    links: tuple[str, ...] | None = None
    annotation: Annotation | None = None
    full_text: FullText | None = None
    grobid: str = ""
    topic: str = ""

    @property
    def key(self) -> str:
        """Normalised title for matching papers between sources."""
        return make_title_key(self.title)


@dataclass
class ReadResult:
    """Records of one file, and the number left out by reason."""

    records: list[Record] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Normalised titles of papers in the source that were not accepted, with the reason."""
    counts: Counter[str] = field(default_factory=Counter)


def make_title_key(title: str) -> str:
    """Normalise a title for matching: lower case, letters and digits of any script only.

    Compatibility forms such as ligatures are decomposed first (NFKC).
    """
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", title).lower())


def make_paper_id(stem: str, title: str) -> str:
    """Make a stable id: venue, year and 12 hexadecimal digits of the SHA-256 hash of the normalised title."""
    return f"{stem}-{hashlib.sha256(make_title_key(title).encode()).hexdigest()[:12]}"


def normalise_stem(name: str) -> str:
    """Normalise a file's venue and year: ``NeurIPS-2021`` becomes ``nips2021``."""
    return re.sub(r"[-_]", "", name.lower()).replace("neurips", "nips")


@functools.cache
def find_track(*labels: str, unknown: str = OTHER_TRACK) -> str:
    """Return the track that a source's labels of a paper name.

    Parameters
    ----------
    labels
        Such as status and track of a paper; an empty label says nothing.
    unknown
        The track if no rule knows a label. Of labels of tracks this is ``other``, never ``main``; the title of a volume
        need not name a track.
    """
    spaced = [label.replace("_", " ") for label in labels]
    for track, pattern in _TRACKS:
        if any(pattern.search(label) for label in spaced):
            return track
    return unknown if list_unknown_labels(*labels) else "main"


def list_unknown_labels(*labels: str) -> list[str]:
    """List the labels that name neither the main track nor any other that the rules distinguish."""
    return [label for label in labels if label and not _is_known(label.replace("_", " "))]


def count_unknown_labels(labels: Iterable[str]) -> dict[str, int]:
    """Count the papers of each unknown label of a track, the commonest by name and the others together."""
    counts = Counter(shorten(label, LONGEST_LABEL, placeholder="...") for label in labels)
    named = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_LABELS])
    others = {} if len(named) == len(counts) else {"further labels": counts.total() - sum(named.values())}
    return {f"track not known, taken as other: {label}": n for label, n in (named | others).items()}


def _is_known(label: str) -> bool:
    words = re.findall(r"[a-z]+", label.lower())
    if words and all(word in MAIN_WORDS for word in words):
        return True
    return bool(MAIN_AREAS.fullmatch(label)) or any(pattern.search(label) for _, pattern in _TRACKS)


FRONT_MATTER = re.compile(
    r"^(?:proceedings of|preface|foreword|table of contents|message from the|organizing committee|"
    r"welcome to the (?:proceedings|conference)|"
    r"program(?:me)? committee|senior program|past ijcai|ijcai-?\d* (?:organi[sz]ation|sponsors|awards?|trustees)|"
    r"conference (?:organi[sz]\w+|committee|chairs)|(?:list of )?sponsors|author index|index of)\b|"
    r"^(?:invited talks?|awards?)$|: preface$|^editors?'? (?:preface|note)|^[A-Z]\d\d-\d+00+\b",
    re.IGNORECASE,
)


def is_front_matter(title: str) -> bool:
    """Return whether a title is that of a preface, a committee or an index."""
    return bool(FRONT_MATTER.search(title))


def replace_entities(text: str) -> str:
    """Replace HTML entities, also those that were escaped twice or more: ``&amp;amp;#x27;`` becomes an apostrophe.

    An entity ends in a semicolon, so that the ``&copy=`` of an address is none.
    """
    while "&" in text and (plain := _ENTITY.sub(lambda match: html.unescape(match.group()), text)) != text:
        text = plain
    return text


def clean(text: object) -> str:
    """Return one line of text without control characters, HTML entities or outer spaces.

    What is not text becomes an empty string. Ligatures and other compatibility forms are decomposed (NFKC), because
    OCR and PDFs write "ﬁ" for "fi". Half of a surrogate pair, which JSON allows, becomes a question mark.
    """
    if not isinstance(text, str):
        return ""
    text = replace_entities(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.encode(errors="replace").decode())
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    return " ".join(text.split())
