"""Raw paper lists, coded full texts and TEI to the table of papers, venue-year by venue-year on all cores."""

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
from data.sources.record import Read, Record, make_paper_id, normalise_stem
from data.vocabulary import SOURCES

READERS: dict[str, Callable[[Path, str], Read]] = {
    "paperlists": paperlists.read,
    "coakley": coakley.read,
    "tei": tei.read,
}
WANTED = {
    "paperlists": "a JSON list of papers is needed, .json or .json.gz",
    "coakley": "a JSON list of coded papers is needed, .json or .json.gz",
    "tei": "GROBID's *.tei.xml files are needed, in a folder or a .zip",
}
HAND = {"team": "affiliation", "code": "open_source_code", "hardware": "hardware_specification"}
HAND_COLUMNS = ("filename", "conference", "year", "research_type", *HAND.values())
RESEARCH = {"0": "empirical", "1": "theoretical"}


@dataclass
class Papers:
    """Rows of the table of papers, sorted by id, and what was read, kept and left out, by source, venue and year.

    ``institutions``: rows of that table, of papers read in full text whose list names affiliations.
    """

    rows: list[Row] = field(default_factory=list)
    institutions: list[Row] = field(default_factory=list)
    counts: Counter[tuple[str, str, int, str]] = field(default_factory=Counter)

    def count_by_venue_year(self) -> list[str]:
        """A line a source, venue and year: what was read, kept, left out and matched."""
        lines: dict[tuple[str, str, int], list[str]] = {}
        for (source, venue, year, what), n in sorted(self.counts.items()):
            if n:
                lines.setdefault((source, venue, year), []).append(f"{what} {n}")
        return [f"{source} {venue} {year}: {', '.join(said)}" for (source, venue, year), said in lines.items()]


def find_raw_files(raw: Path) -> dict[str, dict[str, Path]]:
    """Files of papers in a raw folder: by venue-year, by source.

    Raises
    ------
    InputError
        For a file or folder whose name is no venue and year.
    """
    found: dict[str, dict[str, Path]] = {}
    for source in SOURCES:
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
                    hint="like tei/acl2018/, tei/acl2018.zip or paperlists/neurips2021.json.gz; take other files away",
                )
            if source in found.setdefault(stem, {}):
                raise InputError(
                    "two files for one venue and year", path, hint=f"the other: {found[stem][source].name}"
                )
            found[stem][source] = path
    return found


def read_venue_year(stem: str, files: Mapping[str, Path], peaks: Peaks) -> Papers:
    """All papers of one venue-year, joined on their titles, a row each.

    A title that occurs again within a source is left out and counted.
    """
    place = parse_venue_year(stem)
    if place is None:
        raise InputError(f"not a venue and a year: {stem}")
    venue, year = place
    papers = Papers()
    by_title: dict[str, list[Record]] = {}
    reads = {source: READERS[source](path, stem) for source, path in files.items()}
    for source, read in reads.items():
        if not read.counts["read"]:
            raise InputError("there is no paper in it, or it cannot be read", files[source], hint=WANTED[source])
    for source, read in reads.items():
        kept: dict[str, Record] = {}
        for record in read.records:
            other = kept.get(record.key)
            if other is None or _rank_completeness(record) > _rank_completeness(other):
                kept[record.key] = record
            if other is not None:
                read.counts["kept"] -= 1
                read.counts["left out: the same title again"] += 1
        for key, record in kept.items():
            # What one source says was not accepted is out, whoever else has it.
            reason = next((one.refused[key] for one in reads.values() if key in one.refused), None)
            if reason is not None:
                read.counts["kept"] -= 1
                read.counts[f"left out: {reason}, says another source"] += 1
            else:
                by_title.setdefault(key, []).append(record)
        papers.counts.update({(source, venue, year, what): n for what, n in read.counts.items() if n})
    for records in by_title.values():
        papers.rows.append(make_row(records, peaks))
        listed = pick_with_affiliations(sort_records(records))
        if papers.rows[-1]["code_coded"] and listed and (named := count_institutions(listed.slots)):
            papers.institutions.append({"id": papers.rows[-1]["id"], "institutions": named})
        sources = {record.source for record in records}
        for source in files:
            if source in sources:
                papers.counts[source, venue, year, "matched in another source"] += len(sources) > 1
    return papers


def _rank_completeness(record: Record) -> int:
    """How much a record says, to choose between two of the same title."""
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
        Peak FLOP/s of accelerators (``data.classify.accelerators.peaks``).
    workers
        Processes; by default one a core. The result does not depend on it.
    done
        Called after each venue-year with its name, how many are done, and how many there are.

    Raises
    ------
    InputError
        For a file that cannot be read, or no file at all.
    """
    files = find_raw_files(raw)
    if not files:
        hint = "like tei/acl2018/ or paperlists/neurips2021.json.gz"
        raise InputError("no papers here: files are needed in paperlists/, coakley/ or tei/", raw, hint=hint)
    workers = workers or os.cpu_count() or 1
    # The largest first, so that no core waits for the last one.
    stems = sorted(files, key=lambda stem: (-sum(_size_of(path) for path in files[stem].values()), stem))
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
            left_out[what] += n
        reasons = ", ".join(f"{what} {n}" for what, n in sorted(left_out.items()))
        raise InputError(f"none of the papers can be used: {reasons}", raw)
    for rows in (papers.rows, papers.institutions):
        rows.sort(key=lambda row: str(row["id"]))
    return papers


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.rglob("*.xml"))


def list_annotator_labels(folder: Path) -> list[Row]:
    """The papers that were coded by hand and by the coder of full texts: ``CODER_LABELS``, sorted by paper."""
    hand, coder = (
        {row["filename"]: row for row in parse_csv(folder / name, HAND_COLUMNS).values()}
        for name in ("manual_eval.csv", "llm_eval.csv")
    )
    rows: list[Row] = []
    for paper in sorted(hand.keys() & coder.keys()):
        by_hand, by_coder = hand[paper], coder[paper]
        stem = normalise_stem(f"{by_hand['conference']}{by_hand['year']}")
        place = parse_venue_year(stem)
        if place is None:
            value = f"{by_hand['conference']} {by_hand['year']}"
            raise InputError("not a venue and a year", folder / "manual_eval.csv", None, "conference", value)
        rows.append(
            {
                # The file's name is the title's words: the same id as in the table of papers.
                "id": make_paper_id(stem, paper.rpartition("__")[0]),
                "venue": place[0],
                "year": by_hand["year"],
                "research": RESEARCH.get(by_hand["research_type"], "unknown"),
                **{
                    f"{what}_{who}": row[column]
                    for what, column in HAND.items()
                    for who, row in (("hand", by_hand), ("coder", by_coder))
                },
            }
        )
    return sorted(rows, key=lambda row: str(row["id"]))


def count_comparisons(rows: Iterable[Row]) -> list[Row]:
    """How two sources' labels of the same papers agree, by venue-year: team kind, and code by team kind.

    One row a venue, year, what was compared, and pair of answers, with the number of papers.
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
