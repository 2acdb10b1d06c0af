"""Source ``openalex``: works of OpenAlex, from its API or its bulk files, one JSON object a line.

Origin: https://openalex.org, CC0. The records of different years differ: fields come and go, numbers are sometimes
text, and the API delivers the fields that a query selects. Values that are not understood are counted.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from textwrap import shorten

from data.errors import InputError
from data.io import check_format
from data.sources.openalex_abstract import drop_markup, parse_abstract
from data.sources.openalex_venues import ARXIV, find_venue, make_stem
from data.sources.record import Institution, Record, Slot, clean, is_front_matter, make_title_key
from data.vocabulary import FIRST_YEAR, LAST_YEAR, UNKNOWN, VENUES

Item = Mapping[str, object]

# Conference papers have a type of their own since 2026; before, they were articles. In Springer's proceedings, they are
# chapters of a book. The names with "journal", "proceedings" and "posted" are those of Crossref, which OpenAlex used
# until 2023.
PAPER_TYPES = frozenset({
    "article", "preprint", "review", "book-chapter", "conference-paper",
    "journal-article", "proceedings-article", "posted-content",
})  # fmt: skip
PREPRINT_TYPES = ("preprint", "posted-content")
MOST_LISTED = 100  # authorships in the API's lists of works; further authors are cut off
MOST_AUTHORS = 5_000  # in the table of papers
LONGEST_NAME = 200  # characters of a topic or a type
_OPENALEX_ID = re.compile(r"(?:https?://(?:\w+\.)?openalex\.org/(?:\w+/)?)?([A-Za-z]\d+)/?", re.ASCII)
_ROR_ADDRESS = re.compile(r"^https?://(?:www\.)?ror\.org/")
_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)
NO_AUTHORS = "without authorships"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a paper: its record, and what identifies its other versions.

    ``rank`` is 2 for a publication, 1 for one whose source is not known, and 0 for a preprint or a copy in a
    repository. ``authors`` are ids and short names.
    """

    record: Record
    rank: int
    authors: frozenset[str]


@dataclass(slots=True)
class Reading:
    """What a work turned into: a version of a paper, or the reason why not, and remarks that are counted."""

    version: Version | None = None
    left_out: str = ""
    remarks: list[str] = field(default_factory=list)


def read_lines(path: Path) -> Iterator[object]:
    """Read the JSON values of a file, one a line, plain or ``.gz``, without holding the file in memory.

    Raises
    ------
    InputError
        If the file cannot be read or decompressed, or a line is not JSON. A damaged part is refused as a whole, because
        the works that it lost cannot be counted.
    """
    hint = "download it again: the works that are missing can be neither seen nor counted"
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if number == 1:
                    check_format(line[:100], path, "JSON, one work a line")
                if not line.strip():
                    continue
                value = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
                if isinstance(value, dict) and isinstance(works := value.get("results"), list) and "id" not in value:
                    yield from works  # a page of the API
                else:
                    yield value
    except FileNotFoundError:
        raise InputError("there is no such file", path) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"damaged gzip file after line {number}: {error}", path, hint=hint) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", path) from None
    except UnicodeDecodeError as error:
        raise InputError(f"line {number} is not UTF-8 text (byte {error.start})", path, hint=hint) from None
    except json.JSONDecodeError as error:
        raise InputError(f"line {number} is not a JSON object: {error.msg}", path, hint=hint) from None
    except ValueError as error:  # a number with thousands of digits
        raise InputError(f"line {number} is not valid JSON: {error}", path, hint=hint) from None
    except RecursionError:
        raise InputError(f"line {number} is not valid JSON: nested too deeply", path, hint=hint) from None


def shorten_id(value: object) -> str:
    """Return an id of OpenAlex or ROR without its address, and any other id as it is."""
    text = clean(value)
    match = _OPENALEX_ID.fullmatch(text)
    return match.group(1).upper() if match else _ROR_ADDRESS.sub("", text)


def find_update(work: Item) -> str:
    """Return when a record was updated, as text that sorts by time; empty if not known."""
    return clean(work.get("updated_date")) or clean(work.get("updated"))


def find_title(work: Item) -> str:
    """Return the title of a work without markup; empty if it has none."""
    titles = (drop_markup(work.get(name)) for name in ("title", "display_name"))
    return next((title for title in titles if make_title_key(title)), "")


def find_place(work: Item) -> tuple[str, int] | None:
    """Return the venue and the year of a work; None without a year that a table of papers may have."""
    year = _read_whole(work.get("publication_year"))
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    venue, _ = find_venue(_read_source(work, [])[0])
    return VENUES.get(venue, venue), year


def list_institutions(work: Item) -> Iterator[Institution]:
    """List the institutions of all authors of a work, as the record gives them."""
    for authorship in _list_objects(work.get("authorships")):
        for item in _list_objects(authorship.get("institutions")):
            if (institution := _read_institution(item)) is not None:
                yield institution


