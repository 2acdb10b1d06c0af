"""Who imports whom, read from the source without running it: for tests that hold the layers apart."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

Graph = Mapping[str, set[str]]


def list_modules(folder: Path, root: Path = ROOT) -> dict[str, Path]:
    """All modules in a folder and below, by the name that imports them; a package is its ``__init__``."""
    return {_name(path, root): path for path in sorted(folder.rglob("*.py"))}


def find_imports(file: Path, root: Path = ROOT) -> set[str]:
    """All modules that a file imports, by their full names: late, relative and for type checkers too.

    What is imported from a package is the module, if there is one of that name, or else the package.
    """
    found: set[str] = set()
    package = _name(file, root) if file.name == "__init__.py" else _name(file, root).rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            names = [f"{base}.{alias.name}" for alias in node.names]
            found |= {name if _is_module(name, root) else base for name in names}
        elif isinstance(node, ast.Call) and _is_import(node.func):
            found |= {str(each.value) for each in node.args[:1] if isinstance(each, ast.Constant)}
    return found


def build_graph(folder: Path, root: Path = ROOT) -> dict[str, set[str]]:
    """The modules of a folder, and which of one another each imports."""
    files = list_modules(folder, root)
    return {name: find_imports(path, root) & files.keys() for name, path in files.items()}


def find_reached(start: str, by: Graph) -> set[str]:
    """What a module imports, what that imports, and so on; itself only if it is in a circle."""
    found: set[str] = set()
    todo = [*by[start]]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += by.get(name, ())
    return found


def find_circles(by: Graph) -> list[list[str]]:
    """Groups of modules that import one another, at once or through others; a module that imports itself is one."""
    after = {name: find_reached(name, by) for name in by}
    groups = {frozenset(other for other in found if name in after.get(other, ())) for name, found in after.items()}
    return sorted(sorted(group) for group in groups if group)


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_module(name: str, root: Path) -> bool:
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _is_import(function: ast.expr) -> bool:
    """Whether a call imports a module by its name: ``import_module``, ``__import__``."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__")
