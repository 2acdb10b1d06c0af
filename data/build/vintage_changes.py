"""List what changed between two vintages of Epoch's models, model by model, and summarise it.

``data.tables.vintages`` compares the samples of the analysis; this module compares all models. Models are matched by
exact name, and team types are the labels of the vintages, not resolved ones.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from data.tables.vintages import COMPUTE_CHANGED, list_differences
from data.vocabulary import UNKNOWN

Row = Mapping[str, object]
Change = dict[str, str]  # with the keys of COLUMNS
COLUMNS = ("model", "change", "earlier", "later")
ADDED, DROPPED, TEAM, COMPUTE, NOTABILITY = "added", "dropped", "team type", "log10 compute", "notability"
FACTOR = 2.0  # a compute that changes by more is a large change
SHOWN = 5  # names in a line of the summary, and transitions of team types


def select_comparable(earlier: Sequence[Row], later: Sequence[Row]) -> tuple[list[Row], list[Row], str]:
    """Keep what two vintages can be compared on, and say what was left out.

    Epoch publishes a file of all models and one of notable models. Of the former, only models that are notable or also
    in the latter are comparable with the latter.
    """
    compared = []
    only_notable = [all(row["notability"] for row in rows) for rows in (earlier, later)]
    for rows, others, others_notable in ((earlier, later, only_notable[1]), (later, earlier, only_notable[0])):
        names = {row["model"] for row in others}
        compared.append([row for row in rows if not others_notable or row["notability"] or row["model"] in names])
    left_out = len(earlier) + len(later) - sum(map(len, compared))
    remark = f"{left_out:,} models that are not notable are left out: one file holds only notable ones"
    return compared[0], compared[1], remark if left_out else ""


def list_changes(earlier: Iterable[Row], later: Iterable[Row]) -> list[Change]:
    """List every change between two vintages, sorted by change, then by size of the compute (its change), then name.

    Returns
    -------
    list of dict
        ``model``, ``change`` (``added``, ``dropped``, ``team type``, ``log10 compute`` or ``notability``), ``earlier``
        and ``later``: the values, empty if missing (log10 FLOP; the criteria of notability; the team type for models
        added or dropped).
    """
    before, after = ({str(row["model"]): row for row in rows} for rows in (earlier, later))
    found: list[tuple[str, float, str, str, str]] = []
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            row = old or new
            assert row is not None
            change = (ADDED, "", str(row["team"])) if old is None else (DROPPED, str(row["team"]), "")
            found.append((change[0], _read_compute(row), name, *change[1:]))
            continue
        if old["team"] != new["team"]:
            found.append((TEAM, 0.0, name, str(old["team"]), str(new["team"])))
        if bool(old["notability"]) != bool(new["notability"]):
            found.append((NOTABILITY, _read_compute(new), name, str(old["notability"]), str(new["notability"])))
        computes = [_read_compute(row) for row in (old, new)]
        if (step := abs(computes[0] - computes[1])) > 0:  # a missing compute is minus infinity; nan is not above zero
            found.append((COMPUTE, step, name, str(old["log10_compute"]), str(new["log10_compute"])))
    order = (ADDED, DROPPED, TEAM, COMPUTE, NOTABILITY)
    found.sort(key=lambda one: (order.index(one[0]), -one[1], one[2]))
    return [dict(zip(COLUMNS, (name, change, *values), strict=True)) for change, _, name, *values in found]


def _read_compute(row: Row) -> float:
    text = str(row["log10_compute"])
    return float(text) if text else -math.inf


def summarise_changes(earlier: Sequence[Row], later: Sequence[Row], changes: Sequence[Change]) -> list[str]:
    """Summarise changes in at most 20 lines; long lists of names are cut, with their counts."""
    by_change: dict[str, list[Change]] = {}
    for one in changes:
        by_change.setdefault(one["change"], []).append(one)
    in_both = len(later) - len(by_change.get(ADDED, []))
    lines = [f"models: {len(earlier):,} before, {len(later):,} now, {in_both:,} in both"]
    lines += [f"{change}: {_count_names(by_change.get(change, []))}" for change in (ADDED, DROPPED)]
    lines += _summarise_teams(by_change.get(TEAM, []))
    lines += _summarise_computes(by_change.get(COMPUTE, []), earlier, later)
    notable = by_change.get(NOTABILITY, [])
    lines.append(f"notable now: {_count_names([one for one in notable if one['later']])}")
    lines.append(f"no longer notable: {_count_names([one for one in notable if not one['later']])}")
    return [*lines, _summarise_sample(earlier, later)]


def _summarise_teams(changes: Sequence[Change]) -> list[str]:
    known = [one for one in changes if UNKNOWN not in (one["earlier"], one["later"])]
    steps: dict[str, list[Change]] = {}
    for one in known:
        steps.setdefault(f"{one['earlier']} -> {one['later']}", []).append(one)
    largest = sorted(steps, key=lambda step: (-len(steps[step]), step))
    lines = [f"team type changed: {len(known):,}"]
    lines += [f"  {step}: {_count_names(steps[step], 3)}" for step in largest[:SHOWN]]
    if rest := largest[SHOWN:]:
        lines.append(f"  {len(rest)} other changes of type: {sum(len(steps[step]) for step in rest):,}")
    now_known = sum(one["earlier"] == UNKNOWN for one in changes)
    no_longer = len(changes) - len(known) - now_known
    return [*lines, f"team type known now: {now_known:,}; no longer known: {no_longer:,}"]


def _summarise_computes(changes: Sequence[Change], earlier: Iterable[Row], later: Iterable[Row]) -> list[str]:
    known = [{str(row["model"]) for row in rows if row["log10_compute"] != ""} for rows in (earlier, later)]
    moved = [one for one in changes if one["earlier"] and one["later"]]
    sizes = [abs(float(one["later"]) - float(one["earlier"])) for one in moved]
    rounding = sum(size > COMPUTE_CHANGED for size in sizes)
    large = sum(size > math.log10(FACTOR) for size in sizes)
    small = f"{100 * (10**COMPUTE_CHANGED - 1):.0f} %"
    lines = [
        f"compute changed: {len(moved):,} of the {len(known[0] & known[1]):,} known in both; "
        f"{rounding:,} by more than {small}, {large:,} by more than a factor of {FACTOR:g}"
    ]
    if large:
        shown = [
            f"{_clean_name(one['model'])} {10 ** float(one['earlier']):.1e} to {10 ** float(one['later']):.1e} FLOP"
            for one in moved[: min(large, 3)]
        ]
        lines.append(f"  largest: {', '.join(shown)}")
    now_known = sum(not one["earlier"] for one in changes)
    no_longer = sum(not one["later"] for one in changes)
    return [*lines, f"compute known now: {now_known:,}; no longer known: {no_longer:,}"]


def _summarise_sample(earlier: Iterable[Row], later: Iterable[Row]) -> str:
    counts: Counter[str] = Counter()
    for row in list_differences(earlier, later):
        start, _, reason = str(row["change"]).partition(": ")
        counts[reason if start == "in both" and reason else start] += int(str(row["n"]))
    return (
        f"sample of the analysis (notable, published 2010-22, usable compute): {counts['in both']:,} in both, "
        f"{counts['added']:,} added, {counts['dropped']:,} dropped; of those in both, another team type: "
        f"{counts['team relabelled']:,}, another compute: {counts['compute changed']:,}"
    )


def _count_names(changes: Sequence[Change], shown: int = SHOWN) -> str:
    names = [_clean_name(one["model"]) for one in changes[:shown]]
    more = f", and {len(changes) - shown:,} more" if len(changes) > shown else ""
    return f"{len(changes):,}" + (f" ({', '.join(names)}{more})" if names else "")


def _clean_name(name: str) -> str:
    """Return a name that a terminal can print in one line."""
    printable = "".join(character if character.isprintable() else "?" for character in name)
    return printable if len(printable) <= 40 else printable[:37] + "..."
