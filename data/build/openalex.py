"""Table of papers from a download of OpenAlex works.

The works are read twice, and only rows are kept in memory: first to find the newest record of each work and what the
download calls each institution, then to make the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data.classify.affiliations import SECTOR_BY_TYPE, classify_institution
from data.classify.paper_row import make_row
from data.errors import InputError
from data.io import format_csv, write_atomic
from data.sources.openalex import (
    NO_AUTHORS,
    Item,
    find_place,
    find_title,
    find_update,
    list_institutions,
    read_lines,
    read_work,
    shorten_id,
)
from data.sources.openalex_manifest import list_parts
from data.sources.record import Institution, make_title_key
from data.tables.paper_schemas import PAPERS, check_papers
from data.tables.schemas import validate_rows
from data.vocabulary import AUTHOR_SECTORS, FAMILIES, UNKNOWN

SOURCE = "openalex"
COUNT_COLUMNS = ("source", "venue", "year", "what", "n")
COLUMNS = tuple(PAPERS.columns)
OTHER_VERSION = "left out: another version of a paper that is kept"
SAME_TITLE = "left out: the same title again"
REPORT_EVERY = 10_000  # records
CHECKED_AT_ONCE = 50_000  # rows, so that a large table needs little memory
OLDER = "left out: an older record of the same work"
AFFILIATIONS = "affiliations from another version"
ABSTRACT = "abstract from another version"
TOPIC = "OpenAlex topic from another version"
AUTHOR_COLUMNS = (
    "n_authors", "slots_per", "slots_with_text", "slots_without_text", "team_listed",
    *(f"authors_{sector}" for sector in AUTHOR_SECTORS),
)  # fmt: skip
TEXT_COLUMNS = (
    "topic", "topic_basis", "has_abstract", "abstract_words", "pretrained_abstract",
    *(f"terms_{family}" for family in FAMILIES),
)  # fmt: skip

Cells = tuple[object, ...]
Report = Callable[[str], None]


@dataclass
class Survey:
    """What the first reading finds in the parts."""

    newest: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Latest update and position, among all records, of the record of each work that is used."""
    titles: Counter[int] = field(default_factory=Counter)
    """Number of records by the hash of their title."""
    institutions: dict[str, Counter[Institution]] = field(default_factory=dict)
    """Forms of each institution, by its id, else by ROR or name."""


@dataclass
class Candidate:
    """A row whose title occurs more than once."""

    cells: Cells
    rank: int
    authors: frozenset[str]
    remarks: tuple[str, ...]


@dataclass
class Works:
    """Rows made from works, and counts by venue, year and what is counted."""

    rows: list[Cells] = field(default_factory=list)
    repeated: dict[str, list[Candidate]] = field(default_factory=dict)
    counts: Counter[tuple[str, int | str, str]] = field(default_factory=Counter)
    institutions: set[Institution] = field(default_factory=set)

    def count_total(self, what: str) -> int:
        """Count what occurred in all venues and years."""
        return sum(n for (_, _, name), n in self.counts.items() if name == what)


def write_tables(folder: Path, report: Report) -> list[str]:
    """Make the table of papers from the works in a folder, and write it there with its counts.

    Parameters
    ----------
    folder
        Folder of a download, or of files ``*.jsonl`` and ``*.jsonl.gz``. ``papers.csv.gz`` and ``papers_counts.csv``
        are written into it.
    report
        Called with a line of text now and then.

    Returns
    -------
    list of str
        Lines that say what was read, kept and left out.

    Raises
    ------
    InputError
        If a part cannot be read, no work has authors, or no paper remains.
    """
    parts = list_parts(folder)
    survey = index_works(parts, report)
    works = read_parts(parts, survey, report)
    choose_versions(works)
    _check_usable(works, folder)
    works.rows.sort(key=lambda cells: str(cells[0]))
    for start in range(0, len(works.rows), CHECKED_AT_ONCE):
        chunk = [dict(zip(COLUMNS, cells, strict=True)) for cells in works.rows[start : start + CHECKED_AT_ONCE]]
        check_papers(validate_rows(chunk, PAPERS, folder), folder, rows_known=False)
    _count_rows(works)
    counts = [
        {"source": SOURCE, "venue": venue, "year": year, "what": what, "n": n}
        for (venue, year, what), n in sorted(works.counts.items(), key=lambda item: tuple(map(str, item[0])))
        if n
    ]
    rows = (dict(zip(COLUMNS, cells, strict=True)) for cells in works.rows)
    write_atomic(folder / "papers.csv.gz", format_csv(COLUMNS, rows))
    write_atomic(folder / "papers_counts.csv", format_csv(COUNT_COLUMNS, counts))
    return summarise_works(works)


