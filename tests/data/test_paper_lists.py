"""Shape of paper lists, seen in them: separators, affiliations per author or paper, domains, entities, tracks."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.build.papers import Papers, read_all
from data.classify.paper_row import make_row
from data.errors import InputError
from data.rules import parse_venue_year
from data.sources import coakley, paperlists
from data.sources.list_shape import MOST_PER_AUTHOR, MOST_REPEATS, Listed, find_shape
from data.sources.record import ReadResult, Record, Slot, clean, find_track, list_unknown_labels, make_paper_id
from tests.data import raw as make

UNIVERSITIES = ("University of Exampleton", "University of Sampleford", "Xi'an Jiaotong University")
COMPANIES = ("Google Research", "NVIDIA", "Exampleton R&D Institute, Acme Inc.")
NAMES = ("Ann Abel", "Bob Baker", "Cyd O'Cole", "Dee Dale", "Eve Eads", "Fay Ford")


def read_list(tmp_path: Path, *papers: object, stem: str = "cvpr2023") -> ReadResult:
    return paperlists.read(make.write_json(tmp_path / f"{stem}.json.gz", list(papers)), stem)


def paper(number: int, author: object, aff: object, **fields: object) -> dict[str, object]:
    return {"title": f"Paper {number}", "status": "Poster", "author": author, "aff": aff, **fields}


def build(tmp_path: Path, *papers: object, stem: str = "cvpr2023") -> Papers:
    make.write_json(tmp_path / "paperlists" / f"{stem}.json.gz", list(papers))
    return read_all(tmp_path, {}, workers=1)


PER_PAPER = (
    paper(1, "Ann Abel, Bob Baker, Cyd Cole, Dee Dale", "University of Exampleton; University of Sampleford"),
    paper(2, "Eve Eads, Fay Ford, Gus Gray", "University of Sampleford"),
    paper(3, "Hal Hart, Ida Irons, Jon Jay", "Google Research; NVIDIA"),
    paper(4, "Kim King, Leo Lake, Mia Moon", "University of Exampleton; Google Research"),
)

# Affiliations per author or per paper.


def test_a_list_of_affiliations_per_paper_is_seen_in_four_papers(tmp_path: Path):
    papers = build(tmp_path, *PER_PAPER)
    by_id = {row["id"]: row for row in papers.rows}
    rows = [by_id[make_paper_id("cvpr2023", f"Paper {number}")] for number in (1, 2, 3, 4)]
    assert {row["slots_per"] for row in rows} == {"paper"} and [row["n_authors"] for row in rows] == [4, 3, 3, 3]
    assert [row["team_listed"] for row in rows] == ["academia-only", "academia-only", "industry-only", "mixed"]
    assert papers.counts["paperlists", "CVPR", 2023, "shape: affiliations per paper"] == 4
    assert "shape: affiliations per paper 4, shape: authors separated by commas 4" in papers.format_counts()[0]


def test_a_list_with_gaps_repeats_affiliations_and_is_per_author(tmp_path: Path):
    gaps = [paper(number, ";".join(NAMES), "MIT;MIT;Google") for number in range(8)]
    found = read_list(tmp_path, *gaps)
    assert {record.slots_per for record in found.records} == {"author"}
    assert found.records[0].slots == (Slot("MIT"), Slot("MIT"), Slot("Google"), Slot(), Slot(), Slot())


def test_a_list_of_one_affiliation_per_author_is_per_author_though_all_differ(tmp_path: Path):
    found = read_list(tmp_path, *(paper(number, "Ann Abel;Bob Baker", "MIT;Google") for number in range(8)))
    assert {record.slots_per for record in found.records} == {"author"}


def test_marked_gaps_are_slots(tmp_path: Path):
    found = read_list(tmp_path, *(paper(number, ";".join(NAMES), "MIT;;;Google;;") for number in range(8)))
    assert found.records[0].slots_per == "author" and found.records[0].slots[3] == Slot("Google")


def test_with_too_few_papers_affiliations_stay_per_author_and_this_is_said(tmp_path: Path):
    found = read_list(tmp_path, *PER_PAPER[:2])
    assert [record.slots_per for record in found.records] == ["author", "author"]
    assert found.counts["shape: affiliations per author, for lack of evidence"] == 2


def test_without_authors_an_affiliation_is_nobodys(tmp_path: Path):
    for aff in ("MIT; Google; NVIDIA", "MIT; MIT; NVIDIA", "MIT"):
        found = read_list(tmp_path, *(paper(number, "", aff) for number in range(4)))
        assert {(record.slots_per, record.n_authors) for record in found.records} == {("paper", None)}


def test_a_single_author_has_their_affiliation(tmp_path: Path):
    found = read_list(tmp_path, *(paper(number, "Ann Abel", "MIT") for number in range(5)), paper(6, "", "MIT;Google"))
    assert [record.slots_per for record in found.records] == [*["author"] * 5, "paper"]


def make_listed(authors: int, texts: str) -> Listed:
    return Listed(tuple(f"Name {number}" for number in range(authors)), tuple(texts), ())


def test_thresholds_of_the_shape():
    """Values between those of the lists of 2012-22: 5 to 9 against 44 to 94 %, and half against 77 to 100 %."""
    assert 0.09 < MOST_REPEATS < 0.44 and 0.53 < MOST_PER_AUTHOR < 0.77
    for repeated, per_paper in ((2, True), (5, False)):
        papers = [make_listed(4, "aa" if number < repeated else "ab") for number in range(10)]
        assert find_shape(papers).per_paper is per_paper
    for authors, per_paper in ((4, True), (3, True), (2, False)):
        assert find_shape([make_listed(authors, "ab")] * 10).per_paper is per_paper


# What generated lists hold is what is read.


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[dict[str, object]], list[tuple[str, list[Slot], int]]]:
    """Draw a list and what it holds: what the affiliations belong to, the slots of each paper, its authors' number."""
    per_paper = draw(st.booleans())
    escapes = draw(st.integers(0, 2))
    as_lists = draw(st.booleans())
    separator = draw(st.sampled_from([";", "; "]))
    authors_by = draw(st.sampled_from([";", "; ", ", ", ","]))
    papers, truth = [], []
    for number in range(draw(st.integers(4, 9))):
        names = [*draw(st.permutations(NAMES))][: draw(st.integers(4, 6))]
        organisations = [*draw(st.permutations(UNIVERSITIES + COMPANIES))]
        if per_paper:
            texts = organisations[: 2 if number < 3 else draw(st.integers(1, 2))]
            slots = [Slot(text) for text in texts]
        else:
            texts = draw(st.lists(st.sampled_from(organisations[:3]), min_size=len(names), max_size=len(names)))
            texts[1] = texts[0]
            texts = texts[: len(names) - draw(st.integers(0, len(names) - 2))]
            slots = [Slot(text) for text in texts] + [Slot()] * (len(names) - len(texts))
        truth.append(("paper" if per_paper else "author", slots, len(names)))
        for _ in range(escapes):
            texts, names = ([html.escape(text) for text in entries] for entries in (texts, names))
        joined = authors_by.join([*names[:-1], f"{names[-1]}{authors_by}Jr."])
        if as_lists:
            papers.append(paper(number, [*names, "Jr."], texts, keywords=["a", "b"]))
        else:
            papers.append(paper(number, joined, separator.join(texts), keywords="a;b"))
    return papers, truth


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=lists())
def test_a_list_of_any_form_is_read_as_it_was_written(tmp_path: Path, drawn: tuple[list, list]):
    papers, truth = drawn
    found = read_list(tmp_path, *papers)
    assert [(one.slots_per, [*one.slots], one.n_authors) for one in found.records] == truth
    for record, (per, slots, _) in zip(found.records, truth, strict=True):
        sides = {slot.text in COMPANIES for slot in slots if slot.text}
        known = per == "paper" or all(slot.text for slot in slots)
        team = "mixed" if len(sides) == 2 else "industry-only" if True in sides else "academia-only"
        assert make_row([record], {})["team_listed"] == (team if known or team == "mixed" else "unknown")


