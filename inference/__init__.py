"""Fit, check, store, summarise and write: the same machinery for every claim.

What has to be set before numpy and pytensor are imported is set here.

One BLAS thread a process: claims and chains use all cores already, and OpenBLAS's threads wait for each other busily.
Where two processes do so, averages over draws take ten times as long.

pytensor's compiled code goes to the project's own cache. Its default fastmath is off: with it, a cold and a warm cache
differ in the last bits of the log density, and the same seed gives other draws. LLVM optimises at its first level: at
the third it compiles a fifth longer, for a log density that is no faster.
"""

import os
from pathlib import Path

# Compiled code, shared by all folders of results; another place is for testing from a cold cache.
CACHE = Path(os.environ.get("COMPUTE_DIVIDE_CACHE", Path(__file__).resolve().parent.parent / "build" / "cache"))

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
os.environ["NUMBA_OPT"] = "1"
os.environ["PYTENSOR_FLAGS"] = f"base_compiledir={CACHE / 'pytensor'},numba__fastmath=False"
