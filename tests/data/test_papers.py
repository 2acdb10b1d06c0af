"""From raw records to rows: joining, team types, missing values, and the rebuilt table."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.build.papers import list_annotator_labels, read_all, read_venue_year
from data.build.provenance import hash_code
from data.build.snapshot import build
from data.classify.lexicon import read_lexicon
from data.classify.paper_row import classify_author, classify_passage_team, classify_team, make_row
from data.classify.pretrained import COLUMNS as MODEL_COLUMNS
from data.errors import InputError
from data.paths import HERE, SNAPSHOT
from data.sources.record import Record, Slot
from data.tables.load import load
from data.tables.paper_schemas import PAPERS, check_papers, read_papers
from data.tables.schemas import validate_rows
from data.vocabulary import AUTHOR_SECTORS, VENUES
from tests.data import raw as make

Run = Callable[..., CompletedProcess[str]]
PEAKS = {"v100": {"fp32": 13.2, "tensor16": 14.1}}


def counts(**found: int) -> dict[str, int]:
    return dict.fromkeys(AUTHOR_SECTORS, 0) | found


@pytest.mark.parametrize(
    ("found", "team"),
    [
        (counts(education=2), "academia-only"),
        (counts(education=1, government=1, nonprofit=1), "academia-only"),
        (counts(government=1), "academia-only"),
        (counts(company=3), "industry-only"),
        (counts(education=1, company=1), "mixed"),
        (counts(government=1, company=1), "mixed"),
        (counts(double=1), "mixed"),
        (counts(double=1, unknown=3), "mixed"),
        (counts(education=1, company=1, unknown=1), "mixed"),
        (counts(education=2, unknown=1), "unknown"),
        (counts(company=2, unknown=1), "unknown"),
        (counts(unknown=2), "unknown"),
        (counts(), "unknown"),
    ],
)
def test_team_types(found: dict[str, int], team: str):
    assert classify_team(found) == team


@given(st.lists(st.sampled_from(AUTHOR_SECTORS), max_size=6), st.sampled_from(AUTHOR_SECTORS))
def test_a_further_author_never_undoes_what_is_known(team: list[str], further: str):
    before, after = (
        classify_team({sector: authors.count(sector) for sector in AUTHOR_SECTORS})
        for authors in (team, [*team, further])
    )
    assert before != "mixed" or after == "mixed"
    assert {before, after} != {"academia-only", "industry-only"}


def test_an_author_with_both_is_double():
    assert classify_author({"education", "company"}) == classify_author({"government", "company"}) == "double"
    assert classify_author({"education", "government"}) == "education"
    assert classify_author(()) == "unknown"


def test_a_block_of_names_identifies_the_team():
    assert classify_passage_team("Ann Lee Leeds University @leeds.ac.uk Bo Chan Google Brain") == "mixed"
    assert classify_passage_team("Ann Lee @cs.cmu.edu") == "academia-only"
    assert classify_passage_team("Ann Lee, Bo Chan") == "unknown"


def record(**fields: object) -> Record:
    return Record(**{"source": "paperlists", "stem": "nips2018", "title": "Toy Models", **fields})  # type: ignore[arg-type]


def test_a_link_lost_with_the_affiliations_is_missing():
    empty = record(slots=(Slot(), Slot()), slots_per="", n_authors=2, links=())
    assert make_row([empty], PEAKS)["code_page"] == "missing"
    seen = record(slots=(Slot("MIT"),), slots_per="author", n_authors=1, links=())
    assert make_row([seen], PEAKS)["code_page"] == "none"
    assert make_row([record(slots=(Slot("MIT"),), slots_per="author", links=None)], PEAKS)["code_page"] == "missing"
    linked = record(slots=(Slot(),), slots_per="", links=("https://github.com/a/b",))
    assert make_row([linked], PEAKS)["code_page"] == "link"


def test_a_page_that_was_not_parsed_is_no_affiliation():
    page = Slot("Leeds University and Google " + "text " * 200)
    row = make_row([record(slots=(page,), slots_per="author", n_authors=1, links=())], PEAKS)
    assert (row["slots_per"], row["team_listed"], row["code_page"]) == ("none", "unknown", "missing")
    other = Slot("MIT")
    row = make_row([record(slots=(page, other), slots_per="author", n_authors=2, links=())], PEAKS)
    assert (row["authors_unknown"], row["authors_education"], row["code_page"]) == (1, 1, "none")
    assert make_row([record(slots=(Slot("/0 /1"),), slots_per="author", n_authors=1)], PEAKS)["slots_per"] == "none"


def test_areas_of_a_conference_are_no_keywords():
    area = "Computer Vision: Tracking"
    assert make_row([record(stem="ijcai2021", title="A Note", keywords=area)], PEAKS)["topic"] == "other"
    assert make_row([record(stem="nips2021", title="A Note", keywords=area)], PEAKS)["topic"] == "computer vision"


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(gzip.open(path, "rt", encoding="utf-8")))


def test_a_paper_in_two_sources_is_one_row(tmp_path: Path):
    raw = make.folder(tmp_path / "raw")
    build(raw, tmp_path / "out", workers=1)
    rows = {row["sources"]: row for row in read(tmp_path / "out" / "papers.csv.gz") if row["venue"] == "NeurIPS"}
    both = rows["paperlists; coakley"]
    assert len(rows) == 3 and len(read(tmp_path / "out" / "papers.csv.gz")) == 4
    assert (both["team_listed"], both["team_coded"], both["code_page"], both["code_coded"]) == (
        "mixed",
        "mixed",
        "link",
        "yes",
    )
    assert (both["accelerator"], both["accelerator_count"]) == ("V100", "32")
    assert float(both["accelerator_log10_peak"]) == pytest.approx(13.15, abs=0.1)
    assert (both["terms_scale"], both["terms_hardware"], both["topic"]) == ("1", "1", "natural language processing")
    only = rows["coakley"]
    assert (only["slots_per"], only["has_abstract"], only["terms_scale"], only["topic_basis"]) == (
        "none",
        "no",
        "",
        "title",
    )
    assert only["code_page"] == "missing" and only["n_authors"] == "2"


def test_no_name_abstract_or_passage_is_written(tmp_path: Path):
    build(make.folder(tmp_path / "raw"), tmp_path / "out", workers=1)
    for path in (tmp_path / "out").iterdir():
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for word in (b"Ann", b"Chan", b"billions", b"machines with", b"Scaling"):
            assert word not in content, path


def test_the_same_table_on_any_number_of_cores_and_in_any_folder(tmp_path: Path):
    results = []
    for name, workers in (("a", 1), ("b", 2), ("c", 2)):
        make.folder(tmp_path / name / "raw")
        build(tmp_path / name / "raw", tmp_path / name / "out", workers)
        results.append({path.name: path.read_bytes() for path in sorted((tmp_path / name / "out").iterdir())})
    assert all(one == other for one, other in itertools.pairwise(results))
    assert {"papers.csv.gz", "papers_counts.csv", "papers_compared.csv.gz", "provenance.json"} <= results[0].keys()


def test_papers_left_out_are_counted_by_venue_and_year(tmp_path: Path):
    papers = read_all(make.folder(tmp_path), PEAKS, workers=1)
    assert papers.counts["paperlists", "NeurIPS", 2018, "left out: reject"] == 1
    assert papers.counts["tei", "ACL", 2016, "left out: not well-formed XML"] == 1
    assert papers.counts["coakley", "NeurIPS", 2018, "matched in another source"] == 1


def test_the_same_title_twice_is_one_paper(tmp_path: Path):
    path = make.write_json(
        tmp_path / "nips2018.json.gz", [make.paper(), make.paper(title="scaling laws for TOY models!")]
    )
    papers = read_venue_year("nips2018", {"paperlists": path}, PEAKS)
    assert len(papers.rows) == 1
    assert papers.counts["paperlists", "NeurIPS", 2018, "left out: the same title again"] == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [("notes.json.gz", "must be a venue and a year"), ("nips2099.json.gz", "must be a venue and a year")],
)
def test_file_names_without_venue_and_year_are_refused(tmp_path: Path, name: str, words: str):
    make.write_json(tmp_path / "paperlists" / name, [])
    with pytest.raises(InputError, match=words):
        read_all(tmp_path, PEAKS)


def test_spellings_of_a_venue_are_one(tmp_path: Path):
    make.write_json(tmp_path / "paperlists" / "NeurIPS-2018.json.gz", [make.paper()])
    make.write_json(tmp_path / "coakley" / "nips2018.json.gz", [make.annotated()])
    (row,) = read_all(tmp_path, PEAKS).rows
    assert row["sources"] == "paperlists; coakley" and str(row["id"]).startswith("nips2018-")


def test_a_paper_refused_in_one_source_is_left_out_of_the_other(tmp_path: Path):
    make.write_json(tmp_path / "paperlists" / "iclr2017.json.gz", [make.paper(status="Workshop")])
    make.write_json(tmp_path / "coakley" / "iclr2017.json.gz", [make.annotated(), make.annotated("Another")])
    papers = read_all(tmp_path, PEAKS)
    assert len(papers.rows) == 1
    assert papers.counts["coakley", "ICLR", 2017, "left out: workshop, says another source"] == 1


def test_a_workshop_paper_of_the_llm_labels_is_left_out_of_the_list_too(tmp_path: Path):
    make.write_json(tmp_path / "paperlists" / "iclr2014.json.gz", [make.paper(), make.paper(title="Another")])
    make.write_json(tmp_path / "coakley" / "iclr2014.json.gz", [{**make.annotated(), "category": "workshop"}])
    papers = read_all(tmp_path, PEAKS)
    assert len(papers.rows) == 1
    assert papers.counts["paperlists", "ICLR", 2014, "left out: workshop, says another source"] == 1


@pytest.mark.parametrize(("files", "words"), [({}, "holds no paper"), ({"a.tei.xml": b"<TEI"}, "none of the papers")])
def test_a_build_without_papers_writes_no_table(tmp_path: Path, files: dict[str, bytes], words: str):
    (tmp_path / "tei" / "lrec2018").mkdir(parents=True)
    for name, content in files.items():
        (tmp_path / "tei" / "lrec2018" / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        build(tmp_path, tmp_path / "out", workers=1)
    assert not (tmp_path / "out").exists()


def test_a_users_files_are_not_attributed_to_others(tmp_path: Path):
    build(make.folder(tmp_path / "raw"), tmp_path / "out", workers=1)
    provenance = json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert {source["origin"] for source in provenance["sources"].values()} == {"a user's own files"}


def test_the_fuller_of_two_records_is_kept(tmp_path: Path):
    make.write_json(
        tmp_path / "paperlists" / "iccv2015.json.gz", [make.paper(aff="", aff_domain="", abstract=""), make.paper()]
    )
    (row,) = read_all(tmp_path, PEAKS).rows
    assert (row["slots_per"], row["has_abstract"]) == ("author", "yes")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("conference", "A Workshop on Things"), "not a venue and a year"),
        (("year", "20x8"), "not a venue and a year"),
        (("research_type", None), "the column is missing"),
    ],
)
def test_bad_human_labels_are_named(tmp_path: Path, change: tuple[str, str | None], words: str):
    row: dict[str, str] = {"conference": "ICLR", "year": "2018", "filename": "a_title__0a", "research_type": "0"}
    row |= {"affiliation": "1", "open_source_code": "", "hardware_specification": "0"}
    column, value = change
    row = {
        name: cell if name != column else str(value)
        for name, cell in row.items()
        if name != column or value is not None
    }
    for name in ("manual_eval.csv", "llm_eval.csv"):
        (tmp_path / name).write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    with pytest.raises(InputError, match=words):
        list_annotator_labels(tmp_path)


def test_hardware_of_a_text_without_accelerators_is_unknown(tmp_path: Path):
    make.write_zip(
        tmp_path / "tei" / "acl2016.zip", {"P16-1001.tei.xml": make.tei(body="<p>On an Intel Xeon CPU.</p>")}
    )
    (row,) = read_all(tmp_path, PEAKS).rows
    assert (row["hardware_kind"], row["accelerator"]) == ("unknown", "")


def test_two_files_of_one_venue_year_are_refused(tmp_path: Path):
    make.write_json(tmp_path / "paperlists" / "nips2018.json.gz", [])
    (tmp_path / "paperlists" / "nips2018.json").write_text("[]")
    with pytest.raises(InputError, match="two files"):
        read_all(tmp_path, PEAKS)


CHIPS = st.sampled_from(["999 x 999 V100 GPUs", "TPU v3-0", "99,999 V100s on 99 machines each", "V100 x 0", "0 GPUs"])
TEXT = (
    CHIPS
    | st.text(max_size=40)
    | st.sampled_from(["=HYPERLINK(1)", "@SUM(A1)", "<b>&amp;</b>", "MIT;Google", "Ünïversität", "ﬁ"])
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("title", "author", "aff", "aff_domain", "abstract", "github", "keywords"), TEXT)
    ),
    passages=st.lists(TEXT, min_size=4, max_size=4),
)
def test_any_record_gives_a_valid_row(tmp_path: Path, fields: dict[str, str], passages: list[str]):
    names = ("research_type", "affiliation", "open_source_code", "hardware_specification")
    labels = {name: (1, passage) for name, passage in zip(names, passages, strict=True)}
    files = {
        "paperlists": make.write_json(tmp_path / "p.json.gz", [make.paper(**fields)]),
        "coakley": make.write_json(tmp_path / "c.json.gz", [make.annotated(**labels)]),
    }
    papers = read_venue_year("nips2018", files, PEAKS)
    check_papers(validate_rows(papers.rows, PAPERS, tmp_path), tmp_path, rows_known=False)


# The embedded table.


@pytest.fixture(scope="module")
def snapshot() -> pd.DataFrame:
    return load("papers")


def test_snapshot_is_made_by_this_code():
    made = json.loads((SNAPSHOT / "provenance.json").read_text(encoding="utf-8"))
    assert made["code_sha256"] == hash_code(), "rebuild it: python -m data build RAW_FOLDER"


def test_snapshot_coverage(snapshot: pd.DataFrame):
    labelled = snapshot[snapshot["code_coded"] != ""]
    assert len(labelled) == 37_275 and labelled.groupby(["venue", "year"]).ngroups == 44
    assert (snapshot["sources"] == "tei").sum() > 3_500
    assert (snapshot["topic"] == "other").mean() < 0.15
    assert (snapshot.loc[snapshot["topic_basis"] == "title", "topic"] == "other").mean() < 0.25
    known = snapshot[(snapshot["team_listed"] != "unknown") & (snapshot["team_coded"] != "unknown")]
    assert (known["team_listed"] == known["team_coded"]).mean() > 0.92


def test_readmes_give_the_number_of_papers(snapshot: pd.DataFrame):
    for readme in (HERE / "README.md", HERE.parent / "README.md"):
        assert f"{len(snapshot):,}" in readme.read_text(encoding="utf-8")


def test_snapshot_holds_only_names_from_closed_lists(snapshot: pd.DataFrame):
    models = {row["model"] for row in read_lexicon("pretrained", MODEL_COLUMNS)}
    for where in ("title", "abstract", "text"):
        assert set("; ".join(snapshot[f"pretrained_{where}"].unique()).split("; ")) <= models | {""}
    types = set("; ".join([*snapshot["accelerator"].unique(), *snapshot["accelerators_thanked"].unique()]).split("; "))
    known = re.compile(
        r"|GPU|NPU|TPU( v([1-4]|5[ep]?|6e|7))?|(GTX|RTX|TITAN|Quadro)( RTX)?( [A-Z]?\w{1,5}){0,2}( Ti| SUPER| Pascal)?|"
        r"[A-Z]{1,2}\d{1,4}[GS]?|DGX.\w+|JETSON|RADEON|ARRIA|MI\d+[ACX]?|ASCEND|Ascend \d{3}[A-C]?\d?|GAUDI|Gaudi \d|"
        r"((GC2|GC200|Bow) )?IPU|WSE(-\d)?|(Trainium|Inferentia)\d?"
    )
    assert [name for name in types if not known.fullmatch(name)] == []
    assert set(snapshot["venue"]) <= set(VENUES.values())


def test_large_numbers_of_chips_are_rare(snapshot: pd.DataFrame):
    """These papers were read one by one: all names and times once parsed as numbers were above 64."""
    count = snapshot["accelerator_count"]
    assert (count >= 64).sum() < 130 and count.max() <= 2048


def test_page_links_find_less_of_the_code_of_academia(snapshot: pd.DataFrame):
    """The known bias: for NeurIPS 2021 the page links a third of the academic papers' code, and half of industry's."""
    papers = snapshot[(snapshot["venue"] == "NeurIPS") & (snapshot["year"] == 2021) & (snapshot["code_coded"] == "yes")]
    found = (papers["code_page"] == "link").groupby(papers["team_coded"]).mean()
    assert found["academia-only"] == pytest.approx(0.31, abs=0.04)
    assert found["industry-only"] == pytest.approx(0.52, abs=0.06)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("team_listed", "university", "must be one of"),
        ("year", "1500", "must lie between"),
        ("year", "", "must not be empty"),
        ("n_authors", "many", "must be a number"),
        ("sources", "paperlists; web", "each entry must be one of"),
        ("id", "first paper", "must be like"),
        ("authors_company", "9", "do not add up"),
        ("abstract_words", "", "if and only if there is an abstract"),
        ("terms_scale", "", "if and only if there is an abstract"),
        ("code_page", "maybe", "must be one of"),
        ("team_listed", "industry-only", "does not match the team type"),
        ("venue", "ICML", "do not match the id"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, column: str, value: str, words: str):
    build(make.folder(tmp_path / "raw"), tmp_path / "out", workers=1)
    rows = read(tmp_path / "out" / "papers.csv.gz")
    index = next(number for number, row in enumerate(rows) if row["sources"] == "paperlists; coakley")
    rows[index][column] = value
    path = tmp_path / "papers.csv"
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(PAPERS.columns))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(InputError, match=words) as error:
        read_papers(path)
    assert error.value.file == path and error.value.row == index + 2


def test_the_commands_as_a_user_calls_them(run: Run, tmp_path: Path):
    raw = make.folder(tmp_path / "raw")
    built = run("-m", "data", "build", raw, "--out", tmp_path / "out")
    assert built.returncode == 0, built.stderr
    assert "left out: reject" in built.stdout
    table = tmp_path / "out" / "papers.csv.gz"
    valid = run("-m", "data", "validate", table)
    assert (valid.returncode, valid.stdout.split(": ")[1]) == (0, "4 papers, valid\n")
    described = run("-m", "data", "describe", "--papers", table, "--figure", tmp_path / "coverage.png")
    assert (
        described.returncode == 0
        and "4 papers" in described.stdout
        and (tmp_path / "coverage.png").stat().st_size > 10_000
    )


@pytest.mark.parametrize("damage", ["missing source", "no raw data", "damaged file", "no table"])
def test_bad_input_is_one_message_and_writes_nothing(run: Run, tmp_path: Path, damage: str):
    raw = make.folder(tmp_path / "raw")
    before = {path.name: path.read_bytes() for path in SNAPSHOT.iterdir()}
    arguments: list[str | Path] = ["build", raw, "--out", tmp_path / "out"]
    if damage == "missing source":
        arguments, words = ["build", raw], "needs the folder epoch"
    elif damage == "no raw data":
        arguments, words = ["build", tmp_path / "nowhere"], "a folder of raw files is needed"
    elif damage == "damaged file":
        path, words = raw / "coakley" / "nips2018.json.gz", "damaged gzip"
        path.write_bytes(path.read_bytes()[:-9])
    else:
        other, words = tmp_path / "t.csv", "no column of a known table"
        other.write_text("a,b\n1,2\n")
        arguments = ["validate", other]
    result = run("-m", "data", *arguments)
    assert result.returncode == 2 and words in result.stderr and "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 3
    assert not (tmp_path / "out").exists()
    assert {path.name: path.read_bytes() for path in SNAPSHOT.iterdir()} == before


@pytest.mark.parametrize(("victim", "code", "words"), [("parent", 130, "interrupted"), ("worker", 2, "out of memory?")])
def test_a_build_that_is_stopped_leaves_nothing(raw_folder: Path, tmp_path: Path, victim: str, code: int, words: str):
    command = [sys.executable, "-m", "data", "build", str(raw_folder), "--out", str(tmp_path / "out"), "--workers", "2"]
    process = subprocess.Popen(command, cwd=SNAPSHOT.parents[1], stderr=subprocess.PIPE, text=True)
    workers: list[str] = []
    while len(workers) < 3 and process.poll() is None:  # two workers, and Python's tracker of resources
        time.sleep(0.2)
        listed = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True)
        workers = listed.stdout.split()
    if victim == "parent":
        process.send_signal(signal.SIGINT)
    else:
        os.kill(int(workers[-1]), signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, words in errors, "Traceback" in errors) == (code, True, False), errors
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_snapshot_rebuilds_itself(raw_folder: Path, tmp_path: Path):
    build(raw_folder, tmp_path, workers=1)
    for path in tmp_path.iterdir():
        made, embedded = (file.read_bytes() for file in (path, SNAPSHOT / path.name))
        if path.suffix == ".gz":
            made, embedded = gzip.decompress(made), gzip.decompress(embedded)
        assert made == embedded, path.name
