"""Fit, check, store, summarise and write results, with the same code for every claim.

This module sets the environment variables that must precede the import of numpy and pytensor.

Each process uses one BLAS thread. Claims and chains already use all cores, and OpenBLAS threads wait for each other
actively: with two such processes, averages over draws take ten times as long.

pytensor stores compiled code in the project's cache. Its default, fastmath, is turned off: with it, the log density
differs in the last bits between a cold and a warm cache, and the same seed gives different draws. LLVM optimises at
level 1: at level 3 compilation takes a fifth longer and the log density is no faster.

Settings that a user made for other work are not read: ``~/.pytensorrc``, ``PYTENSOR_FLAGS``, the variables of numba,
the files of ArviZ and matplotlib. They would change results (with ``floatX = float32``, pytensor computes in single
precision) or, if written for earlier versions, prevent an import.
"""

import os
from pathlib import Path

# Compiled code, shared by all folders of results. Tests set another folder to start from a cold cache.
CACHE = Path(os.environ.get("COMPUTE_DIVIDE_CACHE", Path(__file__).resolve().parent.parent / "build" / "cache"))

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")


def _escape(value: object) -> str:
    """Escape a value for pytensor's parser, which otherwise stops at a comma and interprets quotes and ``#``."""
    return "'" + str(value).replace("'", "'\"'\"'") + "'"


os.environ["PYTENSORRC"] = os.devnull
os.environ["PYTENSOR_FLAGS"] = f"base_compiledir={_escape(CACHE / 'pytensor')},floatX=float64,numba__fastmath=False"

for _name in [name for name in os.environ if name.startswith("NUMBA_")]:
    del os.environ[_name]
# numba also reads .numba_config.yaml, but variables take precedence. Hence those that change results are set.
os.environ |= {
    "NUMBA_OPT": "1",
    "NUMBA_DISABLE_JIT": "0",
    "NUMBA_BOUNDSCHECK": "0",
    "NUMBA_LOOP_VECTORIZE": "1",
    "NUMBA_SLP_VECTORIZE": "0",
}

os.environ["ARVIZ_DATA"] = str(Path(__file__).resolve().parent)  # the folder of an arvizrc without settings
os.environ["MATPLOTLIBRC"] = os.devnull
