"""Former names of specifications: what became of them, for files and commands that still use them. No heavy imports."""

from __future__ import annotations

# By CLAIM/SPECIFICATION, the present name; estimates of the two are compared with each other.
RENAMED: dict[str, str] = {}
_ONE_GROUP = "a named prior now scales one group of hyper-parameters (FIT_GROUP_half, FIT_GROUP_twice), not all at once"
_SCALED_AT_ONCE = {
    "academic_share": ("", "large_scale_"),
    "topic_compute": ("", "full_text_", "as_published_", "with_trends_"),
    "code_release": ("", "by_team_"),
}
# Specifications that were dropped, with what takes their place.
DROPPED: dict[str, str] = {
    f"{claim}/{fit}{word}_scale": _ONE_GROUP
    for claim, fits in _SCALED_AT_ONCE.items()
    for fit in fits
    for word in ("half", "twice")
}


def find_present_name(claim: str, spec: str) -> str:
    """Return the present name of a specification; names that were never changed are returned as they are."""
    return RENAMED.get(f"{claim}/{spec}", f"{claim}/{spec}").partition("/")[2]


def explain_former_name(name: str) -> str | None:
    """Explain what became of a former name, given with its claim or without; None if it is no former name."""
    for known, present in RENAMED.items():
        if name in (known, known.partition("/")[2]):
            return f"{known} is now called {present}"
    for known, instead in DROPPED.items():
        if name in (known, known.partition("/")[2]):
            return f"{known} was dropped: {instead}"
    return None
