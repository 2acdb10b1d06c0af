"""Sectors of OpenAlex's institutions: by name, by id or ROR, by type; the same in every vintage."""

from __future__ import annotations

import gzip
import itertools
import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.build.openalex import resolve_institutions
from data.classify.affiliations import SECTOR_BY_TYPE, classify_institution, classify_slot, classify_text
from data.classify.lexicon import read_lexicon
from data.classify.paper_row import classify_author, drop_unusable_text, has_affiliations
from data.sources.openalex import list_institutions, read_work
from data.sources.record import Institution, Record, Slot
from tests.conftest import RAW
from tests.data.openalex_works import GOOGLE, MIT, Json, make_authorship, make_work

TYPES = ("", "funder", "other", "company", "education", "facility", "government", "healthcare", "nonprofit", "archive")
NAMES = {
    "Google (United States)": "company",
    "DeepMind (United Kingdom)": "company",
    "Stanford University": "education",
    "OpenAI (United States)": "company",
    "Chinese Academy of Sciences": "government",
    "Fondazione Zyx": "nonprofit",
    "Cincinnati Children's Hospital Medical Center": "education",
    # The classifier does not know these, but the country is that of companies' names.
    "Meta (United States)": "company",
    "Biogen (United States)": "company",
    "Maze (Côte d'Ivoire)": "company",
    # A company in the name of a university or a hospital is not a second employer.
    "Samsung Medical Center": "education",
    "Google University": "education",
    "Google University (Ireland)": "company",
}


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("name", NAMES)
def test_the_name_decides_whatever_the_type(name: str, type_: str):
    assert classify_institution(Institution("I1", "", name, type_)) == (NAMES[name], "name")


@pytest.mark.parametrize("key", ["id", "ror"])
@pytest.mark.parametrize("type_", TYPES)
def test_the_id_or_ror_decides_if_the_name_does_not(key: str, type_: str):
    karolinska = {"id": "I28166907", "ror": "056d84691"}
    assert classify_institution(Institution(**{key: karolinska[key]}, name="KI", type=type_)) == ("education", "id")


def test_the_type_decides_last_and_funder_and_other_decide_nothing():
    decided = {type_: classify_institution(Institution("I1", "", "Zyx Qwv", type_)) for type_ in TYPES}
    assert decided == {
        **{type_: (sector, "type") for type_, sector in SECTOR_BY_TYPE.items()},
        **dict.fromkeys(("", "funder", "other"), ("unknown", "unknown")),
    }
    assert SECTOR_BY_TYPE.keys() == set(TYPES) - {"", "funder", "other"}
    assert [type_ for type_, sector in SECTOR_BY_TYPE.items() if sector == "company"] == ["company"]


@pytest.mark.parametrize("name", ["Data Archiving (DANS)", "Zyx (2019)", "Zyx (B)"])
def test_a_name_in_brackets_that_is_no_companys_decides_nothing(name: str):
    assert classify_institution(Institution("I1", "", name, "facility")) == ("government", "type")


BY_WORDS = {
    # The classifier and the table are silent.
    "National Aeronautics and Space Administration": "government",
    "Defense Advanced Research Projects Agency": "government",
    "Japan Aerospace Exploration Agency": "government",
    "Laboratoire Zyx": "government",
    "Zyx Organisation": "government",
    "Museum of Zyx": "nonprofit",
    "Oxfam": "nonprofit",
    # A country is added to names that several bodies share, too.
    "Bureau of Zyx (Greece)": "government",
    "Commission of Zyx (Chile)": "government",
    "Zyx Institute (Germany)": "government",
    "Court of Justice of the European Union (Luxembourg)": "government",
    "European Union (Belgium)": "government",
    "Statistics (Norway)": "government",
    "Oxfam (United Kingdom)": "nonprofit",
    "Save the Children (Sweden)": "nonprofit",
    "Greenpeace (Germany)": "nonprofit",
    "Red Cross (Norway)": "nonprofit",
    "World Vision (Kenya)": "nonprofit",
    "Amnesty International (Spain)": "nonprofit",
    "Médecins Sans Frontières (France)": "nonprofit",
    "CARE (United States)": "nonprofit",
    "Bill Foundation (United States)": "nonprofit",
    # Companies whose names contain such a word, or begin as the name of a public body.
    "National Installations (Hungary)": "company",
    "National Grid (United Kingdom)": "company",
    "Abbott Laboratories (United States)": "company",
    "Office Depot (United States)": "company",
    "Church & Dwight (United States)": "company",
    "Navy Yard (United States)": "company",
    "Northern Trust (United States)": "company",
    "Healthcare Zyx (Spain)": "company",
}


