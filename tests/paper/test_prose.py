"""The paper's prose: no typed number, no unknown estimate, no interpretation that the estimates do not support."""

from __future__ import annotations

import copy
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import typst

from inference.pipeline.typeset import PaperError, compile_paper
from inference.store.paths import ROOT
from models.registry import CLAIMS

SOURCES = [ROOT / "paper" / "paper.typ", *sorted((ROOT / "paper" / "sections").glob("*.typ"))]
CONTRASTS = ("mixed", "industry_only")
RANKED = ("main", "by_team")  # the two treatments of the annotator's errors, with equal rank
YEARS = re.compile(r"\b(19|20)\d\ds?(\s?[-–]\s?(\d{4}|\d\d))?\b")


class Prose:
    """Reader of Typst markup that keeps its text, without code, mathematics, strings, comments and citations."""

    def __init__(self, source: str) -> None:
        self.source, self.at, self.text = source, 0, ""

    def markup(self, end: str = "") -> str:
        while self.at < len(self.source) and not (end and self.source[self.at] == end):
            char = self.source[self.at]
            if self.source.startswith("//", self.at) and not self.source.startswith("://", self.at - 1):
                self.skip_to("\n")
            elif char == "\\":
                self.at += 2
            elif char == "$":
                self.at += 1
                self.skip_to("$")
            elif char == "@" or char == "<":
                found = re.compile(r"@[\w-]+|<[\w-]+>|.").match(self.source, self.at)
                assert found
                self.at = found.end()
            elif char == "#":
                self.at += 1
                self.expression()
            else:
                self.text += char
                self.at += 1
        self.at += 1
        return self.text

    def skip_to(self, end: str) -> None:
        found = self.source.find(end, self.at)
        self.at = len(self.source) if found < 0 else found + 1

    def expression(self) -> None:
        word = re.compile(r"[\w-]*").match(self.source, self.at)
        assert word
        self.at = word.end()
        if word.group() in ("let", "set", "show", "import", "include", "for", "if"):
            self.code(until="\n")
            return
        while self.at < len(self.source) and self.source[self.at] in "([.":
            char = self.source[self.at]
            member = re.compile(r"\.[a-z][\w-]*").match(self.source, self.at)
            if char == ".":
                if member is None:
                    return
                self.at = member.end()
            else:
                self.at += 1
                self.code(")") if char == "(" else self.markup("]")
        self.text += " "

    def code(self, until: str) -> None:
        while self.at < len(self.source) and self.source[self.at] != until:
            char = self.source[self.at]
            self.at += 1
            if char == '"':
                self.skip_to('"')
            elif char == "$":
                self.skip_to("$")
            elif char == "/" and self.source.startswith("/", self.at):
                self.skip_to("\n")
            elif char == "[":
                self.markup("]")
            elif char in "({":
                self.code({"(": ")", "{": "}"}[char])
        self.at += 1


def typed_numbers(source: str) -> list[str]:
    """List decimals, percentages and counts over 20 in the text of a Typst source; years and "89 %" are allowed."""
    text = YEARS.sub(" ", Prose(source).markup().replace("89 %", " "))
    found = re.findall(r"\d[\d,]*(?:\.\d+)?\s?%?", text)
    return [n.strip() for n in found if "." in n or "%" in n or int(n.strip().replace(",", "") or 0) > 20]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_number_is_typed(path: Path):
    assert typed_numbers(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("the share is 0.65 here", ["0.65"]),
        ("about 65 % of models", ["65 %"]),
        ("of 142 models, 8 were", ["142"]),
        ('#figure(image("a.pdf", width: 92%), caption: [a share of 0.3])', ["0.3"]),
        ("#let body = [\n  text with 77 models\n]\n", ["77"]),
        ('*bold 31 %* #est("a", coords: (year: 2022)) and 1,116 rows', ["31 %", "1,116"]),
        ("#for x in y [ - item 0.5 ]", ["0.5"]),
        ("an 89 % interval, $0.76$, 2010–14, 2022, @sevilla2022, #v(0.4em), five of 12", []),
        ("// a comment with 0.5\n#set text(size: 10pt)\n", []),
    ],
)
def test_the_check_finds_typed_numbers(source: str, numbers: list[str]):
    assert typed_numbers(source) == numbers


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_semicolon_is_swallowed(path: Path):
    """After a call in markup, a bare semicolon ends the call and is not printed: it must be escaped."""
    assert re.findall(r"#\w+\([^\n]*\);\s", path.read_text()) == []


def test_every_citation_is_in_the_bibliography():
    known = set(re.findall(r"^@\w+\{([^,]+),", (ROOT / "paper" / "references.bib").read_text(), re.MULTILINE))
    assert len(known) > 10
    labels = {label for path in SOURCES for label in re.findall(r"<([\w-]+)>", path.read_text())}
    for path in SOURCES:
        assert set(re.findall(r"(?<!\w)@([\w-]+)", path.read_text())) <= known | labels


