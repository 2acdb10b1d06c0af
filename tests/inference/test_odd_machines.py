"""Settings of other work, odd paths and odd terminals: results stay the same, and nothing ends in an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import data.command  # noqa: F401  # registers the error handler "plain"
from inference.store.paths import ROOT
from inference.summaries.formatting import MINUS, format_number

READ_PYTENSOR = """
import json
import inference
import pytensor

config = pytensor.config
found = {
    "pytensor": [config.floatX, config.numba__fastmath, config.numba__cache, config.optimizer, config.warn_float64],
    "inside": config.compiledir.is_relative_to(inference.CACHE.resolve()),
}
"""
READ_OTHERS = """
import arviz, matplotlib, numba

found["numba"] = [int(numba.config.OPT), numba.config.DISABLE_JIT, numba.config.BOUNDSCHECK]
found["arviz"] = [arviz.rcParams["data.sample_dims"], arviz.rcParams["stats.ci_prob"]]
found["matplotlib"] = matplotlib.rcParams["text.usetex"]
"""
PYTENSORRC = """
[global]
floatX = float32
warn_float64 = raise
optimizer = fast_compile
base_compiledir = {home}/elsewhere
[numba]
fastmath = True
cache = False
"""


def read_settings(code: str, home: Path, cache: Path, **environment: str) -> dict[str, object]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTENSOR", "NUMBA", "ARVIZ"))}
    env = clean | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "PYTHONPATH": str(ROOT)}
    env |= {"COMPUTE_DIVIDE_CACHE": str(cache)} | environment
    env.pop("MATPLOTLIBRC", None)
    command = [sys.executable, "-W", "error::UserWarning", "-c", f"{code}\nprint(json.dumps(found))"]
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_settings_of_other_work_change_nothing(tmp_path: Path):
    """Files of PyMC users, some of them for earlier versions, which the present ones refuse."""
    plain, mine = tmp_path / "plain", tmp_path / "mine"
    plain.mkdir()
    (mine / ".config" / "arviz").mkdir(parents=True)
    (mine / ".config" / "matplotlib").mkdir()
    (mine / ".pytensorrc").write_text(PYTENSORRC.format(home=mine))
    (mine / ".config" / "arviz" / "arvizrc").write_text("stats.hdi_prob: 0.94\n")
    (mine / ".config" / "matplotlib" / "matplotlibrc").write_text("text.usetex: True\n")
    (mine / ".numba_config.yaml").write_text("opt: 0\ndisable_jit: 1\nboundscheck: 1\n")
    expected = read_settings(READ_PYTENSOR + READ_OTHERS, plain, tmp_path / "cache")
    assert expected["pytensor"] == ["float64", False, True, "o4", "ignore"]
    assert expected["inside"]
    flags = "floatX=float32,mode=DebugMode,numba__cache=False"
    given = {"PYTENSOR_FLAGS": flags, "NUMBA_DISABLE_JIT": "1", "NUMBA_CPU_NAME": "generic", "NUMBA_OPT": "max"}
    assert read_settings(READ_PYTENSOR + READ_OTHERS, mine, tmp_path / "cache") == expected
    assert (
        read_settings(
            READ_PYTENSOR + READ_OTHERS, mine, tmp_path / "cache", PYTENSORRC=str(mine / ".pytensorrc"), **given
        )
        == expected
    )
    assert not (mine / "elsewhere").exists()


@pytest.mark.parametrize(
    "folder", ["a,b", 'it\'s "q" #x=y', "back\\slash é, 中", "~,%(x)s", "',\"'", " ,floatX=float32"]
)
def test_compiled_code_stays_in_the_cache_of_an_odd_path(tmp_path: Path, folder: str):
    found = read_settings(READ_PYTENSOR, tmp_path, tmp_path / folder / "cache")
    assert found["inside"]
    assert found["pytensor"] == ["float64", False, True, "o4", "ignore"]
    assert [path.name for path in tmp_path.iterdir()] == [folder]


ENCODINGS = ("latin-1", "ascii", "cp1252", "cp437", "utf-8")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_terminal_prints_what_it_can(encoding: str, tmp_path: Path):
    """The published estimates have minus signs, and the table has lines."""
    published = ROOT / "paper" / "published" / "estimates.json"
    assert MINUS in published.read_text(encoding="utf-8")
    env = os.environ | {"PYTHONIOENCODING": encoding}
    texts: dict[str, str] = {}
    missing = tmp_path / f"none {MINUS} é.csv"
    commands: dict[str, tuple[tuple[str | Path, ...], int]] = {
        "diff": (("inference", "diff", published, published), 0),
        "missing": (("data", "validate", missing), 2),
    }
    if encoding == "latin-1":
        commands |= {"status": (("inference", "status"), 0), "help": (("inference", "--help"), 0)}
    for name, (arguments, code) in commands.items():
        command = [sys.executable, "-m", *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=120, check=False)
        texts[name] = (done.stdout + done.stderr).decode(encoding)
        assert done.returncode == code, texts[name]
        assert "Traceback" not in texts[name]
    signs = f"{MINUS}2.1 ({MINUS}2.8 to" if encoding == "utf-8" else "-2.1 (-2.8 to"
    assert signs in texts["diff"]
    assert "?" not in texts["diff"]
    assert "none - e.csv" in texts["missing"].replace(MINUS, "-").replace("é", "e")


@given(st.floats(-1e6, 1e6), st.integers(0, 3), st.sampled_from(ENCODINGS))
@example(-2.5, 1, "latin-1")
def test_numbers_read_the_same_in_every_encoding(value: float, decimals: int, encoding: str):
    text = format_number(value, decimals)
    assert text.encode(encoding, "plain").decode(encoding).replace(MINUS, "-") == text.replace(MINUS, "-")


@given(st.text(st.characters(exclude_categories=())), st.sampled_from(ENCODINGS))
@example("a\u2212b \u2265 c\u2009d \ud800 \u2500\u2502 caf\u00e9\u0301", "ascii")
def test_any_text_is_printed_and_what_an_encoding_has_is_kept(text: str, encoding: str):
    def has(character: str) -> bool:
        try:
            return bool(character.encode(encoding))
        except UnicodeEncodeError:
            return False

    printed = text.encode(encoding, "plain").decode(encoding)
    kept = iter(printed)
    assert all(character in kept for character in text if has(character))  # in order
    assert not [character for character in printed if not has(character)]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("\u22122.1 (\u22122.8 to \u22121.4)", "-2.1 (-2.8 to -1.4)"),
        ("2010\u201314", "2010-14"),
        ("3 \u00d7 4 \u2265 2, \u201cso\u201d", '3 x 4 >= 2, "so"'),
        ("caf\u00e9\u2026", "cafe..."),
        ("\u4e2d", "?"),
    ],
)
def test_signs_that_a_terminal_lacks_have_a_likeness(text: str, printed: str):
    assert text.encode("ascii", "plain").decode() == printed
