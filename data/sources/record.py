"""Raw records: what a source reports about a paper, before anything is classified."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

# Track labels as the sources write them. The first match wins; without a match the track is "main".
TRACKS = (
    ("workshop", r"workshop track|^workshop|(poster|oral) workshop"),
    ("demo", r"demo|exhibit|^projects$"),
    ("student", r"doctoral|student"),
    ("journal", r"journal"),
    ("sister", r"sister"),
    ("invited", r"early career|senior|blue sky|summary talk|invited|what's hot|test of time"),
    ("survey", r"survey"),
    ("tutorial", r"tutorial"),
    ("applications", r"\biaai|\beaai|^industry"),
    ("datasets", r"datasets? (&|and) benchmarks?"),
    ("findings", r"findings"),
    (
        "special",
        r"special|focus area|improving human|ai and autonomy|^computational sustainability|"
        r"understanding intelligence and|evolution of the contours|human-aware ai",
    ),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TRACKS = tuple((track, re.compile(pattern, re.IGNORECASE)) for track, pattern in TRACKS)


@dataclass(frozen=True, slots=True)
class Slot:
    """Affiliation text and mail domain, as printed with one author or once for the whole paper."""

    text: str = ""
    domain: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether the slot has neither text nor domain."""
        return not self.text and not self.domain


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
    """Body and acknowledgement of a paper."""

    body: str
    acknowledgement: str


@dataclass(frozen=True, slots=True)
class Record:
    """One paper as reported by one source.

    ``slots_per`` is ``author`` if ``slots`` has one entry per author, in order; ``paper`` if it has each affiliation
    of the paper once; and ``""`` if the source lists none. ``links`` is None if the source has no field for links.
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


def find_track(*labels: str) -> str:
    """Return the track of the first rule that matches any of a source's labels, else ``main``."""
    for track, pattern in _TRACKS:
        if any(pattern.search(label) for label in labels):
            return track
    return "main"


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


def clean(text: object) -> str:
    """Return one line of text without control characters or outer spaces; an empty string if it is not text.

    Ligatures and other compatibility forms are decomposed (NFKC), because OCR and PDFs write "ﬁ" for "fi".
    """
    if not isinstance(text, str):
        return ""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(_CONTROL.sub(" ", text).split())