# Authors.


@pytest.mark.parametrize(
    ("author", "number"),
    [
        ("Ann Lee, Bo Chan, and Cy Roe", 3),
        ("Ann Lee, Jr., Bo Chan III & Cy Roe, Ph.D.", 3),
        ("Ann Lee; Bo Chan, Jr.", 2),
        (["Ann Lee", "Jr.", "", "Bo Chan"], 2),
        (["Lee, Ann", "Chan, Bo"], 2),
        (["Ann Lee; PI"], 1),
        ("Ann Anderson, Sandy Band", 2),
    ],
)
def test_authors_of_a_paper(tmp_path: Path, author: object, number: int):
    assert read_list(tmp_path, paper(1, author, "MIT")).records[0].n_authors == number


def test_a_comma_within_names_is_no_separator(tmp_path: Path):
    found = read_list(tmp_path, paper(1, "Lee, Ann; Chan, Bo", "MIT;MIT"), paper(2, "Roe, Cy", "MIT"))
    assert [record.n_authors for record in found.records] == [2, 1]
    found = read_list(tmp_path, paper(1, "Ann Lee; Bo Chan", "MIT;MIT"), paper(2, "Cy Roe, Di Poe", "MIT;MIT"))
    assert [record.n_authors for record in found.records] == [2, 2]


