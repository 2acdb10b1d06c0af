"""Row of the table of papers, classified from the raw records of a paper."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from data.classify.accelerator_sentences import pick_accelerator_sentences
from data.classify.accelerators import Hardware, find_peak, parse, pick_largest
from data.classify.affiliations import classify_domain, classify_slot, classify_text
from data.classify.code_links import classify_full_text, classify_page_links, classify_statement
from data.classify.compute_terms import count_terms
from data.classify.pretrained import find_mentions
from data.classify.topics import classify_topic
from data.rules import parse_venue_year, squeeze
from data.sources.record import Annotation, FullText, Record, Slot, make_paper_id
from data.vocabulary import AUTHOR_SECTORS, FAMILIES, LIST_SEPARATOR, OTHER_TRACK, SOURCES, UNKNOWN

Row = dict[str, object]
Peaks = Mapping[str, Mapping[str, float]]

ACADEMIC = ("education", "government", "nonprofit")
LONGEST_SLOT = 400  # characters; a longer "affiliation" is an unparsed page
AREAS_AS_KEYWORDS = ("ijcai",)  # their keywords are the conference areas that validate the topics


def classify_author(sectors: Iterable[str]) -> str:
    """Classify one author from the sectors of their affiliations: a sector, ``double`` or ``unknown``."""
    distinct = set(sectors)
    if "company" in distinct:
        return "double" if len(distinct) > 1 else "company"
    return next((sector for sector in ACADEMIC if sector in distinct), UNKNOWN)


def classify_team(counts: Mapping[str, int]) -> str:
    """Return the team type, from the number of authors in each category (table in data/README.md).

    Government and non-profit count as academia, a double affiliation as both. A team is mixed as soon as both sides
    are observed; the other types need the sector of every author.
    """
    industry = counts["company"] + counts["double"]
    academia = sum(counts[sector] for sector in ACADEMIC) + counts["double"]
    if industry and academia:
        return "mixed"
    if counts[UNKNOWN] or not industry + academia:
        return UNKNOWN
    return "industry-only" if industry else "academia-only"


def drop_unusable_text(slot: Slot) -> Slot:
    """Return a slot without unusable text: an unparsed page, or marks without a word."""
    lines = slot.text.split("\n")
    usable = [line for line in lines if len(line) <= LONGEST_SLOT and sum(map(str.isalpha, line)) > 1]
    return slot if len(usable) == len(lines) else replace(slot, text="\n".join(usable))


def has_affiliations(record: Record) -> bool:
    """Return whether any slot of a record can be read."""
    return any(not drop_unusable_text(slot).is_empty for slot in record.slots)


def classify_passage_team(passage: str) -> str:
    """Return the team type of a block of names and affiliations, which need not be assigned to authors."""
    found = set(classify_text(passage))
    if not found:
        for domain in re.findall(r"@([\w.-]+\.\w+)", passage):
            found |= classify_domain(domain.lower())
    return classify_team(dict.fromkeys(AUTHOR_SECTORS, 0) | dict.fromkeys(found, 1))


def sort_records(records: Iterable[Record]) -> list[Record]:
    """Sort the records of one paper by ``SOURCES``, at most one per source."""
    by_source = {record.source: record for record in records}
    return [by_source[source] for source in SOURCES if source in by_source]


def make_row(records: Sequence[Record], peaks: Peaks) -> Row:
    """Make the row of one paper from the records of all sources.

    Parameters
    ----------
    records
        Records with the same venue, year and title, at most one per source.
    peaks
        Peak FLOP/s of accelerators (``data.classify.accelerators.list_peaks``).
    """
    ordered = sort_records(records)
    first = ordered[0]
    venue_year = parse_venue_year(first.stem)
    if venue_year is None:
        raise ValueError(f"no venue and year in the name {first.stem!r}")
    annotation = _find_annotation(ordered)
    full_text = next((record.full_text for record in ordered if record.full_text), None)
    research = UNKNOWN if annotation is None else "theoretical" if annotation.theoretical else "empirical"
    return {
        "id": make_paper_id(first.stem, first.title),
        "venue": venue_year[0],
        "year": venue_year[1],
        "track": _pick_track(ordered),
        "sources": LIST_SEPARATOR.join(record.source for record in ordered),
        "grobid": next((record.grobid for record in ordered if record.grobid), ""),
        "research": research,
        "coder_excluded": "" if annotation is None else _format_yes(annotation.excluded),
        **_describe_authors(ordered),
        "team_coded": annotation.team if annotation else UNKNOWN,
        "team_passage": classify_passage_team(annotation.team_passage) if annotation else UNKNOWN,
        **_describe_text(ordered, full_text),
        **_describe_code(ordered),
        **_describe_hardware(ordered, peaks),
    }


def _find_annotation(records: Iterable[Record]) -> Annotation | None:
    return next((record.annotation for record in records if record.annotation), None)


def _format_yes(value: bool) -> str:
    return "yes" if value else "no"


def _pick_track(records: Sequence[Record]) -> str:
    """Return the first track other than main that a source reports, a known one before ``other``; else main.

    A source's main does not overrule the unknown label of another, because main is also what a source says of papers
    whose track it does not tell.
    """
    tracks = [record.track for record in records if record.track != "main"]
    return next((track for track in tracks if track != OTHER_TRACK), tracks[0] if tracks else "main")


def pick_with_affiliations(records: Sequence[Record]) -> Record | None:
    """Return the record whose affiliations are used: the first that lists them by author, else by paper."""
    readable = [record for record in records if record.slots_per and has_affiliations(record)]
    return next((record for record in readable if record.slots_per == "author"), next(iter(readable), None))


def _describe_authors(records: Sequence[Record]) -> Row:
    record = pick_with_affiliations(records)
    slots = [drop_unusable_text(slot) for slot in record.slots] if record else []
    sectors = [classify_author(classify_slot(slot)) for slot in slots]
    counts = {sector: sectors.count(sector) for sector in AUTHOR_SECTORS}
    # A source that lists affiliations by paper has the less reliable list of authors.
    counted = reversed(records) if record and record.slots_per == "paper" else records
    n_authors = next((other.n_authors for other in counted if other.n_authors), None)
    if record and record.slots_per == "author":
        n_authors = len(slots)
    with_text = sum(not slot.is_empty for slot in slots)
    return {
        "n_authors": n_authors or "",
        "slots_per": record.slots_per if record else "none",
        "slots_with_text": with_text,
        "slots_without_text": len(slots) - with_text,
        **{f"authors_{sector}": counts[sector] for sector in AUTHOR_SECTORS},
        "team_listed": classify_team(counts),
    }


def _describe_text(records: Sequence[Record], full_text: FullText | None) -> Row:
    title = records[0].title
    abstract = next((record.abstract for record in records if record.abstract), "")
    keywords = next(
        (record.keywords for record in records if record.keywords and not record.stem.startswith(AREAS_AS_KEYWORDS)), ""
    )
    basis = ["title", *(["keywords"] if keywords else []), *(["abstract"] if abstract else [])]
    terms = count_terms(abstract)
    listed = LIST_SEPARATOR.join
    return {
        "topic": classify_topic(title, keywords, abstract),
        "topic_basis": listed(basis),
        "topic_title": classify_topic(title),
        "topic_keywords": classify_topic("", keywords) if keywords else "",
        "topic_openalex": next((record.topic for record in records if record.topic), ""),
        "has_abstract": _format_yes(bool(abstract)),
        "abstract_words": len(abstract.split()) if abstract else "",
        **{f"terms_{family}": terms[family] if abstract else "" for family in FAMILIES},
        "pretrained_title": listed(find_mentions(title)),
        "pretrained_abstract": listed(find_mentions(abstract)),
        "pretrained_text": listed(find_mentions(full_text.own_text)) if full_text else "",
    }


def _describe_code(records: Sequence[Record]) -> Row:
    page, rule = "missing", ""
    for record in records:
        if record.links is None:
            continue
        counted, rule = classify_page_links(record.links)
        # If the first page was parsed without affiliations, its link was lost too: missing, not "none".
        page = "link" if counted else "none" if has_affiliations(record) or rule else "missing"
    annotation = _find_annotation(records)
    full_text = next((record.full_text for record in records if record.full_text), None)
    statement = ""
    if annotation:
        statement = classify_statement(annotation.code_passage)
    elif full_text:
        statement = classify_full_text(*full_text.parts)
        # Without a body nobody knows what the paper states, unless another part states it.
        if statement == "nothing" and not full_text.body:
            statement = ""
    return {
        "code_page": page,
        "code_page_rule": rule,
        "code_coded": "" if annotation is None else _format_yes(annotation.code),
        "code_statement": statement,
    }


def _describe_hardware(records: Sequence[Record], peaks: Peaks) -> Row:
    annotation = _find_annotation(records)
    full_text = next((record.full_text for record in records if record.full_text), None)
    thanked = ""
    if annotation:
        found = parse(annotation.hardware_passage) if annotation.hardware else Hardware("none")
    elif full_text:
        named = map(pick_accelerator_sentences, (full_text.abstract, full_text.body, full_text.back))
        found = parse(". ".join(filter(None, named)))
        thanked = _list_types(parse(pick_accelerator_sentences(f"We acknowledge: {full_text.acknowledgement}")))
        # A text is searched for accelerators only: if none is named, the hardware is unknown.
        found = found if found.setups else Hardware("thanks" if thanked else UNKNOWN)
    else:
        found = Hardware(UNKNOWN)
    used = [setup for setup in found.setups if not setup.thanked]
    thanked = LIST_SEPARATOR.join(filter(None, (_list_types(found, thanked=True), thanked)))
    known = {setup.type: value for setup in used if (value := find_peak(peaks, setup.type)) is not None}
    main = pick_largest(used, known)
    # The sum counts a missing number as one chip, as pick_largest does, and leaves out types without a peak.
    total = sum((setup.chips or 1.0) * 10 ** known[setup.type] for setup in used if setup.type in known)
    return {
        "hardware_coded": "" if annotation is None else _format_yes(annotation.hardware),
        "hardware_kind": found.kind,
        "accelerator": main.type if main else "",
        "accelerator_count": "" if main is None or main.chips is None else f"{main.chips:g}",
        "accelerator_setups": len(used),
        "accelerators_thanked": thanked,
        "accelerator_log10_peak": _round(known.get(main.type) if main else None),
        "accelerator_log10_tensor16": _round(peaks.get(squeeze(main.type), {}).get("tensor16") if main else None),
        "accelerators_log10_sum": _round(math.log10(total) if total else None),
    }


def _round(value: float | None) -> float | str:
    return "" if value is None else round(value, 4)


def _list_types(found: Hardware, thanked: bool = True) -> str:
    return LIST_SEPARATOR.join(dict.fromkeys(setup.type for setup in found.setups if setup.thanked is thanked))
