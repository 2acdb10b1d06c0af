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
from data.sources.record import FullText, ReadResult, Record, clean, find_track, is_front_matter
from data.sources.tei_authors import NS, read_authors, read_text

VALIDATED_ON = "0.5.1"  # version of GROBID that wrote the texts on which the rules were validated
MAX_BYTES = 20_000_000  # per paper; a hundred times the longest one here
# Volumes of the ACL Anthology that identify the track if the header does not.
VOLUMES = (
    (re.compile(r"P\d\d-3"), "student"),
    (re.compile(r"P1[4]-5|P1[5-8]-4|D1[78]-2"), "demo"),
    (re.compile(r"P14-6|P1[5-8]-5|D14-2"), "tutorial"),
)
# Files of the Anthology that hold the front matter of a volume.
FRONT_MATTER_FILE = re.compile(r"(?:[A-VX-Z]\d\d-\d000|W\d\d-\d\d00|\d{4}\.[\w-]+\.0)\b")
MOST_NAMES_WITHOUT_TEXT = 25  # a longer list in a document without abstract and text is a committee
THANKS = ("acknowledgement", "funding")


def read(path: Path, stem: str) -> ReadResult:
    """Read the papers of one venue-year, from a zip or a folder.

    A file is left out and counted if it is not well-formed TEI, declares a document type (which could hide entities),
    has no title, or is front matter. Files of other versions of GROBID than the validated one are counted.

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
            if record.grobid.removesuffix("-SNAPSHOT") != VALIDATED_ON:
                version = f"GROBID {record.grobid}" if record.grobid else "GROBID of unknown version"
                found.counts[f"read: {version} (rules validated on {VALIDATED_ON})"] += 1
    return found


def _list_files(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """Yield name and content of each XML file, sorted by name; the content is None if it cannot be read."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() != ".xml" or not file.is_file():
                continue
            yield file.name, file.read_bytes() if file.stat().st_size <= MAX_BYTES else None
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        hint = "a folder of *.tei.xml files or a whole .zip of one is needed"
        raise InputError(f"not a zip file: {error}", path, hint=hint) from None
    with archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if not info.filename.lower().endswith(".xml"):
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
        root = etree.fromstring(content.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return "not well-formed XML"
    if root.getroottree().docinfo.doctype:
        return "a document type declaration"
    root_name = etree.QName(root).localname
    if root_name == "teiCorpus":
        return "several texts in one file (teiCorpus)"
    if not root_name.startswith("TEI"):
        return f"no TEI, but <{root_name[:40]}>"
    _add_namespace(root)
    header = root.find("t:teiHeader", NS)
    if header is None:
        return "no TEI header"
    titles = header.findall(".//t:titleStmt/t:title", NS)
    title = read_text(next((node for node in titles if node.get("type") == "main"), titles[0] if titles else None))
    if not title:
        return "no title"
    if is_front_matter(title) or FRONT_MATTER_FILE.match(name):
        return "front matter"
    slots, per, named = read_authors(_find_authors(header))
    if not named and not slots:
        return "no authors"
    full_text = _read_full_text(root)
    if named > MOST_NAMES_WITHOUT_TEXT and not any(full_text.parts):
        return f"more than {MOST_NAMES_WITHOUT_TEXT} names without abstract and text"
    proceedings = read_text(header.find(".//t:monogr/t:title", NS))
    volume = next((track for pattern, track in VOLUMES if pattern.match(name)), "")
    return Record(
        source="tei",
        stem=stem,
        title=title,
        track=volume or find_track(proceedings, unknown="main"),
        keywords="; ".join(read_text(term) for term in header.findall(".//t:keywords//t:term", NS)),
        abstract=full_text.abstract,
        n_authors=named or None,
        slots=slots,
        slots_per=per,
        full_text=full_text,
        grobid=_find_version(header),
    )


def _add_namespace(root: etree._Element) -> None:
    """Put elements of no namespace into that of TEI, which some programs leave out."""
    if root.tag == etree.QName(root).localname:
        for node in root.iter(etree.Element):
            node.tag = f"{{{NS['t']}}}{etree.QName(node).localname}"


def _find_authors(header: etree._Element) -> list[etree._Element]:
    """Return the authors of the text: of the first source that has some, or else of the title statement.

    Later sources may be other versions of the text, or its references.
    """
    groups = [node.findall("t:analytic/t:author", NS) for node in header.findall(".//t:biblStruct", NS)]
    groups += [header.findall(f".//t:{place}/t:author", NS) for place in ("analytic", "titleStmt", "monogr")]
    return next(filter(None, groups), [])


def _find_version(header: etree._Element) -> str:
    """Return the version of GROBID that wrote a file; empty if the header does not say."""
    for application in header.findall("t:encodingDesc/t:appInfo/t:application", NS):
        if application.get("ident", "GROBID").upper() == "GROBID" and (version := clean(application.get("version"))):
            return version
    return ""


def _read_full_text(root: etree._Element) -> FullText:
    """Read abstract, body and what stands outside it, without the bibliography; acknowledgements are separate.

    The tree is changed.
    """
    for link in root.xpath("//t:ref[@type='url'][@target]", namespaces=NS):
        if "/" not in "".join(link.itertext()):  # the address of a word such as "here" is in the attribute alone
            link.tail = f" {link.get('target')} {link.tail or ''}"
    abstract = read_text(root.find("t:teiHeader/t:profileDesc/t:abstract", NS))
    text = root.find("t:text", NS)
    if text is None:
        return FullText(abstract, body="", back="", acknowledgement="")
    for node in _list_outermost(text.xpath(".//t:listBibl | .//t:div[@type='references']", namespaces=NS)):
        node.clear(keep_tail=True)
    thanks = _list_outermost([node for node in text.iter(f"{{{NS['t']}}}div") if _is_thanks(node)])
    acknowledgement = " ".join(filter(None, map(read_text, thanks)))
    for node in thanks:
        node.clear(keep_tail=True)
    body = text.find("t:body", NS)
    back = " ".join(filter(None, (read_text(part) for part in text if part is not body)))
    return FullText(abstract, read_text(body), back, acknowledgement)


def _list_outermost(nodes: list[etree._Element]) -> list[etree._Element]:
    """List the elements that are in no other element of the list."""
    every = set(nodes)
    return [node for node in nodes if every.isdisjoint(node.iterancestors())]


def _is_thanks(node: etree._Element) -> bool:
    head = node.find("t:head", NS)
    return node.get("type") in THANKS or (head is not None and "cknowledg" in (head.text or ""))
