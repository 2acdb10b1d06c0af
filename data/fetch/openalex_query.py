"""Queries of OpenAlex: topics, concepts or a search, with types of works and years."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from data.errors import InputError

PER_PAGE = 100  # works per request; the documented maximum
MOST_IDS = 100  # values that OpenAlex joins by OR in one filter
# Conference papers have a type of their own since 2026; before, they were articles. In Springer's proceedings, such as
# those of ECCV, they are chapters.
DEFAULT_TYPES = ("article", "conference-paper", "preprint", "book-chapter")
# The fields that the table of papers is made of.
FIELDS = (
    "id",
    "title",
    "publication_year",
    "type",
    "language",
    "primary_location",
    "authorships",
    "abstract_inverted_index",
    "primary_topic",
    "concepts",
    "updated_date",
    "is_retracted",
    "is_paratext",
)
ADDRESS = "https://api.openalex.org"
_ENTITIES = {"topic": "T", "concept": "C"}
_ID = re.compile(r"(?:https?://(?:[a-z]+\.)?openalex\.org/(?:topics/|concepts/)?)?([TC])([0-9]{1,12})", re.IGNORECASE)
_YEARS = re.compile(r"([0-9]{4})(?:\s*[-\N{EN DASH}]\s*([0-9]{4}))?")
_TYPE = re.compile(r"[a-z]+(?:-[a-z]+)*")


@dataclass(frozen=True)
class Query:
    """A query of works; ``years`` are the first and the last."""

    topics: tuple[str, ...]
    concepts: tuple[str, ...]
    search: str | None
    types: tuple[str, ...]
    years: tuple[int, int]

    def list_years(self) -> list[int]:
        """Return all years."""
        return list(range(self.years[0], self.years[1] + 1))


def parse_query(
    topics: Sequence[str], concepts: Sequence[str], search: str | None, types: Sequence[str], years: str | None
) -> Query | None:
    """Make a query from the options of the command, or return None if there are none.

    Raises
    ------
    InputError
        If an option is not understood, or if options are missing or do not fit together.
    """
    options = (("--topic", topics), ("--concept", concepts), ("--search", search))
    subjects = [name for name, values in options if values]
    if not subjects and search is None:
        if years is not None or types:
            raise InputError("the query is missing: give --topic ID, --concept ID or --search TEXT")
        return None
    if len(subjects) > 1:
        raise InputError(f"{' and '.join(subjects)} cannot be combined", hint="one folder holds one query")
    if search is not None and not search.strip():
        raise InputError("--search is empty")
    if years is None:
        raise InputError("--years is missing", hint="for example --years 2012-2021")
    return Query(
        topics=parse_ids(topics, "topic"),
        concepts=parse_ids(concepts, "concept"),
        search=" ".join(search.split()) if search else None,
        types=parse_types(types),
        years=parse_years(years),
    )


def parse_ids(texts: Sequence[str], entity: str) -> tuple[str, ...]:
    """Return ids such as ``T10028``, sorted, from ids in any case or from addresses of openalex.org."""
    ids = set()
    for text in texts:
        found = _ID.fullmatch(text.strip().rstrip("/"))
        if not found:
            _check_list(text, entity)
            if text.strip().isascii() and text.strip().isdigit():
                hint = f"with the letter: --{entity} {_ENTITIES[entity]}{text.strip()}"
                raise InputError(f"not the id of a {entity}", f"--{entity}", value=text, hint=hint)
            example = f"{_ENTITIES[entity]}10028, or https://openalex.org/{_ENTITIES[entity]}10028"
            raise InputError(f"not the id of a {entity}", f"--{entity}", value=text, hint=f"such as {example}")
        letter = found.group(1).upper()
        if letter != _ENTITIES[entity]:
            other = next(name for name, begin in _ENTITIES.items() if begin == letter)
            raise InputError(f"this is a {other}", f"--{entity}", value=text, hint=f"give it by --{other}")
        ids.add(f"{letter}{int(found.group(2))}")
    if len(ids) > MOST_IDS:
        raise InputError(f"{len(ids)} ids; OpenAlex takes at most {MOST_IDS} in one query", f"--{entity}")
    return tuple(sorted(ids))


def _check_list(text: str, option: str) -> None:
    """Refuse several values in one option, with the options to give instead."""
    letter, right = _ENTITIES.get(option, ""), _TYPE if option == "type" else _ID
    values = [f"{letter}{part}" if part.isdigit() else part for part in re.split(r"[,;|\s]+", text) if part]
    if len(values) > 1 and all(right.fullmatch(part) for part in values):
        hint = "repeat the option: " + " ".join(f"--{option} {part}" for part in values[:3])
        problem = f"not a type of works, but {len(values)}" if option == "type" else f"not the id of a {option}"
        raise InputError(problem, f"--{option}", value=text, hint=hint)


def parse_years(text: str) -> tuple[int, int]:
    """Return the first and the last year of ``2012-2021`` or ``2015``."""
    found = _YEARS.fullmatch(text.strip())
    if not found:
        raise InputError("not a year or a range of years", "--years", value=text, hint="such as 2012-2021, or 2015")
    first, last = int(found.group(1)), int(found.group(2) or found.group(1))
    if not 1500 <= first <= last <= 2100:
        raise InputError("the first year is after the last, or out of range", "--years", value=text)
    return first, last


def parse_types(texts: Sequence[str]) -> tuple[str, ...]:
    """Return types of works, sorted; the default ones if none is given."""
    types = {text.strip().lower() for text in texts} or set(DEFAULT_TYPES)
    for name in types:
        if not _TYPE.fullmatch(name):
            _check_list(name, "type")
            raise InputError("not a type of works", "--type", value=name, hint="such as article, preprint")
    return tuple(sorted(types))


def format_query(query: Query) -> dict[str, Any]:
    """Return a query as it stands in a manifest."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(query).items()}


def describe_query(query: Query) -> str:
    """Return a query in words."""
    subject = ", ".join((*query.topics, *query.concepts)) or f"search {query.search!r}"
    first, last = query.years
    return f"{subject}; {', '.join(query.types)}; {first if first == last else f'{first}-{last}'}"


def read_query(content: dict[str, Any]) -> Query:
    """Return the query that stands in a manifest."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    return Query(**values)


def count_requests(works: int, slices: int) -> int:
    """Return the most requests that works in some slices take; a last page may be empty."""
    return works // PER_PAGE + slices