IMAGE = re.compile(r'(?:image\("(?:\.\./)?figures/|drawn\(")([\w-]+\.pdf)"')


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory, published: dict[str, Any]) -> Path:
    """A folder with an empty page for every figure of the paper."""
    folder = tmp_path_factory.mktemp("blank")
    page = folder / "blank.typ"
    page.write_text("#set page(width: 8cm, height: 5cm)\n")
    typst.compile(str(page), output=str(folder / "blank.pdf"))
    (folder / "figures").mkdir()
    shown = {name for path in SOURCES for name in IMAGE.findall(path.read_text())}
    for name in shown | set(published["figures"]):
        shutil.copy(folder / "blank.pdf", folder / "figures" / name)
    return folder / "figures"


def staged(published: dict[str, Any], blank: Path, tmp_path: Path, change: Any = lambda content: None) -> Path:
    content = copy.deepcopy(published)
    change(content)
    (tmp_path / "estimates.json").write_text(json.dumps(content))
    shutil.copytree(blank, tmp_path / "figures")
    return tmp_path


def compiled_paper(folder: Path) -> Path:
    return compile_paper(folder, (folder / "figures").iterdir())


def test_paper_of_all_claims_compiles_from_the_published_estimates(published: Any, blank: Path, tmp_path: Path):
    assert published["claims"] == list(CLAIMS)
    assert compiled_paper(staged(published, blank, tmp_path)).read_bytes().startswith(b"%PDF")


def test_unknown_estimate_stops_the_build_with_its_name(published: Any, blank: Path, tmp_path: Path):
    def drop(content: dict[str, Any]) -> None:
        content["estimates"] = [r for r in content["estimates"] if r["estimand"] != "change_academia_only"]

    with pytest.raises(PaperError, match="unknown estimate: academic_share/main/change_academia_only"):
        compiled_paper(staged(published, blank, tmp_path, drop))
    assert not (tmp_path / "paper.pdf").exists()


def test_paper_of_a_users_table_that_lacks_what_an_alternative_needs(published: Any, blank: Path, tmp_path: Path):
    def drop(content: dict[str, Any]) -> None:
        content["given"]["models"] = "my #table $x.csv"
        gone = ("by_sponsor", "hard_threshold", "large_scale_z_0", "vintage_2025_06")
        for part in ("estimates", "raw"):
            content[part] = [r for r in content[part] if r["spec"] not in gone]
        for spec in gone:
            del content["fits"][f"academic_share/{spec}"]
        content["fits"]["academic_share/large_scale"]["checks"].clear()  # quantities that the table does not have
        for ladder in content["ladders"]["academic_share"]:
            ladder["rungs"] = [step for step in ladder["rungs"] if step["spec"] not in gone]
        # A step may be missing in one ladder alone.
        del content["ladders"]["academic_share"][0]["rungs"][0]
        reason = {"spec": "raw", "title": "as counted", "reason": "no model #1 of $2010"}
        content["ladders"]["academic_share"][0]["not_compared"] = [reason]

    assert compiled_paper(staged(published, blank, tmp_path, drop)).read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("spans", [True, False])
def test_paper_of_a_users_papers_without_full_texts(published: Any, blank: Path, tmp_path: Path, spans: bool):
    """Papers of a bibliographic source have no code, no hardware, and perhaps no balanced panel of venues."""

    def drop(content: dict[str, Any]) -> None:
        content["given"]["papers"] = "my.csv"
        one = {"claim": "topic_compute", "spec": "full_text", "title": "full texts", "reason": "no $code, #hardware"}
        content["left_out"] = [one]
        content.update(claims=["topic_compute"], peers=[], raw=[])
        gone = ("share_spanning", "change_spanning", "goes_with_first", "goes_with_last", "waterfall")
        content["estimates"] = [
            r
            for r in content["estimates"]
            if (r["claim"], r["spec"]) in {("topic_compute", s) for s in ("main", "as_published", "with_trends")}
            and (spans or r["estimand"] not in gone)
        ]
        kept = {f"{r['claim']}/{r['spec']}" for r in content["estimates"]}
        content["fits"] = {name: fit for name, fit in content["fits"].items() if name in kept}
        content["figures"] = [
            name for name in content["figures"] if "full_text" not in name and (spans or "fall" not in name)
        ]
        if not spans:
            del content["fits"]["topic_compute/main"]["data"]["facts"]["spanning"]
        content["ladders"] = {"topic_compute": content["ladders"]["topic_compute"]}
        for ladder in content["ladders"]["topic_compute"]:
            ladder["beside"] = None

    assert compiled_paper(staged(published, blank, tmp_path, drop)).read_bytes().startswith(b"%PDF")


def test_paper_without_a_claim_says_so(published: Any, blank: Path, tmp_path: Path):
    def drop(content: dict[str, Any]) -> None:
        content.update(claims=[], missing=list(CLAIMS))

    assert compiled_paper(staged(published, blank, tmp_path, drop)).read_bytes().startswith(b"%PDF")
