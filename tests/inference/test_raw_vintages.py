"""A refresh of the academic share from each raw vintage: it ends well, and says what it cannot compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.academic_share.reporting import LADDER


@pytest.mark.slow
def test_every_raw_vintage_can_be_analysed(run: Any, raw_vintages: list[Path], tmp_path: Path):
    for path in raw_vintages:
        out = tmp_path / path.stem
        done = run("-m", "inference", "refresh", "academic_share", "--models", path, "--out", out)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{path.name}: a raw Epoch vintage" in done.stdout
        ladders = json.loads((out / "estimates.json").read_text())["ladders"]["academic_share"]
        assert ladders
        for ladder in ladders:
            steps = {step["spec"] for step in (*ladder["rungs"], *ladder.get("not_compared", []))}
            assert steps == set(LADDER)
            for step in ladder.get("not_compared", []):
                assert f"not compared: {step['title']}" in done.stdout
