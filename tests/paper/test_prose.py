"""The paper's prose: no typed number, no unknown estimate, no interpretation that the estimates do not support."""

from __future__ import annotations

import copy
import csv
import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import typst

from data.paths import SNAPSHOT
from inference.pipeline.typeset import PaperError, compile_paper
from inference.store.paths import ROOT
from inference.summaries.estimates import find_published
from inference.summaries.power import compute_power
from models.academic_share.reporting import PUBLISHED
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


def by_name(estimates: dict[str, Any], claim: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = (row for row in estimates["estimates"] if row["claim"] == claim)
    return {(r["spec"], r["estimand"], *r["coords"].values()): r for r in rows}


def hold(claim: str, readings: dict[str, bool]) -> None:
    """Check sentences that interpret estimates: if the data contradict one, it must be rewritten."""
    section = " ".join((ROOT / "paper" / "sections" / f"{claim}.typ").read_text().split())
    for words, holds in readings.items():
        assert words in section, f"the paper no longer says {words!r}: drop its check"
        assert holds, f"the estimates no longer support: {words!r}"


def test_readings_of_the_academic_share_hold(published: dict[str, Any]):
    estimates = published
    row = by_name(estimates, "academic_share")
    share = "large_scale_share_academia_only"
    specs = [spec for spec, name, *at in row if name == share and at == ["2020-22"]]
    medians = {spec: row[spec, share, "2010-12"]["median"] for spec in specs}
    moved = {spec: abs(value - medians["large_scale"]) for spec, value in medians.items()}
    edge = [check["statistic"] for check in estimates["fits"]["academic_share/large_scale"]["checks"]
            if not check["low"] <= check["observed"] <= check["high"]]  # fmt: skip
    ratio = row["large_scale", "compute_ratio", "2020-22"]
    change, late = "change_academia_only_log_odds", ("share_academia_only", "2020-22")
    falls = [r for (spec, name, *_), r in row.items() if name in (change, f"large_scale_{change}")]
    mixes = {(r["earlier"], r["change"]): r for r in csv.DictReader((SNAPSHOT / "vintages.csv").open())}

    industry = "share_industry_with_leaning_by_year"
    labelled = {at: row["labelled", "share_academia_only", at]["median"] for at in ("2010-14", "2020-22")}

    agrees = {}  # probability of the verdict if the published value is true, by refits and by the approximation
    for period in labelled:
        one = row["main", "share_academia_only", period]
        known = find_published(PUBLISHED, "main", "share_academia_only", {"period": period})
        agrees[period] = tuple(
            float(power["verdicts"]["agrees"]) for (power,) in (one["power"], compute_power(one, known) or [])
        )

    def academic(earlier: str, change: str) -> float:
        return int(mixes[earlier, change]["academia-only"]) / int(mixes[earlier, change]["n"])

    readings = {
        "no specification below reverses it": len(falls) >= 14 and all(r["eti_high"] < 0 for r in falls),
        "lowers the early share and raises industry's in 2022": labelled["2010-14"] < 17 / 25
        and row["labelled", industry, 2022]["median"] > 26 / 32,
        "lowers industry and raises academia in the 2020s": row["main", *late]["median"] > labelled["2020-22"]
        and row["main", industry, 2022]["median"] < row["labelled", industry, 2022]["median"],
        "The later vintage gives nearly the same academic shares": abs(
            row["vintage_2025_06", *late]["median"] - row["main", *late]["median"]
        )
        < row["main", *late]["sd"],
        "about twice as often as those in both vintages": academic("2025-06", "added: no model of this name before")
        > 2 * academic("2025-06", "in both"),
        "The dropped ones are academia-only more often, too": academic(
            "2025-06", "dropped: no model of this name any more"
        )
        > academic("2025-06", "in both"),
        "changes nothing (": abs(row["without_use_alone", *late]["median"] - row["main", *late]["median"])
        < row["main", *late]["sd"] / 4,
        "raises": row["all_models", *late]["eti_low"] > row["main", *late]["median"],
        "every specification of the upper tail gives a median below the published": max(
            row[s, share, "2020-22"]["median"] for s in specs
        )
        < 0.10,
        "The shares of the early years depend on the specification": max(medians.values()) - min(medians.values())
        > 0.15,
        "The definition of the tail moves it most": max(moved, key=lambda spec: moved[spec]).startswith(
            "large_scale_z"
        ),
        "The largest academia-only model is closer": "largest academia-only less largest industry-only (dex)" in edge,
        "is left with": row["large_scale_sceptical", "compute_ratio", "2020-22"]["eti_low"] > 1,
        "and by more than the model expects": any(name.startswith("mean with a labelled error less") for name in edge),
        "within year and team type it is as expected": not any(
            name.startswith("sd with a labelled error over sd without, within") for name in edge
        ),
        "less than the": row["labelled", "table_share_academia_only", "2020-22"]["eti_high"]
        < row["main", "table_share_academia_only", "2020-22"]["median"],
        "bounds industry's share from below": row["resolved_lean_to_industry", industry, 2022]["median"]
        > row["main", industry, 2022]["median"],
        "was trained with": ratio["eti_low"] > 1,
        "a verdict of agreement with the trend of 2010–14 is hardly possible": agrees["2010-14"][0] < 0.1,
        "This approximation finds agreement more often than refits do": all(
            by_refits < approximated for by_refits, approximated in agrees.values()
        ),
    }
    hold("academic_share", readings)


def share_with_terms(tables: dict[str, Any], first: int, last: int) -> float:
    """Return the share of papers with any term in the abstract, at the balanced panel of venues."""
    from models.topic_compute.cells import prepare
    from models.topic_compute.choices import Choices

    cells = prepare(tables, Choices())
    panel = json.loads(cells.attrs["facts"])["spanning"].split(", ")
    of_venue_years = (cells[name] for name in ("venue_year_year", "venue_year_venue"))
    year, venue = (values.isel(venue_year=cells["venue_year_idx"]) for values in of_venue_years)
    with_terms = (cells["value"] != 0).any("family").isel(exposure=cells["exposure_idx"])
    chosen = cells["n"].where((year >= first) & (year <= last) & venue.isin(panel), 0)
    return float(chosen.where(with_terms, 0).sum() / chosen.sum())


def test_readings_of_the_compute_terms_hold(published: dict[str, Any], tables: dict[str, Any]):
    early, late = (share_with_terms(tables, *years) for years in ((2012, 2014), (2018, 2019)))
    row = by_name(published, "topic_compute")
    change = row["main", "change_spanning"]["median"]
    four = [row[s, "slope_within"] for s in ("as_published", "with_trends", "spanning", "spanning_with_trends")]
    ten = {s: row[s, "ratio_per_ten_points"] for s in ("plain", "with_years", "as_published", "with_trends", "main")}
    eras = ("full_text_2014_16", "full_text_2017_19", "full_text_2020_22")
    named = [row[spec, "odds_ratio_by_family", "accelerator named"] for spec in eras]
    checks = {c["statistic"]: c for c in published["fits"]["topic_compute/full_text"]["checks"]}
    by_year = checks["chi-square by exposure and year"]
    glm = {r["spec"]: r for r in published["peers"] if r["peer"] == "GLM, quasi-binomial"}
    unexplained = {
        s: row[s, "waterfall", "the rest"]["median"] / row[s, "change_spanning"]["median"]
        for s in ("main", "full_text")
    }
    few = [row[s, "odds_ratio"]["n"] for s in ("listed_where_coded", "team_coded", "topic_keywords")]
    hold(
        "topic_compute",
        {
            "With smoother walks, the yearly change of a topic's academia-only share is inside its interval": all(
                check["low"] <= check["observed"] <= check["high"]
                for check in published["fits"]["topic_compute/smoother_walks"]["checks"]
                if check["statistic"] == "sd of the yearly change of a topic's academia-only share"
            ),
            "and larger teams for a third of it": 0.28
            < row["main", "goes_with_last", "team size"]["median"] / change
            < 0.38,
            "compute terms account for hardly any of the change in the academia-only share": row[
                "main", "goes_with_first", "compute terms"
            ]["median"]
            / change
            < 0.05,
            "whose text reports eight or more accelerators": row[
                "full_text", "odds_ratio_by_family", "eight or more named"
            ]["eti_high"]
            < 0.5,
            "most of the association is with the number of accelerators": row[
                "full_text", "odds_ratio_by_family", "eight or more named"
            ]["eti_high"]
            < row["full_text", "odds_ratio_by_family", "accelerator named"]["eti_low"] ** 3,
            "In the first era, when few papers had eight, naming one at all set papers apart": named[0]["eti_high"]
            < named[2]["eti_low"],
            "The pooled ratio is an average over that change, which the checks show": by_year["observed"]
            > by_year["high"],
            "Most of the variation of these shares within topics is sampling error": row["as_published", "reliability"][
                "eti_high"
            ]
            < 0.5,
            'with topics\' trends #est(c, "ratio_per_ten_points", spec: "with_trends")). These intervals are wide': min(
                ten[s]["eti_high"] - ten[s]["eti_low"] for s in ("as_published", "with_trends")
            )
            > 0.3,
            "If every paper counts alike, shares as counted give": all(
                float(glm[s]["high"]) < ten[s]["eti_high"] for s in glm
            ),
            "in full texts, to 2022, less than half": unexplained["full_text"] < 0.5 < unexplained["main"],
            "Some refits are of a small part of the papers": max(few) < 0.5 * row["main", "odds_ratio"]["n"],
            "The medians over all venues are many times this contrast": max(r["median"] for r in four[:2])
            < 5 * math.log(row["main", "odds_ratio"]["median"]),
            "The step that matters most is the last one": published["ladders"]["topic_compute"][0]["matters_most"]
            == "main",
            "whose lower end is the prior's": row["main", "sd_between_topics"]["prior_sensitive"],
            "Most of the change is unexplained": row["main", "waterfall", "the rest"]["median"] / change > 0.5,
            "Abstracts with such terms hardly became more common in these years": abs(early - late) < 0.01,
        },
    )


def test_readings_of_code_release_hold(published: dict[str, Any], tables: dict[str, Any]):
    row = by_name(published, "code_release")

    def ratio(spec: str, contrast: str, venues: str) -> dict[str, Any]:
        return row[spec, f"ratio_{contrast}", "2014-22", venues]

    def found(contrast: str) -> dict[str, Any]:
        return row["instruments", f"found_ratio_{contrast}", "link in a list from OpenReview: machine learning 2021-22"]

    def naive(contrast: str) -> dict[str, Any]:
        return row["instruments", f"naive_ratio_{contrast}", "link in a list from OpenReview: machine learning 2021-22"]

    def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
        return one["eti_low"] < other["median"] < one["eti_high"] and other["eti_low"] < one["median"]

    venues = ("machine learning", "AI")
    lowered = [
        math.log(ratio("full_text", contrast, v)["median"] / ratio("main", contrast, v)["median"])
        for contrast in CONTRASTS
        for v in venues
    ]
    crude = {
        (r["spec"], r["estimand"].removeprefix("ratio_"), r["coords"]["venues"]): r["median"]
        for r in published["raw"]
        if r["claim"] == "code_release" and r["spec"].endswith("_crude") and r["coords"]["era"] == "2014-22"
    }
    checks = {c["statistic"]: c for c in published["fits"]["code_release/same_error"]["checks"]}
    conflict = checks["mistaken LLM labels yes, human labels less passages, 2021-22"]
    specificity = [row["main", "specificity", "mixed", years]["median"] for years in ("2014-18", "2019-20", "2021-22")]
    misfit = {name: row["authors", f"misfit_{name}"] for name in ("number", "contrasts")}
    by_team = [check for check in published["fits"]["code_release/main"]["checks"]
               if check["statistic"].startswith("mixed less academia-only, pa")]  # fmt: skip
    human_labels = tables["coder_labels"].query("research == 'empirical' and code_hand == '0' and year >= 2021")
    mistaken = (human_labels["code_coder"] == "1").groupby(human_labels["team_hand"]).mean()
    assert len(by_team) == 3
    hold(
        "code_release",
        {
            "neither source of labels shows a difference beyond chance": all(
                check["low"] <= check["observed"] <= check["high"] for check in by_team
            ),
            "a larger part of academia-only than of other papers as releases": mistaken["0"] > mistaken["1"],
            "That result depends on AAAI": ratio("without_aaai", "mixed", "AI")["median"]
            > ratio("main", "mixed", "AI")["eti_high"],
            "Under both, industry-only teams release code less often": all(
                ratio(spec, "industry_only", v)["verdict"] == "supported" for spec in RANKED for v in venues
            ),
            "Under both, mixed teams release less at AI venues": all(
                ratio(spec, "mixed", "AI")["verdict"] == "supported" for spec in RANKED
            ),
            "Ratios differ between eras": row["main", "industry_era_sd"]["eti_low"] > 0.05,
            "crude ratios by links are higher than crude ratios by full text": all(
                crude["page_link_crude", name, v] > crude["full_text_linked_crude", name, v]
                for name in CONTRASTS
                for v in venues
            ),
            "so standardisation lowers the crude ratios by full text": all(
                crude["full_text_crude", name, v] > ratio("full_text", name, v)["median"]
                for name in CONTRASTS
                for v in venues
            ),
            "the two kinds of labels contradict each other": conflict["p"] < 0.05 or conflict["p"] > 0.95,
            "For mixed teams, the two ratios are about the same": overlap(found("mixed"), naive("mixed")),
            "hardly moves the ratio of mixed teams at machine-learning venues, and lowers the others": lowered[0] < 0.01
            and min(lowered[1:]) > 0.03,
            "where more papers speak of code, more of them speak of code that is not released": specificity
            == sorted(specificity, reverse=True),
            "one if nothing but chance is left": misfit["number"]["median"] < 1.5 > misfit["contrasts"]["median"],
        },
    )
