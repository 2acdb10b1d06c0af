"""Readers of the sources: irregular records are handled or counted, and errors name bad files."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.rules import parse_venue_year
from data.sources import coakley, paperlists, tei
from data.sources.record import Slot, find_track, make_paper_id, make_title_key
from tests.data import raw as make


def read_list(tmp_path: Path, stem: str, *papers: object) -> paperlists.ReadResult:
    return paperlists.read(make.write_json(tmp_path / f"{stem}.json.gz", list(papers)), stem)


def read_tei(tmp_path: Path, *files: bytes, stem: str = "acl2016") -> tei.ReadResult:
    named = {f"{stem}/P16-1{number:03}.tei.xml": content for number, content in enumerate(files, start=1)}
    return tei.read(make.write_zip(tmp_path / f"{stem}.zip", named), stem)


def test_titles_match_across_spellings():
    assert make_title_key("Deep  Networks: A–Z!") == make_title_key("deep networks a z")
    assert make_title_key("Artiﬁcial") == make_title_key("Artificial")
    assert make_title_key("学习") == "学习"
    assert make_paper_id("nips2018", "A b") == make_paper_id("nips2018", "a-B") != make_paper_id("nips2019", "a-B")


@pytest.mark.parametrize(
    ("stem", "venue_year"),
    [
        ("nips2021", ("NeurIPS", 2021)),
        ("acl2016", ("ACL", 2016)),
        ("LREC-2018", ("LREC", 2018)),
        ("nips20211", None),
        ("nips1066", None),
        ("notes", None),
    ],
)
def test_venue_and_year(stem: str, venue_year: tuple[str, int] | None):
    assert parse_venue_year(stem) == venue_year


@pytest.mark.parametrize(
    ("labels", "track"),
    [
        (("Poster", "main"), "main"),
        (("Findings", "main"), "findings"),
        (("Industry", "main"), "applications"),
        (("System Demonstrations", "main"), "demo"),
        (("Poster", "Datasets & Benchmarks"), "datasets"),
        (("Poster", "Survey Track"), "survey"),
        (("Invite to Workshop Track",), "workshop"),
        (("Oral Workshop", "main"), "workshop"),
        (("AAAI Technical Track: AI and the Web",), "main"),
        (("AAAI Special Technical Track: AI for Social Impact",), "special"),
        (("IAAI18 - Deployed",), "applications"),
        (("Student Abstract Track",), "student"),
    ],
)
def test_tracks(labels: tuple[str, ...], track: str):
    assert find_track(*labels) == track


def test_only_accepted_papers_are_kept(tmp_path: Path):
    statuses = [
        "Poster",
        "Reject",
        "Withdraw",
        "Desk Reject",
        "Active",
        "Workshop",
        "Poster Workshop",
        "",
        None,
        "Journal",
    ]
    papers = [make.paper(title=f"Paper {number}", status=status) for number, status in enumerate(statuses)]
    found = read_list(tmp_path, "nips2018", *papers, make.paper(title=None))
    assert [record.title for record in found.records] == ["Paper 0", "Paper 7", "Paper 8", "Paper 9"]
    assert (
        found.counts["read"]
        == 11
        == found.counts["kept"] + sum(n for what, n in found.counts.items() if what.startswith("left out"))
    )


def test_authors_and_their_slots(tmp_path: Path):
    aligned, fewer, empty = (
        read_list(tmp_path, "nips2018", make.paper(**fields)).records[0]
        for fields in ({}, {"aff": "MIT", "aff_domain": ""}, {"aff": ";", "aff_domain": ";"})
    )
    assert aligned.slots == (Slot("Leeds University", "leeds.ac.uk"), Slot("Google Brain", "google.com"))
    assert fewer.slots == (Slot("MIT"), Slot())  # the second author's is missing, not another author's
    assert (empty.slots_per, empty.n_authors) == ("", 2)


def test_lists_of_affiliations_a_paper(tmp_path: Path):
    authors = "Ann Lee, Bo Chan, Cy Roe"
    papers = [make.paper(title=f"Paper {n}", author=authors, aff="MIT; Adobe", aff_domain="") for n in range(4)]
    repeated = make.paper(author=authors, aff="MIT; MIT; Adobe", aff_domain="")
    record = read_list(tmp_path, "cvpr2021", *papers, repeated).records[-1]
    assert (record.n_authors, record.slots_per) == (3, "paper")
    assert record.slots == (Slot("MIT"), Slot("Adobe"))


def test_more_affiliations_than_authors_are_the_papers(tmp_path: Path):
    record = read_list(
        tmp_path, "aaai2021", make.paper(author="Ann Lee; Bo Chan", aff="MIT; Leeds; Meituan Inc")
    ).records[0]
    assert (record.slots_per, record.n_authors, len(record.slots)) == ("paper", 2, 3)


def test_authors_joined_by_commas(tmp_path: Path):
    record = read_list(tmp_path, "aaai2021", make.paper(author="Ann Lee,Bo Chan", aff="MIT;Leeds")).records[0]
    assert (record.slots_per, record.n_authors) == ("author", 2)


def test_entries_of_the_programme_are_no_papers(tmp_path: Path):
    papers = [make.paper(title=f"Paper {number}", pdf="x.pdf") for number in range(20)]
    entry = {"title": "A Talk", "status": "Oral", "author": "Ann Lee, Bo Chan"}
    found = read_list(tmp_path, "iccv2015", *papers, entry)
    assert found.counts["left out: an entry of the programme, without a paper"] == 1 and len(found.records) == 20
    titled = read_list(tmp_path, "iccv2015", make.paper(title="[From Oral 1A] A Paper"))
    assert titled.records[0].title == "A Paper"


def test_what_was_refused_is_remembered(tmp_path: Path):
    found = read_list(tmp_path, "iclr2017", make.paper(status="Workshop"), make.paper(title="Bad", status="Reject"))
    assert found.refused[make_title_key("Scaling Laws for Toy Models")] == "workshop"


@pytest.mark.parametrize(
    "title", ["Preface", "Asian Conference on Machine Learning: Preface", "Program Committee", "Past IJCAI Conferences"]
)
def test_front_matter_is_no_paper(tmp_path: Path, title: str):
    listed = read_list(tmp_path, "acml2012", make.paper(title=title), make.paper(title="Welcome to the Modern World"))
    annotated = coakley.read(make.write_json(tmp_path / "c.json.gz", [make.annotated(title)]), "ijcai2015")
    assert [record.title for record in listed.records] == ["Welcome to the Modern World"] and annotated.records == []


def test_separators_of_authors_and_affiliations(tmp_path: Path):
    both = read_list(
        tmp_path, "aaai2021", make.paper(author="Ann Lee,Bo Chan", aff="TU München,MIT", aff_domain="")
    ).records[0]
    assert both.slots == (Slot("TU München"), Slot("MIT"))
    wide = read_list(tmp_path, "aaai2021", make.paper(aff="Leeds；MIT;Google")).records[0]
    assert len(wide.slots) == 2 and wide.slots_per == "author"
    listed = read_list(tmp_path, "iclr2019", make.paper(author="Ann Lee and Bo Chan & Cy Roe, Jr")).records[0]
    assert listed.n_authors == 3


def test_a_list_without_links_says_so(tmp_path: Path):
    none = make.paper(title="None", github="")
    assert read_list(tmp_path, "nips2018", none).records[0].links is None
    found = read_list(tmp_path, "nips2018", none, make.paper()).records
    assert [record.links for record in found] == [(), ("https://github.com/annlee/toy-scaling",)]


def test_implementations_by_others_are_no_link(tmp_path: Path):
    others = "[![Papers with Code](/i.svg) 3 community implementations](https://paperswithcode.com/paper/?x=1)"
    found = read_list(tmp_path, "iclr2018", make.paper(title="Others", github=others), make.paper()).records
    assert found[0].links == ()


def test_papers_with_llm_labels(tmp_path: Path):
    path = make.write_json(
        tmp_path / "nips2018.json.gz",
        [
            make.annotated(),
            make.annotated("Unknown team", affiliation=(-1, "")),
            make.annotated("Odd", open_source_code=("yes", "")),  # type: ignore[arg-type]
            {"title": "No labels"},
            {**make.annotated("Workshop"), "category": "Invite to Workshop Track"},
        ],
    )
    found = coakley.read(path, "nips2018")
    first = found.records[0].annotation
    assert first is not None and (first.team, first.code, first.hardware) == ("mixed", True, True)
    assert found.records[1].annotation is not None and found.records[1].annotation.team == "unknown"
    assert dict(found.counts) == {
        "read": 5,
        "kept": 2,
        "team kind coded as unknown": 1,
        "left out: a code that is no number": 1,
        "left out: not a record": 1,
        "left out: workshop": 1,
    }


def test_tei_joins_hyphenated_words_and_keeps_thanks_apart(tmp_path: Path):
    body = "<div><p>This is stan- dard text.</p></div><div><head>Acknowledgements</head><p>We thank NVIDIA.</p></div>"
    record = read_tei(tmp_path, make.tei(body=body, thanks="GPUs were donated.")).records[0]
    assert record.full_text is not None
    assert "standard text" in record.full_text.body and "NVIDIA" not in record.full_text.body
    assert "donated" in record.full_text.acknowledgement and "NVIDIA" in record.full_text.acknowledgement


def test_tei_affiliation_under_an_author_without_a_name(tmp_path: Path):
    nameless = f"<author>{make.affiliation('Leeds University')}</author>"
    one = make.tei(authors=make.author("Ann") + make.author("Bo", "Chan") + nameless)
    two = make.tei(
        title="Two",
        authors=make.author("Ann") + nameless + nameless.replace("Leeds University", "Google").replace("aff0", "aff1"),
    )
    found = read_tei(tmp_path, one, two).records
    assert [slot.text for slot in found[0].slots] == ["Dept, Leeds University"] * 2  # applies to all authors
    assert (found[0].slots_per, found[0].n_authors) == ("author", 2)
    assert (found[1].slots_per, found[1].n_authors, len(found[1].slots)) == ("paper", 1, 2)


def test_tei_all_affiliations_under_the_first_author(tmp_path: Path):
    both = make.affiliation("Leeds University") + make.affiliation("Google", key="aff1")
    found = read_tei(tmp_path, make.tei(authors=make.author(where=both) + make.author("Bo", "Chan"))).records[0]
    assert (found.slots_per, found.n_authors) == ("paper", 2)
    assert {slot.text for slot in found.slots} == {"Dept, Leeds University", "Dept, Google"}


def test_tei_organisations_and_markers_are_no_authors(tmp_path: Path):
    authors = make.author("Beckman", "Institute") + make.author("♦", "2") + make.author(where=make.affiliation("MIT"))
    found = read_tei(tmp_path, make.tei(authors=authors)).records[0]
    assert found.n_authors == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<TEI", "not well-formed XML"),
        (b"", "not well-formed XML"),
        (b"<TEI/>", "no TEI header"),
        (make.tei(title=""), "no title"),
        (make.tei(title="Proceedings of the Meeting"), "front matter"),
        (make.tei(title="Preface by the Chairs"), "front matter"),
        (make.tei(authors=make.author("", "1")), "no authors"),
        (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
            + make.tei()[38:],
            "a document type declaration",
        ),
        (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
            + make.tei(body="&a;")[38:],
            "a document type declaration",
        ),
    ],
)
def test_tei_that_cannot_be_used_is_counted(tmp_path: Path, content: bytes, reason: str):
    found = read_tei(tmp_path, content)
    assert (found.records, found.counts[f"left out: {reason}"]) == ([], 1)


def test_tei_tracks_and_folders(tmp_path: Path):
    folder = tmp_path / "lrec2018"
    folder.mkdir()
    (folder / "a.tei.xml").write_bytes(make.tei(proceedings="Proceedings of the Student Research Workshop"))
    (folder / "b.txt").write_text("not a paper")
    found = tei.read(folder, "lrec2018")
    assert [(record.track, record.stem) for record in found.records] == [("student", "lrec2018")]
    demo = make.write_zip(tmp_path / "acl2016.zip", {"P16-4001.tei.xml": make.tei()})
    assert tei.read(demo, "acl2016").records[0].track == "demo"


def test_damaged_files_are_named(tmp_path: Path):
    good = gzip.compress(b"[]")
    for content, message in (
        (good[:-5], "damaged gzip"),
        (b"[]", "damaged gzip"),
        (gzip.compress(b"[1,"), "not valid JSON"),
        (gzip.compress(b"{}"), "a list of papers is needed"),
        (gzip.compress(b'["\xff"]'), "not UTF-8"),
        (gzip.compress(b"[" * 100_000), "nested too deeply"),
        (gzip.compress(b"[" + b"9" * 5_000 + b"]"), "not valid JSON"),
    ):
        path = tmp_path / "nips2018.json.gz"
        path.write_bytes(content)
        for source in (paperlists, coakley):
            with pytest.raises(InputError, match=message) as error:
                source.read(path, "nips2018")
            assert error.value.file == path


def test_a_folder_in_place_of_a_file(tmp_path: Path):
    (tmp_path / "nips2018.json.gz").mkdir()
    with pytest.raises(InputError, match="a JSON file is needed"):
        paperlists.read(tmp_path / "nips2018.json.gz", "nips2018")


def test_truncated_zip(tmp_path: Path):
    path = make.write_zip(tmp_path / "acl2016.zip", {"a.tei.xml": make.tei(), "b.tei.xml": make.tei(title="Other")})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not a zip file"):
        tei.read(path, "acl2016")
    # A damaged member loses one paper, which is counted.
    broken = bytearray(whole)
    start = whole.index(b"Parsing")
    broken[start : start + 7] = b"\x00" * 7
    path.write_bytes(bytes(broken))
    found = tei.read(path, "acl2016")
    assert found.counts["left out: damaged, or longer than a paper can be"] == 1 and len(found.records) == 1


def test_a_file_longer_than_a_paper_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tei, "MAX_BYTES", 500)
    with zipfile.ZipFile(tmp_path / "acl2016.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.xml", b" " * 10_000)
    assert tei.read(tmp_path / "acl2016.zip", "acl2016").counts["left out: damaged, or longer than a paper can be"] == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["title", "status", "track", "author", "aff", "aff_domain", "github", "project", "abstract", "keywords"]
)
LABELS = st.sampled_from([*coakley.FIELDS, "title", "n_authors", "category", "excluded_by_authors"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stem=st.sampled_from(["nips2018", "cvpr2021", "iclr2020", "colt2015", "ijcai2022"]),
    papers=st.lists(st.dictionaries(FIELDS, VALUES, max_size=8) | VALUES, max_size=4),
    labels=st.lists(st.dictionaries(LABELS, VALUES, max_size=6) | VALUES, max_size=4),
)
def test_any_json_gives_records_or_counts(tmp_path: Path, stem: str, papers: list[object], labels: list[object]):
    for source, content in ((paperlists, papers), (coakley, labels)):
        path = make.write_json(tmp_path / f"{stem}.json.gz", content)
        if source is paperlists and papers and not any(isinstance(one, dict) and "title" in one for one in papers):
            with pytest.raises(InputError, match="no record has the key title"):
                source.read(path, stem)
            continue
        found = source.read(path, stem)
        left_out = sum(n for what, n in found.counts.items() if what.startswith("left out"))
        assert found.counts["read"] == len(content) == len(found.records) + left_out
        for record in found.records:
            assert record.slots_per in ("", "author", "paper") and record.title
            if record.slots_per == "author":
                assert record.n_authors is None or len(record.slots) == record.n_authors


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 900), put=st.binary(max_size=6))
def test_any_damage_to_xml_is_a_record_or_a_count(tmp_path: Path, cut: int, put: bytes):
    whole = make.tei()
    found = read_tei(tmp_path, whole[:cut] + put + whole[cut + len(put) :])
    assert len(found.records) + sum(n for what, n in found.counts.items() if what.startswith("left out")) == 1
