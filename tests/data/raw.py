"""Synthetic raw files of the three sources of papers, with the irregularities of the real ones."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

TEI = """<?xml version="1.0" encoding="UTF-8"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc>
<titleStmt><title level="a" type="main">{title}</title></titleStmt>
<sourceDesc><biblStruct><analytic>{authors}</analytic>
<monogr><title level="m">{proceedings}</title></monogr></biblStruct></sourceDesc></fileDesc>
<profileDesc><abstract><p>{abstract}</p></abstract></profileDesc></teiHeader>
<text><body>{body}</body><back><div type="acknowledgement"><div><head>Acknowledgments</head><p>{thanks}</p></div></div>
</back></text></TEI>"""
AUTHOR = (
    '<author><persName><forename type="first">{first}</forename><surname>{last}</surname></persName>{email}'
    "{affiliation}</author>"
)
AFFILIATION = (
    '<affiliation key="{key}"><orgName type="department">{department}</orgName>'
    '<orgName type="institution">{institution}</orgName></affiliation>'
)


def affiliation(institution: str, department: str = "Dept", key: str = "aff0") -> str:
    return AFFILIATION.format(institution=institution, department=department, key=key)


def author(first: str = "Ann", last: str = "Lee", where: str = "", domain: str = "") -> str:
    email = f"<email>@{domain}</email>" if domain else ""
    return AUTHOR.format(first=first, last=last, affiliation=where, email=email)


def tei(
    title: str = "Parsing with less",
    authors: str = "",
    body: str = "<div><p>We parse.</p></div>",
    thanks: str = "",
    abstract: str = "We parse sentences of a parallel corpus.",
    proceedings: str = "Proceedings of ACL",
) -> bytes:
    return TEI.format(
        title=title,
        authors=authors or author(where=affiliation("Leeds University")),
        body=body,
        thanks=thanks,
        abstract=abstract,
        proceedings=proceedings,
    ).encode()


def paper(**fields: object) -> dict[str, object]:
    """Make one record of a paper list."""
    return {
        "title": "Scaling Laws for Toy Models",
        "status": "Poster",
        "track": "main",
        "author": "Ann Lee;Bo Chan",
        "aff": "Leeds University;Google Brain",
        "aff_domain": "leeds.ac.uk;google.com",
        "abstract": "We train language models with billions of parameters on 64 GPUs.",
        "github": "https://github.com/annlee/toy-scaling",
        **fields,
    }


def annotated(title: str = "Scaling Laws for Toy Models", **results: tuple[int, str]) -> dict[str, object]:
    """Make one record of full-text labels by the LLM annotator."""
    labels = {
        "research_type": (0, "We train and evaluate."),
        "affiliation": (1, "Ann Lee Leeds University @leeds.ac.uk Bo Chan Google Brain @google.com"),
        "open_source_code": (1, "Our code is available at https://github.com/annlee/toy-scaling."),
        "hardware_specification": (1, "We train on 4 machines with 8 NVIDIA Tesla V100 GPUs each."),
        **results,
    }
    return {
        "id": "slug__0123abcd",
        "title": title,
        "n_authors": 2,
        "category": None,
        "excluded_by_authors": False,
        **{name: {"result": result, "text": text} for name, (result, text) in labels.items()},
    }


def write_json(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
    return path


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # no time stamp, so the bytes are reproducible
    return path


def folder(root: Path) -> Path:
    """Write a raw folder of all three sources: one paper in two sources, three papers in one."""
    write_json(
        root / "paperlists" / "nips2018.json.gz",
        [
            paper(),
            paper(title="Rejected", status="Reject"),
            paper(title="Deep Theory of Bandits", aff="MIT;", aff_domain="mit.edu;", github=""),
        ],
    )
    write_json(
        root / "coakley" / "nips2018.json.gz",
        [annotated("Scaling laws for Toy models"), annotated("Only in Full Text: Visual Tracking")],
    )
    write_zip(root / "tei" / "acl2016.zip", {"acl2016/P16-1001.tei.xml": tei(), "acl2016/P16-1000.tei.xml": b"<TEI"})
    return root
