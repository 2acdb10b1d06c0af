"""Compare the analysis samples of two vintages.

A sample holds notable models with a usable training compute, published 2010-22. Epoch awards notability afterwards, so
selection changes between vintages. Models are matched by exact name; for a model in one sample only, the comparison
states the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from data.vocabulary import UNKNOWN

Row = Mapping[str, object]
FIRST_YEAR, LAST_YEAR = "2010", "2022"
COMPUTE_CHANGED = 0.05  # dex: more than rounding
TEAM_GROUPS = ("academia-only", "collaboration", "industry-only", "other", UNKNOWN)
CHANGES = (
    "added: no model of this name before",
    "added: not notable before",
    "added: no usable compute before",
    "added: no date in the window before",
    "dropped: no model of this name any more",
    "dropped: no longer notable",
    "dropped: no usable compute any more",
    "dropped: no date in the window any more",
    "in both",
    "in both: team relabelled",
    "in both: compute changed",
)


def list_differences(earlier: Iterable[Row], later: Iterable[Row]) -> list[dict[str, object]]:
    """Count each change between two vintages, by team group.

    A dropped model counts with its team in the earlier vintage, any other model with its team in the later one.

    Returns
    -------
    list of dict
        ``change`` (one of ``CHANGES``), ``n`` and one column for each of ``TEAM_GROUPS``, for all changes.
    """
    before, after = ({str(row["model"]): row for row in rows} for rows in (earlier, later))
    tallies: dict[str, Counter[str]] = {change: Counter() for change in CHANGES}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        for change in _list_changes(old, new):
            row = old if change.startswith("dropped") else new
            assert row is not None
            tallies[change][_group_team(str(row["team_resolved"]))] += 1
    return [
        {"change": change, "n": tally.total(), **{group: tally[group] for group in TEAM_GROUPS}}
        for change, tally in tallies.items()
    ]


def _list_changes(old: Row | None, new: Row | None) -> Sequence[str]:
    was, is_now = _explain_absence(old), _explain_absence(new)
    if not was and not is_now:
        assert old is not None
        assert new is not None
        found = ["in both"]
        if UNKNOWN not in (old["team"], new["team"]) and _group_team(str(old["team"])) != _group_team(str(new["team"])):
            found.append("in both: team relabelled")
        if abs(float(str(old["log10_compute"])) - float(str(new["log10_compute"]))) > COMPUTE_CHANGED:
            found.append("in both: compute changed")
        return found
    if not is_now:
        return ["added: " + {"file": "no model of this name before"}.get(was, f"{was} before")]
    if not was:
        back = {"file": "no model of this name any more", "not notable": "no longer notable"}
        return ["dropped: " + back.get(is_now, f"{is_now} any more")]
    return []


def _explain_absence(row: Row | None) -> str:
    """Return why a model is not in the sample; empty if it is."""
    if row is None:
        return "file"
    if not row["notability"]:
        return "not notable"
    if not FIRST_YEAR <= str(row["date"])[:4] <= LAST_YEAR:
        return "no date in the window"
    return "no usable compute" if row["log10_compute"] == "" or row["confidence"] == "wrong" else ""


def _group_team(team: str) -> str:
    if team.endswith("collaboration"):
        return "collaboration"
    return team if team in TEAM_GROUPS else "other"