def read_work(work: Item, resolve: Callable[[Institution], Institution] = lambda institution: institution) -> Reading:
    """Turn a work into a version of a paper.

    Parameters
    ----------
    work
        A record of OpenAlex. Any JSON values in any field are accepted; what is not understood is among the remarks.
    resolve
        Replaces an institution of the record by the form that the whole download gives it.
    """
    reading = Reading()
    remarks = reading.remarks
    year = _read_whole(work.get("publication_year"))
    name, source_type = _read_source(work, remarks)
    venue, track = find_venue(name)
    type_ = _read_text(work, "type", remarks).lower()[:LONGEST_NAME]
    title = find_title(work)
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        reading.left_out = "no year" if year is None else f"year before {FIRST_YEAR} or after {LAST_YEAR}"
        return reading
    authorships, understood = _read_authorships(work)
    if type_ and type_ not in PAPER_TYPES:
        reading.left_out = f"type {shorten(type_, 40, placeholder='...')}"
    elif not title:
        reading.left_out = "no title"
    elif _is_true(work.get("is_paratext")) or is_front_matter(title):
        reading.left_out = "front matter"
    elif _is_true(work.get("is_retracted")):
        reading.left_out = "retracted"
    elif len(authorships) >= MOST_AUTHORS:
        reading.left_out = f"{MOST_AUTHORS} authors or more"
    if reading.left_out:
        return reading
    if type_ in ("", "review"):
        remarks.append("type review" if type_ else "type not known, taken as a paper")
    if not understood:
        remarks.append("field not understood: authorships")
    if not authorships:
        remarks.append(NO_AUTHORS)
    slots = [_make_slot(authorship, resolve, remarks) for authorship in authorships]
    if n_cut := _count_cut(work, len(authorships)):
        # The team type is then known only if academia and industry both occur among the listed authors.
        remarks.append(f"authors cut off after {len(authorships)}: the others counted as unknown")
        slots += [Slot()] * n_cut
    abstract, abstract_remarks = parse_abstract(work.get("abstract_inverted_index"))
    language = _find_other_language(work, remarks)
    if abstract and language:  # the lexicons of terms and topics are English
        abstract, abstract_remarks = "", [f"abstract in another language: {language}"]
    topic, topic_origin = _find_topic(work, remarks)
    remarks += [*abstract_remarks, f"topic: {topic_origin}"]
    record = Record(
        source="openalex",
        stem=make_stem(venue, year),
        title=title,
        track=track,
        abstract=abstract,
        n_authors=len(slots) or None,
        slots=tuple(slots),
        slots_per="author" if any(not slot.is_empty for slot in slots) else "",
        topic=topic,
    )
    is_preprint = type_ in PREPRINT_TYPES or venue == ARXIV or source_type == "repository"
    rank = 0 if is_preprint else 1 if venue == UNKNOWN else 2
    reading.version = Version(record, rank, frozenset(_list_author_keys(authorships)))
    reading.remarks = list(dict.fromkeys(remarks))
    return reading


def _read_text(item: Item, name: str, remarks: list[str]) -> str:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        remarks.append(f"field not understood: {name}")
    return clean(value)


def _read_whole(value: object) -> int | None:
    """Return a whole number that may be written as text; None if it is none."""
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def _read_number(value: object) -> float | None:
    """Return a finite number that may be written as text; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _list_objects(value: object) -> list[Item]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _get_object(item: Item, name: str) -> Item:
    value = item.get(name)
    return value if isinstance(value, Mapping) else {}


def _read_source(work: Item, remarks: list[str]) -> tuple[str, str]:
    """Return name and type of the source where a work was published; both are empty if none is named."""
    location = work.get("primary_location")
    if location is not None and not isinstance(location, Mapping):
        remarks.append("field not understood: primary_location")
    location = location if isinstance(location, Mapping) else {}
    # Records of 2022 hold the source directly, as ``host_venue``.
    source = _get_object(location, "source") or _get_object(work, "host_venue")
    name = drop_markup(source.get("display_name")) or drop_markup(location.get("raw_source_name"))
    return name, clean(source.get("type")).lower()


def _read_authorships(work: Item) -> tuple[list[Item | None], bool]:
    """Return the authorships of a work, and whether all are understood; None stands for one that is not."""
    value = work.get("authorships")
    if not isinstance(value, list):
        return [], value is None
    items = [item if isinstance(item, Mapping) else None for item in value]
    return items, None not in items


def _count_cut(work: Item, n_listed: int) -> int:
    """Count the authors that are cut off: one if a record does not say how many. A ``select`` may lack both fields."""
    flag = work.get("is_authors_truncated")
    n_authors = _read_whole(work.get("authors_count"))
    if not n_listed:
        return 0
    if n_authors is not None and n_authors > n_listed:
        return min(n_authors, MOST_AUTHORS) - n_listed
    return int(_is_true(flag) or (flag is None and n_authors is None and n_listed == MOST_LISTED))


def _find_other_language(work: Item, remarks: list[str]) -> str:
    """Return the code of a work's language; empty if it is English or not known."""
    code = _read_text(work, "language", remarks).lower()
    return "" if re.split("[-_]", code)[0] in ("", "en", "eng", "english") else shorten(code, 40, placeholder="...")