def test_an_address_with_commas_is_not_split_in_a_list_with_semicolons(tmp_path: Path):
    papers = [*PER_PAPER, paper(5, "Ann Lee, Bo Chan", "Leeds University, UK")]
    assert read_list(tmp_path, *papers).records[4].slots == (Slot("Leeds University, UK"),)
    commas = [paper(1, "Ann Lee, Bo Chan", "MIT, Google"), paper(2, "Ann Lee; Bo Chan", "MIT;MIT")]
    assert read_list(tmp_path, *commas).records[0].slots == (Slot("MIT"), Slot("Google"))


# Mail domains.

PAIRS = (("Leeds University", "cs.leeds.ac.uk"), ("Google", "google.com"), ("MIT", "mit.edu"), ("NVIDIA", "nvidia.com"))


def make_with_domains(shift: int) -> list[dict[str, object]]:
    """Make papers whose domains stand in their slots, or are shifted by some slots."""
    papers = []
    for number in range(6):
        pairs = [PAIRS[(number + step) % 4] for step in range(3)]
        domains = [pairs[(step + shift) % 3][1] for step in range(3)]
        papers.append(paper(number, "A;B;C", ";".join(text for text, _ in pairs), aff_domain=";".join(domains)))
    return papers


def test_domains_in_the_order_of_affiliations_are_used(tmp_path: Path):
    found = read_list(tmp_path, *make_with_domains(0), stem="colt2018")
    assert found.records[0].slots[0] == Slot("Leeds University", "cs.leeds.ac.uk")
    assert found.counts["shape: mail domains in the order of the affiliations"] == 6


@pytest.mark.parametrize("shift", [1, 2])
def test_domains_in_another_order_are_not_used(tmp_path: Path, shift: int):
    found = read_list(tmp_path, *make_with_domains(shift), stem="nips2018")
    assert {slot.domain for record in found.records for slot in record.slots} == {""}
    assert found.counts["shape: mail domains in another order, not used"] == 6


def test_domains_that_are_fewer_than_affiliations_are_not_used(tmp_path: Path):
    papers = [paper(number, "A;B;C;D", "MIT;MIT;MIT;Google", aff_domain="mit.edu;google.com") for number in range(5)]
    assert {slot.domain for record in read_list(tmp_path, *papers).records for slot in record.slots} == {""}


# Fields that are lists, numbers or dicts.


def test_fields_may_be_lists(tmp_path: Path):
    fields = {"aff_domain": ["x.edu", "Google.com"], "keywords": ["vision; video", "language"], "github": ["a.b/c"]}
    (record,) = read_list(tmp_path, paper(1, ["Ann Abel", "Bob Baker"], ["MIT; CSAIL", "Google"], **fields)).records
    assert record.slots == (Slot("MIT; CSAIL", "x.edu"), Slot("Google", "google.com"))
    assert (record.n_authors, record.slots_per, record.links) == (2, "author", ("a.b/c",))
    assert record.keywords == "vision, video; language"


def test_lists_of_the_affiliations_of_an_author_and_gaps(tmp_path: Path):
    (record,) = read_list(tmp_path, paper(1, ["A", "B", "C"], [["MIT", "Google"], None, "Leeds University"])).records
    assert record.slots == (Slot("MIT + Google"), Slot(), Slot("Leeds University"))


@pytest.mark.parametrize("value", [7, {"name": "MIT"}, [{"name": "MIT"}], [["MIT", 7]], True])
@pytest.mark.parametrize("name", ["author", "aff", "aff_domain", "keywords", "abstract"])
def test_a_field_that_is_no_text_is_counted(tmp_path: Path, name: str, value: object):
    found = read_list(tmp_path, {**paper(1, "Ann Abel", "MIT"), name: value})
    assert found.counts[f"field not understood: {name}"] == 1 and len(found.records) == 1


