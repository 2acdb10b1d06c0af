"""Source ``paperlists``: lists of accepted papers with abstracts, affiliations and links (Paper Copilot).

Only reads. Origin: the public repository papercopilot/paperlists; it states no licence, so that only derived facts
leave this module.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

from data.raw import read_json_list
from data.record import Read, Record, Slot, clean, track_of

NOT_ACCEPTED = ("Reject", "Withdraw", "Desk Reject", "Active")
# These list each affiliation of a paper once, not one per author.
PER_PAPER = ("cvpr2020", "cvpr2021", "cvpr2022", "iccv2021", "iclr2019", "iclr2020", "iclr2022")
COMMA_AUTHORS = ("cvpr2020", "cvpr2021", "iclr2019", "iclr2020", "iclr2022")
NO_LINK_FIELD = ("aaai2021", "nips2022", "iclr2014", "iclr2013", "iclr2017", "iclr2021")
DOMAINS_NOT_ALIGNED = ("colt",)  # mail domains are not in the order of the authors
MIN_TITLE = 3


def read(path: Path, stem: str) -> Read:
    """Read one venue-year.

    Parameters
    ----------
    path
        ``<venue><year>.json.gz``, a list of papers.
    stem
        Its name, like ``nips2021``: some venue-years have a layout of their own.

    Raises
    ------
    InputError
        If the file as a whole cannot be read. A paper that cannot be used is left out and counted by reason.
    """
    found = Read()
    for item in read_json_list(path):
        found.counts["read"] += 1
        if not isinstance(item, Mapping):
            found.counts["left out: not a record"] += 1
            continue
        title = clean(item.get("title"))
        status = clean(item.get("status"))
        track = track_of(status, clean(item.get("track")))
        if len(title) < MIN_TITLE:
            found.counts["left out: no title"] += 1
        elif status in NOT_ACCEPTED:
            found.counts[f"left out: {status.lower()}"] += 1
        elif track == "workshop":
            found.counts["left out: workshop"] += 1
        else:
            found.records.append(_record(item, stem, title, track))
            found.counts["kept"] += 1
    return found


def _record(item: Mapping[str, object], stem: str, title: str, track: str) -> Record:
    separator = "," if stem in COMMA_AUTHORS else ";"
    authors = [name for name in clean(item.get("author")).split(separator) if name.strip()]
    per_paper = stem in PER_PAPER
    slots = _slots(item, stem)
    if not per_paper:
        slots += [Slot()] * max(len(authors) - len(slots), 0)
        slots = slots[: len(authors)] if authors else slots
    else:
        slots = list(dict.fromkeys(slot for slot in slots if not slot.blank))
    links = None if stem in NO_LINK_FIELD else tuple(filter(None, (clean(item.get(name)) for name in LINK_FIELDS)))
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
        slots_per="" if all(slot.blank for slot in slots) else "paper" if per_paper else "author",
        links=links,
    )


LINK_FIELDS = ("github", "project")


def _slots(item: Mapping[str, object], stem: str) -> list[Slot]:
    texts = [part.strip() for part in clean(item.get("aff")).split(";")] if item.get("aff") else []
    domains = [part.strip().lower() for part in clean(item.get("aff_domain")).split(";")]
    if stem.startswith(DOMAINS_NOT_ALIGNED) or not item.get("aff_domain"):
        domains = []
    return [Slot(text, domain) for text, domain in itertools.zip_longest(texts, domains, fillvalue="")]
