"""Build the table of papers from paper lists, LLM labels of full texts, and TEI.

The annotator of full texts is a language model. Venue-years are read in parallel.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data.classify.institutions import count_institutions
from data.classify.paper_row import Peaks, Row, make_row, pick_with_affiliations, sort_records
from data.errors import InputError
from data.io import parse_csv
from data.parallel import run_in_processes
from data.rules import parse_venue_year
from data.sources import coakley, paperlists, tei
from data.sources.record import ReadResult, Record, make_paper_id, normalise_stem
from data.vocabulary import UNKNOWN

READERS: dict[str, Callable[[Path, str], ReadResult]] = {
    "paperlists": paperlists.read,
    "coakley": coakley.read,
    "tei": tei.read,
}
LISTING = ("paperlists", "tei")  # sources that list affiliations
EXPECTED_FORMATS = {
    "paperlists": "a JSON list of papers is needed, .json or .json.gz",
    "coakley": "a JSON list of papers with LLM labels is needed, .json or .json.gz",
    "tei": "GROBID's *.tei.xml files are needed, in a folder or a .zip",
}
LABEL_COLUMNS = {"team": "affiliation", "code": "open_source_code", "hardware": "hardware_specification"}
EVALUATION_COLUMNS = ("filename", "conference", "year", "research_type", *LABEL_COLUMNS.values())
MOSTLY_UNKNOWN = "most teams unknown: "
RESEARCH = {"0": "empirical", "1": "theoretical"}


@dataclass
class Papers:
    """Rows of the tables of papers and institutions, sorted by id, and counts.

    ``institutions`` covers papers with LLM labels and listed affiliations. ``counts`` holds what was read, kept and
    left out, by source, venue and year.
    """

    rows: list[Row] = field(default_factory=list)
    institutions: list[Row] = field(default_factory=list)
    counts: Counter[tuple[str, str, int, str]] = field(default_factory=Counter)

    def format_counts(self) -> list[str]:
        """Format the counts as one line per source, venue and year."""
        lines: dict[tuple[str, str, int], list[str]] = {}
        for (source, venue, year, what), n in sorted(self.counts.items()):
            if n and not what.startswith(MOSTLY_UNKNOWN):
                lines.setdefault((source, venue, year), []).append(f"{what} {n}")
        return [f"{source} {venue} {year}: {', '.join(parts)}" for (source, venue, year), parts in lines.items()]

    def format_warnings(self) -> list[str]:
        """Format a warning for each file after which most teams are unknown, with the likely reason."""
        return [
            f"{source} {venue} {year}: {n} of {self.counts[source, venue, year, 'kept']} teams unknown, "
            f"{what.removeprefix(MOSTLY_UNKNOWN)}"
            for (source, venue, year, what), n in sorted(self.counts.items())
            if what.startswith(MOSTLY_UNKNOWN)
        ]


def find_raw_files(raw: Path) -> dict[str, dict[str, Path]]:
    """Find the files of papers in a raw folder, by venue-year and source.

    Raises
    ------
    InputError
        If the name of a file or folder is not a venue and a year, or two files have the same venue, year and source.
    """
    found: dict[str, dict[str, Path]] = {}
    for source in READERS:
        folder = raw / source
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or (source == "coakley" and path.suffix == ".csv"):
                continue
            stem = normalise_stem(path.name.split(".", 1)[0])
            if parse_venue_year(stem) is None:
                raise InputError(
                    "the name must be a venue and a year",
                    path,
                    hint="like tei/acl2018/, tei/acl2018.zip or paperlists/3dv2025.json.gz; remove other files",
                )
            if source in found.setdefault(stem, {}):
                raise InputError(
                    "two files for one venue and year", path, hint=f"the other: {found[stem][source].name}"
                )
            found[stem][source] = path
    return found


def read_venue_year(stem: str, files: Mapping[str, Path], peaks: Peaks) -> Papers:
    """Read the papers of one venue-year and join the sources on titles, one row per paper.

    A title that occurs again within a source is left out and counted.
    """
    venue_year = parse_venue_year(stem)
    if venue_year is None:
        raise InputError(f"not a venue and a year: {stem}")
    venue, year = venue_year
    papers = Papers()
    by_title: dict[str, list[Record]] = {}
    reads = {source: READERS[source](path, stem) for source, path in files.items()}
    for source, read in reads.items():
        if not read.counts["read"]:
            raise InputError("the file holds no paper, or cannot be read", files[source], hint=EXPECTED_FORMATS[source])
    for source, read in reads.items():
        kept: dict[str, Record] = {}
        for record in read.records:
            other = kept.get(record.key)
            if other is None or _measure_completeness(record) > _measure_completeness(other):
                kept[record.key] = record
            if other is not None:
                read.counts["kept"] -= 1
                read.counts["left out: the same title again"] += 1
        for key, record in kept.items():
            # A paper that one source marks as not accepted is left out of all sources.
            reason = next((one.refused[key] for one in reads.values() if key in one.refused), None)
            if reason is not None:
                read.counts["kept"] -= 1
                read.counts[f"left out: {reason}, says another source"] += 1
            else:
                by_title.setdefault(key, []).append(record)
        papers.counts.update({(source, venue, year, what): n for what, n in read.counts.items() if n})
    unknown: dict[str, Counter[str]] = {source: Counter() for source in LISTING if source in files}
    for records in by_title.values():
        papers.rows.append(make_row(records, peaks))
        for record in records:
            if record.source in unknown and papers.rows[-1]["team_listed"] == UNKNOWN:
                unknown[record.source][_explain_unknown(record, papers.rows[-1])] += 1
        listed = pick_with_affiliations(sort_records(records))
        if papers.rows[-1]["code_coded"] and listed and (named := count_institutions(listed.slots)):
            papers.institutions.append({"id": papers.rows[-1]["id"], "institutions": named})
        sources = {record.source for record in records}
        for source in files:
            if source in sources:
                papers.counts[source, venue, year, "matched in another source"] += len(sources) > 1
    for source, reasons in unknown.items():
        if reasons.total() > papers.counts[source, venue, year, "kept"] / 2:
            reason = min(reasons, key=lambda reason: (-reasons[reason], reason))
            counts = reads[source].counts
            if sum(counts[f"field not understood: {name}"] for name in ("author", "aff")) > counts["kept"] / 2:
                reason = "most have authors or affiliations that are neither texts nor lists of texts"
            papers.counts[source, venue, year, f"{MOSTLY_UNKNOWN}{reason}"] = reasons.total()
    return papers


def _explain_unknown(record: Record, row: Row) -> str:
    """Return the likely reason why the team of a paper is unknown."""
    if not record.slots_per:
        return "most have no affiliation in the source"
    if record.slots_per == "author" and row["slots_without_text"]:
        return "most have fewer affiliations than authors"
    return "most have an affiliation that is not recognised as a university or company"


def _measure_completeness(record: Record) -> int:
    """Count the fields that a record fills, to choose between two records of one title."""
    return sum(map(bool, (record.slots_per, record.abstract, record.links, record.keywords, record.n_authors)))


def read_all(
    raw: Path, peaks: Peaks, workers: int | None = None, done: Callable[[str, int, int], None] | None = None
) -> Papers:
    """Read every venue-year of a raw folder.

    Parameters
    ----------
    raw
        Folder with ``paperlists``, ``coakley`` and ``tei``, or some of them.
    peaks
        Peak FLOP/s of accelerators (``data.classify.accelerators.list_peaks``).
    workers
        Number of processes; by default one per core. The result does not depend on it.
    done
        Called after each venue-year with its name, the number done and the total.

    Raises
    ------
    InputError
        If a file cannot be read, or there is no file.
    """
    files = find_raw_files(raw)
    if not files:
        hint = "like tei/acl2018/ or paperlists/neurips2021.json.gz"
        raise InputError("no papers found: files are needed in paperlists/, coakley/ or tei/", raw, hint=hint)
    workers = workers or os.cpu_count() or 1
    # The largest come first, so that no core waits for the last one.
    stems = sorted(files, key=lambda stem: (-sum(_measure_size(path) for path in files[stem].values()), stem))
    papers = Papers()
    tasks = {stem: (stem, files[stem], peaks) for stem in stems}
    done_ones = run_in_processes(read_venue_year, tasks, workers, hint="try --workers 1")
    for number, part in enumerate(done_ones, start=1):
        stem, result = part
        papers.rows += result.rows
        papers.institutions += result.institutions
        papers.counts.update(result.counts)
        if done is not None:
            done(stem, number, len(stems))
    if not papers.rows:
        left_out: Counter[str] = Counter()
        for (_, _, _, what), n in papers.counts.items():
            if n and not what.startswith("shape: "):
                left_out[what] += n
        reasons = ", ".join(f"{what} {n}" for what, n in sorted(left_out.items()))
        raise InputError(f"none of the papers can be used: {reasons}", raw)
    for rows in (papers.rows, papers.institutions):
        rows.sort(key=lambda row: str(row["id"]))
    return papers


def _measure_size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.rglob("*.xml"))


def list_annotator_labels(folder: Path) -> list[Row]:
    """List papers with both human and LLM labels, as ``CODER_LABELS``, sorted by paper."""
    human, llm = (
        {row["filename"]: row for row in parse_csv(folder / name, EVALUATION_COLUMNS).values()}
        for name in ("manual_eval.csv", "llm_eval.csv")
    )
    rows: list[Row] = []
    for paper in sorted(human.keys() & llm.keys()):
        human_row, llm_row = human[paper], llm[paper]
        stem = normalise_stem(f"{human_row['conference']}{human_row['year']}")
        venue_year = parse_venue_year(stem)
        if venue_year is None:
            value = f"{human_row['conference']} {human_row['year']}"
            raise InputError("not a venue and a year", folder / "manual_eval.csv", None, "conference", value)
        rows.append(
            {
                # The file name consists of the words of the title, so the id is that of the table of papers.
                "id": make_paper_id(stem, paper.rpartition("__")[0]),
                "venue": venue_year[0],
                "year": human_row["year"],
                "research": RESEARCH.get(human_row["research_type"], "unknown"),
                **{
                    f"{variable}_{annotator}": row[column]
                    for variable, column in LABEL_COLUMNS.items()
                    for annotator, row in (("hand", human_row), ("coder", llm_row))
                },
            }
        )
    return sorted(rows, key=lambda row: str(row["id"]))


def count_comparisons(rows: Iterable[Row]) -> list[Row]:
    """Count pairs of answers from two sources about the same papers: team type, and code by team type.

    Returns
    -------
    list of dict
        One row per venue, year, comparison and pair of answers, with the number of papers.
    """
    tally: Counter[tuple[str, int, str, str, str, str]] = Counter()
    for row in rows:
        key = (str(row["venue"]), int(str(row["year"])))
        if row["team_coded"] != "unknown":
            for listed in ("team_listed", "team_passage"):
                if row[listed] != "unknown":
                    tally[
                        *key, f"team kind: {listed[5:]} against coded", "", str(row[listed]), str(row["team_coded"])
                    ] += 1
        if row["code_coded"]:
            coded = f"coded {row['code_coded']}: {row['code_statement']}"
            tally[
                *key, "code: abstract page against full text", str(row["team_coded"]), str(row["code_page"]), coded
            ] += 1
    return [
        {"venue": venue, "year": year, "what": what, "team_coded": team, "first": first, "second": second, "n": n}
        for (venue, year, what, team, first, second), n in sorted(tally.items())
    ]
