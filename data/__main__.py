"""Run the commands of ``data.cli`` as ``python -m data``."""

import sys

from data.cli import app
from data.command import run

if __name__ == "__main__":
    sys.exit(run(app))
