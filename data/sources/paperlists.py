"""Source ``paperlists``: lists of accepted papers with abstracts, affiliations and links (Paper Copilot).

Origin: the public repository papercopilot/paperlists. It states no licence, so only derived facts leave this module.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from data.errors import InputError
from data.sources.list_shape import (
    Listed,
    Shape,
    find_separator,
    find_shape,
    has_commas_in_names,
    split_authors,
    split_slots,
)
from data.sources.raw import parse_written_list, read_json
from data.sources.record import (
    ReadResult,
    Record,
    Slot,
    clean,
    count_unknown_labels,
    find_track,
    is_front_matter,
    list_unknown_labels,
    make_title_key,
    replace_entities,
)
from data.vocabulary import OTHER_TRACK

Item = Mapping[str, object]

NOT_ACCEPTED = re.compile(r"(?:desk[ -]?)?reject|withdr[ae]w|active$", re.IGNORECASE)
KEYS = "title, author and aff (texts separated by ';', or lists), as in Paper Copilot's lists"
SLOT_FIELDS = {
    "author": ("author", "authors"),
    "aff": ("aff", "affs", "affiliation", "affiliations"),
    "aff_domain": ("aff_domain",),
}
TEXT_FIELDS = ("title", "status", "track", "abstract", "primary_area", "keywords", "github", "project")
LINK_FIELDS = ("github", "project")
MIN_TITLE = 3
MOSTLY = 0.9  # if more papers than this share have an abstract, an entry without content is not a paper
# "[From Oral 1A] ...": a programme entry whose paper is listed elsewhere.
SCHEDULE = re.compile(r"^\[From [\w ]+\]\s*")
COMMUNITY = re.compile(r"community implementations?\]")  # re-implementations by others


def read(path: Path, stem: str) -> ReadResult:
    """Read one venue-year.

    Parameters
    ----------
    path
        ``<venue><year>.json.gz``, a list of papers.
    stem
        Name of the venue-year, such as ``nips2021``.

    Raises
    ------
    InputError
        If the file as a whole cannot be read. Papers that cannot be used are left out and counted by reason.
    """
    items = _read_items(path)
    found = ReadResult()
    raw = [item for item in items if isinstance(item, Mapping)]
    papers = [_flatten(item, found) for item in raw]
    found.counts["read"] = len(items)
    if len(papers) < len(items):
        found.counts["left out: not a record"] = len(items) - len(papers)
    listed = _list_slots(raw, found)
    shape = find_shape(listed)
    links = any(item[name] for item in papers for name in LINK_FIELDS)
    abstracts = sum(bool(item["abstract"]) for item in papers)
    kept: list[Listed] = []
    unknown: list[str] = []
    for item, slots in zip(papers, listed, strict=True):
        title = SCHEDULE.sub("", str(item["title"]))
        status = str(item["status"])
        labels = (status, str(item["track"]))
        track = find_track(*labels)
        if len(title) < MIN_TITLE:
            found.counts["left out: no title"] += 1
        elif is_front_matter(title):
            found.counts["left out: front matter"] += 1
        elif NOT_ACCEPTED.match(status) or track == "workshop":
            reason = "workshop" if track == "workshop" else status.lower()
            found.refused[make_title_key(title)] = reason
            found.counts[f"left out: {reason}"] += 1
        elif abstracts > MOSTLY * len(papers) and not _has_paper(item):
            found.counts["left out: an entry of the programme, without a paper"] += 1
        else:
            found.records.append(_make_record(item, slots, shape, stem, title, track, links))
            found.counts["kept"] += 1
            kept.append(slots)
            unknown += list_unknown_labels(*labels)[:1] if track == OTHER_TRACK else []
    for record in found.records:
        found.refused.pop(record.key, None)  # two papers share the title, and one was accepted
    found.counts.update(count_unknown_labels(unknown))
    found.counts.update(_describe_shape(shape, kept))
    return found


def _read_items(path: Path) -> list[object]:
    """Read the records of a file; refuse other lists than those of papers with the keys that are needed."""
    content = read_json(path)
    notes = content.get("notes") if isinstance(content, Mapping) else None
    items = notes if isinstance(notes, list) else content
    if not isinstance(items, list):
        keys = f"an object with the keys {', '.join(map(str, content))}" if isinstance(content, Mapping) else "a value"
        problem = f"a list of papers is needed; this is {keys[:120]}"
        raise InputError(problem, path, hint=f"a record needs the keys {KEYS}")
    records = [item for item in items if isinstance(item, Mapping)]
    if items and not any("title" in item for item in records):
        hint = f"a record needs the keys {KEYS}"
        if any(isinstance(item.get("content"), Mapping) for item in records):
            problem = "this is output of OpenReview's API, which has no affiliations; a paper list is needed"
            raise InputError(problem, path, hint=hint)
        keys = ", ".join(dict.fromkeys(str(key) for item in records for key in item))
        raise InputError("no record has the key title", path, hint=f"{hint}; found: {keys[:80] or 'no record'}")
    return items


def _flatten(item: Item, found: ReadResult) -> Item:
    """Return a record with one clean text per field; a list of texts is joined with semicolons."""
    flat = dict(item)
    for name in TEXT_FIELDS:
        value = item.get(name)
        if not isinstance(value, str):
            # An entry of a list stays one, so that a semicolon in it does not separate.
            parts, understood = split_slots(value)
            value = "; ".join(part.replace(";", ",") for part in parts if part)
            found.counts[f"field not understood: {name}"] += not understood
        flat[name] = clean(value)
    return flat


def _list_slots(papers: list[Item], found: ReadResult) -> list[Listed]:
    """List authors, affiliations and mail domains of each paper, and count how they were written."""
    fields = [{name: _pick_value(item, name) for name in SLOT_FIELDS} for item in papers]
    for name in SLOT_FIELDS:
        separator = find_separator([value for one in fields if isinstance(value := one[name], str)])
        for one in fields if separator != ";" else ():
            one[name] = value.split(separator) if isinstance(value := one[name], str) else value
    for one in fields:
        if isinstance(one["author"], str):
            one["author"] = clean(one["author"])
    commas_in_names = has_commas_in_names([value for one in fields if isinstance(value := one["author"], str)])
    listed = []
    for one, item in zip(fields, papers, strict=True):
        if isinstance(names := one["author"], list) and any(names):  # an author whose name is null is one
            one["author"] = ["?" if name is None else name for name in names]
        slots = {name: split_slots(value) for name, value in one.items()}
        for name, (_, understood) in slots.items():
            found.counts[f"field not understood: {name}"] += not understood
        names = one["author"]
        authors = split_authors(names if isinstance(names, str) else slots["author"][0], commas_in_names)
        domains = tuple(domain.lower() for domain in slots["aff_domain"][0])
        separator = ("semicolons" if ";" in names else "commas") if isinstance(names, str) and len(authors) > 1 else ""
        listed.append(Listed(authors, tuple(slots["aff"][0]), domains, separator))
        found.counts["shape: fields that are lists"] += any(isinstance(value, list) for value in one.values())
        found.counts["shape: HTML entities"] += any(_has_entities(value) for value in item.values())
    return listed


def _pick_value(item: Item, name: str) -> object:
    value = next((item[key] for key in SLOT_FIELDS[name] if item.get(key)), None)
    return parse_written_list(value) if isinstance(value, str) else value


def _has_entities(value: object) -> bool:
    if isinstance(value, str):
        return "&" in value and replace_entities(value) != value
    return isinstance(value, list) and any(map(_has_entities, value))


def _describe_shape(shape: Shape, papers: list[Listed]) -> Counter[str]:
    """Describe the shape of a list, with the number of papers that it concerns."""
    per = "paper" if shape.per_paper else "author" if shape.sure else "author, for lack of evidence"
    order = "in the order of the affiliations" if shape.domains_aligned else "in another order, not used"
    described: Counter[str] = Counter()
    for paper in papers:
        described[f"shape: affiliations per {per}"] += any(paper.texts)
        described[f"shape: mail domains {order}"] += any(paper.domains)
        described[f"shape: authors separated by {paper.separator}"] += bool(paper.separator)
    return described


def _has_paper(item: Item) -> bool:
    """Return whether an entry has any content of a paper, such as an abstract, affiliations or a PDF."""
    texts = (clean(item.get(name)).strip("; ") for name in ("abstract", "aff", "pdf", "openreview", "keywords"))
    return any(texts) or bool(item.get("gs_citation"))


def _make_record(
    item: Item, listed: Listed, shape: Shape, stem: str, title: str, track: str, has_links: bool
) -> Record:
    authors = listed.authors
    slots = _make_slots(listed, shape)
    # With more affiliations than authors, they cannot be assigned to authors.
    per_paper = shape.per_paper or len(authors) < len(slots) > 1
    if not per_paper:
        slots += [Slot()] * max(len(authors) - len(slots), 0)
        slots = slots[: len(authors)] if authors else slots
    else:
        slots = list(dict.fromkeys(slot for slot in slots if not slot.is_empty))
    values = (str(item[name]) for name in LINK_FIELDS)
    links = tuple(value for value in values if value and not _has_only_community_links(value)) if has_links else None
    return Record(
        source="paperlists",
        stem=stem,
        title=title,
        track=track,
        area=str(item["primary_area"]),
        keywords=str(item["keywords"]),
        abstract=str(item["abstract"]),
        n_authors=len(authors) or None,
        slots=tuple(slots),
        slots_per="" if all(slot.is_empty for slot in slots) else "paper" if per_paper else "author",
        links=links,
    )


def _has_only_community_links(link: str) -> bool:
    return bool(COMMUNITY.search(link)) and "github" not in link


def _make_slots(listed: Listed, shape: Shape) -> list[Slot]:
    texts, domains = listed.texts, listed.domains
    joined = shape.slots_by_commas and listed.separator == "commas" and len(texts) == 1
    if joined and texts[0].count(",") + 1 == len(listed.authors):
        texts = tuple(text.strip() for text in texts[0].split(","))
    if not shape.domains_aligned or (shape.per_paper and len(domains) != len(texts) and any(texts)):
        domains = ()
    return [Slot(text, domain) for text, domain in itertools.zip_longest(texts, domains, fillvalue="")]
