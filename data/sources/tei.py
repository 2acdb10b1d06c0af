"""Source ``tei``: full texts as TEI XML from GROBID, of any proceedings (here ACL and EMNLP, 2014-18).

Origin of the texts used here: ACL Anthology, extracted by Caragea, Uban and Dinu (2019).
The input is a folder ``<venue><year>`` of ``*.tei.xml`` files, or a zip of one.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from data.errors import InputError
from data.sources.record import FullText, ReadResult, Record, Slot, clean, find_track, is_front_matter

NS = {"t": "http://www.tei-c.org/ns/1.0"}
MAX_BYTES = 20_000_000  # per paper; a hundred times the longest one here
# Volumes of the ACL Anthology that identify the track if the header does not.
VOLUMES = (
    (re.compile(r"P\d\d-3"), "student"),
    (re.compile(r"P1[4]-5|P1[5-8]-4|D1[78]-2"), "demo"),
    (re.compile(r"P14-6|P1[5-8]-5|D14-2"), "tutorial"),
)
MOST_AUTHORS = 25  # a longer list is a programme committee or a table of contents
# A "name" with one of these words is an affiliation that GROBID mistook for an author.
ORGANISATION = re.compile(
    r"universit|institut|department|laborator|\blabs?\b|research|college|school|centre|center|fondazione|faculty|"
    r"academy|\binc\b|\bltd\b|corporation|technolog|science|\bmoe key|"
    r"^(?:amazon|google|microsoft|facebook|ibm|tencent|alibaba|baidu|huawei|samsung|bloomberg)\b",
    re.IGNORECASE,
)
HYPHEN = re.compile(r"(?<=[a-z])- (?=[a-z])")


def read(path: Path, stem: str) -> ReadResult:
    """Read the papers of one venue-year, from a zip or a folder.

    A file is left out and counted if it is not well-formed TEI, declares a document type (which could hide entities),
    has no title, or is front matter.

    Raises
    ------
    InputError
        If the zip or folder as a whole cannot be read.
    """
    found = ReadResult()
    for name, content in _list_files(path):
        found.counts["read"] += 1
        if content is None:
            found.counts["left out: damaged, or longer than a paper can be"] += 1
            continue
        record = _parse(stem, name, content)
        if isinstance(record, str):
            found.counts[f"left out: {record}"] += 1
        else:
            found.records.append(record)
            found.counts["kept"] += 1
    return found


def _list_files(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """Yield name and content of each XML file, sorted by name; the content is None if it cannot be read."""
    if path.is_dir():
        for file in sorted(path.rglob("*.xml")):
            yield file.name, file.read_bytes() if file.stat().st_size <= MAX_BYTES else None
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        hint = "a folder of *.tei.xml files or a whole .zip of one is needed"
        raise InputError(f"not a zip file: {error}", path, hint=hint) from None
    with archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if not info.filename.endswith(".xml"):
                continue
            try:
                yield Path(info.filename).name, archive.read(info) if info.file_size <= MAX_BYTES else None
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError):
                yield Path(info.filename).name, None


def _parse(stem: str, name: str, content: bytes) -> Record | str:
    """Return a record, or the reason why the file is left out."""
    # Entities are not resolved and nothing is fetched. A file that declares a document type is rejected.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return "not well-formed XML"
    if root.getroottree().docinfo.doctype:
        return "a document type declaration"
    header = root.find("t:teiHeader", NS)
    if header is None:
        return "no TEI header"
    title = _read_text(header.find(".//t:titleStmt/t:title", NS))
    if not title:
        return "no title"
    authors = header.findall(".//t:analytic/t:author", NS)
    if is_front_matter(title) or not authors:
        return "front matter, or no authors"
    proceedings = _read_text(header.find(".//t:monogr/t:title", NS))
    volume = next((track for pattern, track in VOLUMES if pattern.match(name)), "")
    slots, per, named = _make_slots(authors)
    if not 0 < named <= MOST_AUTHORS:
        return "front matter, or no authors"
    body, thanks = _read_body(root)
    return Record(
        source="tei",
        stem=stem,
        title=title,
        track=volume or find_track(proceedings),
        keywords="; ".join(_read_text(term) for term in header.findall(".//t:keywords//t:term", NS)),
        abstract=_read_text(header.find(".//t:profileDesc/t:abstract", NS)),
        n_authors=named or None,
        slots=slots,
        slots_per=per,
        full_text=FullText(body, thanks),
    )


def _read_text(node: etree._Element | None) -> str:
    return "" if node is None else HYPHEN.sub("", clean(" ".join(node.itertext(etree.Element))))


def _read_affiliation(node: etree._Element) -> str:
    """Return department, laboratory, institution and place, in the order of an address line."""
    parts = [_read_text(part) for part in node.findall("t:orgName", NS)]
    parts += [_read_text(part) for part in node.findall(".//t:settlement", NS) + node.findall(".//t:country", NS)]
    return ", ".join(part for part in parts if part)


def _make_slots(authors: list[etree._Element]) -> tuple[tuple[Slot, ...], str, int]:
    """Return the slots of a paper, what each belongs to (``slots_per`` of ``Record``), and the number of named authors.

    GROBID may put affiliations under an extra author without a name, mistake organisations for authors, or put all
    affiliations under the first author. In these cases affiliations belong to the paper, not to an author.
    """
    named: list[Slot] = []
    loose: list[str] = []
    several = 0
    for author in authors:
        affiliations = [text for node in author.findall("t:affiliation", NS) if (text := _read_affiliation(node))]
        name = _read_text(author.find("t:persName", NS))
        domain = _read_text(author.find("t:email", NS)).rpartition("@")[2].lower()
        if ORGANISATION.search(name):
            loose.append(name)
            loose += affiliations
        elif sum(char.isalpha() for char in name) < 3:
            loose += affiliations
        else:
            named.append(Slot(" + ".join(affiliations), domain))
            several += len(affiliations) > 1
    with_text = [slot for slot in named if slot.text]
    pile = len(named) > 1 and several and several == len(with_text) < len(named)
    if not loose and not pile:
        return tuple(named), "" if all(slot.is_empty for slot in named) else "author", len(named)
    distinct = list(dict.fromkeys(loose))
    # A single affiliation, listed without an author, applies to all authors.
    if len(distinct) == 1 and not with_text and named:
        return tuple(Slot(distinct[0], slot.domain) for slot in named), "author", len(named)
    texts = [part for slot in with_text for part in slot.text.split(" + ")] + loose
    slots = [Slot(text) for text in dict.fromkeys(texts)]
    slots += [Slot("", slot.domain) for slot in named if slot.domain and not slot.text]
    return tuple(slots), "paper" if slots else "", len(named)


def _read_body(root: etree._Element) -> tuple[str, str]:
    thanks: list[str] = []
    for node in root.iterfind(".//t:text//t:div", NS):
        head = node.find("t:head", NS)
        if node.get("type") == "acknowledgement" or (head is not None and "cknowledg" in (head.text or "")):
            thanks.append(_read_text(node))
            node.clear(keep_tail=True)
    return _read_text(root.find("t:text/t:body", NS)), " ".join(thanks)
