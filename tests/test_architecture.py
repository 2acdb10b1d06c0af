"""ARCHITECTURE.md against the tree: every path and every name on the page exists, and every file is on it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from models.registry import CLAIMS
from tests.imports import ROOT

TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PACKAGES = ("data", "models", "inference", "figures")


def read_block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", TEXT, re.DOTALL)
    assert found, name
    return found.group(1)


def list_definitions(file: Path) -> set[str]:
    """Return the names of a module's functions, methods, classes and constants."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_every_path_exists():
    """Folders of raw files and of results are named without their content, which is not in the project."""
    named = set(re.findall(r"`([\w.]+/[\w./*]*)(?:: [\w.]+)?`", TEXT))
    named |= set(re.findall(r"`([\w./]+\.(?:py|md|gz|csv|json|toml))(?:: \w+)?`", TEXT))
    inside = {path for path in named if not path.startswith(("build", "coakley/"))}
    assert len(inside) > 40
    anywhere = {path.name for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    for path in inside:
        short = ("/" not in path and path in anywhere) or path == "pipeline/"
        assert short or (ROOT / path).exists() or list((ROOT / "inference").glob(path)), path


def test_every_name_is_where_the_page_says():
    named = re.findall(r"`([\w./]+\.py): (\w+)`", TEXT)
    assert len(named) > 15
    for file, name in named:
        assert name in list_definitions(ROOT / file), (file, name)


def test_the_walk_goes_through_eight_files_and_its_names_are_theirs():
    walk = read_block("walk")
    files = list(dict.fromkeys(re.findall(r"`((?:data|models|inference)/[\w/]+\.py)", walk)))
    assert len(re.findall(r"^\d\. ", walk, re.MULTILINE)) == 8
    assert len(files) == 8
    every = set().union(*(list_definitions(ROOT / file) for file in files))
    for name in ("standardise_shares", "select", "_count_labels", "list_annotator_labels"):
        assert name in every, name
    source = (ROOT / "data/sources/coakley.py").read_text() + (ROOT / "data/classify/paper_row.py").read_text()
    for key in ("open_source_code", "affiliation", "code_coded", "team_coded"):
        assert f"`{key}`" in walk
        assert f'"{key}"' in source, key
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    cell = re.search(r"a cell \*(.*?)\*", TEXT, re.DOTALL)
    assert cell
    assert f"| {cell.group(1)}" in readme


def list_in_tree(part: str) -> set[str]:
    """Return the files that a part of the tree names: from the line that begins with its name to the next part."""
    lines = read_block("tree").splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().startswith(part))
    depth = len(lines[start]) - len(lines[start].lstrip())
    end = next((i for i, line in enumerate(lines) if i > start and line.strip()
                and len(line) - len(line.lstrip()) <= depth), len(lines))  # fmt: skip
    return set(re.findall(r"[\w]+\.py", " ".join(lines[start:end])))


FOLDERS = {
    "sources/": "data/sources", "classify/": "data/classify", "tables/": "data/tables", "build/ ": "data/build",
    "common/": "models/common", "sampling/": "inference/sampling", "store/": "inference/store",
    "summaries/": "inference/summaries", "pipeline/": "inference/pipeline",
}  # fmt: skip


@pytest.mark.parametrize("part", FOLDERS)
def test_the_tree_is_that_of_the_project(part: str):
    there = {path.name for path in (ROOT / FOLDERS[part]).glob("*.py")} - {"__init__.py"}
    assert list_in_tree(part) == there, "the tree of ARCHITECTURE.md and the files of this folder differ"


def test_the_tree_names_files_outside_folders():
    claim_files = {f"{claim}.py" for claim in CLAIMS}
    assert list_in_tree("figures/") == {path.name for path in (ROOT / "figures").glob("*.py")} - claim_files - {
        "__init__.py"
    }
    for package, files in {
        "data": list_in_tree("data/"),
        "inference": list_in_tree("inference/"),
        "models": list_in_tree("models/"),
    }.items():
        there = {path.name for path in (ROOT / package).glob("*.py")} - {"__init__.py", "__main__.py"}
        assert there <= files, package


@pytest.mark.parametrize("claim", CLAIMS)
def test_each_claim_has_the_usual_files(claim: str):
    usual = list_in_tree("CLAIM/")
    assert len(usual) == 8
    there = {path.name for path in (ROOT / "models" / claim).glob("*.py")}
    assert usual <= there
    assert list_in_tree(f"{claim}/") == there - usual, "the tree of ARCHITECTURE.md and the files of this claim differ"


def test_the_table_of_imports_is_what_is_tested():
    from tests.test_house import MAY

    rows = re.findall(r"^\| `(\w+)/` \| .* \| ([\w, ]+) \|$", TEXT, re.MULTILINE)
    assert {name: set(others.split(", ")) for name, others in rows} == MAY
