"""Source ``paperlists``: lists of accepted papers with abstracts, affiliations and links (Paper Copilot).

Origin: the public repository papercopilot/paperlists. It states no licence, so only derived facts leave this module.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

from data.sources.raw import read_json_list
from data.sources.record import ReadResult, Record, Slot, clean, find_track, is_front_matter, make_title_key

NOT_ACCEPTED = ("Reject", "Withdraw", "Desk Reject", "Active")
# These venue-years list each affiliation of a paper once, not one per author.
PER_PAPER = ("cvpr2020", "cvpr2021", "cvpr2022", "iccv2021", "iclr2019", "iclr2020", "iclr2022")
COMMA_AUTHORS = ("cvpr2020", "cvpr2021", "iclr2019", "iclr2020", "iclr2022")
DOMAINS_NOT_ALIGNED = ("colt",)  # their mail domains are not in author order
SUFFIXES = ("Jr", "Jr.", "Sr", "Sr.", "II", "III")
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
        Name of the venue-year, such as ``nips2021``; some have a layout of their own.

    Raises
    ------
    InputError
        If the file as a whole cannot be read. Papers that cannot be used are left out and counted by reason.
    """
    found = ReadResult()
    items = read_json_list(path)
    papers = [item for item in items if isinstance(item, Mapping)]
    found.counts["read"] = len(items)
    if len(papers) < len(items):
        found.counts["left out: not a record"] = len(items) - len(papers)
    links = any(clean(item.get(name)) for item in papers for name in LINK_FIELDS)
    abstracts = sum(bool(clean(item.get("abstract"))) for item in papers)
    for item in papers:
        title = SCHEDULE.sub("", clean(item.get("title")))
        status = clean(item.get("status"))
        track = find_track(status, clean(item.get("track")))
        if len(title) < MIN_TITLE:
            found.counts["left out: no title"] += 1
        elif is_front_matter(title):
            found.counts["left out: front matter"] += 1
        elif status in NOT_ACCEPTED or track == "workshop":
            reason = "workshop" if track == "workshop" else status.lower()
            found.refused[make_title_key(title)] = reason
            found.counts[f"left out: {reason}"] += 1
        elif abstracts > MOSTLY * len(papers) and not _has_paper(item):
            found.counts["left out: an entry of the programme, without a paper"] += 1
        else:
            found.records.append(_make_record(item, stem, title, track, links))
            found.counts["kept"] += 1
    for record in found.records:
        found.refused.pop(record.key, None)  # two papers share the title, and one was accepted
    return found


def _has_paper(item: Mapping[str, object]) -> bool:
    """Return whether an entry has any content of a paper, such as an abstract, affiliations or a PDF."""
    texts = (clean(item.get(name)).strip("; ") for name in ("abstract", "aff", "pdf", "openreview", "keywords"))
    return any(texts) or bool(item.get("gs_citation"))


def _make_record(item: Mapping[str, object], stem: str, title: str, track: str, has_links: bool) -> Record:
    names = clean(item.get("author"))
    commas = stem in COMMA_AUTHORS or ";" not in names
    parts = re.split(r",|&|\band\b", names) if commas else names.split(";")
    authors = [name for name in map(str.strip, parts) if name and name not in SUFFIXES]
    slots = _make_slots(item, stem)
    if commas and len(slots) == 1 and slots[0].text.count(",") + 1 == len(authors) > 1:
        slots = [Slot(text.strip()) for text in slots[0].text.split(",")]
    # With more affiliations than authors, they cannot be assigned to authors.
    per_paper = stem in PER_PAPER or len(authors) < len(slots) > 1
    if not per_paper:
        slots += [Slot()] * max(len(authors) - len(slots), 0)
        slots = slots[: len(authors)] if authors else slots
    else:
        slots = list(dict.fromkeys(slot for slot in slots if not slot.is_empty))
    values = (clean(item.get(name)) for name in LINK_FIELDS)
    links = tuple(value for value in values if value and not _has_only_community_links(value)) if has_links else None
    return Record(
        source="paperlists",
        stem=stem,
        title=title,
        track=track,
        area=clean(item.get("primary_area")),
        keywords=clean(item.get("keywords")),
        abstract=clean(item.get("abstract")),
        n_authors=len(authors) or None,
        slots=tuple(slots),
        slots_per="" if all(slot.is_empty for slot in slots) else "paper" if per_paper else "author",
        links=links,
    )


def _has_only_community_links(link: str) -> bool:
    return bool(COMMUNITY.search(link)) and "github" not in link


def _make_slots(item: Mapping[str, object], stem: str) -> list[Slot]:
    aff = item.get("aff")
    # Split first: clean() turns a full-width semicolon inside a slot into an ordinary one.
    texts = [clean(part) for part in aff.split(";")] if isinstance(aff, str) and aff else []
    domains = [part.strip().lower() for part in clean(item.get("aff_domain")).split(";")]
    if stem.startswith(DOMAINS_NOT_ALIGNED) or not item.get("aff_domain"):
        domains = []
    return [Slot(text, domain) for text, domain in itertools.zip_longest(texts, domains, fillvalue="")]
