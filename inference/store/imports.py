"""Which files a module reaches by imports: read from the source, nothing is run."""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("data", "models", "inference", "figures")


def list_imports(file: Path, module: str) -> set[str]:
    """Names of the project's modules that a file imports: at the top, late, relative, for type checking alone.

    Parameters
    ----------
    file, module
        The source, and its name as a module (a package's ``__init__.py`` has the package's name).
    """
    stat = file.stat()
    return set(_read_imports(file, module, stat.st_mtime_ns, stat.st_size))


@cache
def _read_imports(file: Path, module: str, modified: int, size: int) -> frozenset[str]:
    found: set[str] = set()
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module or "") if part)
            names = [source, *(f"{source}.{alias.name}" for alias in node.names)]
        else:
            continue
        found |= {name for name in names if name.partition(".")[0] in PACKAGES and find_file(name) is not None}
    return frozenset(found)


@cache
def find_file(module: str) -> Path | None:
    """The source file of a module of the project, or None where the name is that of a function or a value."""
    parent = module.rpartition(".")[0]
    if parent and (find_file(parent) is None or find_file(parent).name != "__init__.py"):  # type: ignore[union-attr]
        return None
    spec = find_spec(module)
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def find_reached(*modules: str, skip: frozenset[str] = frozenset()) -> dict[str, Path]:
    """Modules that these reach by imports, themselves and the packages around them too: name to source file.

    What is to ``skip`` is neither returned nor followed.
    """
    out: dict[str, Path] = {}
    todo = list(modules)
    while todo:
        module = todo.pop()
        file = find_file(module)
        if module in out or module in skip or file is None:
            continue
        out[module] = file
        todo += list_imports(file, module)
        if "." in module:
            todo.append(module.rpartition(".")[0])
    return dict(sorted(out.items()))
