"""Fit, check, store, summarise and write results, with the same code for every claim.

This module sets the environment variables that must precede the import of numpy and pytensor.

Each process uses one BLAS thread. Claims and chains already use all cores, and OpenBLAS threads wait for each other
actively: with two such processes, averages over draws take ten times as long.

pytensor stores compiled code in the project's cache. Its default, fastmath, is turned off: with it, the log density
differs in the last bits between a cold and a warm cache, and the same seed gives different draws. LLVM optimises at
level 1: at level 3 compilation takes a fifth longer and the log density is no faster.
"""

import os
from pathlib import Path

# Compiled code, shared by all folders of results. Tests set another folder to start from a cold cache.
CACHE = Path(os.environ.get("COMPUTE_DIVIDE_CACHE", Path(__file__).resolve().parent.parent / "build" / "cache"))

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
os.environ["NUMBA_OPT"] = "1"
os.environ["PYTENSOR_FLAGS"] = f"base_compiledir={CACHE / 'pytensor'},numba__fastmath=False"
