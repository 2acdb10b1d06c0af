"""Works of OpenAlex become rows of the table of papers; what is not understood is counted."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.build.openalex import (
    ABSTRACT,
    AFFILIATIONS,
    COLUMNS,
    OLDER,
    OTHER_VERSION,
    SAME_TITLE,
    TOPIC,
    Works,
    choose_versions,
    index_works,
    read_parts,
    write_tables,
)
from data.build.papers import read_venue_year
from data.classify.paper_row import Row, make_row
from data.errors import InputError
from data.io import parse_csv
from data.rules import parse_venue_year
from data.sources import paperlists
from data.sources.openalex import Reading, read_work
from data.sources.openalex_abstract import (
    GAPS,
    MOST_WORDS,
    NOT_UNDERSTOOD,
    TOO_LONG,
    TWICE,
    drop_markup,
    parse_abstract,
)
from data.sources.openalex_venues import find_venue, make_stem
from data.sources.record import Record, Slot, make_paper_id
from data.tables.paper_schemas import read_papers
from data.vocabulary import VENUES
from tests.conftest import RAW
from tests.data import raw
from tests.data.openalex_works import GOOGLE, MIT, index_words, make_authorship, make_location, make_work, write_works


def read_record(**fields: object) -> Record:
    reading = read_work(make_work(**fields))
    assert reading.version is not None, reading.left_out
    return reading.version.record


def build(folder: Path, *works: object) -> Works:
    parts = [write_works(folder, works) / "part-000001.jsonl.gz"]
    found = read_parts(parts, index_works(parts))
    choose_versions(found)
    return found


def list_rows(works: Works) -> list[Row]:
    return [dict(zip(COLUMNS, cells, strict=True)) for cells in works.rows]


def sum_counts(works: Works) -> Counter[str]:
    total: Counter[str] = Counter()
    for (_, _, what), n in works.counts.items():
        total[what] += n
    return total


def test_a_work_becomes_a_row(tmp_path: Path):
    (row,) = list_rows(build(tmp_path, make_work(7)))
    assert row["id"] == make_paper_id("nips2016", "A paper with number 7")
    expected = {
        "venue": "NeurIPS", "year": 2016, "track": "main", "sources": "openalex", "n_authors": 2, "slots_per": "author",
        "authors_education": 1, "authors_company": 1, "authors_unknown": 0, "team_listed": "mixed",
        "topic_openalex": "Topic Modeling", "topic_basis": "title; abstract", "has_abstract": "yes",
        "abstract_words": 9, "terms_hardware": 1, "code_page": "missing", "code_coded": "", "hardware_kind": "unknown",
        "research": "unknown", "team_coded": "unknown",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


# Abstracts.


@given(st.lists(st.text("abc<>&;äß", min_size=1, max_size=5), max_size=30))
def test_an_abstract_is_what_its_words_were(words: list[str]):
    text = " ".join(words)
    index = index_words(text)
    expected = drop_markup(text), []
    assert parse_abstract(index) == expected
    assert parse_abstract(json.dumps(index)) == expected
    assert parse_abstract({"IndexLength": len(words), "InvertedIndex": index}) == expected


@given(st.dictionaries(st.integers(0, 300), st.text("ab", min_size=1), min_size=1))
def test_gaps_are_skipped_and_reported(words: dict[int, str]):
    index: dict[str, list[int]] = {}
    for position, word in words.items():
        index.setdefault(word, []).append(position)
    text, remarks = parse_abstract(index)
    assert text.split() == [words[position] for position in sorted(words)]
    assert remarks == ([GAPS] if max(words) + 1 > len(words) else [])


def test_two_words_at_one_position_are_both_kept_and_reported():
    assert parse_abstract({"deep": [0, 2], "or": [1], "wide": [2]}) == ("deep or deep wide", [TWICE])


@pytest.mark.parametrize(
    ("index", "remark"),
    [
        ({"a": [10**12]}, TOO_LONG),
        ({"a": [0], "b": [MOST_WORDS + 1]}, TOO_LONG),
        ({"a": list(range(MOST_WORDS + 1))}, TOO_LONG),
        ({"a" * 100_000: [0, 1, 2]}, TOO_LONG),
        ({"a": [0] * 3_000_000}, TOO_LONG),
        ({"a": [-1, 0]}, NOT_UNDERSTOOD),
        ({"a": [0.5]}, NOT_UNDERSTOOD),
        ({"a": ["0"]}, NOT_UNDERSTOOD),
        ({"a": [True]}, NOT_UNDERSTOOD),
        ({"a": [None]}, NOT_UNDERSTOOD),
        ({"a": 0}, NOT_UNDERSTOOD),
        ({"a": None}, NOT_UNDERSTOOD),
        ("We train networks.", NOT_UNDERSTOOD),
        ("[" * 100_000, NOT_UNDERSTOOD),
        ("7", NOT_UNDERSTOOD),
        ([["a", 0]], NOT_UNDERSTOOD),
        (7, NOT_UNDERSTOOD),
        (0, NOT_UNDERSTOOD),
    ],
)
def test_an_index_that_cannot_be_an_abstract_counts_as_missing_at_once(index: object, remark: str):
    start = time.perf_counter()
    assert parse_abstract(index) == ("", [remark])
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("index", [None, {}, [], "", " ", "{}", "null", {"IndexLength": 0, "InvertedIndex": {}}])
def test_a_missing_abstract_needs_no_remark(index: object):
    assert parse_abstract(index) == ("", [])


def test_a_word_named_like_the_key_of_a_dump_is_a_word():
    assert parse_abstract({"An": [0], "InvertedIndex": [1]}) == ("An InvertedIndex", [])


def test_markup_and_entities_are_dropped():
    text = (
        "<jats:title>Abstract</jats:title><jats:p>On &lt;i&gt;E. coli&lt;/i&gt; H<sub>2</sub>O, p &lt; 0.05 and q > 1"
    )
    assert drop_markup(text) == "Abstract On E. coli H2O, p < 0.05 and q > 1"
    assert read_record(title="Deep <i>Q</i>-Learning &amp;amp; more").title == "Deep Q-Learning & more"


# Venues.

CONFERENCES = {
    "Neural Information Processing Systems": "NeurIPS",
    "Advances in Neural Information Processing Systems 32": "NeurIPS",
    "International Conference on Machine Learning": "ICML",
    "Proceedings of the 24th international conference on Machine learning - ICML '07": "ICML",
    "International Conference on Learning Representations": "ICLR",
    "Proceedings of the AAAI Conference on Artificial Intelligence": "AAAI",
    "Proceedings of the Thirty-First AAAI Conference on Artificial Intelligence": "AAAI",
    "National Conference on Artificial Intelligence": "AAAI",
    "Proceedings of the Twenty-Eighth International Joint Conference on Artificial Intelligence": "IJCAI",
    "Meeting of the Association for Computational Linguistics": "ACL",
    "Proceedings of the 60th Annual Meeting of the Association for Computational Linguistics (Volume 1: Long Papers)":
        "ACL",
    "Proceedings of the 59th Annual Meeting of the Association for Computational Linguistics and the 11th "
    "International Joint Conference on Natural Language Processing (Volume 2: Short Papers)": "ACL",
    "North American Chapter of the Association for Computational Linguistics": "NAACL",
    "Proceedings of the 2019 Conference of the North American Chapter of the Association for Computational "
    "Linguistics: Human Language Technologies, Volume 1 (Long and Short Papers)": "NAACL",
    "Proceedings of the 2019 Conference on Empirical Methods in Natural Language Processing and the 9th International "
    "Joint Conference on Natural Language Processing (EMNLP-IJCNLP)": "EMNLP",
    "International Conference on Computational Linguistics": "COLING",
    "Computer Vision and Pattern Recognition": "CVPR",
    "2019 IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)": "CVPR",
    "2012 IEEE Conference on Computer Vision and Pattern Recognition": "CVPR",
    "2017 IEEE International Conference on Computer Vision (ICCV)": "ICCV",
    "International Conference on Artificial Intelligence and Statistics": "AISTATS",
    "Uncertainty in Artificial Intelligence": "UAI",
    "Conference on Learning Theory": "COLT",
    "Asian Conference on Machine Learning": "ACML",
    "Conference on Robot Learning": "CoRL",
    "Workshop on Applications of Computer Vision": "WACV",
    "2022 IEEE/CVF Winter Conference on Applications of Computer Vision (WACV)": "WACV",
    "2021 International Conference on 3D Vision (3DV)": "3DV",
    "NeurIPS 2021": "NeurIPS",
    "arXiv (Cornell University)": "arXiv",
    "": "unknown",
}  # fmt: skip
OTHERS = (
    "2019 IEEE/CVF Conference on Computer Vision and Pattern Recognition Workshops (CVPRW)",
    "2021 IEEE/CVF International Conference on Computer Vision (ICCVW)",
    "2022 IEEE/CVF Winter Conference on Applications of Computer Vision Workshops (WACVW)",
    "58th Annual Meeting of the Association for Computational Linguistics: Student Research Workshop",
    "NeurIPS 2021 Workshop on Bayesian Deep Learning",
    "Proceedings of the AAAI Conference on Artificial Intelligence and Interactive Digital Entertainment",
    "AAAI/ACM Conference on AI, Ethics, and Society",
    "Proceedings of the International AAAI Conference on Web and Social Media",
    "European Chapter of the Association for Computational Linguistics",
    "Transactions of the Association for Computational Linguistics",
    "European Conference on Computer Vision",
    "International Conference on Computer Vision Theory and Applications",
    "International Conference on Computational Linguistics and Intelligent Text Processing",
    "Computational Linguistics",
    "Machine Learning",
    "Learning Theory",
    "Artificial Intelligence",
    "Nature",
    "unknown",
)


SAME_CONFERENCE = {
    "kdd": (
        "Knowledge Discovery and Data Mining",
        "Proceedings of the 24th ACM SIGKDD International Conference on Knowledge Discovery & Data Mining",
        "Proceedings of the 28th ACM SIGKDD Conference on Knowledge Discovery and Data Mining",
        "KDD '20: The 26th ACM SIGKDD Conference on Knowledge Discovery and Data Mining",
    ),
    "sigir": (
        "SIGIR 2021",
        "International ACM SIGIR Conference on Research and Development in Information Retrieval",
        "Proceedings of the 29th annual international ACM SIGIR conference on Research and development in information "
        "retrieval",
    ),
    "icassp": (
        "ICASSP 2022 - 2022 IEEE International Conference on Acoustics, Speech and Signal Processing (ICASSP)",
        "2019 IEEE International Conference on Acoustics, Speech and Signal Processing (ICASSP)",
        "International Conference on Acoustics, Speech, and Signal Processing",
    ),
    "icra": (
        "International Conference on Robotics and Automation",
        "2021 IEEE International Conference on Robotics and Automation (ICRA)",
    ),
    "interspeech": (
        "Interspeech 2019",
        "Conference of the International Speech Communication Association",
        "Proceedings of the Annual Conference of the International Speech Communication Association, INTERSPEECH",
    ),
    "eccv": ("European Conference on Computer Vision", "Computer Vision – ECCV 2020"),
    # Names that the code does not hold.
    "conference-data-mining": (
        "ICDM 2019 - IEEE International Conference on Data Mining (ICDM)",
        "2008 Eighth IEEE International Conference on Data Mining",
        "Springer Conference on Data Mining",
    ),
    "conference-management-data": (
        "Proceedings of the 2019 ACM SIGMOD International Conference on Management of Data",
        "SIGMOD '19: Proceedings of the 45th International Conference on Management of Data",
    ),
}  # fmt: skip


@pytest.mark.parametrize("slug", SAME_CONFERENCE)
def test_a_conference_has_one_venue_under_all_its_names(slug: str):
    assert {find_venue(name) for name in SAME_CONFERENCE[slug]} == {(slug, "main")}


@given(
    st.sampled_from(("", "2019 ", "Proceedings of the 12th ", "Proceedings of the Third Annual ", "CCC 2020 - ")),
    st.sampled_from(("", "IEEE ", "ACM ", "IEEE/CVF ", "IEEE/ACM ", "Springer ", "ACM SIGZYX ")),
    st.sampled_from(("", "International ")),
    st.sampled_from(("", " (CCC)", " (CCC 2019)", " [CCC]", " - CCC '19")),
)
def test_years_ordinals_publishers_and_acronyms_do_not_change_the_venue(a: str, b: str, c: str, d: str):
    assert find_venue(f"{a}{b}{c}Conference on Cats and Dogs{d}") == ("conference-cats-dogs", "main")


def test_names_that_differ_in_more_are_different_venues():
    names = [
        "IEEE Software", "Software", "Proceedings of the IEEE", "Communications of the ACM", "Pattern Recognition",
        "International Conference on Pattern Recognition", "SIAM International Conference on Data Mining",
        "IEEE International Conference on Data Mining", "IEEE Conference", "ACM Conference",
        "IEEE Robotics and Automation", "IEEE Robotics and Automation Letters", "International Journal of Cats",
        "Journal of Cats", "Robotics: Science and Systems Conference", "Science and Systems Conference",
        "Pacific-Asia Conference on Knowledge Discovery and Data Mining", "Data Mining and Knowledge Discovery",
        "Knowledge Discovery and Data Mining", "Workshop on Data Mining",
    ]  # fmt: skip
    assert len({find_venue(name)[0] for name in names}) == len(names)
    assert (
        find_venue("Proceedings of the IEEE Conference") == find_venue("IEEE Conference") == ("ieee-conference", "main")
    )


def find_place(name: str, year: int = 2019) -> tuple[str, int] | None:
    return parse_venue_year(make_stem(find_venue(name)[0], year))


@pytest.mark.parametrize("name", CONFERENCES)
def test_the_name_of_a_source_gives_the_venue(name: str):
    assert find_place(name) == (CONFERENCES[name], 2019)
    assert find_venue(name)[1] == "main"


@pytest.mark.parametrize("name", OTHERS)
def test_workshops_journals_and_similar_names_are_no_such_venue(name: str):
    place = find_place(name)
    assert place is not None and place[0] not in (*VENUES.values(), *VENUES, "arXiv", "unknown")
    assert place == find_place(f"  {name.upper()} ") and len(place[0]) < 60


def test_volumes_of_findings_and_demonstrations_are_tracks():
    assert find_venue("Findings of the Association for Computational Linguistics: EMNLP 2020") == ("emnlp", "findings")
    demo = (
        "Proceedings of the 60th Annual Meeting of the Association for Computational Linguistics: System Demonstrations"
    )
    assert find_venue(demo) == ("acl", "demo")
    assert find_venue("Findings of the Association for Computational Linguistics: EACL 2023")[0] not in VENUES


@given(st.text(), st.integers(1987, 2030))
def test_any_name_gives_a_venue_that_is_read_again(name: str, year: int):
    venue, _ = find_venue(drop_markup(name))
    stem = make_stem(venue, year)
    assert parse_venue_year(stem) == (VENUES.get(venue, venue), year)
    assert len(make_paper_id(stem, "A title").rpartition("-")[2]) == 12


@pytest.mark.parametrize("name", ["Energies 2019", "Foo 12345", "Ab 1234", "数学年刊", "Ä", "3D", "2004", "a" * 300])
def test_a_year_or_digits_at_the_end_of_a_name_do_not_become_the_papers_year(name: str):
    place = find_place(name, 2016)
    assert place is not None and place[1] == 2016 and place[0].isascii()


def test_different_long_names_are_different_venues():
    same = "International Conference on the Theory and the Application of Very Long Names of"
    assert find_venue(f"{same} Cats")[0] != find_venue(f"{same} Dogs")[0]
    assert find_venue("2019 IEEE Cat Conference") == find_venue("2021 IEEE Cat Conference")


def test_the_name_printed_is_used_where_the_source_is_not_known():
    location = {
        "source": None,
        "raw_source_name": "Proceedings of the 34th International Conference on Machine Learning",
    }
    assert read_record(primary_location=location).stem == "icml2016"
    assert read_record(primary_location=None).stem == "unknown2016"
    assert read_record(primary_location=None, host_venue={"display_name": "Nature"}).stem == "nature-2016"


# Topics.


def make_concept(name: object, level: object, score: object) -> dict[str, object]:
    return {"id": "https://openalex.org/C1", "display_name": name, "level": level, "score": score}


@pytest.mark.parametrize(
    ("concepts", "topic"),
    [
        ([make_concept("Computer science", 0, 0.9), make_concept("Parsing", 2, 0.5), make_concept("Tree", 1, 0.4)],
         "Parsing"),
        ([make_concept("Computer science", "0", "0.9"), make_concept("Parsing", "2", "0.45"),
          make_concept("Tree", "1", "0.5")], "Tree"),
        ([make_concept("Computer science", 0, 0.9), make_concept("Physics", 0, 0.95)], "Physics"),
        ([make_concept("Computer science", 0, 0.9), make_concept("Parsing", 2, 0.0)], "Computer science"),
        ([make_concept("B", 1, 0.5), make_concept("A", 2, 0.5)], "A"),
        ([make_concept("A", 1, "high"), make_concept("B", 1, None), make_concept(7, 1, 0.9), "C"], ""),
        ([make_concept("A", 1, float("nan")), make_concept("B", 1, 0.1)], "B"),
        ([], ""), (None, ""), ("Parsing", ""),
    ],
)  # fmt: skip
def test_without_a_primary_topic_the_best_concept_below_the_disciplines_is_the_topic(concepts: object, topic: str):
    assert read_record(primary_topic=None, concepts=concepts).topic == topic
    assert read_record(concepts=concepts).topic == "Topic Modeling"


# Types, authors, and what is left out.


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": None}, "no title"),
        ({"title": " ?! "}, "no title"),
        ({"title": 1984}, "no title"),
        ({"publication_year": None}, "no year"),
        ({"publication_year": "2016a"}, "no year"),
        ({"publication_year": True}, "no year"),
        ({"publication_year": 1986}, "year before 1987 or after 2030"),
        ({"publication_year": 20166}, "year before 1987 or after 2030"),
        ({"type": "grant"}, "type grant"),
        ({"type": "Dataset"}, "type dataset"),
        ({"type": "a new type"}, "type a new type"),
        ({"type": "data-paper"}, "type data-paper"),
        ({"type": "software-paper"}, "type software-paper"),
        ({"is_retracted": True}, "retracted"),
        ({"is_paratext": True}, "front matter"),
        ({"title": "Table of Contents"}, "front matter"),
        ({"authorships": [{}] * 5_000, "authors_count": 6_000}, "5000 authors or more"),
    ],
)
def test_works_that_are_not_papers_are_left_out_with_the_reason(fields: dict[str, object], reason: str):
    reading = read_work(make_work(**fields))
    assert (reading.version, reading.left_out) == (None, reason)


@pytest.mark.parametrize("type_", [
    "article", "conference-paper", "preprint", "book-chapter", "review", "journal-article", "proceedings-article",
    "posted-content", "Article", None,
])  # fmt: skip
def test_papers_of_these_types_are_kept(type_: str | None):
    reading = read_work(make_work(type=type_))
    assert reading.version is not None
    assert ("type not known, taken as a paper" in reading.remarks) is (type_ is None)
    assert ("type review" in reading.remarks) is (type_ == "review")


def test_the_display_name_stands_for_the_title_and_a_year_may_be_text():
    record = read_record(title=None, display_name="Another Title", publication_year="2018")
    assert (record.title, record.stem) == ("Another Title", "nips2018")
    assert read_record(publication_year=2018.0).stem == "nips2018"


@pytest.mark.parametrize("value", [None, [], "missing", 7, "Ann Abel", {"author": "Ann"}])
def test_a_work_without_authorships_is_kept_and_counted(value: object):
    work = make_work(authorships=value)
    if value == "missing":
        del work["authorships"]
    reading = read_work(work)
    assert reading.version is not None and "without authorships" in reading.remarks
    assert ("field not understood: authorships" in reading.remarks) is (value not in (None, [], "missing"))
    row = make_row([reading.version.record], {})
    assert (row["n_authors"], row["slots_per"], row["team_listed"]) == ("", "none", "unknown")


def test_an_author_without_affiliation_is_unknown(tmp_path: Path):
    authorships = [make_authorship("Ann Abel", MIT), make_authorship("Bob Baker"), None]
    works = build(tmp_path, make_work(authorships=authorships))
    (row,) = list_rows(works)
    assert (row["n_authors"], row["authors_education"], row["authors_unknown"]) == (3, 1, 2)
    assert (row["slots_with_text"], row["slots_without_text"], row["team_listed"]) == (1, 2, "unknown")
    assert sum_counts(works)["field not understood: authorships"] == 1


@pytest.mark.parametrize(
    ("n", "fields", "cut"),
    [
        (100, {}, True),
        (100, {"is_authors_truncated": True}, True),
        (100, {"is_authors_truncated": False}, False),
        (100, {"authors_count": 100}, False),
        (100, {"authors_count": 249}, 149),
        (99, {}, False),
        (101, {}, False),
        (2, {"authors_count": "2"}, False),
        (2, {"authors_count": 9_999}, 4_998),
        (2, {"authors_count": "5"}, 3),
        (100, {"is_authors_truncated": True, "authors_count": 100}, 1),
        (100, {"is_authors_truncated": False, "authors_count": 101}, 1),
        (100, {"is_authors_truncated": True, "authors_count": 103}, 3),
    ],
)
def test_the_team_of_a_cut_list_of_authors_is_not_taken_for_known(n: int, fields: dict[str, object], cut: int):
    work = make_work(authorships=[make_authorship(f"Author {number}", MIT) for number in range(n)], **fields)
    reading = read_work(work)
    assert reading.version is not None
    row = make_row([reading.version.record], {})
    assert row["team_listed"] == ("unknown" if cut else "academia-only")
    assert (row["n_authors"], row["authors_unknown"]) == (n + cut, int(cut))
    assert any("cut off" in remark for remark in reading.remarks) is bool(cut)


def test_authors_that_are_cut_off_are_not_added_to_a_work_without_authors():
    for fields in ({"authors_count": 7}, {"is_authors_truncated": True}):
        reading = read_work(make_work(authorships=[], **fields))
        assert reading.version is not None and reading.version.record.n_authors is None


# Languages.


@pytest.mark.parametrize("language", ["de", "FR", "zh-cn", "pt"])
def test_an_abstract_in_another_language_is_not_counted(tmp_path: Path, language: str):
    works = build(tmp_path, make_work(language=language), make_work(2, language=language, abstract_inverted_index=None))
    for row in list_rows(works):
        assert (row["has_abstract"], row["terms_hardware"], row["topic_basis"]) == ("no", "", "title")
    assert sum_counts(works)[f"abstract in another language: {language.lower()}"] == 1


@pytest.mark.parametrize("language", ["en", "EN", "en-US", "en_GB", None, "", " ", 7, ["de"]])
def test_an_abstract_in_english_or_an_unknown_language_is_counted(language: object):
    reading = read_work(make_work(language=language))
    assert reading.version is not None and reading.version.record.abstract
    assert not any("another language" in remark for remark in reading.remarks)
    assert ("field not understood: language" in reading.remarks) is (language in (7, ["de"]))


# Several records of one paper.


def test_the_newest_record_of_a_work_wins_wherever_it_is(tmp_path: Path):
    old = make_work(1, title="An old title", updated_date="2025-12-31")
    new = make_work(1, title="A new title", updated_date="2026-01-01T10:00:00")
    for order in ((old, new), (new, old), (old, new, old)):
        works = build(tmp_path, *order)
        assert [row["id"] for row in list_rows(works)] == [make_paper_id("nips2016", "A new title")]
        assert sum_counts(works)[OLDER] == len(order) - 1
    same = make_work(1, title="The same time", updated_date="2026-01-01T10:00:00")
    for order, title in (((new, same), "The same time"), ((same, new), "A new title")):
        assert [row["id"] for row in list_rows(build(tmp_path, *order))] == [make_paper_id("nips2016", title)]
    short = make_work(1, title="A newer title", updated_date="2027-01-01") | {"id": "w1"}
    assert len(build(tmp_path, old, short).rows) == 1
    assert len(build(tmp_path, *(make_work(1, id=None, title=f"Title {n}") for n in range(3))).rows) == 3


@pytest.mark.parametrize("missing", [None, "", 7])
@pytest.mark.parametrize(
    ("dates", "wins"),
    [
        ((None, None), 1),
        (("2026", None), 1),
        ((None, "2026"), 1),
        (("2026", None, "2025"), 1),
        (("2025", None, "2026"), 2),
        (("2026", None, "2026"), 2),
        ((None, "2026", "2025"), 1),
        ((None, None, None), 2),
    ],
)
def test_a_record_without_a_date_wins_over_earlier_ones(
    tmp_path: Path, dates: tuple[str | None, ...], wins: int, missing: object
):
    works = [make_work(1, title=f"Record {n}", updated_date=date or missing) for n, date in enumerate(dates)]
    assert [row["id"] for row in list_rows(build(tmp_path, *works))] == [make_paper_id("nips2016", f"Record {wins}")]


PREPRINT = {"type": "preprint", "primary_location": make_location("arXiv (Cornell University)", "repository")}


def test_a_preprint_of_a_publication_is_left_out_and_counted(tmp_path: Path):
    authorships = [
        make_authorship("Abel, Ann", author={"id": "A9", "display_name": "Abel, A."}),
        make_authorship("Zoe"),
    ]
    preprint = make_work(2, title="A PAPER, with number 1", authorships=authorships, publication_year=2015, **PREPRINT)
    copy = make_work(3, title="A paper with number 1", primary_location=make_location("Zenodo", "repository"))
    no_source = make_work(4, title="A paper with number 1", primary_location=None)
    for works in ([make_work(1), preprint, copy, no_source], [no_source, copy, preprint, make_work(1)]):
        found = build(tmp_path, *works)
        assert [row["venue"] for row in list_rows(found)] == ["NeurIPS"]
        assert sum_counts(found)[OTHER_VERSION] == 3
    two = build(tmp_path, preprint, copy)
    assert len(two.rows) == 1 and sum_counts(two)[OTHER_VERSION] == 1


@pytest.mark.parametrize(
    ("fields", "rank"),
    [
        ({}, 2),
        ({"type": "conference-paper"}, 2),
        ({"primary_location": None}, 1),
        ({"primary_location": make_location("arXiv (Cornell University)", "")}, 0),
        ({"primary_location": make_location("Zenodo", "repository")}, 0),
        ({"type": "preprint"}, 0),
        ({"type": "posted-content"}, 0),
    ],
)
def test_what_is_on_arxiv_or_in_a_repository_or_of_a_preprints_type_is_a_preprint(fields: dict[str, object], rank: int):
    version = read_work(make_work(**fields)).version
    assert version is not None and version.rank == rank


BARE = {"authorships": [make_authorship("Ann Abel"), make_authorship("Bob Baker"), make_authorship("Cyd Cole")],
        "abstract_inverted_index": None, "primary_topic": None}  # fmt: skip


@pytest.mark.parametrize("reverse", [False, True])
def test_a_publication_takes_affiliations_and_abstract_from_the_preprint(tmp_path: Path, reverse: bool):
    works = [make_work(1, **BARE), make_work(2, title="A paper WITH number 1", publication_year=2015, **PREPRINT)]
    found = build(tmp_path, *(works[::-1] if reverse else works))
    (row,) = list_rows(found)
    (full,) = list_rows(build(tmp_path, make_work(1)))
    assert row == full  # venue, year and id are those of the publication, the rest is that of the preprint
    total = sum_counts(found)
    assert (total[AFFILIATIONS], total[ABSTRACT], total[TOPIC], total[OTHER_VERSION]) == (1, 1, 1, 1)
    assert found.counts["NeurIPS", 2016, AFFILIATIONS] == 1


def test_only_what_a_publication_lacks_is_taken_from_other_versions(tmp_path: Path):
    title = "A paper with number 1"
    preprint = make_work(2, title=title, authorships=[make_authorship("Ann Abel", GOOGLE)],
                         abstract_inverted_index=index_words("Short ."), **PREPRINT)  # fmt: skip
    no_abstract = make_work(1, abstract_inverted_index=None)
    (row,) = list_rows(build(tmp_path, no_abstract, preprint))
    assert (row["team_listed"], row["n_authors"], row["abstract_words"]) == ("mixed", 2, 2)
    no_affiliations = make_work(1, authorships=[make_authorship("Ann Abel")])
    works = build(tmp_path, no_affiliations, preprint, make_work(3, title=title, **PREPRINT))
    (row,) = list_rows(works)
    assert (row["team_listed"], row["n_authors"], row["abstract_words"]) == ("industry-only", 1, 9)
    assert (sum_counts(works)[AFFILIATIONS], sum_counts(works)[ABSTRACT]) == (1, 0)
    complete = build(tmp_path, make_work(1), preprint)
    assert list_rows(complete) == list_rows(build(tmp_path, make_work(1)))
    assert not {AFFILIATIONS, ABSTRACT, TOPIC} & sum_counts(complete).keys()


def test_nothing_is_taken_from_a_paper_by_others(tmp_path: Path):
    others = make_work(2, title="A paper with number 1", authorships=[make_authorship("Dan Dole", MIT)], **PREPRINT)
    works = build(tmp_path, make_work(1, **BARE), others)
    assert {(row["venue"], row["has_abstract"]) for row in list_rows(works)} == {("NeurIPS", "no"), ("arXiv", "yes")}
    # At the same venue in the same year, one paper is kept.
    same = make_work(3, title="A paper with number 1", abstract_inverted_index=None, primary_topic=None)
    by_others = make_work(4, title="A paper with number 1", authorships=[make_authorship("Dan Dole")])
    (row,) = list_rows(build(tmp_path, same, by_others))
    assert row["has_abstract"] == "no" and row["topic_openalex"] == ""
    for authorships in ([], [make_authorship("Bob Baker")]):  # by nobody known, or by one of the authors
        (row,) = list_rows(build(tmp_path, same, by_others | {"authorships": authorships}))
        assert (row["has_abstract"], row["team_listed"]) == ("yes", "mixed")


def test_the_remarks_of_a_version_that_is_left_out_are_not_counted(tmp_path: Path):
    preprint = make_work(2, title="A paper with number 1", type=None, language="de",
                         primary_location=make_location("arXiv (Cornell University)", "repository"))  # fmt: skip
    total = sum_counts(build(tmp_path, make_work(1), preprint))
    assert total["type not known, taken as a paper"] == total["abstract in another language: de"] == 0
    assert total["topic: primary topic"] == 1
    alone = sum_counts(build(tmp_path, preprint))
    assert alone["type not known, taken as a paper"] == alone["abstract in another language: de"] == 1


def test_a_preprint_of_the_same_title_by_others_is_another_paper(tmp_path: Path):
    others = make_work(2, title="A paper with number 1", authorships=[make_authorship("Cyd Cole", MIT)], **PREPRINT)
    nobody = make_work(3, title="A paper with number 1", authorships=[], publication_year=2017, **PREPRINT)
    assert len(build(tmp_path, make_work(1), others, nobody).rows) == 3
    journal = make_work(4, title="A paper with number 1", primary_location=make_location("Nature", "journal"))
    assert {row["venue"] for row in list_rows(build(tmp_path, make_work(1), journal))} == {"NeurIPS", "nature"}


def test_of_one_title_in_one_venue_year_the_most_complete_paper_is_kept(tmp_path: Path):
    bare = make_work(1, title="Same", abstract_inverted_index=None)
    full = make_work(2, title="same.", authorships=[make_authorship("Cyd Cole", GOOGLE)])
    for order in ((bare, full), (full, bare)):
        found = build(tmp_path, *order)
        assert [row["team_listed"] for row in list_rows(found)] == ["industry-only"]
        assert sum_counts(found)[SAME_TITLE] == 1


# Any JSON.

FIELDS = (
    "id", "title", "display_name", "publication_year", "type", "primary_location", "authorships", "primary_topic",
    "abstract_inverted_index", "concepts", "updated_date", "is_retracted", "is_paratext", "is_authors_truncated",
    "authors_count", "host_venue", "language",
)  # fmt: skip
PARTS = (
    "source", "display_name", "institutions", "author", "raw_affiliation_strings", "affiliations", "institution_ids",
    "raw_affiliation_string", "score", "level", "ror", "id", "type", "InvertedIndex", "raw_author_name",
)  # fmt: skip
TEXTS = st.text(st.characters(), max_size=6) | st.sampled_from(["\ud800", "MIT", "2016", "1e400", "{}", "article"])
NUMBERS = st.integers(-(10**20), 10**20) | st.floats() | st.integers(0, 3)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(PARTS) | TEXTS, inner, max_size=4),
    max_leaves=12,
)


def spoil_works(fields: dict[str, object], value: object, place: int) -> list[object]:
    """Return a work with other fields, and one with a value in an author, a concept and a location."""
    authorship = make_authorship("Cyd Cole", MIT) | {PARTS[2 + place]: value}
    nested = {"authorships": [authorship, value], "concepts": [value], "primary_location": {"source": value}}
    return [make_work(2) | fields, make_work(3) | nested]


SPOILT = (st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=4), JSON, st.integers(0, 5))


@settings(max_examples=200, deadline=None)
@given(*SPOILT)
def test_any_json_is_read_or_left_out_with_a_reason(fields: dict[str, object], value: object, place: int):
    for work in spoil_works(fields, value, place):
        assert isinstance(work, dict)
        reading = read_work(json.loads(json.dumps(work)))
        assert (reading.version is None) == bool(reading.left_out)
        if reading.version is not None:
            row = make_row([reading.version.record], {})
            assert json.dumps(row).encode() and "\ud800" not in str(row)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*SPOILT)
def test_the_table_of_any_json_is_valid_and_its_counts_add_up(
    tmp_path: Path, fields: dict[str, object], value: object, place: int
):
    folder = write_works(tmp_path, [make_work(1), *spoil_works(fields, value, place), value])
    lines = write_tables(folder, lambda text: None)
    papers = read_papers(folder / "papers.csv.gz")
    total: Counter[str] = Counter()
    difference: Counter[tuple[str, str]] = Counter()
    for row in parse_csv(folder / "papers_counts.csv", ("venue", "year", "what", "n")).values():
        total[row["what"]] += int(row["n"])
        if row["what"] == "read":
            difference[row["venue"], row["year"]] += int(row["n"])
        elif row["what"] == "kept" or row["what"].startswith("left out: "):
            difference[row["venue"], row["year"]] -= int(row["n"])
    assert not any(difference.values())
    left_out = sum(n for what, n in total.items() if what.startswith("left out: "))
    assert total["read"] == 4 == total["kept"] + left_out
    assert total["kept"] == len(papers) >= 1
    assert lines[0] == f"4 records read, {len(papers)} papers kept"


def test_what_is_read_is_kept_or_left_out_in_every_venue_and_year(tmp_path: Path):
    nature = make_location("Nature", "journal")
    works = [
        make_work(1), make_work(1, title="An older record", updated_date="2020", primary_location=nature),
        make_work(2, title="A paper with number 1", publication_year=2015, **PREPRINT),
        make_work(3, title="A paper with number 1", authorships=[]),
        make_work(4, type="grant", primary_location=nature), make_work(5, title=None),
        make_work(6, publication_year=None), make_work(7, primary_location=nature), 7,
    ]  # fmt: skip
    write_tables(write_works(tmp_path, works), lambda text: None)
    rows = parse_csv(tmp_path / "papers_counts.csv", ("venue", "year", "what", "n")).values()
    read: dict[tuple[str, str], int] = {}
    used: Counter[tuple[str, str]] = Counter()
    for row in rows:
        place = row["venue"], row["year"]
        if row["what"] == "read":
            read[place] = int(row["n"])
        elif row["what"] == "kept" or row["what"].startswith("left out: "):
            used[place] += int(row["n"])
    assert read == used == {("NeurIPS", "2016"): 3, ("arXiv", "2015"): 1, ("nature", "2016"): 3, ("", ""): 2}


def test_half_a_surrogate_pair_is_written_as_a_question_mark(tmp_path: Path):
    title, topic = "Broken \ud83d titles", {"display_name": "Topic \udc00"}
    write_tables(write_works(tmp_path, [make_work(1, title=title, primary_topic=topic)]), lambda text: None)
    papers = read_papers(tmp_path / "papers.csv.gz")
    assert [*papers["topic_openalex"]] == ["Topic ?"]
    assert [*papers["id"]] == [make_paper_id("nips2016", "Broken titles")]


# Files.


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"id": "W1"}\n{"id": \n', r"line 2 is not a JSON object"),
        (b'{"id": "W1"}\n{"id": "W2"', r"line 2 is not a JSON object"),
        (b'{"id": "W1"}\n\xff\xfe{}', r"line 2 is not UTF-8"),
        (b"<!doctype html><html></html>", r"a web page"),
        (b"[" * 100_000, r"line 1 is not valid JSON: nested too deeply"),
        (b"9" * 5_000, r"line 1 is not valid JSON"),
    ],
)
@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_a_damaged_line_is_an_error_that_names_file_and_line(tmp_path: Path, content: bytes, problem: str, suffix: str):
    path = tmp_path / f"part-000001.{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    with pytest.raises(InputError, match=problem) as error:
        write_tables(tmp_path, lambda text: None)
    assert error.value.file == path and not (tmp_path / "papers.csv.gz").exists()


def test_a_cut_gzip_file_is_an_error(tmp_path: Path):
    path = write_works(tmp_path, [make_work(n) for n in range(500)]) / "part-000001.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="damaged gzip file after line"):
        write_tables(tmp_path, lambda text: None)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"none of the 0 records"):
        write_tables(tmp_path, lambda text: None)


def test_entries_that_are_no_objects_and_empty_lines_are_counted_or_skipped(tmp_path: Path):
    text = "\ufeff" + json.dumps(make_work(1)) + "\n\n   \n7\n[]\nnull\n"
    (tmp_path / "works.jsonl").write_text(text, encoding="utf-8")
    lines = write_tables(tmp_path, lambda text: None)
    assert lines[:2] == ["4 records read, 1 papers kept", "  left out: not a record 3"]


def test_a_line_may_be_a_page_of_the_api(tmp_path: Path):
    page = {"meta": {"count": 2}, "results": [make_work(1), make_work(2)], "group_by": []}
    assert len(build(tmp_path, page, make_work(3)).rows) == 3


def test_ids_are_compared_without_the_address_and_other_ids_as_they_are(tmp_path: Path):
    ids = ["https://openalex.org/W1", "https://api.openalex.org/works/w1", "W1", "https://doi.org/10.1/W1", "10.2/W1"]
    assert len(build(tmp_path, *(make_work(n, id=id_) for n, id_ in enumerate(ids))).rows) == 3


def test_institutions_of_null_fields_are_skipped_and_other_entries_reported():
    nothing = {"id": None, "display_name": None, "ror": None, "country_code": None, "type": None}
    reading = read_work(make_work(authorships=[make_authorship("Ann Abel", nothing, texts=["Leeds University"])]))
    assert reading.version is not None and reading.version.record.slots == (Slot("Leeds University"),)
    assert not any("not understood" in remark for remark in reading.remarks)
    for value in ("MIT", ["MIT"], [{"id": 7}], 7):
        remarks = read_work(make_work(authorships=[make_authorship("A") | {"institutions": value}])).remarks
        assert "field not understood: institutions" in remarks


def test_a_download_without_authorships_or_papers_is_refused(tmp_path: Path):
    write_works(tmp_path, [make_work(n, authorships=[]) for n in range(3)])
    with pytest.raises(InputError, match=r"none of the 3 papers has authorships.*select"):
        write_tables(tmp_path, lambda text: None)
    write_works(tmp_path, [make_work(n, type="grant") for n in range(3)])
    with pytest.raises(InputError, match=r"none of the 3 records can be used: left out: type grant 3"):
        write_tables(tmp_path, lambda text: None)
    assert not (tmp_path / "papers.csv.gz").exists()


def test_equal_works_give_equal_tables_and_a_summary(tmp_path: Path):
    works = [make_work(n) for n in range(4)]
    works.append(make_work(9, authorships=[make_authorship("A", MIT | {"id": "x", "ror": "", "display_name": "Zyx"})]))
    reports: list[str] = []
    lines = write_tables(write_works(tmp_path, works), reports.append)
    first = (tmp_path / "papers.csv.gz").read_bytes()
    assert "team type known: 5 (100.0 %)" in lines and lines[-1] == "code and hardware: unknown in OpenAlex"
    assert "institutions: 3, sector by name 2, by id 0, by type 1, unknown 0" in lines
    write_tables(tmp_path, reports.append)
    assert (tmp_path / "papers.csv.gz").read_bytes() == first
    assert len(read_papers(tmp_path / "papers.csv.gz")) == 5


def test_one_sector_for_an_institution_whose_type_differs_between_records(tmp_path: Path):
    forms = [{"id": "https://openalex.org/I77", "display_name": "Zyx Qwv", "type": type_} for type_ in
             ("funder", "company", None, "funder")]  # fmt: skip
    works = build(tmp_path, *(make_work(n, authorships=[make_authorship("A", form)]) for n, form in enumerate(forms)))
    assert {row["team_listed"] for row in list_rows(works)} == {"industry-only"}


# The real records, and agreement with other sources.


def test_all_real_records_are_read(tmp_path: Path):
    if not (RAW / "openalex").is_dir():
        pytest.skip("the raw files are not here")
    for path in sorted((RAW / "openalex").glob("*.jsonl.gz")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    lines = write_tables(tmp_path, lambda text: None)
    assert lines[0] == "568 records read, 448 papers kept"
    assert "  left out: type grant 26" in lines and "without authorships: 96" in lines
    assert not any("not understood" in line for line in lines)
    papers = read_papers(tmp_path / "papers.csv.gz")
    assert (papers["team_listed"] != "unknown").mean() > 0.6
    assert {"CVPR", "ACL", "EMNLP", "AAAI", "NAACL", "arXiv"} <= set(papers["venue"])


NAMES = {"nips": "Neural Information Processing Systems", "icml": "International Conference on Machine Learning"}
UNKNOWN_IN_OPENALEX = {"sources", "topic_openalex", "code_page", "code_page_rule"}
BY_DOMAIN = {"authors_education", "authors_company", "authors_government", "authors_nonprofit", "authors_double",
             "authors_unknown", "team_listed", "slots_with_text", "slots_without_text", "slots_per"}  # fmt: skip


def convert_record(record: Record, number: int) -> dict[str, object]:
    """Convert a paper of a list into a work; what OpenAlex cannot know is lost."""
    slots = record.slots if record.slots_per == "author" else (Slot(),) * (record.n_authors or 0)
    return make_work(
        number,
        title=record.title,
        publication_year=int(record.stem[-4:]),
        primary_location=make_location(NAMES[record.stem[:-4]]),
        authorships=[
            make_authorship(f"Author{number} {place}", texts=[slot.text] if slot.text else [])
            for place, slot in enumerate(slots)
        ],
        abstract_inverted_index=index_words(record.abstract) or None,
        primary_topic=None,
        concepts=[make_concept("Parsing", 2, "0.5")],
    )


def compare_paths(path: Path, stem: str, folder: Path) -> tuple[set[str], list[Row]]:
    """Return the columns that differ between the two ways to a row, and the rows of OpenAlex."""
    own = {str(row["id"]): row for row in read_venue_year(stem, {"paperlists": path}, {}).rows}
    records = paperlists.read(path, stem).records
    rows = list_rows(build(folder, *(convert_record(record, n) for n, record in enumerate(records, start=1))))
    assert {row["id"] for row in rows} == own.keys()
    without_domains = {
        make_paper_id(stem, record.title): make_row(
            [replace(record, slots=tuple(replace(slot, domain="") for slot in record.slots))], {}
        )
        for record in records
    }
    differing = set()
    for row in rows:
        expected, plain = own[str(row["id"])], without_domains[str(row["id"])]
        found = {name for name in expected if expected[name] != row[name]}
        # Where the domain of the mail decides, OpenAlex, which has none, gives what the text alone gives.
        by_domain = {name for name in found & BY_DOMAIN if plain[name] == row[name]}
        differing |= found - by_domain
    return differing, rows


def test_an_invented_list_gives_the_same_rows_through_openalex(tmp_path: Path):
    papers = [
        raw.paper(track=""),
        raw.paper(title="Parsing with <less", aff="MIT + Google; ", aff_domain=";", github="", keywords="parsing"),
        raw.paper(title="Tracking", author="Ann Lee;Bo Chan;Cy Roe", aff="IBM;;INRIA", abstract="", aff_domain=""),
        raw.paper(title="Bandits", aff="", aff_domain="mit.edu;google.com"),
    ]
    path = raw.write_json(tmp_path / "nips2018.json.gz", papers)
    differing, rows = compare_paths(path, "nips2018", tmp_path / "works")
    assert len(rows) == 4
    assert differing == UNKNOWN_IN_OPENALEX | {"topic_basis", "topic_keywords"}
    assert {row["topic_openalex"] for row in rows} == {"Parsing"}


@pytest.mark.parametrize(("stem", "n"), [("nips2016", 569), ("icml2018", 621)])
def test_a_real_list_gives_the_same_rows_through_openalex(tmp_path: Path, stem: str, n: int):
    path = RAW / "paperlists" / f"{stem}.json.gz"
    if not path.is_file():
        pytest.skip("the raw files are not here")
    differing, rows = compare_paths(path, stem, tmp_path)
    assert differing == UNKNOWN_IN_OPENALEX and len(rows) == n


def test_a_work_without_a_year_is_counted_without_venue_and_year():
    assert read_work({}) == Reading(left_out="no year")
