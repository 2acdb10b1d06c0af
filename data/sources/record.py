"""A raw record: what any source says of a paper, before anything is classified."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

# Labels of tracks as the sources write them, the first that matches; without one it is the main track.
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
    """What a paper prints beside one author (or once for the whole paper): affiliation text and mail domain."""

    text: str = ""
    domain: str = ""

    @property
    def blank(self) -> bool:
        """Nothing to read a sector from."""
        return not self.text and not self.domain


@dataclass(frozen=True, slots=True)
class Coded:
    """What a coder of full texts said of a paper, each with the passage it rests on."""

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
    """The text of a paper, its acknowledgement apart."""

    body: str
    acknowledgement: str


@dataclass(frozen=True, slots=True)
class Record:
    """One paper as one source gives it.

    ``slots_per`` says what ``slots`` are: one an author, in order (``author``); each affiliation of the paper once
    (``paper``); or the source lists none (``""``). ``links`` is None where the source has no field for links.
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
    coded: Coded | None = None
    full_text: FullText | None = None

    @property
    def key(self) -> str:
        """The title as it is compared between sources."""
        return make_title_key(self.title)


@dataclass
class Read:
    """The records of one file, and what was left out of it, by reason."""

    records: list[Record] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Titles (as compared) that the source has and that were not accepted, with the reason."""
    counts: Counter[str] = field(default_factory=Counter)


def make_title_key(title: str) -> str:
    """A title as it is compared: lower case, letters and digits of any script only.

    Compatibility forms (ligatures) are taken apart first.
    """
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", title).lower())


def make_paper_id(stem: str, title: str) -> str:
    """A stable id: venue, year and 12 hexadecimal digits of the title's hash (SHA-256)."""
    return f"{stem}-{hashlib.sha256(make_title_key(title).encode()).hexdigest()[:12]}"


def normalise_stem(name: str) -> str:
    """One spelling of a file's venue and year: ``NeurIPS-2021`` to ``nips2021``."""
    return re.sub(r"[-_]", "", name.lower()).replace("neurips", "nips")


def find_track(*labels: str) -> str:
    """The track that a source's labels name, the first rule that matches any of them; ``main`` otherwise."""
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
    """Whether a title is that of a preface, a committee or an index."""
    return bool(FRONT_MATTER.search(title))


def clean(text: object) -> str:
    """One line of text without control characters and without spaces at its ends; anything but text is blank.

    Ligatures and other compatibility forms are taken apart (NFKC): OCR and PDFs write "ﬁ" for "fi".
    """
    if not isinstance(text, str):
        return ""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(_CONTROL.sub(" ", text).split())
