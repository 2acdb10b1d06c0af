"""Report what a download from OpenAlex would take, and which ids of the query have no works."""

from __future__ import annotations

from dataclasses import replace

from data.errors import InputError
from data.fetch.openalex_client import Client, count_works, describe_limits, fetch_topics, format_cost
from data.fetch.openalex_query import DEFAULT_TYPES, PER_PAGE, Query, count_requests, describe_query

SECONDS_PER_REQUEST = 1.0  # approximate, for a page of 100 works
MOST_COUNTED = 10  # ids that are counted one by one, where the server does not group works by id


def describe_plan(client: Client, query: Query) -> list[str]:
    """Describe what a download would take (works, requests, dollars, minutes); write nothing.

    This takes one request, and one more for a query with several topics.
    """
    works = count_all(client, query)
    requests = count_requests(works, len(query.list_years()))
    minutes = max(1, round(requests * SECONDS_PER_REQUEST / 60))
    # One work per page is asked for here; a page of 100 works costs the same.
    lines = [
        f"query:    {describe_query(query)}",
        f"works:    {works:,}",
        f"requests: {requests:,} at most (pages of {PER_PAGE} works, year by year)",
        f"cost:     {format_cost(client, requests)}",
        f"time:     about {minutes:,} min, at {SECONDS_PER_REQUEST:.0f} s per request",
    ]
    warnings = describe_unmatched(client, query)
    return [*lines, describe_limits(client), *warnings]


def count_all(client: Client, query: Query) -> int:
    """Return the server's count of all works of a query.

    Raises
    ------
    InputError
        If there is none.
    """
    works = count_works(client, query)
    if works == 0:
        unusual = ", ".join(name for name in query.types if name not in DEFAULT_TYPES)
        types = f"--type ({unusual})" if unusual else "--type"
        problem = f"no work matches ({describe_query(query)})"
        raise InputError(problem, hint=f"check the id at https://openalex.org, {types} and --years")
    return works


def describe_unmatched(client: Client, query: Query) -> list[str]:
    """Return a warning for each id of a query with several ids that no work has."""
    try:
        ids = _find_unmatched(client, query)
    except InputError as error:
        return [f"warning: the ids were not checked one by one ({error.problem})"]
    return [f"warning: no work of {one} matches: check the id" for one in ids]


def _find_unmatched(client: Client, query: Query) -> list[str]:
    ids = query.topics or query.concepts
    if len(ids) < 2:  # the count of all works has shown that the only one has works
        return []
    # A work has one primary topic, but many concepts: their groups would be more than the server lists.
    found = fetch_topics(client, query) if query.topics else set()
    if found:
        return [one for one in ids if one not in found]
    if len(ids) > MOST_COUNTED:
        return []
    queries = [replace(query, topics=(one,)) if query.topics else replace(query, concepts=(one,)) for one in ids]
    return [one for one, single in zip(ids, queries, strict=True) if count_works(client, single) == 0]
