"""Run the commands of ``data.cli`` as ``python -m data``."""

import sys

from data.cli import app
from data.command import INTERRUPTED, run

# What Ctrl-C leaves behind, by command; the others write only once they are done.
KEPT = {
    "openalex": INTERRUPTED,
    "fetch": "interrupted: the vintages fetched before are kept; run the command again",
}

if __name__ == "__main__":
    sys.exit(run(app, KEPT.get(next(iter(sys.argv[1:]), ""), "interrupted: nothing was written")))
