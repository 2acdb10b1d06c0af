"""Work in several processes at once: new ones, not forks, on every system."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from data.errors import InputError

_told: Callable[[str], None] = print  # in work: the way to the one that asked for it


def report(text: str) -> None:
    """From work: say what it is doing."""
    _told(text)


def run_in_processes[Name, Result](
    work: Callable[..., Result],
    tasks: Mapping[Name, tuple[Any, ...]],
    workers: int,
    hint: str,
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[tuple[Name, Result]]:
    """Do tasks in so many processes, the first ones first; yield each name and result as it is done.

    A single task, or a single process, is this one.

    Parameters
    ----------
    work
        A function of a module; it may ``tell``.
    tasks
        Name to arguments.
    workers
        Processes at the same time.
    hint
        What to do where the system ends one of them.
    say
        Called with what the work tells.

    Raises
    ------
    InputError
        If a process was ended from outside. What a task raises is raised here, and ends all others.
    """
    if min(workers, len(tasks)) <= 1:
        global _told
        before, _told = _told, say
        try:
            for name, arguments in tasks.items():
                yield name, work(*arguments)
        finally:
            _told = before
        return
    context = multiprocessing.get_context("spawn")
    told = context.SimpleQueue()
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, _start, (told,))
    try:
        waiting = {pool.submit(work, *arguments): name for name, arguments in tasks.items()}
        while waiting:
            done, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            while not told.empty():
                say(told.get())
            for future in done:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool:
        raise InputError("a process was ended from outside: out of memory?", hint=hint) from None
    except BaseException:
        for child in multiprocessing.active_children():  # their work is of no use any more
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _start(told: Any) -> None:
    global _told
    _told = told.put
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that was killed frees its lock: nobody must go on writing where it did."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
