"""Build the embedded snapshot from raw files."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data.build.hardware_labels import HARDWARE, list_hardware_labels
from data.build.papers import READERS, Papers, count_comparisons, list_annotator_labels, read_all
from data.build.pretrained_tables import MENTIONS, list_mention_labels, list_pretrained_models
from data.build.provenance import format_provenance
from data.classify.accelerators import list_peaks
from data.classify.paper_row import Row
from data.classify.sectors import Sectors, resolve
from data.errors import InputError
from data.io import format_csv, parse_csv, write_atomic
from data.paths import LABELS, SNAPSHOT
from data.sources import chips
from data.sources.ecosystem_graphs import read_ecosystem_graphs
from data.sources.epoch import read_vintage
from data.tables.load import load
from data.tables.paper_schemas import (
    CODE_LABELS,
    CODER_LABELS,
    HARDWARE_LABELS,
    INSTITUTIONS,
    MENTION_LABELS,
    PAPERS,
    PRETRAINED_MODELS,
    check_papers,
)
from data.tables.schemas import ACCESS_LABELS, CHIPS, MODELS, validate_rows
from data.tables.vintages import TEAM_GROUPS, list_differences

# Oldest first: missing teams of a vintage are resolved from later vintages.
VINTAGES = {
    "2023-12": "epoch/all_ml_systems_2023-12-14.csv",
    "2025-06": "epoch/all_ml_systems_2025-06.csv",
    "2026-03": "epoch/all_ai_models_2026-03-30.csv",
    "2026-05": "epoch/notable_ai_models_2026-05.csv",
}
CHIPS_FILE = "epoch/chips_2025-06.csv"
ACCESS_FILE = "access/ecosystem_graphs_2025-01.csv"
PASSAGES = LABELS / "code_passages.csv"
LABEL_NAMES = {
    "own_address": "own, address",
    "own_elsewhere": "own, elsewhere",
    "third_party": "third party",
    "promised": "promised",
    "data": "data",
    "demo": "demo",
    "nothing": "nothing",
}
Rows = list[dict[str, object]]
Done = Callable[[str, int, int], None]


@dataclass
class Built:
    """Tables by file name, ready to be written; their numbers of rows; counts by source."""

    tables: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    papers: Papers = field(default_factory=Papers)


def build(raw: Path, out: Path = SNAPSHOT, workers: int | None = None, done: Done | None = None) -> Built:
    """Rebuild the snapshot from a folder of raw files.

    The embedded snapshot needs all sources (``epoch``, ``paperlists``, ``coakley``, ``tei``) and all vintages; any
    other output folder needs at least one. All sources are read and validated before the first table is written.

    Parameters
    ----------
    raw, out
        Folders of the raw files and of the tables.
    workers, done
        As in ``data.build.papers.read_all``.

    Raises
    ------
    InputError
        If a raw file is missing or not valid. The old snapshot is then unchanged.
    """
    if not raw.is_dir():
        raise InputError("a folder of raw files is needed", raw)
    found = [name for name in ("epoch", *READERS) if (raw / name).is_dir()]
    if not found:
        raise InputError("no raw data found: folders epoch/, paperlists/, coakley/ or tei/ are needed", raw)
    missing = [name for name in ("epoch", *READERS) if name not in found]
    is_snapshot = out.resolve() == SNAPSHOT.resolve()
    if missing and is_snapshot:
        hint = "write your own tables elsewhere with --out"
        raise InputError(f"the embedded snapshot needs the folder {missing[0]}", raw / missing[0], hint=hint)
    built = Built()
    if is_snapshot or (raw / ACCESS_FILE).exists():
        labels, built.counts[ACCESS_FILE] = read_ecosystem_graphs(raw / ACCESS_FILE)
        validate_rows(labels, ACCESS_LABELS, raw / ACCESS_FILE)
        _add(built, "access_labels.csv", list(ACCESS_LABELS.columns), labels)
    chip_rows = _build_models(raw, built, is_snapshot) if "epoch" in found else _read_embedded_chips()
    if found != ["epoch"]:
        _build_papers(raw, built, chip_rows, workers, done)
    built.tables["provenance.json"] = format_provenance(raw, not missing, built.papers.counts, built.rows)
    if out.exists() and not out.is_dir():
        raise InputError("this is a file; an output folder is needed", out, hint="choose another --out")
    for name, content in built.tables.items():
        write_atomic(out / name, content)
    return built


def _read_embedded_chips() -> Rows:
    return [{str(name): value for name, value in row.items()} for row in load("chips").to_dict("records")]


def _add(built: Built, name: str, columns: list[str], rows: Rows) -> None:
    built.tables[name] = format_csv(columns, rows)
    built.rows[name] = len(rows)


def _build_models(raw: Path, built: Built, is_snapshot: bool) -> Rows:
    files = {vintage: name for vintage, name in VINTAGES.items() if is_snapshot or (raw / name).exists()}
    if not files and not (raw / CHIPS_FILE).exists():
        known = ", ".join(Path(name).name for name in VINTAGES.values())
        hint = f"known: {known}; for another vintage, run inference refresh --models FILE"
        raise InputError("none of the known vintages is in this folder", raw / "epoch", hint=hint)
    vintages: dict[str, Rows] = {}
    counts = built.counts
    for vintage, name in files.items():
        vintages[vintage], counts[name] = read_vintage(raw / name, vintage)
    resolved = resolve_all(vintages)
    for vintage, name in files.items():
        counts[name] += resolved[vintage]
        validate_rows(vintages[vintage], MODELS, raw / name)
    if is_snapshot or (raw / CHIPS_FILE).exists():
        chip_rows, counts[CHIPS_FILE] = chips.read_chips(raw / CHIPS_FILE)
        validate_rows(chip_rows, CHIPS, raw / CHIPS_FILE)
    else:
        chip_rows = _read_embedded_chips()
    changes = [
        {"earlier": earlier, "later": later, **row}
        for earlier, later in itertools.pairwise(files)
        for row in list_differences(vintages[earlier], vintages[later])
    ]
    count_rows: Rows = [
        {"source": name, "what": what, "n": n} for name, counter in counts.items() for what, n in counter.items()
    ]
    if files:
        _add(built, "models.csv.gz", list(MODELS.columns), list(itertools.chain(*vintages.values())))
        _add(built, "vintages.csv", ["earlier", "later", "change", "n", *TEAM_GROUPS], changes)
    _add(built, "chips.csv.gz", list(CHIPS.columns), chip_rows)
    _add(built, "counts.csv", ["source", "what", "n"], count_rows)
    return chip_rows


def _build_papers(raw: Path, built: Built, chip_rows: Rows, workers: int | None, done: Done | None) -> None:
    papers = built.papers = read_all(raw, list_peaks(chip_rows), workers, done)
    check_papers(validate_rows(papers.rows, PAPERS, raw), raw, rows_known=False)
    for (source, _, _, what), n in papers.counts.items():
        built.counts.setdefault(source, Counter())[what] += n
    counts: Rows = [
        {"source": source, "venue": venue, "year": year, "what": what, "n": n}
        for (source, venue, year, what), n in sorted(papers.counts.items())
    ]
    compared = count_comparisons(papers.rows)
    _add(built, "papers.csv.gz", list(PAPERS.columns), papers.rows)
    if papers.institutions:
        validate_rows(papers.institutions, INSTITUTIONS, raw)
        _add(built, "institutions.csv.gz", list(INSTITUTIONS.columns), papers.institutions)
    _add(built, "papers_counts.csv", ["source", "venue", "year", "what", "n"], counts)
    names = ["venue", "year", "what", "team_coded", "first", "second", "n"]
    if compared:
        _add(built, "papers_compared.csv.gz", names, compared)
    if (raw / "coakley" / "manual_eval.csv").exists():
        labels = list_annotator_labels(raw / "coakley")
        validate_rows(labels, CODER_LABELS, raw / "coakley" / "manual_eval.csv")
        _add(built, "coder_labels.csv", list(CODER_LABELS.columns), labels)
    labelled = list_code_labels(papers.rows)
    validate_rows(labelled, CODE_LABELS, PASSAGES)
    if labelled:
        _add(built, "code_labels.csv", list(CODE_LABELS.columns), labelled)
    hardware = list_hardware_labels(papers.rows, list_peaks(chip_rows))
    validate_rows(hardware, HARDWARE_LABELS, HARDWARE)
    if hardware:
        _add(built, "hardware_labels.csv", list(HARDWARE_LABELS.columns), hardware)
    _add(built, "pretrained_models.csv", list(PRETRAINED_MODELS.columns), list_pretrained_models())
    mentions = list_mention_labels(papers.rows)
    validate_rows(mentions, MENTION_LABELS, MENTIONS)
    if mentions:
        _add(built, "mention_labels.csv", list(MENTION_LABELS.columns), mentions)


def list_code_labels(rows: list[Row], labels: Path = PASSAGES) -> Rows:
    """Join labelled passages with the answers of LLM annotator, rules and abstract page, sorted by id."""
    by_id = {str(row["id"]): row for row in rows}
    found: Rows = []
    for label in parse_csv(labels, ("id", "label", "flag")).values():
        if (row := by_id.get(label["id"])) is not None:
            found.append(
                {
                    "id": label["id"],
                    "label": LABEL_NAMES[label["label"]],
                    "flag": label["flag"],
                    **{name: row[name] for name in ("team_coded", "code_statement", "code_page")},
                }
            )
    return sorted(found, key=lambda row: str(row["id"]))


def resolve_all(vintages: Mapping[str, Rows]) -> dict[str, Counter[str]]:
    """Resolve the missing teams of each vintage (oldest first) from its organisations and from later vintages."""
    names = list(vintages)
    known = Sectors.from_rows(itertools.chain(*vintages.values()))
    return {
        name: resolve(vintages[name], known, itertools.chain(*(vintages[later] for later in names[index + 1 :])))
        for index, name in enumerate(names)
    }