def index_works(parts: Sequence[Path], report: Report = lambda text: None) -> Survey:
    """Find the newest record of each work, repeated titles, and the forms of each institution."""
    survey = Survey()
    for position, work in _read_objects(parts, report, "first pass"):
        id_ = shorten_id(work.get("id")) or f"position {position}"
        updated = find_update(work)
        latest, _ = survey.newest.get(id_, ("", 0))
        if not updated or updated >= latest:  # without a date, the order of the parts is all that is known
            survey.newest[id_] = updated or latest, position
        survey.titles[hash(make_title_key(find_title(work)))] += 1
        for institution in list_institutions(work):
            survey.institutions.setdefault(_identify(institution), Counter())[institution] += 1
    return survey


def resolve_institutions(found: Mapping[str, Counter[Institution]]) -> dict[str, Institution]:
    """Resolve name, ROR and type of each institution: the most common of each in the download.

    A type that identifies no sector, such as ``funder``, is used only if there is no other.
    """
    resolved: dict[str, Institution] = {}
    for key, forms in found.items():
        rors, names, types = Counter[str](), Counter[str](), Counter[str]()
        for form, n in forms.items():
            rors[form.ror] += n
            names[form.name] += n
            types[form.type] += n
        telling = Counter({type_: n for type_, n in types.items() if type_ in SECTOR_BY_TYPE})
        id_ = next(form.id for form in forms)
        resolved[key] = Institution(
            id_, _pick_commonest(rors), _pick_commonest(names), _pick_commonest(telling or types)
        )
    return resolved


def read_parts(parts: Sequence[Path], survey: Survey, report: Report = lambda text: None) -> Works:
    """Make the row of the newest record of each work."""
    works = Works()
    resolved = resolve_institutions(survey.institutions)
    newest = {position for _, position in survey.newest.values()}

    def resolve(institution: Institution) -> Institution:
        return resolved.get(_identify(institution), institution)

    for position, work in _read_objects(parts, report, "second pass", works.counts):
        place = find_place(work) or ("", "")
        works.counts[*place, "read"] += 1
        if position not in newest:
            works.counts[*place, OLDER] += 1
            continue
        reading = read_work(work, resolve)
        if reading.version is None:
            works.counts[*place, f"left out: {reading.left_out}"] += 1
            continue
        record = reading.version.record
        works.institutions.update(one for slot in record.slots for one in slot.institutions)
        cells = tuple(make_row([record], {}).values())
        if survey.titles[hash(record.key)] > 1:
            candidate = Candidate(cells, reading.version.rank, reading.version.authors, tuple(reading.remarks))
            works.repeated.setdefault(record.key, []).append(candidate)
        else:
            works.rows.append(cells)
            works.counts.update((*place, remark) for remark in reading.remarks)
    return works


def choose_versions(works: Works) -> None:
    """Choose among rows with the same title, count the others, and add the chosen ones to the rows.

    A preprint, or a copy without a source, is left out if a publication shares an author with it. Of papers with the
    same title, venue and year, only the most complete one is kept, even if their authors differ, because the table
    identifies papers by venue, year and title. A row that is kept takes the affiliations and the abstract that it lacks
    from versions by the same authors that are left out. The remarks on those versions are not counted.
    """
    for candidates in works.repeated.values():
        kept: list[Candidate] = []
        for one in sorted(candidates, key=lambda one: (-one.rank, -_measure_completeness(one.cells))):
            place = _read_place(one.cells)
            versions = [other for other in kept if one.authors & other.authors]
            same = [other for other in kept if one.cells[0] == other.cells[0]]
            if one.rank < 2 and versions:
                works.counts[*place, OTHER_VERSION] += 1
            elif same:
                works.counts[*place, SAME_TITLE] += 1
                versions = [other for other in same if other in versions or not (one.authors and other.authors)]
            else:
                kept.append(one)
                works.counts.update((*place, remark) for remark in one.remarks)
                continue
            for other in versions:
                works.counts.update((*_read_place(other.cells), what) for what in _extend_row(other, one))
        works.rows += [one.cells for one in kept]
    works.repeated.clear()


