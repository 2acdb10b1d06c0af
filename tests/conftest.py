"""Fixtures of all tests. The expensive ones, compiled models and one real refresh, are made once per session."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import inference  # noqa: F401  # before any other import: it sets pytensor's flags

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = Path(__file__).parent / "fixtures"
RAW, MORE = ROOT.parent / "shared" / "data", ROOT.parent / "shared" / "more"

# A shell lets the background jobs of a script ignore Ctrl-C, and the processes that the tests start would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)

Run = Callable[..., subprocess.CompletedProcess[str]]


def require_raw_files() -> None:
    """Skip a test if the raw files are missing."""
    if not (RAW.is_dir() and MORE.is_dir()):
        pytest.skip("the raw files are missing; only a rebuild of the snapshot needs them")


@pytest.fixture(scope="session")
def raw_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as ``data build`` expects it: links to the raw files, which are in two folders."""
    require_raw_files()
    folder = tmp_path_factory.mktemp("raw")
    for source in ("paperlists", "coakley", "tei"):
        (folder / source).symlink_to(RAW / source)
    (folder / "access").symlink_to(MORE / "access")
    (folder / "epoch").mkdir()
    for file in (*(RAW / "epoch").iterdir(), MORE / "epoch" / "all_ai_models_2026-03-30.csv"):
        (folder / "epoch" / file.name).symlink_to(file)
    return folder


@pytest.fixture(scope="session")
def raw_vintages() -> list[Path]:
    """Return all raw vintages: those of the snapshot, and others that are only described."""
    from data.build.vintage_counts import find_vintages

    require_raw_files()
    return [*find_vintages(RAW / "epoch"), *find_vintages(MORE / "epoch")]


@pytest.fixture(scope="session")
def run() -> Run:
    """Return a function that runs a Python command from the root, as a user does."""

    def run_command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *(str(argument) for argument in arguments)]
        env = os.environ | environment
        # An hour, because a slow test refreshes all claims. The Makefile sets a shorter limit for the fast tests.
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3600, env=env)

    return run_command


@pytest.fixture(scope="session")
def tables() -> dict[str, Any]:
    from data.tables.load import load

    return {name: load(name) for name in ("models", "papers", "coder_labels", "code_labels", "institutions")}


@pytest.fixture(scope="session")
def compiled() -> Any:
    """Return compiled models that every test shares which samples; sharing tests that they can be reused."""
    from inference.sampling.compiled import Compiled

    return Compiled()


@pytest.fixture(scope="session")
def refreshed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Refresh one claim from the embedded snapshot, through the command line, into a new folder.

    The other claims would take minutes; ``published`` has their estimates. The exit code is 1, because the paper lacks
    them.
    """
    out = tmp_path_factory.mktemp("refreshed")
    done = run("-m", "inference", "refresh", "academic_share", "--out", out)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED" not in done.stdout
    return out


@pytest.fixture(scope="session")
def published() -> dict[str, Any]:
    """Return the committed estimates of all claims."""
    content: dict[str, Any] = json.loads((ROOT / "paper" / "published" / "estimates.json").read_text())
    return content


@pytest.fixture(scope="session")
def estimates(refreshed: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((refreshed / "estimates.json").read_text())
    return content


class Toy:
    """Commands, run in this process, with the toy claim in place of the project's; its model is compiled once."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], compiled: Any, once: Path
    ) -> None:
        import figures
        import inference.pipeline.typeset
        import inference.sampling.compiled
        import inference.summaries.sensitivity
        import models
        from inference.store import imports
        from models.registry import CLAIMS
        from tests.toy.run import TOY

        self.monkeypatch, self.capsys, self.once = monkeypatch, capsys, once
        monkeypatch.setattr(models, "__path__", [*models.__path__, str(TOY / "models")])
        monkeypatch.setattr(figures, "__path__", [*figures.__path__, str(TOY / "figures")])
        imports.find_file.cache_clear()
        project_claims = list(CLAIMS)
        CLAIMS[:] = ["toy"]
        self.restore = lambda: CLAIMS.__setitem__(slice(None), project_claims)
        monkeypatch.setattr(inference.pipeline.typeset, "SOURCES", TOY / "paper")
        monkeypatch.setattr(inference.summaries.sensitivity, "DECLARED", TOY / "paper" / "declared_sensitivities.toml")
        monkeypatch.setattr(inference.sampling.compiled, "Compiled", lambda: compiled)

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Run a command of ``inference``; return exit code, output and errors."""
        from inference.cli import main

        self.monkeypatch.setattr(sys, "argv", ["inference", *(str(argument) for argument in arguments)])
        code = main()
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def refresh(self, out: Path) -> dict[str, str]:
        """Refresh once, copy the results into a folder, and return the digests of its files."""
        if not (self.once / "estimates.json").exists():
            code, _, errors = self("refresh", "--out", self.once)
            assert code == 0, errors
        shutil.copytree(self.once, out, dirs_exist_ok=True)
        return hash_files(out)


@pytest.fixture(scope="session")
def toy_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("toy")


@pytest.fixture
def toy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], compiled: Any, toy_once: Path
) -> Iterator[Toy]:
    made = Toy(monkeypatch, capsys, compiled, toy_once)
    yield made
    made.restore()
    forget("toy")


def forget(claim: str) -> None:
    """Remove a claim's modules from ``sys.modules``, because another test has the claim in another folder."""
    for name in [name for name in sys.modules if name.startswith((f"models.{claim}", f"figures.{claim}"))]:
        del sys.modules[name]


def hash_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, except its lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