@pytest.mark.parametrize("name", BY_WORDS)
def test_words_of_public_bodies_and_the_country_decide_whatever_the_type(name: str):
    decided = {classify_institution(Institution("I1", "", name, type_)) for type_ in TYPES}
    assert decided == {(BY_WORDS[name], "name")}


def test_the_table_takes_precedence_over_the_country_and_over_words_of_public_bodies():
    for name in ("Zyx (Sweden)", "Bureau of Zyx", "Institut Zyx (Sweden)", "National Installations (Hungary)"):
        assert classify_institution(Institution("I28166907", "", name, "company")) == ("education", "id")
        assert classify_institution(Institution("", "056d84691", name)) == ("education", "id")
    assert classify_institution(Institution("I28166907", "", "Google (Sweden)")) == ("company", "name")


@given(st.sampled_from(("Zyx", "Qwv Motors", "Abc Laboratories", "National Zyx")), st.sampled_from(TYPES))
def test_the_country_tells_a_company_for_any_name_that_says_nothing_else(name: str, type_: str):
    assert classify_institution(Institution("", "", f"{name} (Hungary)", type_)) == ("company", "name")


def test_all_institutions_of_an_author_count():
    (author, *_) = read_slots(make_authorship("Ann Abel", GOOGLE, MIT))
    assert len(author.institutions) == 2
    assert classify_slot(author) == {"company", "education"}
    assert classify_author(classify_slot(author)) == "double"


def test_an_affiliation_that_openalex_assigns_to_no_institution_counts_too():
    affiliations = [
        {"raw_affiliation_string": "MIT CSAIL, USA", "institution_ids": [MIT["id"]]},
        {"raw_affiliation_string": "FAIR, Meta AI, New York", "institution_ids": []},
    ]
    texts = [str(one["raw_affiliation_string"]) for one in affiliations]
    (author,) = read_slots(make_authorship("Ann Abel", MIT, texts=texts, affiliations=affiliations))
    assert author.text == "FAIR, Meta AI, New York"
    assert classify_author(classify_slot(author)) == "double"


def test_without_institutions_the_printed_affiliations_count_each_by_itself():
    texts = ["Leeds University", "Acme Inc.", "", "Leeds University", "x" * 500]
    (author,) = read_slots(make_authorship("Ann Abel", texts=texts))
    assert classify_slot(drop_unusable_text(author)) == {"education", "company"}
    assert drop_unusable_text(author).text == "Leeds University\nAcme Inc."
    many = [f"Department {number} of Something Long Enough to Fill a Line, Leeds University" for number in range(9)]
    (author,) = read_slots(make_authorship("Ann Abel", texts=many))
    assert classify_slot(drop_unusable_text(author)) == {"education"}
    (old,) = read_slots(make_authorship("Ann Abel", raw_affiliation_string="Google Research"))
    assert classify_slot(old) == {"company"}
    (only,) = read_slots(make_authorship("A", affiliations=[{"raw_affiliation_string": "MIT", "institution_ids": []}]))
    assert classify_slot(only) == {"education"}


