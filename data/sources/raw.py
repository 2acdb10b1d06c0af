"""Safe reading of raw JSON lists, plain or gzipped; every error names the file."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from data.errors import InputError
from data.io import check_format, read_bytes


def read_json_list(path: Path) -> list[object]:
    """Read a JSON list from a file, plain or ``.gz``.

    Raises
    ------
    InputError
        If the file cannot be read as JSON, or it is not a list.
    """
    content = read_json(path)
    if not isinstance(content, list):
        raise InputError(f"a list of papers is needed; this is a {type(content).__name__}", path)
    return content


def read_json(path: Path) -> object:
    """Read a JSON file, plain or ``.gz``.

    Raises
    ------
    InputError
        If the gzip stream is damaged, the text is not UTF-8, or the JSON is invalid (with its line).
    """
    if path.is_dir():
        raise InputError("this is a folder; a JSON file is needed", path)
    raw = read_bytes(path)
    check_format(raw, path, "JSON")
    try:
        content: object = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 text (byte {error.start})", path, hint="JSON is needed, .json or .json.gz"
        ) from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            hint = "JSON Lines, one record a line? A list is needed: jq -s . FILE makes one"
            raise InputError("more than one JSON value", path, error.lineno, hint=hint) from None
        raise InputError(f"not valid JSON: {error.msg}", path, error.lineno) from None
    except ValueError as error:  # a number with thousands of digits
        raise InputError(f"not valid JSON: {error}", path) from None
    except RecursionError:
        raise InputError("not valid JSON: nested too deeply", path) from None
    return content


def parse_written_list(text: str) -> object:
    """Parse a text that is written as a list, ``['A', 'B']``, and return any other text as it is."""
    if text.strip().startswith("[") and text.strip().endswith("]"):
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):  # text in brackets
            return text
    return text
