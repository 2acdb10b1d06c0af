"""A progress bar on the standard error, with lines of text above it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

Report = Callable[[str], None]


@contextmanager
def open_progress(description: str, *columns: ProgressColumn) -> Iterator[tuple[Report, Callable[..., None]]]:
    """Show a progress bar on a terminal; elsewhere, only lines of text appear.

    Parameters
    ----------
    description
        Text before the bar.
    columns
        What stands after the bar.

    Yields
    ------
    report
        Prints a line.
    move
        Takes ``description``, ``completed`` and ``total``, as ``rich.progress.Progress.update`` does.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), *columns)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=None)
        report = partial(console.print, markup=False, highlight=False, soft_wrap=True)
        yield report, partial(progress.update, task)