def test_a_slot_with_institutions_is_not_empty_and_keeps_them():
    slot = Slot("?", "", (Institution("I1", "", "Stanford University"),))
    assert not slot.is_empty and drop_unusable_text(slot) == replace(slot, text="")
    record = Record("openalex", "nips2016", "A title", slots=(Slot("", "", slot.institutions), Slot()))
    assert has_affiliations(record) and Slot().is_empty
    assert classify_slot(replace(slot, text="", domain="google.com")) == {"education"}


def read_slots(*authorships: Json) -> tuple[Slot, ...]:
    version = read_work(make_work(authorships=list(authorships))).version
    assert version is not None
    return version.record.slots


# One form of each institution in a download.


def test_a_download_gives_each_institution_one_form():
    forms = [
        *[Institution("I1", "r", "Zyx Qwv", type_) for type_ in ("funder", "funder", "funder", "company", "nonprofit")],
        Institution("I1", "", "Zyx", "company"),
        Institution("I2", "", "Zyx", "funder"),
    ]
    found = {"I1": Counter(forms[:6]), "I2": Counter(forms[6:])}
    resolved = resolve_institutions(found)
    assert resolved["I1"] == Institution("I1", "r", "Zyx Qwv", "company")
    assert resolved["I2"] == forms[6]


@given(st.lists(st.sampled_from(TYPES), min_size=1, max_size=8), st.sampled_from(("Zyx Qwv", "Stanford University")))
def test_the_form_does_not_depend_on_the_order_of_records(types: list[str], name: str):
    orders = [types, types[::-1], sorted(types)]
    resolved = [
        resolve_institutions({"I1": Counter(Institution("I1", "", name, t) for t in order)}) for order in orders
    ]
    assert resolved[0] == resolved[1] == resolved[2]
    telling = {classify_institution(Institution("I1", "", name, t))[0] for t in types} - {"unknown"}
    assert classify_institution(resolved[0]["I1"])[0] in (telling or {"unknown"})


# The vintages at hand.


def read_vintages() -> dict[str, dict[str, set[Institution]]]:
    """Return the forms of each institution, by id and vintage."""
    folder = RAW / "openalex"
    if not folder.is_dir():
        pytest.skip("the raw files are not here")
    found: dict[str, dict[str, set[Institution]]] = {}
    for path in sorted(folder.glob("*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            for institution in list_institutions(json.loads(line)):
                found.setdefault(institution.id, {}).setdefault(path.name, set()).add(institution)
    return found


def test_an_institution_has_the_same_sector_in_any_two_vintages():
    found = read_vintages()
    shared = {id_: vintages for id_, vintages in found.items() if len(vintages) > 1}
    assert len(found) > 700 and len(shared) > 100
    drifting = 0
    for vintages in shared.values():
        for first, second in itertools.combinations(vintages.values(), 2):
            assert len({classify_institution(one)[0] for one in first | second}) == 1, (first, second)
            drifting += {one.type for one in first} != {one.type for one in second}
    assert drifting > 50  # types do differ


def test_the_type_changes_no_sector_in_the_vintages():
    for vintages in read_vintages().values():
        for institution in set().union(*vintages.values()):
            sectors = {classify_institution(replace(institution, type=type_)) for type_ in TYPES}
            assert len(sectors) == 1 and "unknown" not in next(iter(sectors)), institution


def test_the_table_holds_only_institutions_that_their_names_do_not_classify():
    rows = read_lexicon("openalex_institutions", ("id", "ror", "name", "sector"))
    assert len({row["id"] for row in rows}) == len({row["ror"] for row in rows}) == len(rows) > 100
    for row in rows:
        assert row["id"][0] == "I" and row["id"][1:].isdigit() and len(row["ror"]) == 9
        assert row["sector"] in ("education", "company", "government", "nonprofit")
        assert not classify_text(row["name"]), row
        assert classify_institution(Institution(row["id"], "", row["name"])) == (row["sector"], "id")