@pytest.mark.parametrize("value", [None, "", [], float("nan"), {}])
def test_an_empty_field_is_not_told(tmp_path: Path, value: object):
    found = read_list(tmp_path, {**paper(1, "Ann Abel", "MIT"), "aff": value, "keywords": value})
    assert not any(n for what, n in found.counts.items() if what.startswith("field"))
    assert found.records[0].slots_per == ""


def test_other_keys_of_affiliations_and_authors(tmp_path: Path):
    item = {"title": "A Title", "authors": "Ann Abel; Bob Baker", "affs": "MIT; Google"}
    assert read_list(tmp_path, item).records[0].slots == (Slot("MIT"), Slot("Google"))


# HTML entities.


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_entities_are_unescaped_before_slots_are_split(tmp_path: Path, times: int):
    texts = ["Exampleton R&D Institute, Acme Inc.", "University of Sampleford", "Xi'an Jiaotong University"]
    title = "Entities & Us: <Less>"
    for _ in range(times):
        texts, title = [html.escape(text) for text in texts], html.escape(title)
    papers = build(tmp_path, {**paper(1, "Ann Abel;Bob Baker;Cyd Cole", ";".join(texts)), "title": title})
    (row,) = papers.rows
    assert (row["slots_per"], row["slots_with_text"], row["team_listed"]) == ("author", 3, "mixed")
    assert (row["authors_company"], row["authors_education"]) == (1, 2)
    assert row["id"] == make_paper_id("cvpr2023", "Entities & Us: <Less>")
    assert papers.counts["paperlists", "CVPR", 2023, "shape: HTML entities"] == bool(times)


def test_what_is_no_entity_stays():
    assert clean("a?b=1&copy=2&reg; AT&T; R&amp;D") == "a?b=1&copy=2® AT&T; R&D"
    assert clean("&amp;amp;#x27;") == "'" and clean("A&nbsp;B&#10;C") == "A B C"


# Files that are no paper lists.

NOTE = {"id": "x", "content": {"title": {"value": "A Title"}, "authors": {"value": ["Ann Abel"]}}}


@pytest.mark.parametrize("content", [[NOTE], {"notes": [NOTE]}, {"notes": [NOTE], "count": 1}])
def test_notes_of_openreview_are_refused(tmp_path: Path, content: object):
    path = tmp_path / "iclr2024.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"OpenReview's API.*affiliations.*keys title, author and aff") as error:
        paperlists.read(path, "iclr2024")
    assert error.value.file == path


@pytest.mark.parametrize("content", [[{"name": "A Title"}], ["A Title"]])
def test_a_list_without_titles_is_refused(tmp_path: Path, content: list[object]):
    with pytest.raises(InputError, match=r"no record has the key title.*title, author and aff"):
        read_list(tmp_path, *content)


# Tracks.


@pytest.mark.parametrize(
    ("labels", "track"),
    [
        *((("Poster", label), "special") for label in ("AI for Good", "AI, Arts & Creativity", "Human-Centred AI")),
        *((("", label), "special") for label in ("AI, the Arts and Creativity", "AI for Social Impact", "Creative AI")),
        *((("", label), "special") for label in ("Position Paper", "position_paper_track", "Human-Centered AI")),
        *(
            (("", label), "applications")
            for label in ("Applied Data Science", "ads_track", "Industry Track", "industry")
        ),
        *((("Poster", label), "datasets") for label in ("Datasets & Benchmarks", "datasets_and_benchmarks_track")),
        *((("Poster", label), "datasets") for label in ("Datasets and Benchmarks Track", "Datasets_and_Benchmarks")),
        (("", "SRW"), "student"),
        (("Short Findings", "main"), "findings"),
        (("TOG Paper", ""), "journal"),
        *(((label, "main"), "main") for label in ("", "Poster", "Oral", "Spotlight", "Long", "Short", "Highlight")),
        *(((label, ""), "main") for label in ("Technical", "Accept", "conference", "Talk", "Main Track", "Long Main")),
        *(((label, ""), "main") for label in ("Accept: notable-top-5%", "ICLR 2024 poster", "Technical Paper")),
        *(((label, ""), "main") for label in ("Research", "Research Track", "main_conference", "Award Candidate")),
        *(((label,), "main") for label in ("Machine Learning A-R", "Computer Vision II", "Uncertainty in AI")),
        *(((label,), "main") for label in ("Main Track — Web Mining", "AAAI Technical Track: Applications")),
        *((("Poster", label), "other") for label in ("Vision Challenge", "Tiny Papers", "Bridge", "Blogpost")),
        (("Submitted to ICLR 2024",), "other"),
    ],
)
def test_a_track_is_known_or_other(labels: tuple[str, ...], track: str):
    assert find_track(*labels) == track
    assert bool(list_unknown_labels(*labels)) == (track == "other")


