"""Fit, gate, store, summarise and write: the same machinery for every claim.

One BLAS thread a process, set before numpy is imported: claims and chains use all cores already, and OpenBLAS's threads
wait for each other busily. Where two processes do so, averages over draws take ten times as long.
"""

import os

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
