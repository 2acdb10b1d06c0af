"""Run tasks in several processes. Processes are spawned, not forked, on every system."""

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

Report = Callable[[str], None]

_report: Report = print  # inside a task: passes text to the caller of run_in_processes


def report(text: str) -> None:
    """Report progress from inside a task."""
    _report(text)


def run_in_processes[Name, Result](
    work: Callable[..., Result],
    tasks: Mapping[Name, tuple[Any, ...]],
    workers: int,
    hint: str,
    report: Report = lambda text: None,
) -> Iterator[tuple[Name, Result]]:
    """Run tasks in several processes in the given order; yield each name and result as it finishes.

    With a single task or a single worker, the tasks run in the current process.

    Parameters
    ----------
    work
        A function defined at the top of a module. It may call ``report``.
    tasks
        Arguments of each task, by name.
    workers
        Number of processes.
    hint
        What the user can do if the system kills a process.
    report
        Called with each text that a task reports.

    Raises
    ------
    InputError
        If a process is killed from outside. An exception of a task is raised here and ends all other tasks.
    """
    if min(workers, len(tasks)) <= 1:
        global _report
        before, _report = _report, report
        try:
            for name, arguments in tasks.items():
                yield name, work(*arguments)
        finally:
            _report = before
        return
    context = multiprocessing.get_context("spawn")
    reports = context.SimpleQueue()
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, _start, (reports,))
    try:
        waiting = {pool.submit(work, *arguments): name for name, arguments in tasks.items()}
        while waiting:
            done, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            while not reports.empty():
                report(reports.get())
            for future in done:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool:
        raise InputError("a process was killed from outside: out of memory?", hint=hint) from None
    except BaseException:
        for child in multiprocessing.active_children():  # their results are no longer needed
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _start(reports: Any) -> None:
    global _report
    _report = reports.put
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Exit when the parent process ends: a killed parent frees its lock, so its children must stop writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
