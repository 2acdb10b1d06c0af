"""The stages of data/: each imports only what stands before it, and what makes the tables is what provenance hashes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data.build.provenance import NOT_MAKING, hash_code, list_makers
from data.paths import HERE
from data.sources.record import TRACKS
from data.vocabulary import TRACK_NAMES
from tests.imports import circles, graph, imports_of, modules, reached

# What each stage may import of data/, itself aside; a module at the top is a stage of its own.
BASE = {"errors", "vocabulary", "paths", "rules", "io"}
MAY = {
    "__init__": set(),
    "errors": set(),
    "vocabulary": set(),
    "paths": set(),
    "rules": {"vocabulary"},
    "io": {"errors"},
    "parallel": {"errors"},
    "command": {"errors"},
    "sources": BASE,
    "classify": BASE | {"sources"},
    "tables": BASE | {"sources", "classify"},
    "build": BASE | {"sources", "classify", "tables", "parallel"},
    "cli": BASE | {"tables", "build"},
    "__main__": {"cli", "command"},
}
PROJECT = ("models", "inference", "figures", "benchmarks", "tests")


def stage(module: str) -> str:
    return f"{module}.__init__".split(".")[1]


def test_each_stage_imports_only_what_stands_before_it():
    wrong = [
        f"{name} imports {other}"
        for name, others in graph(HERE).items()
        for other in others
        if stage(other) not in MAY[stage(name)] | {stage(name)}
    ]
    assert wrong == []


def test_nothing_is_imported_in_a_circle():
    assert circles(graph(HERE)) == []


def test_data_know_nothing_of_the_rest():
    every = {name: imports_of(path) for name, path in modules(HERE).items()}
    assert {name for name, others in every.items() if any(other.split(".")[0] in PROJECT for other in others)} == set()


def test_no_import_names_what_is_not_there():
    names = modules(HERE).keys()
    every = set().union(*(imports_of(path) for path in modules(HERE).values()))
    assert {name for name in every if name.split(".")[0] == "data"} <= names


def test_loading_a_table_neither_reads_raw_files_nor_classifies():
    stages = {stage(name) for name in reached("data.tables.load", graph(HERE))}
    assert stages <= BASE | {"tables"}


def test_packages_hold_no_code():
    """So that importing one module of a package loads no other."""
    for path in HERE.rglob("__init__.py"):
        assert len(path.read_text(encoding="utf-8").strip().splitlines()) == 1, path


# What provenance hashes.


def test_what_makes_the_tables_is_hashed_and_all_else_is_left_out_by_name():
    files = modules(HERE)
    build = "data.build.snapshot"
    packages = {name for name, path in files.items() if path.name == "__init__.py"}
    loaded = {build} | reached(build, graph(HERE)) | packages
    hashed = {name for name in list_makers() if name.endswith(".py")}
    assert hashed == {files[name].relative_to(HERE).as_posix() for name in loaded}
    assert hashed | set(NOT_MAKING) == {path.relative_to(HERE).as_posix() for path in files.values()}


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


def test_what_only_shows_tables_does_not_change_the_hash(copy: Path):
    for name in NOT_MAKING:
        (copy / name).write_bytes((copy / name).read_bytes() + b"\n")
    assert hash_code(copy) == hash_code()


# What the vocabulary says of rules that stand elsewhere.


def test_the_vocabulary_names_the_tracks_that_are_told_apart():
    assert ("main", *(track for track, _ in TRACKS if track != "workshop")) == TRACK_NAMES


# The reading of imports itself.


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


def test_late_relative_and_type_checking_imports_are_seen(package: Path):
    found = {name: imports_of(path, package) for name, path in modules(package / "a", package).items()}
    assert found == {
        "a": set(),
        "a.b": {"a.b.one"},
        "a.b.one": {"os", "typing", "a.c"},
        "a.b.two": {"a.c", "a.b", "a.b.one"},
        "a.c": {"a.b.two", "a.d"},
        "a.d": {"a.b.one", "a.b", "a"},
    }


def test_circles_are_found_through_others(package: Path):
    assert circles(graph(package / "a", package)) == [["a.b", "a.b.one", "a.b.two", "a.c", "a.d"]]
    assert circles({"a": {"a"}, "b": {"c"}, "c": set(), "d": {"e"}, "e": {"d"}}) == [["a"], ["d", "e"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_what_a_module_reaches():
    assert reached("a", {"a": {"b"}, "b": {"c"}, "c": set(), "d": {"a"}}) == {"b", "c"}