def _extend_row(kept: Candidate, other: Candidate) -> list[str]:
    """Fill what a row lacks from another version of the paper, and return what was filled."""
    row, given = (dict(zip(COLUMNS, one.cells, strict=True)) for one in (kept, other))
    filled = []
    if row["slots_per"] == "none" != given["slots_per"]:
        row |= {name: given[name] for name in AUTHOR_COLUMNS}
        filled.append(AFFILIATIONS)
    if (row["has_abstract"], given["has_abstract"]) == ("no", "yes"):
        row |= {name: given[name] for name in TEXT_COLUMNS}
        filled.append(ABSTRACT)
    if given["topic_openalex"] and not row["topic_openalex"]:
        row["topic_openalex"] = given["topic_openalex"]
        filled.append(TOPIC)
    kept.cells = tuple(row.values())
    return filled


def summarise_works(works: Works) -> list[str]:
    """Describe in a few lines what was read, kept and left out, and what is known about the papers."""
    total: Counter[str] = Counter()
    for (_, _, what), n in works.counts.items():
        total[what] += n
    kept = total["kept"]
    lines = [f"{total['read']} records read, {kept} papers kept"]
    lines += [f"  {what} {n}" for what, n in sorted(total.items()) if what.startswith("left out: ") and n]
    team, abstracts = total["team type known"], total["with abstract"]
    by = {how: total[f"institutions: sector by {how}"] for how in ("name", "id", "type")}
    lines += [
        f"team type known: {team} ({_format_share(team, kept)})",
        f"with abstract: {abstracts} ({_format_share(abstracts, kept)})",
        f"institutions: {sum(by.values()) + total['institutions: sector unknown']}, sector by name {by['name']}, "
        f"by id {by['id']}, by type {by['type']}, unknown {total['institutions: sector unknown']}",
    ]
    shown = ("read", "kept", "left out: ", "institutions: ", "team type known", "with abstract")
    lines += [f"{what}: {n}" for what, n in sorted(total.items()) if not what.startswith(shown) and n]
    return [*lines, "code and hardware: unknown in OpenAlex"]


def _read_objects(
    parts: Sequence[Path], report: Report, done: str, counts: Counter[tuple[str, int | str, str]] | None = None
) -> Iterator[tuple[int, Item]]:
    """Yield the records of all parts with their positions; count values that are not records."""
    position = 0
    for part in parts:
        for value in read_lines(part):
            position += 1
            is_record = isinstance(value, Mapping)
            if counts is not None and not is_record:
                counts["", "", "read"] += 1
                counts["", "", "left out: not a record"] += 1
            if isinstance(value, Mapping):
                yield position, value
            if position % REPORT_EVERY == 0:
                report(f"{done}: {position:,} records")


def _identify(institution: Institution) -> str:
    return institution.id or institution.ror or institution.name


def _read_place(cells: Cells) -> tuple[str, int]:
    return str(cells[COLUMNS.index("venue")]), int(str(cells[COLUMNS.index("year")]))


def _pick_commonest(counts: Counter[str]) -> str:
    """Pick the most common text that is not empty, the first in the alphabet among equals."""
    return min((text for text in counts if text), key=lambda text: (-counts[text], text), default="")


def _measure_completeness(cells: Cells) -> int:
    """Count the fields that a row fills, as for records of one title in other sources."""
    row = dict(zip(COLUMNS, cells, strict=True))
    return sum((row["slots_per"] != "none", row["has_abstract"] == "yes", bool(row["n_authors"])))


def _check_usable(works: Works, folder: Path) -> None:
    reasons: Counter[str] = Counter()
    for (_, _, what), n in works.counts.items():
        if what.startswith("left out: "):
            reasons[what] += n
    if not works.rows:
        told = ", ".join(f"{what} {n}" for what, n in sorted(reasons.items()) if n)
        raise InputError(f"none of the {works.count_total('read')} records can be used: {told or 'no record'}", folder)
    if works.count_total(NO_AUTHORS) == len(works.rows):
        problem = f"none of the {len(works.rows)} papers has authorships, so that no team type is known"
        hint = "download the works with the field authorships: another select left it out, or they have no authors"
        raise InputError(problem, folder, hint=hint)


def _count_rows(works: Works) -> None:
    """Add to the counts what the rows say, and how the sectors of the institutions were decided."""
    team, abstract = COLUMNS.index("team_listed"), COLUMNS.index("has_abstract")
    for cells in works.rows:
        place = _read_place(cells)
        works.counts[*place, "kept"] += 1
        works.counts[*place, "team type known"] += cells[team] != UNKNOWN
        works.counts[*place, "with abstract"] += cells[abstract] == "yes"
    for institution in works.institutions:
        how = classify_institution(institution)[1]
        what = "institutions: sector unknown" if how == UNKNOWN else f"institutions: sector by {how}"
        works.counts["", "", what] += 1


def _format_share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0 %"
