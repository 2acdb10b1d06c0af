"""Read a user's tables of models and papers.

A table of models is a raw Epoch vintage or has the documented columns; the header identifies which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data.classify.sectors import Sectors, resolve
from data.errors import InputError
from data.io import parse_csv, read_header
from data.paths import SNAPSHOT
from data.sources.epoch import LISTS, WORDS, read_vintage
from data.sources.epoch_layout import is_raw_vintage
from data.tables.load import load
from data.tables.paper_schemas import ADDED_LATER, PAPERS, check_papers
from data.tables.schemas import MODELS, read_models, read_table, validate_rows
from data.vocabulary import UNKNOWN


@dataclass(frozen=True)
class UserModels:
    """A user's models, which replace the main vintage of the analysis.

    Attributes
    ----------
    frame
        The user's models and the embedded vintages, which some specifications name. A user's vintage replaces an
        embedded one of the same name.
    vintage
        Name of the user's vintage.
    message
        Reports to the user what was read.
    """

    frame: pd.DataFrame
    vintage: str
    message: str


def read_user_models(path: Path, headline_vintage: str, decimal: str | None = None) -> UserModels:
    """Read a user's table of models.

    Parameters
    ----------
    path
        A raw Epoch vintage of any layout, or a table with the columns of data/README.md.
    headline_vintage
        The vintage to use if a table with the documented columns holds several.
    decimal
        Decimal sign of the numbers (``data.numbers``).

    Raises
    ------
    InputError
        If the file is neither, or violates the rules of its format.
    """
    header = read_header(path)
    if not is_raw_vintage(header) and not set(MODELS.columns) & set(header):
        found = ", ".join(header[:4])[:80] or "an empty first line"
        problem = "the column is missing: neither a raw Epoch vintage nor a table with the documented columns"
        raise InputError(problem, path, 1, "vintage", hint=f"the first line must name the columns; found: {found}")
    if is_raw_vintage(header):
        rows, message = read_raw_models(path, decimal)
        vintage = str(rows[0]["vintage"])
        frame = validate_rows(rows, MODELS, path)
    else:
        frame = read_models(path, decimal)
        vintages = sorted(set(frame["vintage"]))
        if len(vintages) > 1 and headline_vintage not in vintages:
            problem = f"several vintages ({', '.join(vintages)}), none of them {headline_vintage}"
            raise InputError(problem, path, column="vintage", hint="keep one vintage")
        vintage = vintages[0] if len(vintages) == 1 else headline_vintage
        message = f"{path.name}: a table with the documented columns, {len(frame):,} models"
    snapshot = load("models")
    others = snapshot[~snapshot["vintage"].isin(set(frame["vintage"]))]
    return UserModels(pd.concat([frame, others], ignore_index=True), vintage, message)


def is_raw(path: Path) -> bool:
    """Return whether the header of a file is that of a raw Epoch vintage, possibly an incomplete one."""
    return is_raw_vintage(read_header(path))


def read_raw_models(path: Path, decimal: str | None = None) -> tuple[list[dict[str, object]], str]:
    """Read a raw vintage, and resolve its missing teams from its own labels, then from the snapshot.

    Returns
    -------
    rows
        Rows of the table of models.
    message
        Reports what was read, what was left out, and what was read as unknown.

    Raises
    ------
    InputError
        As ``data.sources.epoch.read_vintage``, or if no row has a name.
    """
    rows, counts = read_vintage(path, decimal=decimal)
    if not rows:
        raise InputError("no row has the name of a model", path)
    vintage = str(rows[0]["vintage"])
    embedded: list[dict[str, object]] = [
        dict(row) for row in parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values()
    ]
    # Sectors come from the user's labels first, then from the resolved sectors of the snapshot.
    known, labelled = Sectors.from_rows(embedded), Sectors.from_rows(rows)
    for users, snapshots in ((labelled.by_organisation, known.by_organisation), (labelled.by_team, known.by_team)):
        snapshots.update(users)
    later = [row for row in embedded if str(row["vintage"]) > vintage]
    resolve(rows, known, sorted(later, key=lambda row: str(row["vintage"])))
    teams = f"{sum(row['team_source'] == 'label' for row in rows):,} teams labelled, "
    teams += f"{sum(row['team_source'] not in ('label', UNKNOWN) for row in rows):,} more resolved"
    layout = LISTS if counts[LISTS] else WORDS
    message = f"{path.name}: a raw Epoch vintage ({layout}), dated {vintage}, {len(rows):,} models; {teams}"
    return rows, "; ".join([message, *_list_remarks(counts)])


def _list_remarks(counts: Mapping[str, int]) -> list[str]:
    """List what a user should know about a raw vintage: rows left out, missing columns, unknown labels."""
    missing = [what.partition(": ")[2] for what in counts if what.startswith("no column: ")]
    remarks = [f"no column for {', '.join(missing)}: read as unknown"] if missing else []
    for start in ("left out", "unknown label", "read as missing", "numbers with separated thousands"):
        remarks += [f"{what} ({n:,})" for what, n in sorted(counts.items()) if what.startswith(start)]
    return remarks


# Columns that need full texts, links or LLM labels, and the value that means unknown. In the other optional columns, an
# empty cell means unknown.
UNKNOWN_VALUES = {
    "research": UNKNOWN, "team_coded": UNKNOWN, "team_passage": UNKNOWN, "code_page": "missing",
    "hardware_kind": UNKNOWN, "accelerator_setups": "0",
}  # fmt: skip
OPTIONAL_COLUMNS = (
    *ADDED_LATER, "coder_excluded", "topic_keywords", "pretrained_title", "pretrained_abstract", "pretrained_text",
    "code_page_rule", "code_coded", "code_statement", "hardware_coded", "accelerator", "accelerator_count",
    "accelerators_thanked", "accelerator_log10_peak", "accelerator_log10_tensor16", "accelerators_log10_sum",
    *UNKNOWN_VALUES,
)  # fmt: skip


def read_user_papers(path: Path, decimal: str | None = None) -> tuple[pd.DataFrame, str]:
    """Read a user's table of papers.

    The columns on code, hardware, pre-trained models and LLM labels are optional. ``decimal`` is the decimal sign of
    the numbers (``data.numbers``).

    Returns
    -------
    frame
        Papers with all columns of ``PAPERS``. Columns that the file does not have hold the value for unknown.
    message
        Reports to the user what was read.

    Raises
    ------
    InputError
        If a required column is missing, or a row violates the rules of data/README.md.
    """
    header = read_header(path)
    missing = [name for name in OPTIONAL_COLUMNS if name not in header]
    defaults = {name: UNKNOWN_VALUES.get(name, "") for name in missing}
    frame = read_table(path, PAPERS, check_papers, defaults, decimal)
    message = f"{path.name}: {len(frame):,} papers"
    if is_from_openalex(frame):
        message += "; from OpenAlex, with its topics; code, hardware and LLM labels are unknown"
    elif fewer := [name for name in missing if name not in ADDED_LATER]:
        message += f"; without {len(fewer)} columns on code, hardware and LLM labels"
    return frame, message


def is_from_openalex(papers: pd.DataFrame) -> bool:
    """Return whether all papers of a table come from OpenAlex alone, which then also classifies their topics."""
    return bool((papers["sources"] == "openalex").all())
