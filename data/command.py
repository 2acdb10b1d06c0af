"""Run a command-line app with exit codes, and with one message instead of a traceback."""

from __future__ import annotations

import codecs
import shutil
import signal
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from data.errors import CheckError, InputError

INTERRUPTED = "interrupted: what was finished is kept; run the command again to go on"
_pressed = threading.Event()
# ASCII for characters that a terminal may lack and that Unicode does not decompose into ASCII.
PLAIN = str.maketrans(
    {
        **dict.fromkeys("\N{MINUS SIGN}\N{HYPHEN}\N{EN DASH}\N{EM DASH}", "-"),
        **dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'"),
        **dict.fromkeys("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '"'),
        **dict.fromkeys("\N{BOX DRAWINGS LIGHT HORIZONTAL}\N{BOX DRAWINGS HEAVY HORIZONTAL}", "-"),
        **dict.fromkeys("\N{BOX DRAWINGS LIGHT VERTICAL}\N{BOX DRAWINGS HEAVY VERTICAL}", "|"),
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{PLUS-MINUS SIGN}": "+/-",
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{ALMOST EQUAL TO}": "~",
        "\N{RIGHTWARDS ARROW}": "->",
        "\N{BULLET}": "*",
        "\N{DAGGER}": "+",
    }
)


def _replace_by_plain(error: UnicodeError) -> tuple[str, int]:
    """Replace each character that an encoding lacks by similar ASCII, an unaccented letter or a question mark."""
    assert isinstance(error, UnicodeEncodeError)
    characters = error.object[error.start : error.end]
    similar = (unicodedata.normalize("NFKD", character.translate(PLAIN)).translate(PLAIN) for character in characters)
    return "".join(text.encode("ascii", "ignore").decode() or "?" for text in similar), error.end


codecs.register_error("plain", _replace_by_plain)


def _print_plainly() -> None:
    """Replace characters that a terminal's encoding lacks, because printing them would end the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors != "surrogateescape":
            stream.reconfigure(errors="plain")


@contextmanager
def _keep_interrupts() -> Iterator[None]:
    """Make sure that no Ctrl-C is lost.

    Python prints and drops a KeyboardInterrupt that is raised inside a callback of C code or of the garbage collector,
    and the program continues. This context manager records it; ``raise_if_interrupted`` raises it again at the next
    step. An object whose constructor was interrupted may be too incomplete for its destructor (as in llvmlite), so
    errors of destructors are ignored after a Ctrl-C.
    """
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # shells set this for background jobs
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
    """Raise a KeyboardInterrupt if one was dropped since the command began."""
    if _pressed.is_set():
        _pressed.clear()
        raise KeyboardInterrupt


def run(app: typer.Typer, interrupted: str = INTERRUPTED) -> int:
    """Run an app and return its exit code.

    Parameters
    ----------
    app
        The app to run.
    interrupted
        Message after Ctrl-C.

    Returns
    -------
    int
        0: done. 1: a check failed. 2: wrong usage, bad input, or a file or folder that cannot be used.
        130: interrupted. A command may also return a code of its own.
    """
    _print_plainly()
    try:
        with _keep_interrupts():
            code = int(app(standalone_mode=False) or 0)
        return _report(interrupted, code) if code == 130 else code  # Typer's code for an interrupt
    except CheckError as error:
        return _report(str(error), 1)
    except InputError as error:
        return _report(str(error), 2)
    except shutil.Error as error:  # copying a folder failed: the argument lists the files
        return _report(str(error.args[0][0][2]), 2)
    except OSError as error:
        return _report(f"{error.filename or 'the disk'}: {error.strerror or error}", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _report(interrupted, 130)
    except Exception as error:
        if hasattr(error, "format_message"):  # Typer's usage errors
            return _report(error.format_message(), 2)
        raise


def _report(message: str, code: int) -> int:
    if message:  # Typer's message is empty when it has printed its help
        print(f"error: {message}", file=sys.stderr)
    return code
