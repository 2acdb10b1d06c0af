"""Every headline under the earlier rule of verdicts and the present one, as a table in Markdown.

Run ``python -m benchmarks.verdicts_both_rules [build/estimates.json]`` after a refresh.
"""

from __future__ import annotations

import sys
from pathlib import Path

from data.errors import InputError
from inference.store.paths import Paths
from inference.summaries.diff import read_estimates
from inference.summaries.earlier_rule import derive_earlier_verdict
from inference.summaries.formatting import label_headline


def write_table(path: Path) -> str:
    """Return the table of the headlines that have a published value or sign.

    Raises
    ------
    InputError
        If the file is of schema version 1, which lacks the probabilities that both rules need.
    """
    content = read_estimates(path)
    if content["schema_version"] == 1:
        raise InputError("the file is of schema version 1", path, hint="run refresh, then name the new file")
    lines = ["| headline | median (89 % interval) | published | earlier rule | present rule |", "|---|---|---|---|---|"]
    for row in content["estimates"]:
        if row["headline"] and row["verdict"] is not None:
            note = f" ({row['verdict_note']})" if row["verdict_note"] else ""
            lines.append(
                f"| {label_headline(row)} | {row['text']} | {row['published_text'] or ''} | "
                f"{derive_earlier_verdict(row) or 'none'} | {row['verdict']}{note} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    print(write_table(Path(sys.argv[1]) if len(sys.argv) > 1 else Paths().estimates))
