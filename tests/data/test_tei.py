"""TEI of any version of GROBID: the whole text is read, and no author gets an affiliation of somebody else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.build.papers import read_all
from data.classify.code_links import classify_full_text
from data.classify.paper_row import make_row
from data.sources import tei
from data.sources.record import ReadResult, Record, Slot
from data.sources.tei_authors import HEADING, is_name, split_name

CODE = "Our code is available at https://github.com/exampleton/thing."
HARDWARE = "We train all models on 8 NVIDIA V100 GPUs for two days."
UNIVERSITY, COMPANY = "University of Exampleton", "Google Research"


def affiliate(*organisations: str, kind: str = "institution", raw: str = "", extra: str = "") -> str:
    names = "".join(f'<orgName type="{kind}">{escape(name)}</orgName>' for name in organisations)
    note = f'<note type="raw_affiliation"><label>1</label> {escape(raw)}</note>' if raw else ""
    return f"<affiliation>{note}{names}{extra}</affiliation>"


def write_author(name: str = "", *affiliations: str, domain: str = "") -> str:
    """Write an ``author`` element; the last word of the name is its surname."""
    first, _, last = name.rpartition(" ")
    person = f'<persName><forename type="first">{first}</forename><surname>{last}</surname></persName>' if name else ""
    email = f"<email>x@{domain}</email>" if domain else ""
    return f"<author>{person}{email}{''.join(affiliations)}</author>"


@dataclass(frozen=True)
class Document:
    authors: tuple[str, ...] = (write_author("Ann Abel", affiliate(UNIVERSITY)),)
    abstract: str = "We study a thing."
    body: str | None = "<div><head>Introduction</head><p>Text.</p></div>"
    back: str = ""
    outside: str = ""  # next to body and back
    application: str = ""
    title: str = "A thing"

    def write(self) -> bytes:
        encoding = f"<encodingDesc><appInfo>{self.application}</appInfo></encodingDesc>" if self.application else ""
        body = "" if self.body is None else f"<body>{self.body}</body>"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader>{encoding}'
            f"<fileDesc><titleStmt><title>{self.title}</title></titleStmt><sourceDesc><biblStruct><analytic>"
            f"{''.join(self.authors)}</analytic></biblStruct></sourceDesc></fileDesc><profileDesc><abstract><div><p>"
            f"{self.abstract}</p></div></abstract></profileDesc></teiHeader><text>{body}<back>{self.back}</back>"
            f"{self.outside}</text></TEI>"
        ).encode()


def read(document: Document, name: str = "a.grobid.tei.xml") -> Record | str:
    return tei._parse("testconf2023", name, document.write())


def read_record(*authors: str) -> Record:
    record = read(Document(authors=authors))
    assert isinstance(record, Record)
    return record


def describe(document: Document) -> dict[str, object]:
    record = read(document)
    assert isinstance(record, Record), record
    return make_row([record], {})


def describe_authors(*authors: str) -> tuple[object, object, object]:
    row = describe(Document(authors=authors))
    return row["slots_per"], row["n_authors"], row["team_listed"]


def wrap(kind: str, text: str, head: str = "") -> str:
    return f'<div type="{kind}"><div><head>{head}</head><p>{text}</p></div></div>'


# Where a sentence may stand, and the document with the sentence there.
PLACES = {
    "abstract": lambda text: Document(abstract=f"We study a thing. {text}"),
    "body": lambda text: Document(body=f"<div><p>{text}</p></div>"),
    "footnote of the body": lambda text: Document(body=f'<div><p>Text.</p></div><note place="foot">{text}</note>'),
    "availability": lambda text: Document(back=wrap("availability", text, "Code availability")),
    "annex": lambda text: Document(back=wrap("annex", text, "A Details")),
    "footnote of the back": lambda text: Document(back=f'<note place="foot">{text}</note>'),
    "footnote outside": lambda text: Document(outside=f'<note place="foot">{text}</note>'),
}
THANKS = {
    "acknowledgement": lambda text: Document(back=wrap("acknowledgement", text, "Acknowledgments")),
    "funding": lambda text: Document(back=wrap("funding", text)),
    "acknowledgement of the body": lambda text: Document(
        body=f"<div><p>Text.</p></div><div><head>Acknowledgements</head><p>{text}</p></div><div><p>More.</p></div>"
    ),
}


@pytest.mark.parametrize("place", PLACES | THANKS)
def test_a_code_statement_counts_wherever_it_stands(place: str):
    assert describe((PLACES | THANKS)[place](CODE))["code_statement"] == "own, address"


@pytest.mark.parametrize("place", PLACES)
def test_hardware_and_pretrained_models_count_wherever_they_stand(place: str):
    row = describe(PLACES[place](f"{HARDWARE} We fine-tune the pre-trained BERT model."))
    assert (row["hardware_kind"], row["accelerator"], row["accelerator_count"]) == ("accelerator", "V100", "8")
    assert row["pretrained_text"] == "BERT"


@pytest.mark.parametrize("place", THANKS)
def test_hardware_in_an_acknowledgement_is_thanked(place: str):
    row = describe(THANKS[place]("We thank NVIDIA for the donation of a Titan X GPU. We thank the CLIP lab."))
    assert (row["hardware_kind"], row["accelerator"]) == ("thanks", "")
    assert row["accelerators_thanked"] == "TITAN X"
    assert row["pretrained_text"] == ""


@pytest.mark.parametrize(
    "back",
    [
        '<div type="references"><listBibl><biblStruct><note>{}</note></biblStruct></listBibl></div>',
        "<div><listBibl><bibl>{}</bibl></listBibl></div>",
        '<div type="annex"><div type="references"><p>{}</p></div></div>',
    ],
)
def test_the_bibliography_is_not_read(back: str):
    row = describe(Document(back=back.format(f"{CODE} {HARDWARE} We fine-tune the pre-trained BERT.")))
    assert (row["code_statement"], row["hardware_kind"], row["pretrained_text"]) == ("nothing", "unknown", "")


def test_text_after_an_acknowledgement_and_a_bibliography_is_read():
    back = wrap("acknowledgement", "We thank all.", "Acknowledgements") + wrap("references", "X.") + wrap("annex", CODE)
    assert describe(Document(back=back))["code_statement"] == "own, address"
    record = read(Document(back=back))
    assert isinstance(record, Record) and record.full_text is not None
    assert record.full_text.acknowledgement == "Acknowledgements We thank all."
    assert "thank" not in record.full_text.back and "X." not in record.full_text.back


@pytest.mark.parametrize("body", [None, "", "<div/>", "<div><head>Acknowledgments</head><p>We thank all.</p></div>"])
def test_without_a_body_the_statement_is_not_known(body: str | None):
    row = describe(Document(body=body))
    assert (row["code_statement"], row["hardware_kind"]) == ("", "unknown")
    assert describe(Document(body=body, abstract=CODE))["code_statement"] == "own, address"
    assert describe(Document(body=body, back=wrap("annex", CODE)))["code_statement"] == "own, address"
    assert describe(Document(body=body, back=wrap("annex", HARDWARE)))["accelerator"] == "V100"


def test_parts_are_not_glued_into_one_sentence():
    document = Document(abstract="Our code is available", body="<div><p>https://github.com/a/b is a site</p></div>")
    assert describe(document)["code_statement"] == "own, elsewhere"


def test_the_address_of_a_linked_word_is_read():
    link = '<ref type="url" target="https://github.com/exampleton/thing">here</ref>'
    assert describe(PLACES["body"](f"Our code is available {link}."))["code_statement"] == "own, address"
    again = '<ref type="url" target="https://github.com/a/b">https://github.com/a/b</ref>'
    record = read(PLACES["body"](f"Our code is at {again}."))
    assert isinstance(record, Record) and record.full_text is not None
    assert record.full_text.body.count("github") == 1


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("We thank Bob Baker for sharing the source code of the parser.", "nothing"),
        ("We are grateful to the group for releasing their code.", "nothing"),
        ("We thank the reviewers. Our code is available online.", "own, elsewhere"),
        ("Acknowledgments Our code is available online.", "own, elsewhere"),
    ],
)
def test_code_of_those_who_are_thanked_is_not_own(text: str, statement: str):
    assert classify_full_text("", text) == statement


def test_an_orphan_heading_is_no_affiliation():
    for where in (UNIVERSITY, COMPANY):
        team = "academia-only" if where == UNIVERSITY else "industry-only"
        named = [write_author("Ann Abel", affiliate(where)), write_author("Bob Baker", affiliate(where))]
        for orphan in (
            affiliate("Introduction", kind="department"),
            affiliate("1 Introduction"),
            affiliate("Our Approach in Brief", kind="department"),
            affiliate("Department of Computer Science", kind="department"),
            affiliate("Proceedings of the 58th Annual Meeting of the Association for Computational Linguistics"),
            affiliate("{ann,bob}@exampleton.edu"),
            affiliate(raw="1 Introduction"),
            affiliate(extra="<address><settlement>Exampleton</settlement></address>"),
        ):
            assert describe_authors(*named, write_author("", orphan)) == ("author", 2, team)


@pytest.mark.parametrize("name", [COMPANY, "Zorglub GmbH", "Zorglub", "Institute of Things"])
def test_an_orphan_that_names_an_organisation_belongs_to_the_paper(name: str):
    named = [write_author("Ann Abel", affiliate(UNIVERSITY)), write_author("Bob Baker", affiliate(UNIVERSITY))]
    record = read_record(*named, write_author("", affiliate(name)))
    assert record.slots_per == "paper"
    assert [slot.text for slot in record.slots] == [UNIVERSITY, name]


def test_headings_are_no_names_of_organisations():
    for text in ("Abstract", "2. Related Work", "Keywords:", "Published as a conference paper at ICLR 2019",
                 "2019 Conference on Things", "I. Introduction", "arXiv:2001.00001v1 [cs.CL]"):  # fmt: skip
        assert HEADING.search(text), text
    for text in ("Abstract Machines Ltd", "Introduction Media", "Conference Centre", "Overview Technologies Inc"):
        assert not HEADING.search(text), text


def test_the_printed_line_is_the_affiliation_where_no_organisation_was_parsed():
    authors = [
        write_author("Ann Abel", affiliate(raw="University of Exampleton, Exampleton, Utopia")),
        write_author("Bob Baker", affiliate(raw="Google Research, Mountain View")),
    ]
    record = read_record(*authors)
    assert record.slots == (
        Slot("University of Exampleton, Exampleton, Utopia"),
        Slot("Google Research, Mountain View"),
    )
    assert describe_authors(*authors) == ("author", 2, "mixed")


def test_the_printed_line_is_not_read_if_an_organisation_was_parsed():
    record = read_record(write_author("Ann Abel", affiliate(UNIVERSITY, raw="University of Exampleton and Google")))
    assert record.slots == (Slot(UNIVERSITY),)


@pytest.mark.parametrize("name", ["Bob Openai", "Cyd Google Brain", "Dan Uber AI", "OpenAI Eve Ernst", "DeepMind"])
def test_a_company_in_a_name_is_one_more_affiliation_of_the_paper(name: str):
    authors = [write_author("Ann Abel", affiliate(UNIVERSITY)), write_author(name, affiliate(UNIVERSITY))]
    assert describe_authors(*authors) == ("paper", 2 - (name == "DeepMind"), "mixed")


def test_a_company_in_a_name_that_is_listed_as_well_says_nothing_new():
    authors = [write_author("Ann Abel", affiliate("OpenAI")), write_author("Bob Openai", affiliate("OpenAI"))]
    assert describe_authors(*authors) == ("author", 2, "industry-only")


def test_a_company_in_a_name_without_other_affiliations_is_that_of_the_person():
    assert describe_authors(write_author("Ann Abel"), write_author("Bob Openai")) == ("author", 2, "unknown")
    both = write_author("Ann Openai"), write_author("Bob Openai")
    assert describe_authors(*both) == ("author", 2, "industry-only")


def test_a_company_as_the_only_author_is_kept():
    assert describe_authors(write_author("OpenAI")) == ("paper", "", "industry-only")


@pytest.mark.parametrize(
    "name",
    ["Antal van den Bosch", "Maarten Sap", "Sam Thomson", "Daniel Hewlett", "Huawei Shen", "Jing Dong",
     "Rafael E Banchs", "Dell Zhang", "Justin Bayer", "Harman Singh", "Julian Dolby", "Audi Primadhanty",
     "Patrick Ernst", "Meta Smith", "Henry Ford", "Ann Intelligent", "Maria Siemens"],
)  # fmt: skip
def test_surnames_that_are_also_companies_are_persons(name: str):
    assert split_name(name) == (name, "")
    authors = [write_author("Ann Abel", affiliate(UNIVERSITY)), write_author(name, affiliate(UNIVERSITY))]
    assert describe_authors(*authors) == ("author", 2, "academia-only")


@pytest.mark.parametrize(
    ("text", "whether"),
    [("李明", True), ("王小芳", True), ("김 철수", True), ("さくら", True), ("김", False), ("J.", False),
     ("J. L.", False), ("♦ 2", False), ("Bo Li", True), ("Ана", True), ("", False)],
)  # fmt: skip
def test_short_names_count_in_scripts_of_few_characters(text: str, whether: bool):
    assert is_name(text) is whether


def test_names_of_two_characters_are_authors():
    authors = write_author("李明", affiliate(UNIVERSITY)), write_author("王芳", affiliate(COMPANY))
    assert describe_authors(*authors) == ("author", 2, "mixed")


@pytest.mark.parametrize("number", [26, 300])
def test_large_teams_are_papers(number: int):
    authors = [write_author(f"Ann{n} Abel{n}", affiliate(COMPANY)) for n in range(number)]
    assert describe_authors(*authors) == ("author", number, "industry-only")


def test_a_long_list_of_names_without_text_is_a_committee():
    authors = tuple(write_author(f"Ann{n} Abel{n}") for n in range(26))
    assert read(Document(authors, abstract="", body=None)) == "more than 25 names without abstract and text"
    assert isinstance(read(Document(authors[:3], abstract="", body=None)), Record)
    assert isinstance(read(Document(authors, abstract="", body=None, back=wrap("annex", HARDWARE))), Record)


@pytest.mark.parametrize(
    ("name", "front"),
    [("P18-4000.tei.xml", True), ("W18-5400.tei.xml", True), ("2020.acl-main.0.tei.xml", True),
     ("P18-1100.tei.xml", False), ("D18-1000v2.tei.xml", False), ("2020.acl-main.10.tei.xml", False)],
)  # fmt: skip
def test_volumes_of_the_anthology_are_no_papers(name: str, front: bool):
    assert (read(Document(), name) == "front matter") is front


U1, U2, U3 = affiliate(UNIVERSITY), affiliate("Leeds University"), affiliate("MIT")
G = affiliate(COMPANY)


@pytest.mark.parametrize(
    ("listed", "per", "team"),
    [
        ([[U1, G], [], []], "paper", "mixed"),  # all under the first author
        ([[U1, G], [], [G]], "paper", "mixed"),  # and a later one has one of its own
        ([[U1, U2], [], [U2]], "paper", "academia-only"),
        ([[U1, U2], [U1, U2], [], [U2]], "paper", "academia-only"),  # under each of the first
        ([[U1, U2, G], [U2], [G]], "paper", "mixed"),
        ([[U1, G], [U1, G]], "paper", "mixed"),  # under all
        ([[U1, G], [U1], [G]], "author", "mixed"),  # an intern
        ([[U1, U2, U3], [U1, U2], [U3]], "author", "academia-only"),
        ([[U1], [U1, U2]], "author", "academia-only"),
        ([[U1], [], [U1, U2]], "author", "unknown"),  # the affiliation of one author was lost
        ([[U1, G]], "author", "mixed"),
        ([[U1], [G]], "author", "mixed"),
    ],
)
def test_piles_of_affiliations_belong_to_the_paper(listed: list[list[str]], per: str, team: str):
    authors = [write_author(f"Ann Abel{chr(97 + n)}", *texts) for n, texts in enumerate(listed)]
    assert describe_authors(*authors) == (per, len(listed), team)


@pytest.mark.parametrize(
    "junk",
    [
        affiliate("Bob Baker"),
        affiliate("Bob Baker and Cyd Cole"),
        affiliate("Cole, Cyd"),
        affiliate("Bob Baker, Cyd Cole", raw="Bob Baker, Cyd Cole"),
        "<affiliation><persName><forename>Bob</forename><surname>Baker</surname></persName></affiliation>",
    ],
)
def test_names_of_other_authors_are_no_affiliation(junk: str):
    people = [write_author("Bob Baker", U1), write_author("Cyd Cole", U1)]
    record = read_record(write_author("Ann Abel", U1, junk), *people)
    assert (record.slots_per, {slot.text for slot in record.slots}) == ("author", {UNIVERSITY})
    record = read_record(write_author("Ann Abel", U1), *people, write_author("", junk))
    assert (record.slots_per, len(record.slots)) == ("author", 3)


@pytest.mark.parametrize(
    ("application", "version"),
    [
        ('<application version="0.8.1" ident="GROBID" when="2024"/>', "0.8.1"),
        ('<application version="0.5.1-SNAPSHOT" ident="GROBID"/>', "0.5.1-SNAPSHOT"),
        ('<application ident="GROBID"/>', ""),
        ('<application version="2.0" ident="pub2tei"/><application version="0.7.3" ident="GROBID"/>', "0.7.3"),
        ('<application version="2.0" ident="pub2tei"/>', ""),
        ("", ""),
    ],
)
def test_the_version_of_grobid_is_in_the_row(application: str, version: str):
    row = describe(Document(application=application))
    assert row["grobid"] == version
    assert list(row)[4:6] == ["sources", "grobid"]


def read_folder(folder: Path, *documents: Document) -> ReadResult:
    folder.mkdir(parents=True)
    for number, document in enumerate(documents):
        (folder / f"{number}.tei.xml").write_bytes(document.write())
    return tei.read(folder, "testconf2023")


def test_files_of_versions_that_were_not_validated_are_counted(tmp_path: Path):
    versions = ("0.8.1", "0.8.1", "0.5.1", "0.5.1-SNAPSHOT", "")
    documents = [
        Document(title=f"Thing {n}", application=version and f'<application version="{version}" ident="GROBID"/>')
        for n, version in enumerate(versions)
    ]
    found = read_folder(tmp_path / "tei" / "testconf2023", *documents)
    assert {what: n for what, n in found.counts.items() if "GROBID" in what} == {
        "read: GROBID 0.8.1 (rules validated on 0.5.1)": 2,
        "read: GROBID of unknown version (rules validated on 0.5.1)": 1,
    }
    told = read_all(tmp_path, {}, workers=1).format_counts()
    assert any("read: GROBID 0.8.1 (rules validated on 0.5.1) 2" in line for line in told)


WORDS = st.sampled_from(["alpha", "beta", "gamma", "delta"]).map(lambda word: f"The {word} holds.")


@given(
    code=st.sets(st.sampled_from(sorted(PLACES | THANKS))),
    hardware=st.sets(st.sampled_from(sorted(PLACES))),
    body=st.booleans(),
    filler=WORDS,
)
def test_what_is_written_into_any_part_is_read(code: set[str], hardware: set[str], body: bool, filler: str):
    """Each place has its own sentence or filler; a document without a body has none of the places in it."""

    def fill(place: str) -> str:
        return " ".join([filler, *([CODE] if place in code else []), *([HARDWARE] if place in hardware else [])])

    document = Document(
        abstract=fill("abstract"),
        body=f"<div><p>{fill('body')}</p></div><div><head>Acknowledgements</head><p>"
        f"{fill('acknowledgement of the body')}</p></div><note place='foot'>{fill('footnote of the body')}</note>"
        if body
        else None,
        back=wrap("acknowledgement", fill("acknowledgement"), "Acknowledgments")
        + wrap("funding", fill("funding"))
        + wrap("availability", fill("availability"))
        + wrap("annex", fill("annex"))
        + f"<note place='foot'>{fill('footnote of the back')}</note>"
        + wrap("references", f"{CODE} {HARDWARE}"),
        outside=f"<note place='foot'>{fill('footnote outside')}</note>",
    )
    row = describe(document)
    present = {place for place in PLACES | THANKS if body or "body" not in place}
    stated = "own, address" if code & present else "nothing" if body else ""
    assert row["code_statement"] == stated
    assert row["hardware_kind"] == ("accelerator" if hardware & present else "unknown")


@st.composite
def entries(draw: st.DrawFn) -> tuple[list[str], tuple[str, ...]]:
    """Draw the author elements of a paper, one affiliation each at most, and the texts that they should give."""
    names = draw(
        st.lists(st.sampled_from(["Ann Abel", "Bob Baker", "Cyd Cole", "李明", "김철수"]), min_size=1, unique=True)
    )
    written, expected = [], []
    for name in names:
        where = draw(st.sampled_from([UNIVERSITY, COMPANY, "Leeds University", ""]))
        parsed = draw(st.booleans())
        raw = (
            draw(st.sampled_from(["", f"{where}, Exampleton"])) if where and parsed else f"{where}, X" if where else ""
        )
        element = affiliate(*([where] if where and parsed else []), raw=raw)
        heading = draw(st.sampled_from(["", affiliate("Introduction", kind="department"), affiliate("Abstract")]))
        written.append(write_author(name, element if where else "", heading))
        expected.append("" if not where else where if parsed else raw)
    for _ in range(draw(st.integers(0, 2))):
        heading = draw(st.sampled_from(["Introduction", "Overview", "Our Main Idea", "Keywords"]))
        written.append(write_author("", affiliate(heading, kind="department")))
    return written, tuple(expected)


@given(entries())
def test_each_author_has_the_affiliation_that_was_written(entry: tuple[list[str], tuple[str, ...]]):
    written, expected = entry
    record = read_record(*written)
    assert tuple(slot.text for slot in record.slots) == expected
    assert record.slots_per == ("author" if any(expected) else "")
    assert record.n_authors == len(expected)


# TEI of other programs, and files that are none.


def parse(content: str) -> Record | str:
    return tei._parse("testconf2023", "a.tei.xml", content.encode())


TEXT = Document().write().decode()
NAMESPACE = ' xmlns="http://www.tei-c.org/ns/1.0"'


@pytest.mark.parametrize(
    "content",
    [
        TEXT.replace(NAMESPACE, ""),
        "\n\n" + TEXT,
        "\ufeff" + TEXT,
        re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1tei:", TEXT.replace("xmlns=", "xmlns:tei=")),
        TEXT.replace("<title>", '<title type="sub">Or two</title><title type="main">'),
    ],
)
def test_tei_without_namespace_with_blanks_prefixes_or_subtitles_is_read_as_the_same(content: str):
    assert parse(content) == parse(TEXT) and not isinstance(parse(TEXT), str)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"<teiCorpus{NAMESPACE}><teiHeader/></teiCorpus>", "several texts in one file (teiCorpus)"),
        ("<html><head><title>404</title></head></html>", "no TEI, but <html>"),
        ("version https://git-lfs.github.com/spec/v1", "not well-formed XML"),
        ("<TEI/>", "no TEI header"),
    ],
)
def test_other_files_are_left_out_with_their_reason(content: str, reason: str):
    assert parse(content) == reason


@pytest.mark.parametrize("place", ["titleStmt", "monogr"])
def test_authors_may_stand_elsewhere_in_the_header(place: str):
    person = write_author("Ann Abel", affiliate(UNIVERSITY))
    text = TEXT.replace(person, "")
    text = text.replace("</titleStmt>", f"{person}</titleStmt>") if place == "titleStmt" else text
    text = text.replace("</analytic>", f"</analytic><monogr>{person}</monogr>") if place == "monogr" else text
    assert parse(text) == parse(TEXT)


def test_authors_of_other_versions_and_of_references_are_not_those_of_the_text():
    other = write_author("Bob Baker", affiliate(COMPANY))
    more = f"<listBibl><biblStruct><analytic>{other}</analytic></biblStruct></listBibl></sourceDesc>"
    assert parse(TEXT.replace("</sourceDesc>", more)) == parse(TEXT)


@pytest.mark.parametrize("person", ["Ann Abel", "<name>Ann Abel</name>"])
@pytest.mark.parametrize(
    "where",
    [
        f"<affiliation>{UNIVERSITY}</affiliation>",
        f"<affiliation><institution>{UNIVERSITY}</institution></affiliation>",
        f"<affiliation><address><addrLine><orgName>{UNIVERSITY}</orgName></addrLine></address></affiliation>",
    ],
)
def test_authors_and_affiliations_without_the_markup_of_grobid(person: str, where: str):
    assert describe_authors(f"<author>{person}{where}</author>") == ("author", 1, "academia-only")


def test_an_address_alone_is_no_organisation():
    where = "<affiliation><address><addrLine>1 High Street</addrLine></address></affiliation>"
    assert describe_authors(write_author("Ann Abel", where))[2] == "unknown"


def test_files_are_known_by_their_ending_in_any_case_and_folders_are_none(tmp_path: Path):
    (tmp_path / "sub.xml").mkdir()
    (tmp_path / "sub.xml" / "A.TEI.XML").write_text(TEXT)
    (tmp_path / "b.tei.xml").write_text(TEXT)
    assert tei.read(tmp_path, "testconf2023").counts["kept"] == 2
