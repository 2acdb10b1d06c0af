"""Number of institutions in a list of affiliations."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.build.snapshot import build
from data.classify.institutions import count_institutions
from data.errors import InputError
from data.sources.record import Slot
from data.tables.load import load
from tests.data import raw as make


@pytest.mark.parametrize(
    ("slots", "n"),
    [
        (["Dept. of Computer Science, Yale University", "Yale University"], 1),
        (["Georgia Tech + Yale University", "School of Computer Science, Georgia Institute of Technology"], 2),
        (["Massachusetts Institute of Technology", "MIT", "CSAIL"], 1),
        (["University of California, Berkeley", "UC Berkeley", "UC Davis, Davis, CA"], 2),
        (["University of California, Berkeley", "University of California", "University of California, Irvine"], 2),
        (["Google Brain, Mountain View", "Google Inc.", "Google Research"], 1),
        (["DeepMind", "Google DeepMind", "Google Research"], 2),
        (["Google Inc. Zürich & UC Santa Cruz"], 2),
        (["Google, Department of Computing Science, University of Alberta", "Google"], 2),
        (["College of Information Science & Electronic Engineering, Zhejiang University"], 1),
        (["Institute of Automation, Chinese Academy of Sciences", "Chinese Academy of Sciences"], 1),
        (["University of Science and Technology of China", "USTC"], 1),
        (["Serein AI, London, UK", "Department of Computer Science, University of Oxford"], 2),
        (["Univ. of Málaga", "University of Malaga, Spain"], 1),
        (["TU Wien", "", "TU Wien"], 1),
        # One university, named with a part, a town or its full name.
        (["Gatsby Unit, University College London"], 1),
        (["Shenzhen International Graduate School, Tsinghua University"], 1),
        (["State University of New York, Stony Brook"], 1),
        (["Pennsylvania State University, University Park, PA"], 1),
        (["Technion, Israel Institute of Technology"], 1),
        (["Institute of Automation, Chinese Academy of Sciences", "Institute of Computing Technology, CAS"], 1),
        (["Alibaba-Zhejiang University Joint Institute of Frontier Technologies"], 1),
        (["Meta AI", "Facebook AI Research"], 1),
        # Different institutions, by a distinguishing word.
        (["MIT", "UMass Amherst"], 2),
        (["HKUST", "The University of Hong Kong", "CUHK", "City University of Hong Kong"], 4),
        (["University of Sydney", "University of Technology Sydney"], 2),
        (["The University of Tokyo", "Tokyo Institute of Technology"], 2),
        (["ETH Zurich", "University of Zurich"], 2),
        (["University of Science and Technology of China", "South China University of Technology"], 2),
        (["University of Michigan", "Michigan State University"], 2),
        (["UMass Amherst", "National Institute of Standards and Technology"], 2),
        (["USA", "not provided"], 0),
        (["Pontificia Univ. Católica", "Universidad Católica de Chile", "Pontificia Universidad Catolica de Chile"], 1),
        (["", " "], 0),
        (["Leeds University and Google " + "text " * 200], 0),
    ],
)  # fmt: skip
def test_institutions_of_a_paper(slots: list[str], n: int):
    assert count_institutions([Slot(text) for text in slots]) == n


def test_a_mail_domain_counts_where_no_institution_is_named():
    department = "Department of Statistics"
    assert count_institutions([Slot(department, "stat.wisc.edu"), Slot(department, "cs.wisc.edu")]) == 1
    assert count_institutions([Slot(department, "wisc.edu"), Slot("", "is.ac.uk"), Slot("", "cs.is.ac.uk")]) == 2
    assert count_institutions([Slot(department, "gmail.com"), Slot("", "nonsense")]) == 0
    # A domain of an institution that another author's text names does not count again.
    assert count_institutions([Slot("University of Oxford", "cs.ox.ac.uk"), Slot("", "ox.ac.uk")]) == 1
    # Authors move and keep their address, so the text takes precedence.
    assert count_institutions([Slot("Yale University", "google.com"), Slot("Yale University", "yale.edu")]) == 1


NAMES = [
    "Yale University",
    "MIT",
    "Google",
    "UC Berkeley",
    "University of California, Irvine",
    "Inria + Google",
    "",
    "???",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(NAMES), st.text(max_size=40)), max_size=6), st.randoms())
def test_neither_order_nor_repetition_matters(texts: list[str], random: object):
    slots = [Slot(text) for text in texts]
    n = count_institutions(slots)
    again = [*slots, *slots[:2]]
    random.shuffle(again)  # type: ignore[attr-defined]
    assert count_institutions(again) == n


def test_the_table_has_papers_read_in_full_text_whose_list_names_affiliations(tmp_path: Path):
    build(make.folder(tmp_path / "raw"), tmp_path / "out", workers=1)
    table = gzip.decompress((tmp_path / "out" / "institutions.csv.gz").read_bytes()).decode()
    papers = load("papers", tmp_path / "out")
    both = papers.loc[papers["sources"] == "paperlists; coakley", "id"]
    assert table == "id,institutions\n" + "".join(f"{paper},2\n" for paper in both)
    (tmp_path / "out" / "institutions.csv").write_text(table.replace(",2", ",0"))
    with pytest.raises(InputError, match="institutions"):
        load("institutions", tmp_path / "out")


def test_the_snapshot_has_the_papers_that_the_table_says_have_affiliations():
    papers = load("papers").set_index("id")
    named = load("institutions").set_index("id")["institutions"]
    listed = papers[(papers["code_coded"] != "") & (papers["slots_per"] != "none")]
    assert set(named.index) <= set(listed.index) and len(named) > 0.995 * len(listed)
    # A mixed team has at least two institutions: a single one is an error of the list or of the LLM annotator.
    single = (named == 1).groupby(listed["team_coded"].reindex(named.index)).mean()
    assert single["mixed"] < 0.1 < single["academia-only"]
    assert named[listed["n_authors"].reindex(named.index) == 1].mean() < 1.5
