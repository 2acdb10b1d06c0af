"""Headlines by era: those that differ only in their era, of which tables for readers show the whole period first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]


def list_series(rows: Iterable[Row]) -> list[list[Row]]:
    """List the headlines that differ only in their era, with two eras or more; the whole period comes first."""
    series: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row["headline"] and "era" in row["coords"]:
            others = {name: value for name, value in row["coords"].items() if name != "era"}
            key = (row.get("claim"), row["spec"], row["estimand"], *sorted(others.items()))
            series.setdefault(key, []).append(row)
    return [sorted(one, key=_count_years, reverse=True) for one in series.values() if len(one) > 1]


def list_without_eras(rows: Iterable[Row]) -> list[Row]:
    """List the rows without the headlines of single eras: a headline of the whole period represents them."""
    listed = list(rows)
    single = [id(row) for one in list_series(listed) for row in one[1:]]
    return [row for row in listed if id(row) not in single]


def _count_years(row: Row) -> int:
    """Return the number of years of an era, such as ``2014-18`` or ``2021``."""
    first, _, last = str(row["coords"]["era"]).partition("-")
    return (int(first[: len(first) - len(last)] + last) - int(first) if last else 0) + 1
