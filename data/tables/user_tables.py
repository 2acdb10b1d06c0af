"""A user's own tables: models (a raw Epoch vintage, or the documented columns, told apart by the header) and papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data.classify.sectors import Sectors, resolve
from data.errors import InputError
from data.io import parse_csv
from data.paths import SNAPSHOT
from data.sources.epoch import detect_layout, read_vintage
from data.tables.load import load
from data.tables.paper_schemas import PAPERS, check_papers
from data.tables.schemas import MODELS, read_models, read_table, validate_rows
from data.vocabulary import UNKNOWN


@dataclass(frozen=True)
class UserModels:
    """A user's models in the place of the vintage that the analysis starts from.

    ``frame`` also holds the embedded vintages, for the specifications that name one of them; rows of the user's
    replace those of a vintage of the same name. ``said`` tells the user what was read.
    """

    frame: pd.DataFrame
    vintage: str
    said: str


def read_user_models(path: Path, headline_vintage: str) -> UserModels:
    """Read a user's table of models.

    Parameters
    ----------
    path
        A raw Epoch vintage of any layout, or a table with the columns of data/README.md.
    headline_vintage
        Used if a table of the documented columns holds several vintages.

    Raises
    ------
    InputError
        For what is neither, or breaks the rules of its kind.
    """
    header = _read_header(path)
    if not _is_raw(header):
        frame = read_models(path)
        vintages = sorted(set(frame["vintage"]))
        if len(vintages) > 1 and headline_vintage not in vintages:
            problem = f"several vintages ({', '.join(vintages)}), and none of them is {headline_vintage}"
            raise InputError(problem, path, column="vintage", hint="keep one vintage")
        vintage = vintages[0] if len(vintages) == 1 else headline_vintage
        said = f"{path.name}: a table of the documented columns, {len(frame):,} models"
    else:
        rows, _ = read_vintage(path)
        vintage = str(rows[0]["vintage"]) if rows else headline_vintage
        embedded: list[dict[str, object]] = [
            dict(row) for row in parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values()
        ]
        # The snapshot's resolved sectors stand in for labels; a label of the user's own file goes before them.
        known, own = Sectors.from_rows(embedded), Sectors.from_rows(rows)
        for mine, theirs in ((own.own, known.own), (own.by_team, known.by_team)):
            theirs.update(mine)
        later = [row for row in embedded if str(row["vintage"]) > vintage]
        resolve(rows, known, sorted(later, key=lambda row: str(row["vintage"])))
        frame = validate_rows(rows, MODELS, path)
        blanks = f"{sum(row['team_source'] == 'label' for row in rows):,} teams labelled, "
        blanks += f"{sum(row['team_source'] not in ('label', UNKNOWN) for row in rows):,} more resolved"
        layout = "teams labelled in words" if detect_layout(header) == "words" else "a sector for each organisation"
        said = f"{path.name}: a raw Epoch vintage ({layout}), taken as of {vintage}, {len(frame):,} models; {blanks}"
    snapshot = load("models")
    others = snapshot[~snapshot["vintage"].isin(set(frame["vintage"]))]
    return UserModels(pd.concat([frame, others], ignore_index=True), vintage, said)


def _read_header(path: Path) -> list[str]:
    return list(next(iter(parse_csv(path, ()).values())))


def _is_raw(header: list[str]) -> bool:
    """Whether this is the header of a raw Epoch vintage, or means to be."""
    return detect_layout(header) is not None or not {"System", "Model"}.isdisjoint(header)


def check_user_tables(tables: Mapping[str, Path]) -> None:
    """Find the faults of a user's tables before PyMC is loaded, which takes several times as long.

    Raises
    ------
    InputError
        As the functions that read them.
    """
    for name, path in tables.items():
        if name == "papers":
            read_user_papers(path)
        elif _is_raw(_read_header(path)):
            read_vintage(path)
        else:
            read_models(path)


# What a source without full texts, links or a coder does not have, and the value that says so.
NOT_KNOWN = {
    "research": UNKNOWN, "team_coded": UNKNOWN, "team_passage": UNKNOWN, "code_page": "missing",
    "hardware_kind": UNKNOWN, "accelerator_setups": "0",
}  # fmt: skip
MAY_LACK = (
    "coder_excluded", "topic_keywords", "pretrained_title", "pretrained_abstract", "pretrained_text", "code_page_rule",
    "code_coded", "code_statement", "hardware_coded", "accelerator", "accelerator_count", "accelerators_thanked",
    "accelerator_log10_peak", "accelerator_log10_tensor16", "accelerators_log10_sum", *NOT_KNOWN,
)  # fmt: skip


def read_user_papers(path: Path) -> tuple[pd.DataFrame, str]:
    """Read a user's table of papers; it may lack the columns of code, hardware, models and coders.

    Returns
    -------
    frame
        With all columns of ``PAPERS``; those that the file lacks say that nothing is known.
    said
        Tells the user what was read.

    Raises
    ------
    InputError
        If another column is missing, or a row breaks the rules of data/README.md.
    """
    header = _read_header(path)
    lacking = [name for name in MAY_LACK if name not in header]
    frame = read_table(path, PAPERS, check_papers, {name: NOT_KNOWN.get(name, "") for name in lacking})
    said = f"{path.name}: {len(frame):,} papers"
    return frame, said + (f"; without {len(lacking)} columns of code, hardware and coders" if lacking else "")
