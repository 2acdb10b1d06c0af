"""Stages of data/: each imports only earlier stages, and provenance hashes exactly the files that make the tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data.build.provenance import NOT_HASHED, hash_code, list_hashed_files
from data.paths import HERE
from data.sources.record import TRACKS
from data.vocabulary import OTHER_TRACK, TRACK_NAMES
from tests.imports import build_graph, find_circles, find_imports, find_reached, list_modules

# What each stage may import from the rest of data/; a top-level module is a stage.
BASE = {"errors", "vocabulary", "paths", "rules", "numbers", "io", "parquet"}
MAY = {
    "__init__": set(),
    "errors": set(),
    "vocabulary": set(),
    "paths": set(),
    "rules": {"vocabulary"},
    "io": {"errors", "parquet"},
    "parquet": {"errors"},
    "lock": {"errors"},
    "progress": set(),
    "numbers": {"errors"},
    "parallel": {"errors"},
    "command": {"errors"},
    "sources": BASE,
    "classify": BASE | {"sources"},
    "tables": BASE | {"sources", "classify"},
    "build": BASE | {"sources", "classify", "tables", "parallel"},
    "fetch": BASE | {"sources", "tables", "build", "lock", "command", "progress"},
    "cli": BASE | {"tables", "build", "fetch", "progress"},
    "__main__": {"cli", "command"},
}
PROJECT = ("models", "inference", "figures", "benchmarks", "tests")


def stage(module: str) -> str:
    return f"{module}.__init__".split(".")[1]


def test_each_stage_imports_only_earlier_stages():
    wrong = [
        f"{name} imports {other}"
        for name, others in build_graph(HERE).items()
        for other in others
        if stage(other) not in MAY[stage(name)] | {stage(name)}
    ]
    assert wrong == []


def test_no_imports_are_circular():
    assert find_circles(build_graph(HERE)) == []


def test_data_imports_no_other_part_of_the_project():
    every = {name: find_imports(path) for name, path in list_modules(HERE).items()}
    assert {name for name, others in every.items() if any(other.split(".")[0] in PROJECT for other in others)} == set()


def test_only_the_commands_of_data_use_the_network():
    using = {
        f"{folder}: {name}"
        for folder in ("data", "models", "inference", "figures")
        for name, path in list_modules(HERE.parent / folder).items()
        if any(other.split(".")[:2] == ["data", "fetch"] for other in find_imports(path))
    }
    assert {name for name in using if not name.startswith("data: data.fetch.")} == {"data: data.cli"}


def test_every_imported_module_exists():
    names = list_modules(HERE).keys()
    every = set().union(*(find_imports(path) for path in list_modules(HERE).values()))
    assert {name for name in every if name.split(".")[0] == "data"} <= names


def test_loading_a_table_neither_reads_raw_files_nor_classifies():
    stages = {stage(name) for name in find_reached("data.tables.load", build_graph(HERE))}
    assert stages <= BASE | {"tables"}


def test_packages_hold_no_code():
    """Importing one module of a package must load no other."""
    for path in HERE.rglob("__init__.py"):
        assert len(path.read_text(encoding="utf-8").strip().splitlines()) == 1, path


# Files that provenance hashes.


def test_all_files_that_make_the_tables_are_hashed():
    files = list_modules(HERE)
    build = "data.build.snapshot"
    packages = {name for name, path in files.items() if path.name == "__init__.py" and stage(name) != "fetch"}
    loaded = {build} | find_reached(build, build_graph(HERE)) | packages
    hashed = {name for name in list_hashed_files() if name.endswith(".py")}
    assert hashed == {files[name].relative_to(HERE).as_posix() for name in loaded}
    others = {path.relative_to(HERE).as_posix() for path in files.values()} - hashed
    assert {start for start in NOT_HASHED for name in others if name.startswith(start)} == {*NOT_HASHED}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(HERE, tmp_path / "data", ignore=shutil.ignore_patterns("snapshot", "__pycache__"))
    return tmp_path / "data"


@pytest.mark.parametrize(
    "name",
    [
        "vocabulary.py",
        "sources/epoch.py",
        "classify/topics.py",
        "tables/schemas.py",
        "build/papers.py",
        "lexicons/topics.csv",
        "labels/code_passages.csv",
    ],
)
def test_a_changed_byte_changes_the_hash(copy: Path, name: str):
    assert hash_code(copy) == hash_code()
    (copy / name).write_bytes((copy / name).read_bytes() + b"\n")
    assert hash_code(copy) != hash_code()


def test_modules_that_only_show_tables_do_not_change_the_hash(copy: Path):
    paths = [path for path in copy.rglob("*.py") if path.relative_to(copy).as_posix().startswith(NOT_HASHED)]
    assert len(paths) > len(NOT_HASHED)
    for path in paths:
        path.write_bytes(path.read_bytes() + b"\n")
    assert hash_code(copy) == hash_code()


# Agreement of the vocabulary with rules in other modules.


def test_the_vocabulary_lists_the_tracks_that_the_rules_distinguish():
    assert ("main", *(track for track, _ in TRACKS if track != "workshop"), OTHER_TRACK) == TRACK_NAMES


# Parsing of imports.


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in {
        "a/__init__.py": "",
        "a/b/__init__.py": "from . import one",
        "a/b/one.py": "import os\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a.c import Thing",
        "a/b/two.py": "from .. import c, b\nfrom .one import x\nfrom ..c import y",
        "a/c.py": "def late():\n    import a.b.two as two\n    import_module('a.d')",
        "a/d.py": "from a.b import one, thing\nfrom a import *",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_late_relative_and_type_checking_imports_are_found(package: Path):
    found = {name: find_imports(path, package) for name, path in list_modules(package / "a", package).items()}
    assert found == {
        "a": set(),
        "a.b": {"a.b.one"},
        "a.b.one": {"os", "typing", "a.c"},
        "a.b.two": {"a.c", "a.b", "a.b.one"},
        "a.c": {"a.b.two", "a.d"},
        "a.d": {"a.b.one", "a.b", "a"},
    }


def test_indirect_circles_are_found(package: Path):
    assert find_circles(build_graph(package / "a", package)) == [["a.b", "a.b.one", "a.b.two", "a.c", "a.d"]]
    assert find_circles({"a": {"a"}, "b": {"c"}, "c": set(), "d": {"e"}, "e": {"d"}}) == [["a"], ["d", "e"]]
    assert find_circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_reached_follows_imports_of_imports():
    assert find_reached("a", {"a": {"b"}, "b": {"c"}, "c": set(), "d": {"a"}}) == {"b", "c"}