def test_the_title_of_a_volume_is_no_label():
    assert find_track("Proceedings of the 56th Annual Meeting", unknown="main") == "main"
    assert find_track("Proceedings of ACL 2018, System Demonstrations", unknown="main") == "demo"


def test_unknown_tracks_are_counted_by_label_and_told(tmp_path: Path):
    labels = ["Bridge", "Bridge", "Tiny Papers", "main", ""]
    papers = build(tmp_path, *(paper(n, "Ann Abel", "MIT", track=label) for n, label in enumerate(labels)))
    assert sorted(str(row["track"]) for row in papers.rows) == ["main", "main", "other", "other", "other"]
    assert "track not known, taken as other: Bridge 2" in papers.format_counts()[0]
    annotated = {**make.annotated(), "category": "Bridge"}
    found = coakley.read(make.write_json(tmp_path / "c.json.gz", [annotated]), "aaai2021")
    assert found.records[0].track == "other" and found.counts["track not known, taken as other: Bridge"] == 1


def test_many_unknown_tracks_are_told_together(tmp_path: Path):
    found = read_list(tmp_path, *(paper(n, "Ann Abel", "MIT", track=f"Session {n} on Things") for n in range(50)))
    told = {what: n for what, n in found.counts.items() if what.startswith("track not known")}
    assert sum(told.values()) == 50 and len(told) == 21


@pytest.mark.parametrize("status", ["Rejected", "Desk Rejected", "desk-reject", "Withdrawn", "Active"])
def test_a_paper_that_was_not_accepted_is_left_out(tmp_path: Path, status: str):
    found = read_list(tmp_path, paper(1, "Ann Abel", "MIT"), {**paper(2, "Bob Baker", "MIT"), "status": status})
    assert len(found.records) == 1 and found.counts[f"left out: {status.lower()}"] == 1


@pytest.mark.parametrize(
    ("tracks", "track"),
    [
        (("main", "main"), "main"),
        (("main", "other"), "other"),
        (("other", "special"), "special"),
        (("special", "other"), "special"),
        (("main", "findings"), "findings"),
        (("demo", "special"), "demo"),
    ],
)
def test_the_track_of_a_paper_in_two_sources(tracks: tuple[str, str], track: str):
    sources = zip(("paperlists", "coakley"), tracks, strict=True)
    records = [Record(source=source, stem="aaai2021", title="Toy", track=one) for source, one in sources]
    assert make_row(records, {})["track"] == track


# Names of venues.


@pytest.mark.parametrize(
    ("stem", "venue_year"),
    [
        ("3dv2025", ("3DV", 2025)),
        ("3DV-2025", ("3DV", 2025)),
        ("ai4x_2025", ("AI4X", 2025)),
        ("AI4X2025", ("AI4X", 2025)),
        ("learn2reason2024", ("learn2reason", 2024)),
        ("20242025", None),
        ("cvpr20242025", None),
        ("2025", None),
        ("3dv", None),
    ],
)
def test_a_venue_may_have_digits(stem: str, venue_year: tuple[str, int] | None):
    assert parse_venue_year(stem) == venue_year


@pytest.mark.parametrize(("name", "venue"), [("3dv2025", "3DV"), ("3DV-2025", "3DV"), ("ai4x_2025", "AI4X")])
def test_files_of_venues_with_digits_are_read(tmp_path: Path, name: str, venue: str):
    (row,) = build(tmp_path, paper(1, "Ann Abel", "MIT"), stem=name).rows
    assert (row["venue"], row["year"]) == (venue, 2025)
    assert str(row["id"]).startswith(f"{venue.lower()}2025-")


# Warnings.


