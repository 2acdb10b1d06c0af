"""Sectors of affiliations: labelled cases, traps and invariants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.classify.affiliations import SECTORS, classify_domain, classify_slot, classify_text
from data.io import parse_csv
from data.paths import HERE
from data.sources.record import Slot


def labelled(part: str) -> list[tuple[Slot, set[str]]]:
    rows = parse_csv(HERE / "labels" / "affiliations.csv", ("part", "text", "domain", "label")).values()
    return [
        (Slot(row["text"], row["domain"]), set(row["label"].split("+")) - {"unknown"})
        for row in rows
        if row["part"] == part
    ]


def test_labels_are_enough_and_distinct():
    slots = [slot for part in ("work", "report") for slot, _ in labelled(part)]
    assert len(slots) == len(set(slots)) >= 500
    assert not any("@" in slot.text for slot in slots)


@pytest.mark.parametrize(
    ("text", "domain", "expected"),
    [
        ("Allen Institute for AI", "", "nonprofit"),
        ("Paul G. Allen School, University of Washington", "", "education"),
        ("Max Planck Institute for Intelligent Systems, Tübingen", "", "government"),
        ("Mila, Université de Montréal", "mila.quebec", "education"),
        ("Vector Institute", "", "nonprofit"),
        ("Toyota Technological Institute at Chicago", "", "education"),
        ("Toyota Research Institute", "", "company"),
        ("IDSIA, Lugano", "", "education"),
        ("RIKEN Center for AIP", "", "government"),
        ("INRIA Grenoble", "", "government"),
        ("Bell Labs, Murray Hill", "", "company"),
        ("Disney Research, Zürich", "", "company"),
        ("Preferred Networks, Inc.", "", "company"),
        ("Samsung Advanced Institute (SAIT)", "", "company"),
        ("NEC Labs America", "", "company"),
        ("IIT Bombay", "", "education"),
        ("Istituto Italiano di Tecnologia, Genova", "", "government"),
        ("IIT Genova, Italy", "", "government"),
        ("UCLA", "", "education"),
        ("UMD", "", "education"),
        ("ETH Zurich", "", "education"),
        ("EPFL", "", "education"),
        ("KAIST", "", "education"),
        ("MSRA", "", "company"),
        ("FAIR", "", "company"),
        ("University of Chinese Academy of Sciences", "", "education"),
        ("Institute of Automation, Chinese Academy of Sciences", "", "government"),
        ("Stanford University + Google Research", "", "company education"),
        ("MIT & NVIDIA", "", "company education"),
        ("Carnegie Mellon University / Bosch Center for AI", "", "company education"),
        # The text takes precedence over the mail domain.
        ("Facebook AI Research", "seas.harvard.edu", "company"),
        ("Google", "gmail.com", "company"),
        ("Department of Computer Science", "cs.umd.edu", "education"),
        ("", "allenai.org", "nonprofit"),
        ("", "deepmind.com", "company"),
        ("", "somestartup.ai", "company"),
        ("", "tool.io", "company"),
        ("", "someproject.org", ""),
        ("", "gmail.com", ""),
        ("", "163.com", ""),
        ("", "lanl.gov", "government"),
        ("", "NUS.EDU.SG", "education"),
        ("Independent researcher", "gmail.com", ""),
        # Hyphenation and encodings.
        ("Univer- sity of Leeds", "", "education"),
        ("Universitéé de Genève", "", "education"),
        ("Artiﬁcial Intelligence Lab, Sony Corporation", "", "company"),
        ("Google♣", "", "company"),
        ("1Tsinghua University", "", "education"),
        ("Hospital of Zhejiang University", "", "education"),
        ("Boston Children's Hospital", "", "nonprofit"),
        ("", "", ""),
    ],
)
def test_traps(text: str, domain: str, expected: str):
    assert classify_slot(Slot(text, domain)) == set(expected.split())


def test_a_name_inside_a_longer_word_is_no_organisation():
    for text in ("Cognitive Systems Group", "Intelligence Group", "Snapper", "metallurgy", "Arming", "Uberlandia"):
        assert classify_text(text) == set(), text


@given(st.text(max_size=120), st.text(max_size=40))
def test_any_text_gives_sectors(text: str, domain: str):
    assert classify_slot(Slot(text, domain)) <= set(SECTORS)
    assert classify_domain(domain) <= set(SECTORS)


@given(st.sampled_from(["Leeds University", "Google", "Inria", "Vector Institute"]), st.sampled_from(list("+&/,;")))
def test_a_second_affiliation_never_hides_the_first(name: str, mark: str):
    assert classify_text(f"{name} {mark} Adobe Research") == classify_text(name) | {"company"}
