"""Follow a walk through the pages of a slice: what the server delivered, and whether its pages have an end."""

from __future__ import annotations

from dataclasses import dataclass

from data.fetch.openalex_client import Page
from data.fetch.openalex_query import PER_PAGE
from data.sources.openalex_manifest import FIRST_CURSOR, Slice

MOST_DELIVERED = 2, 1000  # times the server's count, and works more: a walk that delivers more has no end


@dataclass
class Pass:
    """What the server delivered in a walk in this run.

    ``ids`` are those of the works, ``before`` counts the works that earlier runs received in the same walk, ``works``
    counts records, and ``total`` is the server's count. ``whole`` says whether this run began the walk.
    """

    cursors: set[str]
    ids: set[str]
    before: int
    whole: bool
    works: int = 0
    total: int | None = None

    def count_delivered(self) -> int:
        """Return the number of different works that the walk has delivered so far."""
        return self.before + len(self.ids)


def start_pass(one: Slice) -> Pass:
    """Start to follow the walk of a slice, from its first page or from where an earlier run stopped."""
    assert one.walk is not None
    whole = one.walk.cursor == FIRST_CURSOR
    return Pass({one.walk.cursor}, set(), 0 if whole else one.delivered, whole)


def add_page(passed: Pass, page: Page) -> str | None:
    """Add what a page delivered; return why the walk would have no end, or None."""
    # Works that are added to the server meanwhile need not be on its pages.
    passed.total = page.total if passed.total is None else min(passed.total, page.total)
    passed.works += len(page.works) or PER_PAGE  # a page costs as much without works
    passed.ids.update(work["id"] for work in page.works if isinstance(work, dict) and isinstance(work.get("id"), str))
    if page.next_cursor is None:
        return None
    if page.next_cursor in passed.cursors:
        return "the server returned the same cursor twice: its pages have no end"
    passed.cursors.add(page.next_cursor)
    times, more = MOST_DELIVERED
    if passed.works > times * passed.total + more:
        return f"the server counted {passed.total:,} works and delivered {passed.works:,}: its pages have no end"
    return None
