"""Running a command-line app: exit codes, and one message where there would be a traceback."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from data.errors import CheckError, InputError

INTERRUPTED = "interrupted: what was finished is kept; run the command again to go on"


_pressed = threading.Event()


@contextmanager
def _keep_interrupts() -> Iterator[None]:
    """Let no Ctrl-C get lost.

    Raised inside a callback of C code or of the garbage collector, a KeyboardInterrupt is printed and dropped, and the
    program runs on. It is noted here, and raised again at the next step (``raise_if_interrupted``). An object whose
    constructor it ended may be too incomplete for its destructor (llvmlite's are): after a Ctrl-C that is no error.
    """
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # as shells do for what they run in the background
    if ignored or threading.current_thread() is not threading.main_thread():
        yield
        return
    _pressed.clear()

    def handle(*_: object) -> None:
        _pressed.set()
        raise KeyboardInterrupt

    def report_unraisable(dropped: Any) -> None:
        if dropped.exc_type is not KeyboardInterrupt and not _pressed.is_set():
            sys.__unraisablehook__(dropped)

    before, hook = signal.signal(signal.SIGINT, handle), sys.unraisablehook
    sys.unraisablehook = report_unraisable
    try:
        yield
        raise_if_interrupted()
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = hook


def raise_if_interrupted() -> None:
    """Raise the KeyboardInterrupt that was dropped since the command began, if any."""
    if _pressed.is_set():
        _pressed.clear()
        raise KeyboardInterrupt


def run(app: typer.Typer, interrupted: str = INTERRUPTED) -> int:
    """Run an app and return its exit code; ``interrupted`` is what it says after Ctrl-C.

    Returns
    -------
    int
        0 done; 1 a check objected; 2 wrong usage, bad input or an unusable place; 130 interrupted. A command may
        return its own.
    """
    try:
        with _keep_interrupts():
            code = int(app(standalone_mode=False) or 0)
        return _report(interrupted, code) if code == 130 else code  # Typer turns an interrupt into this code
    except CheckError as error:
        return _report(str(error), 1)
    except InputError as error:
        return _report(str(error), 2)
    except shutil.Error as error:  # of copying a folder: a list of what failed
        return _report(str(error.args[0][0][2]), 2)
    except OSError as error:
        return _report(f"{error.filename or 'the disk'}: {error.strerror or error}", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _report(interrupted, 130)
    except Exception as error:
        if hasattr(error, "format_message"):  # Typer's own errors of usage
            return _report(error.format_message(), 2)
        raise


def _report(message: str, code: int) -> int:
    if message:  # without arguments Typer has printed its help, and says no more
        print(f"error: {message}", file=sys.stderr)
    return code
