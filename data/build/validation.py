"""Validate the classifications on labelled cases: all figures in data/README.md.

A figure is a share of labelled cases, such as a precision or a recall. Figures on passages need the raw files, which
hold the passages; the committed table (``labels/validation.csv``) keeps these figures. The annotator of full texts
("LLM annotator") is a language model.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from scipy.stats import beta

from data.build.hardware_labels import read_labelled_setups
from data.build.papers import find_raw_files
from data.classify.accelerators import find_peak, list_peaks, parse, pick_largest
from data.classify.affiliations import SECTORS, classify_domain, classify_slot, classify_text
from data.classify.code_links import COUNTED, classify_full_text, classify_statement, find_link_rule
from data.classify.institutions import count_institutions
from data.classify.paper_row import pick_with_affiliations, sort_records
from data.classify.topics import classify_topic
from data.io import format_csv, parse_csv, write_atomic
from data.paths import HERE, LABELS
from data.sources import coakley, paperlists, tei
from data.sources.record import Annotation, Record, Slot, make_paper_id
from data.tables.load import load

COLUMNS = ("classifier", "part", "figure", "right", "of", "share", "low", "high")
PROBABILITY = 0.89
Row = dict[str, object]

# Areas of IJCAI and AAAI that have a counterpart among the topics.
AREAS = (
    ("natural language processing", "Natural Language"),
    ("computer vision", "Computer Vision"),
    ("multi-agent systems and game theory", "Agent-based|Multiagent|Game Theory"),
    ("planning, search and constraints", "Constraint|Heuristic Search|^Search|Planning"),
    ("knowledge and reasoning", "Knowledge Rep"),
    ("recommendation and data mining", "Data Mining"),
)
# Source of an error in a labelled disagreement about a team, and how the figures name it.
WRONG = {
    "coder": "LLM label",
    "ours": "this classification",
    "definition": "definition",
    "sources": "sources",
    "unclear": "unclear",
}
TUNED_ON = ("ijcai2020", "ijcai2021", "aaai2021")
REPORTED_ON = ("ijcai2022", "aaai2022")


def compute_interval(right: float, of: float) -> tuple[float, ...]:
    """Compute the equal-tailed interval of a proportion under Jeffreys' prior Beta(1/2, 1/2).

    See Brown, Cai and DasGupta (2001).
    """
    tail = (1 - PROBABILITY) / 2
    return tuple(float(beta.ppf(q, right + 0.5, of - right + 0.5)) for q in (tail, 1 - tail))


def _make_figure(classifier: str, part: str, figure: str, right: int, of: int) -> Row:
    share = right / of if of else float("nan")
    return _make_row(classifier, part, figure, right, of, (share, *compute_interval(right, of)))


def _make_f1(classifier: str, part: str, figure: str, pairs: Iterable[tuple[bool, bool]]) -> Row:
    """Compute F1 from pairs (truth, answer).

    The share p of hits among the cases that either names (Jaccard) and its interval are transformed by 2 p / (1 + p).
    """
    either = [truth and answer for truth, answer in pairs if truth or answer]
    hits, of = sum(either), len(either)
    ends = (hits / of if of else float("nan"), *compute_interval(hits, of))
    return _make_row(classifier, part, figure, hits, of, tuple(2 * p / (1 + p) for p in ends))


def _make_row(classifier: str, part: str, figure: str, right: int, of: int, ends: tuple[float, ...]) -> Row:
    share, low, high = (f"{value:.3f}" for value in ends)
    return dict(zip(COLUMNS, (classifier, part, figure, right, of, share, low, high), strict=True))


def compute_figures(raw: Path | None = None) -> list[Row]:
    """Compute all figures; those on passages and areas only if the folder of raw files is passed."""
    rows = [*_validate_affiliations(), *_validate_mentions(), *_validate_teams(), *_measure_agreement()]
    if raw is not None:
        records = _read_records(raw)
        rows += [
            *_validate_hardware(records),
            *_validate_statements(records),
            *_validate_whole_texts(records),
            *_validate_topics(records),
            *_validate_links(records),
            *_validate_pages(records),
            *_validate_institutions(records),
        ]
    return rows


def _measure_agreement() -> Iterator[Row]:
    """Compute from the embedded table how often two answers about a team or its code agree."""
    papers = load("papers")
    labelled = papers[papers["team_coded"] != "unknown"]
    for name in ("listed", "passage"):
        known = labelled[labelled[f"team_{name}"] != "unknown"]
        same = int((known[f"team_{name}"] == known["team_coded"]).sum())
        yield _make_figure("team type", "the table", f"{name} and LLM label agree", same, len(known))
    academic = labelled[labelled["team_listed"] == "academia-only"]
    for name, other in (("government", "nonprofit"), ("nonprofit", "government")):
        teams = academic[(academic[f"authors_{name}"] > 0) & (academic[f"authors_{other}"] == 0)]
        same = int((teams["team_coded"] == "academia-only").sum())
        yield _make_figure("team type", "the table", f"LLM label counts {name} as academia", same, len(teams))
    released = papers[(papers["code_coded"] == "yes") & (papers["code_page"] != "missing")]
    for team in ("academia-only", "mixed", "industry-only"):
        chosen = released[released["team_coded"] == team]
        found = int((chosen["code_page"] == "link").sum())
        yield _make_figure(
            "link", "the table", f"page links code, given LLM label of release, {team}", found, len(chosen)
        )


def _read_records(raw: Path) -> dict[str, list[Record]]:
    """Read the raw records, by paper id."""
    found: dict[str, list[Record]] = {}
    for stem, files in find_raw_files(raw).items():
        for source, module in (("paperlists", paperlists), ("coakley", coakley), ("tei", tei)):
            if source in files:
                for record in module.read(files[source], stem).records:
                    found.setdefault(make_paper_id(stem, record.title), []).append(record)
    return found


def _pick_annotations(records: Mapping[str, list[Record]], paper: str) -> list[Annotation]:
    return [record.annotation for record in records[paper] if record.annotation]


def _read_label_rows(name: str, *columns: str) -> Iterable[Mapping[str, str]]:
    return parse_csv(LABELS / f"{name}.csv", columns).values()


def _validate_affiliations() -> Iterator[Row]:
    rows = list(_read_label_rows("affiliations", "part", "text", "domain", "label"))
    # Figures of the opposite order, mail domain before text, show why the text comes first.
    for name, part, rule in (
        ("sector", "work", classify_slot),
        ("sector", "report", classify_slot),
        ("sector, domain first", "work", _classify_by_domain),
    ):
        pairs = [
            (set(row["label"].split("+")) - {"unknown"}, rule(Slot(row["text"], row["domain"])))
            for row in rows
            if row["part"] == part
        ]
        for sector in SECTORS:
            both = sum(sector in truth and sector in guess for truth, guess in pairs)
            yield _make_figure(name, part, f"{sector}: precision", both, sum(sector in guess for _, guess in pairs))
            yield _make_figure(name, part, f"{sector}: recall", both, sum(sector in truth for truth, _ in pairs))
        yield _make_figure(name, part, "unknown", sum(not guess for _, guess in pairs), len(pairs))


def _classify_by_domain(slot: Slot) -> frozenset[str]:
    return classify_domain(slot.domain) or classify_text(slot.text)


def _validate_mentions() -> Iterator[Row]:
    rows = list(_read_label_rows("model_mentions", "sense", "use"))
    pretrained = Counter(row["use"] for row in rows if row["sense"] == "pretrained")
    for use in ("use", "study", "mention"):
        yield _make_figure("pre-trained models", "all", f"a mention is a {use}", pretrained[use], pretrained.total())


def _validate_links(records: Mapping[str, list[Record]]) -> Iterator[Row]:
    cases = [
        (row["label"], find_link_rule(record.links[int(row["at"])]))
        for row in _read_label_rows("links", "id", "at", "label")
        for record in records[row["id"]]
        if record.links
    ]
    own = ("own_code", "own_page")
    both = sum(truth in own and guess in COUNTED for truth, guess in cases)
    yield _make_figure("link", "all", "own: precision", both, sum(guess in COUNTED for _, guess in cases))
    yield _make_figure("link", "all", "own: recall", both, sum(truth in own for truth, _ in cases))


def _validate_teams() -> Iterator[Row]:
    rows = list(_read_label_rows("team_disagreements", "compared", "wrong"))
    for compared in ("listed", "passage"):
        tally = Counter(row["wrong"] for row in rows if row["compared"] == compared)
        for source, name in WRONG.items():
            yield _make_figure(
                "team type", f"{compared} and LLM label disagree", f"wrong: {name}", tally[source], tally.total()
            )


def _validate_hardware(records: Mapping[str, list[Record]]) -> Iterator[Row]:
    known = list_peaks(load("chips").to_dict("records"))
    cases = [
        (row, annotation)
        for row in _read_label_rows("hardware", "part", "id", "kind", "setups")
        for annotation in _pick_annotations(records, row["id"])
    ]
    for part in ("work", "report", "third", "fourth"):
        chosen = [(row, annotation) for row, annotation in cases if row["part"] == part]
        for team in ("all", "academia-only", "mixed", "industry-only"):
            right: Counter[str] = Counter()
            of: Counter[str] = Counter()
            for row, annotation in chosen:
                if team not in ("all", annotation.team):
                    continue
                found = parse(annotation.hardware_passage)
                truth = read_labelled_setups(row["setups"])
                of["kind"] += 1
                right["kind"] += found.kind == row["kind"]
                if row["kind"] == "accelerator":  # as in the table: hardware that was used, in chips
                    used = [setup for setup in found.setups if not setup.thanked]
                    rank = {setup.type: find_peak(known, setup.type) or 0.0 for setup in (*truth, *used)}
                    main, guess = pick_largest(truth, rank), pick_largest(used, rank)
                    chips = None if main is None else main.chips
                    same = guess is not None and main is not None and guess.chips == chips
                    of["type"] += 1
                    right["type"] += guess is not None and main is not None and guess.type == main.type
                    right["count"] += same
                    of["count where stated"] += chips is not None
                    right["count where stated"] += same and chips is not None
            of["count"] = of["type"]
            for figure in ("kind", "type", "count", "count where stated"):
                if of[figure]:
                    yield _make_figure("hardware", part, f"{figure}, {team}", right[figure], of[figure])


def _validate_statements(records: Mapping[str, list[Record]]) -> Iterator[Row]:
    cases = [
        (
            row["part"],
            row["label"].startswith("own"),
            classify_statement(annotation.code_passage).startswith("own"),
            annotation.team,
        )
        for row in _read_label_rows("code_passages", "part", "id", "label")
        for annotation in _pick_annotations(records, row["id"])
    ]
    for part in ("work", "report"):
        chosen = [case for case in cases if case[0] == part]
        both = sum(truth and guess for _, truth, guess, _ in chosen)
        yield _make_figure("code statement", part, "own: precision", both, sum(guess for _, _, guess, _ in chosen))
        yield _make_figure("code statement", part, "own: recall", both, sum(truth for _, truth, _, _ in chosen))
    for team in ("academia-only", "mixed", "industry-only"):
        chosen = [case for case in cases if case[3] == team]
        own = sum(truth for _, truth, _, _ in chosen)
        yield _make_figure(
            "LLM label of code", "all", f"own code, given LLM label of release, {team}", own, len(chosen)
        )


def _validate_whole_texts(records: Mapping[str, list[Record]]) -> Iterator[Row]:
    """Validate on texts sampled by the rule's answer, most of them where it finds no own code.

    This design gives no recall; it gives the share that the rule misses.
    """
    cases = [
        (row["label"][:3] == "own", classify_full_text(*record.full_text.parts)[:3] == "own")
        for row in _read_label_rows("tei_code", "id", "label")
        for record in records[row["id"]]
        if record.full_text
    ]
    for answer, figure in ((True, "own: precision"), (False, "own code where the rule finds none")):
        chosen = [truth for truth, guess in cases if guess is answer]
        yield _make_figure("code statement, whole texts", "all", figure, sum(chosen), len(chosen))


def _validate_topics(records: Mapping[str, list[Record]]) -> Iterator[Row]:
    listed = [record for group in records.values() for record in group if record.area]
    for part, stems in (("2020-21 (tuned)", TUNED_ON), ("2022", REPORTED_ON)):
        chosen = [record for record in listed if record.stem in stems]
        areas = [next((topic for topic, words in AREAS if re.search(words, record.area)), "") for record in chosen]
        for what in ("title and abstract", "title alone"):
            guesses = [
                classify_topic(record.title, "", record.abstract if what != "title alone" else "") for record in chosen
            ]
            for topic, _ in AREAS:
                pairs = [(area == topic, guess == topic) for area, guess in zip(areas, guesses, strict=True)]
                yield _make_f1("topic", part, f"F1 {topic}, {what}", pairs)


def _validate_pages(records: Mapping[str, list[Record]]) -> Iterator[Row]:
    rows = list(_read_label_rows("pages_without_link", "abstract", "full_text"))
    mentioned = sum(row["abstract"] in ("address", "elsewhere") for row in rows)
    yield _make_figure("link", "pages without a link", "abstract mentions own code", mentioned, len(rows))
    read = [row["full_text"] for row in rows if row["full_text"] != "na"]
    own = sum(label in ("address", "elsewhere") for label in read)
    yield _make_figure("link", "pages without a link", "full text releases code", own, len(read))


def _validate_institutions(records: Mapping[str, list[Record]]) -> Iterator[Row]:
    rows = list(_read_label_rows("institutions", "part", "id", "institutions"))
    for part in ("work", "report"):
        pairs = [
            (int(row["institutions"]), count_institutions(listed.slots))
            for row in rows
            if row["part"] == part and (listed := pick_with_affiliations(sort_records(records[row["id"]])))
        ]
        same = sum(truth == guess for truth, guess in pairs)
        banded = sum(min(truth, 3) == min(guess, 3) for truth, guess in pairs)
        yield _make_figure("institutions", part, "number", same, len(pairs))
        yield _make_figure("institutions", part, "one, two, three or more", banded, len(pairs))


def format_markdown(rows: Iterable[Row]) -> str:
    """Format figures as the table of data/README.md: parts not used for tuning, or the only part."""
    lines = ["| classification | part | figure | share (89 % interval) | of |", "|---|---|---|---|---|"]
    for row in rows:
        tuned = row["part"] in ("work", "2020-21 (tuned)") and row["classifier"] != "sector, domain first"
        earlier = row["classifier"] == "hardware" and row["part"] != "fourth"
        if not tuned and not earlier:
            share = f"{row['share']} ({row['low']} to {row['high']})"
            lines.append(f"| {row['classifier']} | {row['part']} | {row['figure']} | {share} | {row['of']} |")
    return "\n".join(lines) + "\n"


def insert_table(readme: str, rows: Iterable[Row]) -> str:
    """Replace the table of figures in the text of data/README.md."""
    start, end = "<!-- validation: written by data/build/validation.py -->\n", "<!-- end of validation -->"
    before, _, rest = readme.partition(start)
    return f"{before}{start}\n{format_markdown(rows)}\n{end}{rest.partition(end)[2]}"


def write(raw: Path) -> None:
    """Rewrite the committed table of figures and the one in data/README.md."""
    rows = compute_figures(raw)
    write_atomic(LABELS / "validation.csv", format_csv(COLUMNS, rows))
    readme = HERE / "README.md"
    write_atomic(readme, insert_table(readme.read_text(encoding="utf-8"), rows).encode())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