def _make_slot(authorship: Item | None, resolve: Callable[[Institution], Institution], remarks: list[str]) -> Slot:
    """Return the affiliations of one author: all institutions, and the texts that belong to none of them."""
    if authorship is None:
        return Slot()
    found, understood = _read_institutions(authorship)
    if not understood:
        remarks.append("field not understood: institutions")
    institutions = tuple(dict.fromkeys(resolve(institution) for institution in found))
    return Slot("\n".join(_list_texts(authorship, bool(institutions), remarks)), "", institutions)


def _read_institutions(authorship: Item) -> tuple[list[Institution], bool]:
    """Return the institutions of an author, and whether all entries are understood.

    Records of 2022 have an object whose fields are all null where no institution is known.
    """
    value = authorship.get("institutions")
    items = value if isinstance(value, list) else []
    items = [one for one in items if not (isinstance(one, Mapping) and all(field is None for field in one.values()))]
    found = [_read_institution(item) for item in items]
    return [one for one in found if one is not None], None not in found and (value is None or isinstance(value, list))


def _read_institution(item: object) -> Institution | None:
    if not isinstance(item, Mapping):
        return None
    fields = [item.get(name) for name in ("id", "ror", "display_name", "type")]
    institution = _make_institution(*(value if isinstance(value, str) else "" for value in fields))
    return institution if institution.id or institution.ror or institution.name else None


@lru_cache(maxsize=100_000)
def _make_institution(id_: str, ror: str, name: str, type_: str) -> Institution:
    return Institution(shorten_id(id_), shorten_id(ror), drop_markup(name), clean(type_).lower())


def _list_texts(authorship: Item, has_institutions: bool, remarks: list[str]) -> list[str]:
    """List the printed affiliations of an author that OpenAlex assigns to no institution."""
    affiliations = _list_objects(authorship.get("affiliations"))
    if has_institutions:
        values = [one.get("raw_affiliation_string") for one in affiliations if one.get("institution_ids") == []]
    else:
        value = authorship.get("raw_affiliation_strings") or authorship.get("raw_affiliation_string")
        values = value if isinstance(value, list) else [value]
        values = values if any(values) else [one.get("raw_affiliation_string") for one in affiliations]
    if any(value is not None and not isinstance(value, str) for value in values):
        remarks.append("field not understood: raw_affiliation_strings")
    return list(dict.fromkeys(text for text in map(drop_markup, values) if text))


def _list_author_keys(authorships: list[Item | None]) -> Iterator[str]:
    """List what identifies the authors: ids, and family names with the first initial.

    OpenAlex often gives one person another id in another version of a paper.
    """
    for authorship in authorships:
        if authorship is None:
            continue
        author = _get_object(authorship, "author")
        if id_ := shorten_id(author.get("id")):
            yield id_
        name = clean(author.get("display_name")) or clean(authorship.get("raw_author_name"))
        family, comma, given = name.partition(",")
        if not comma:
            given, _, family = name.rpartition(" ")
        if family := make_title_key(family):
            yield f"{family} {make_title_key(given)[:1]}"


def _find_topic(work: Item, remarks: list[str]) -> tuple[str, str]:
    """Return the topic of a work, and where it comes from.

    Records without a primary topic have concepts. In a third to a half of them the concept with the highest score is
    a whole discipline (level 0), mostly "Computer science"; the best of the others is taken, if there is one.
    """
    primary = work.get("primary_topic")
    if primary is not None and not isinstance(primary, Mapping):
        remarks.append("field not understood: primary_topic")
    if name := drop_markup(_get_object(work, "primary_topic").get("display_name")):
        return name[:LONGEST_NAME].strip(), "primary topic"
    concepts = work.get("concepts")
    if concepts is not None and not isinstance(concepts, list):
        remarks.append("field not understood: concepts")
    scored: list[tuple[bool, float, str]] = []
    for concept in _list_objects(concepts):
        name, score = drop_markup(concept.get("display_name")), _read_number(concept.get("score"))
        if name and score is not None and score > 0:
            scored.append((_read_number(concept.get("level")) == 0, -score, name))
    if not scored:
        return "", "missing"
    is_discipline, _, name = min(scored)
    return name[:LONGEST_NAME].strip(), "concept that is a discipline" if is_discipline else "concept"