@pytest.mark.parametrize(
    ("aff", "reason"),
    [
        ("", "no affiliation in the source"),
        ("MIT;MIT", "fewer affiliations than authors"),
        ("Unheard Of;Unheard Of;Unheard Of", "not recognised"),
    ],
)
def test_most_teams_unknown_is_a_warning_with_its_reason(tmp_path: Path, aff: str, reason: str):
    unknown = [paper(number, "A;B;C", aff) for number in range(4)]
    known = [paper(number, "A;B;C", "MIT;MIT;MIT") for number in (7, 8, 9)]
    papers = build(tmp_path, *unknown, *known)
    (warning,) = papers.format_warnings()
    assert warning.startswith("paperlists CVPR 2023: 4 of 7 teams unknown") and reason in warning
    assert "most teams unknown" not in papers.format_counts()[0]
    assert papers.counts["paperlists", "CVPR", 2023, f"most teams unknown: {warning.partition('unknown, ')[2]}"] == 4


def test_a_list_of_known_teams_has_no_warning(tmp_path: Path):
    unknown, known = paper(1, "A;B", ""), [paper(number, "A;B", "MIT;MIT") for number in (7, 8)]
    assert build(tmp_path, unknown, *known).format_warnings() == []


# Other ways to write a list.


@pytest.mark.parametrize("template", ["{};{}", "{}\n{}", "{}|{}", "['{}', '{}']", '["{}", "{}"]', "{} ; {}"])
def test_entries_may_be_separated_in_several_ways(tmp_path: Path, template: str):
    authors, affiliations = template.format("Ann Abel", "Bob Baker"), template.format("MIT, Cambridge", "NVIDIA")
    for record in read_list(tmp_path, *(paper(number, authors, affiliations) for number in range(4))).records:
        assert (record.n_authors, record.slots_per) == (2, "author")
        assert record.slots == (Slot("MIT, Cambridge"), Slot("NVIDIA"))


def test_a_line_break_in_few_texts_does_not_separate(tmp_path: Path):
    papers = [paper(number, "Ann Abel;Bob Baker", "MIT;NVIDIA") for number in range(4)]
    found = read_list(tmp_path, *papers, paper(5, "Ann\nAbel", "Massachusetts Institute\nof Technology"))
    assert found.records[-1].slots == (Slot("Massachusetts Institute of Technology"),)


@pytest.mark.parametrize("names", ["Abel, Ann and Baker, Bob and Dale, Dee", "Ann Abel and Bob Baker and Dee Dale"])
def test_names_joined_by_and_as_in_bibtex(tmp_path: Path, names: str):
    for record in read_list(tmp_path, *(paper(number, names, "MIT;NVIDIA;MIT") for number in range(4))).records:
        assert (record.n_authors, record.slots_per) == (3, "author")


def test_an_author_whose_name_is_null_is_an_author(tmp_path: Path):
    found = build(tmp_path, paper(1, ["Ann Abel", None], ["University of Exampleton", None]))
    assert (found.rows[0]["n_authors"], found.rows[0]["team_listed"]) == (2, "unknown")


def test_affiliation_is_a_key_of_affiliations(tmp_path: Path):
    record = read_list(tmp_path, {"title": "A paper", "authors": "Ann Abel", "affiliation": "MIT"}).records[0]
    assert record.slots == (Slot("MIT"),)


@pytest.mark.parametrize("content", [{"papers": [PER_PAPER[0]]}, {"result": {"hits": {}}}, PER_PAPER[0]])
def test_an_object_is_refused_by_its_keys(tmp_path: Path, content: dict[str, object]):
    path = make.write_json(tmp_path / "cvpr2023.json.gz", content)
    with pytest.raises(InputError, match=f"this is an object with the keys {next(iter(content))}.*a record needs"):
        paperlists.read(path, "cvpr2023")


@pytest.mark.parametrize("author", [[{"name": "Ann Abel", "affiliations": ["MIT"]}], {"author": {"text": "Ann Abel"}}])
def test_authors_that_are_objects_are_the_reason_of_the_warning(tmp_path: Path, author: object):
    found = build(tmp_path, *({"title": f"Paper {number}", "authors": author} for number in range(3)))
    assert found.counts["paperlists", "CVPR", 2023, "field not understood: author"] == 3
    assert "neither texts nor lists of texts" in found.format_warnings()[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"title": "A"}\n{"title": "B"}\n', "JSON Lines"),
        (b"<html><body>404</body></html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"PK\x03\x04", "zip"),
    ],
)
def test_file_of_another_format_is_refused_by_its_name(tmp_path: Path, content: bytes, words: str):
    path = tmp_path / "acl2022.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        paperlists.read(path, "acl2022")
