"""Fixtures shared by the tests. Heavy ones are made once a session: compiled models, and one real refresh."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = Path(__file__).parent / "fixtures"
RAW = ROOT.parent / "shared" / "data"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def raw_folder() -> Path:
    if not RAW.is_dir():
        pytest.skip("the raw files are not here; only those who rebuild the snapshot need them")
    return RAW


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a command as a user does, from the root."""

    def run_command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *(str(argument) for argument in arguments)]
        env = os.environ | environment
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=580, env=env)

    return run_command


@pytest.fixture(scope="session")
def tables() -> dict[str, Any]:
    from data.tables import load

    return {"models": load("models")}


@pytest.fixture(scope="session")
def compiled() -> Any:
    """Compiled models, shared by every test that samples: this itself tests that they can be reused."""
    from inference.fit import Compiled

    return Compiled()


@pytest.fixture(scope="session")
def refreshed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One real refresh into a folder of its own, from the embedded snapshot, through the command line."""
    out = tmp_path_factory.mktemp("refreshed")
    done = run("-m", "inference", "refresh", "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="session")
def estimates(refreshed: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((refreshed / "estimates.json").read_text())
    return content
