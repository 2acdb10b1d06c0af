"""CONTRIBUTING.md carried out: a toy claim is added as its list of paths says, and refresh makes a paper of it."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typst

from inference import CACHE
from inference.store.paths import ROOT
from models.registry import CLAIMS
from tests.conftest import hash_files
from tests.toy.run import TOY

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CLAIM = "mean_compute"
HEADING = "The mean of ten numbers"
COPIED = ("data", "models", "figures", "inference", "paper")
Command = Callable[..., subprocess.CompletedProcess[str]]


def block(name: str) -> str:
    """Return the text between the marks of a name."""
    found = re.search(rf"<!-- {name}\b.*?-->\n(.*?)<!-- end of {name} -->", TEXT, re.DOTALL)
    assert found, f"CONTRIBUTING.md has no {name}"
    return found.group(1)


def paths() -> list[str]:
    return re.findall(r"^\d\. `([^`]+)`", block("places"), re.MULTILINE)


def parts() -> dict[str, list[str]]:
    """Return the files of a claim's package, with the names that each must define."""
    rows = re.findall(r"^\| `(\w+\.py)` \| ([^|]*) \|", block("parts"), re.MULTILINE)
    return {file: re.findall(r"`(\w+)`", names) for file, names in rows}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code whose registry has no claims, since refresh would fit them too."""
    root = tmp_path / "copy"
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.part", "published"))
    shutil.copy2(ROOT / "requirements.lock", root)
    registry = root / "models" / "registry.py"
    text, marked = re.subn(r"(?s)CLAIMS = \[.*\]", "CLAIMS = []", registry.read_text())
    assert marked == 1
    registry.write_text(text)
    return root


def add_claim(root: Path) -> None:
    """Write the files that CONTRIBUTING.md lists, with the toy claim as template."""
    assert paths() == ["models/CLAIM/", "figures/CLAIM.py", "paper/sections/CLAIM.typ", "models/registry.py"]
    package = root / "models" / CLAIM
    shutil.copytree(TOY / "models" / "toy", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(TOY / "figures" / "toy.py", root / "figures" / f"{CLAIM}.py")
    section = root / "paper" / "sections" / f"{CLAIM}.typ"
    shutil.copy2(TOY / "paper" / "sections" / "toy.typ", section)
    for path in (*package.glob("*.py"), root / "figures" / f"{CLAIM}.py", section):
        text = path.read_text().replace("models.toy", f"models.{CLAIM}").replace('"toy"', f'"{CLAIM}"')
        path.write_text(text.replace("figures/toy.pdf", f"figures/{CLAIM}.pdf"))
    registry = root / "models" / "registry.py"
    registry.write_text(registry.read_text().replace("[]", f'["{CLAIM}"]'))


@pytest.fixture
def added(copy: Path) -> Command:
    """A function that runs commands on the copy, to which the claim was added."""
    before = hash_files(copy)
    add_claim(copy)
    after = hash_files(copy)
    changed = {name for name in after if before.get(name) != after[name]}
    for path in paths():
        inside = path.replace("CLAIM", CLAIM)
        assert any(name.startswith(inside) for name in changed), path
        changed -= {name for name in changed if name.startswith(inside)}
    assert changed == set()

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "inference", *map(str, arguments)]
        environment = {**os.environ, "COMPUTE_DIVIDE_CACHE": str(CACHE)}
        return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=600)

    return run


def test_a_claim_added_by_its_steps_is_in_the_paper(added: Command, copy: Path, tmp_path: Path):
    out = tmp_path / "out"
    done = added("refresh", "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert added("status", "--out", out).stdout == f"{CLAIM}: current\n"
    content = json.loads((out / "estimates.json").read_text())
    assert (content["claims"], content["missing"]) == ([CLAIM], [])
    [row] = [row for row in content["estimates"] if row["headline"]]
    assert (row["claim"], row["estimand"], row["coords"]) == (CLAIM, "mean_by_year", {"year": 2020})
    assert (out / "paper.pdf").read_bytes().startswith(b"%PDF")
    assert f"figures/{CLAIM}.pdf" in hash_files(out)
    assert shown(copy, out, "heading").count(HEADING) == 1
    assert row["text"] in shown(copy, out, "<shown>")

    # After a declaration as in CONTRIBUTING.md, the paper is written again without a fit.
    done = added("sensitivity", "--out", out)
    assert done.returncode == 1
    assert f"not declared: {CLAIM}/main/mean_by_year[2020]" in done.stdout
    declaration = block("declaration").replace("CLAIM", CLAIM).replace("SPECIFICATION", "main")
    declaration = declaration.replace("ESTIMAND", "mean_by_year").replace("COORDINATE", "2020")
    (copy / "paper" / "declared_sensitivities.toml").write_text(declaration)
    done = added("refresh", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "sampling" not in done.stdout
    assert added("sensitivity", "--out", out).returncode == 0


def shown(copy: Path, out: Path, what: str) -> str:
    """Query the compiled paper, and return JSON."""
    folder = out.parent / "read"
    if not folder.exists():
        shutil.copytree(copy / "paper", folder)
        shutil.copy2(out / "estimates.json", folder)
        shutil.copytree(out / "figures", folder / "figures")
    return str(typst.query(str(folder / "paper.typ"), what, root=str(folder), ignore_system_fonts=True))


@pytest.mark.parametrize("claim", [*CLAIMS, "toy"])
def test_claims_have_the_parts_that_it_lists(toy: Any, claim: str):
    wanted = parts()
    assert len(wanted) >= 8
    for file, names in wanted.items():
        module = f"models.{claim}" if file == "__init__.py" else f"models.{claim}.{file.removesuffix('.py')}"
        found = importlib.import_module(module)
        assert found.__doc__, module
        assert [name for name in names if not hasattr(found, name)] == [], module


def test_every_path_that_it_names_exists():
    named = re.findall(r"`([\w./]+/[\w./]*|[\w]+\.(?:md|in|json))`", TEXT)
    assert len(named) > 15
    for path in named:
        for claim in CLAIMS if "CLAIM" in path else [""]:
            inside = path.replace("CLAIM", claim)
            assert any((ROOT / folder / inside).exists() for folder in ("", "data", "data/snapshot", "build")), inside


def test_every_command_that_it_names_exists():
    from data.cli import app as data
    from inference.cli import app as inference

    known = {name: {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
             for name, app in (("inference", inference), ("data", data))}  # fmt: skip
    for package, command in re.findall(r"python -m (\w+) (\w+)", TEXT):
        assert command in known[package], (package, command)
    for module in re.findall(r"python -m (\w+(?:\.\w+)+)", TEXT):
        assert (ROOT / (module.replace(".", "/") + ".py")).is_file()
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", TEXT, re.MULTILINE)) <= targets
