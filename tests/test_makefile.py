"""The Makefile sets up its environments, also after a failure or an interruption; Python, pip and uv are stubs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.imports import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

COPIED = ("Makefile", ".python-version", "requirements-boot.lock", "requirements.lock", "requirements-dev.lock")
# ``python3 -m venv [--clear] FOLDER`` leaves an environment, whole or (with the file ``fault``) without pip.
PYTHON3 = """#!/bin/sh
for folder; do :; done
[ "$3" = --clear ] && rm -rf "$folder"
mkdir -p "$folder/bin"
printf '#!/bin/sh\\nexit 1\\n' > "$folder/bin/python"
chmod +x "$folder/bin/python"
if [ -e fault ]; then echo "ensurepip is not available" >&2; exit 1; fi
cp stubs/pip "$folder/bin/python"
"""
# ``python -m pip install`` installs uv; with the file ``interrupted``, only a part of it.
PIP = """#!/bin/sh
[ "$3" = install ] || exit 0
echo pip >> log
case "$*" in *--force-reinstall*) rm -f .boot/installed;; esac
if [ -e .boot/installed ]; then exit 0; fi
touch .boot/installed
if [ -e interrupted ]; then echo half > .boot/bin/uv; exit 130; fi
cp stubs/uv .boot/bin/uv
"""
# ``uv venv`` links to a Python that other programs use; ``uv pip sync`` fails with the file ``interrupted``.
UV = """#!/bin/sh
case "$1" in
venv)
    echo venv >> log
    rm -rf .venv && mkdir -p .venv/bin && ln -s "$PWD/shared-python" .venv/bin/python && touch .venv/pyvenv.cfg
    if [ -e interrupted ]; then rm .venv/bin/python; exit 130; fi;;
pip)
    echo "$*" >> log
    if [ -e interrupted ]; then exit 130; fi;;
esac
"""


class Checkout:
    """A folder with the project's Makefile, and stubs of the programs that it calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            shutil.copy2(ROOT / name, folder)
            os.utime(folder / name, (0, 0))
        (folder / "stubs").mkdir()
        for name, content in {
            "stubs/python3": PYTHON3,
            "stubs/pip": PIP,
            "stubs/uv": UV,
            "shared-python": "#!/bin/sh\n",
        }.items():
            (folder / name).write_text(content)
            (folder / name).chmod(0o755)
        os.utime(folder / "shared-python", (0, 0))

    def make(self, target: str, *faults: str) -> tuple[int, str]:
        """Make a target while the faults last; return the exit code and the errors."""
        for fault in faults:
            (self.folder / fault).touch()
        (self.folder / "log").write_text("")
        path = f"{self.folder / 'stubs'}{os.pathsep}{os.environ['PATH']}"
        env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")} | {"PATH": path}
        done = subprocess.run(["make", target], cwd=self.folder, env=env, capture_output=True, text=True, timeout=60)
        for fault in faults:
            (self.folder / fault).unlink()
        return done.returncode, done.stderr

    @property
    def calls(self) -> list[str]:
        """The calls of pip and uv in the last run."""
        return (self.folder / "log").read_text().splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_whole_python_sets_up_everything_once(checkout: Checkout):
    assert checkout.make(".venv/.ok") == (0, "")
    assert [call.split()[0] for call in checkout.calls] == ["pip", "venv", "pip"]
    assert checkout.make(".venv/.ok") == (0, "")
    assert checkout.calls == []


def test_after_a_python_without_ensurepip_the_next_call_works(checkout: Checkout):
    code, errors = checkout.make(".boot/bin/uv", "fault")
    assert code == 2
    assert "ensurepip is not available" in errors
    assert "apt install python3-venv" in errors
    assert "run make again" in errors
    assert not (checkout.folder / ".boot").exists()
    assert checkout.make(".boot/bin/uv") == (0, "")
    assert (checkout.folder / ".boot/bin/uv").read_text() == UV


@pytest.mark.parametrize("left", ["python without pip", "link to nothing", "file"])
def test_a_half_made_boot_environment_is_made_again(checkout: Checkout, left: str):
    boot = checkout.folder / ".boot"
    if left == "file":
        boot.write_text("")
    else:
        (boot / "bin").mkdir(parents=True)
        (boot / "bin" / "python").symlink_to("/bin/false" if left == "python without pip" else "/nowhere/python3")
    assert checkout.make(".boot/bin/uv")[0] == 0
    assert (boot / "bin" / "uv").read_text() == UV


@pytest.mark.parametrize("killed", [False, True])
def test_an_interrupted_installation_of_uv_is_repeated(checkout: Checkout, killed: bool):
    assert checkout.make(".boot/bin/uv", "interrupted")[0] == 2
    if killed:  # make itself could not delete the part
        (checkout.folder / ".boot/bin/uv").write_text("half")
    assert checkout.make(".boot/bin/uv") == (0, "")
    assert (checkout.folder / ".boot/bin/uv").read_text() == UV


def test_an_interrupted_installation_of_packages_is_repeated_as_a_whole(checkout: Checkout):
    assert checkout.make(".venv/pyvenv.cfg")[0] == 0
    assert checkout.make(".venv/.ok", "interrupted")[0] == 2
    assert "--reinstall" not in checkout.calls[0]
    assert checkout.make(".venv/.ok") == (0, "")
    assert ["--reinstall" in call for call in checkout.calls] == [True]
    for age, name in enumerate((".venv/.ok", ".venv/pyvenv.cfg", ".boot/bin/uv"), start=1):  # clocks may be coarse
        os.utime(checkout.folder / name, (time.time() - age * 100,) * 2)
    (checkout.folder / "requirements.lock").touch()
    assert checkout.make(".venv/.ok") == (0, "")
    assert ["--reinstall" in call for call in checkout.calls] == [False]


def test_a_half_made_venv_is_made_again(checkout: Checkout):
    assert checkout.make(".boot/bin/uv")[0] == 0
    assert checkout.make(".venv/.ok", "interrupted")[0] == 2
    assert checkout.make(".venv/.ok") == (0, "")
    (checkout.folder / ".venv/bin/python").unlink()  # as where the Python that it links to is removed
    assert checkout.make(".venv/.ok") == (0, "")
    assert [call.split()[0] for call in checkout.calls] == ["venv", "pip"]


def test_a_python_that_others_use_is_not_touched(checkout: Checkout):
    assert checkout.make(".venv/.ok-test")[0] == 0
    assert (checkout.folder / "shared-python").stat().st_mtime == 0
    os.utime(checkout.folder / "shared-python")  # another program may touch it: nothing is installed again
    assert checkout.make(".venv/.ok-test") == (0, "")
    assert checkout.calls == []
