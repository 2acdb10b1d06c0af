"""Cost of a gradient and of a fit as papers increase and cells stay the same: the contrast of compute terms.

.venv/bin/python -m benchmarks.cost_by_papers [REPEATS]

The papers of the real cells are multiplied; academia-only teams are drawn from the model at a draw of the posterior.
The gradient is timed as the compiled function that the sampler calls, without the sampler. Rounds go over all numbers
of papers, so that other load on the machine affects all of them. A short fit has 2 chains of 200 + 100 draws.

Measured on two idle cores (x86-64, PyMC 6.4, nutpie 0.16.11), 680 parameters, 6,302 cells; median (range) of 3:

         papers      gradient, us  ratio         short fit, s       steps a draw
         28,896  170 (168 to 171)   1.00     1.0 (1.0 to 1.1)      15 (15 to 15)
         99,284  170 (169 to 172)   1.00     1.4 (1.1 to 1.7)      15 (15 to 15)
      1,000,815  170 (169 to 174)   1.00     2.2 (2.2 to 2.3)      40 (38 to 42)
      9,999,295  169 (168 to 171)   0.99   10.2 (9.9 to 10.3)   174 (167 to 181)
    100,000,897  168 (165 to 169)   0.99  41.3 (36.5 to 41.9)   908 (846 to 946)

The gradient costs the same. A fit does not: with many papers the posterior is narrow compared with the priors, and a
draw takes more steps. The likely reason are the topic-by-venue effects, which are non-centred because they have few
papers each in the real table.
The time to count cells grows with the rows: 0.29 (0.27 to 0.30) s for 30,000, 3.2 (2.8 to 4.9) s for 1,000,000.
"""

from __future__ import annotations

import ctypes
import sys
import time

import numpy as np
import xarray as xr
from scipy.special import expit

from data.tables.load import load
from inference.sampling.compiled import Compiled, Ready, sample  # before any model: it sets pytensor's flags
from inference.sampling.settings import Sampler
from models.common.cells import Floats
from models.topic_compute.cells import prepare
from models.topic_compute.choices import Choices, ContrastPriors
from models.topic_compute.estimands import list_parts
from models.topic_compute.model import build

PAPERS = (30_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
ROWS = (30_000, 1_000_000)  # of a table, for prepare
CALLS = 1000
CHAINS, TUNE, DRAWS = 2, 200, 100  # too few for estimates, enough for times
SEED = 8


def time_gradient(ready: Ready, points: Floats) -> float:
    """Return the seconds of one log density with its gradient; nutpie's ``benchmark_logp`` fails in 0.16.11."""
    density = ready.density.compiled
    size = density.n_dim
    gradient, at_point = np.empty(size), np.empty(1)
    pointer = ctypes.POINTER(ctypes.c_double)
    inputs = [point.ctypes.data_as(pointer) for point in points]
    out, value = gradient.ctypes.data_as(pointer), at_point.ctypes.data_as(pointer)
    data, call = density.user_data.ctypes.data, density.compiled_logp_func.ctypes
    start = time.perf_counter()
    for i in range(CALLS):
        if call(size, inputs[i % len(inputs)], out, value, data):
            raise RuntimeError("the log density cannot be evaluated at this point")
    seconds = (time.perf_counter() - start) / CALLS
    if not np.isfinite(gradient).all():
        raise RuntimeError("the gradient is not finite")
    return seconds


def fit_short(ready: Ready, seed: int = SEED) -> tuple[float, float, xr.DataTree]:
    """Return the seconds of a short fit, its leapfrog steps per draw (after tuning), and its draws."""
    start = time.perf_counter()
    tree = sample(ready, seed, Sampler(draws=DRAWS, tune=TUNE, chains=CHAINS))
    return time.perf_counter() - start, float(tree["sample_stats"]["n_steps"].mean()), tree


def compute_probability(tree: xr.DataTree, dataset: xr.Dataset) -> Floats:
    """Return the probability of no observed industry author in each cell, at the last draw of the first chain."""
    draws = tree["posterior"].to_dataset().isel(chain=[0], draw=[-1])
    parts = list_parts(draws, dataset, draws["slope"])
    log_odds = sum(part.transpose("chain", "draw", ...).to_numpy()[0, 0][idx] for part, idx in parts)
    q = dataset["q"].to_numpy()
    return np.asarray(q + (1 - q) * expit(log_odds))


def multiply_papers(dataset: xr.Dataset, papers: int, probability: Floats) -> xr.Dataset:
    """Return the same cells with about so many papers, and counts drawn for them."""
    n = dataset["n"].to_numpy()
    more = np.maximum(1, np.rint(n * (papers / n.sum()))).astype(np.int64)
    y = np.random.default_rng(SEED).binomial(more, probability)
    return dataset.assign(n=("cell", more), y=("cell", y))


def format_range(seconds: list[float], unit: float, digits: int) -> str:
    """Format the median and the range in a unit."""
    low, middle, high = (f"{value / unit:.{digits}f}" for value in np.quantile(seconds, [0, 0.5, 1]))
    return f"{middle} ({low} to {high})"


def main(repeats: int) -> None:
    """Print two tables: costs by number of papers in the same cells, and seconds to count cells."""
    start = time.perf_counter()
    papers = load("papers")
    print(f"table of papers, {len(papers):,} rows: {time.perf_counter() - start:.1f} s to read and validate")
    dataset = prepare({"papers": papers}, Choices())
    compiled = Compiled()
    start = time.perf_counter()
    ready = compiled.get(build(dataset, ContrastPriors()), "contrast")
    compilation, size = time.perf_counter() - start, ready.density.compiled.n_dim
    print(f"compiled in {compilation:.0f} s; {size} parameters, {dataset.sizes['cell']:,} cells")
    probability = compute_probability(fit_short(ready)[2], dataset)
    data = {count: multiply_papers(dataset, count, probability) for count in PAPERS}
    points = np.random.default_rng(SEED).normal(0, 0.3, (10, size))
    fits: dict[int, list[tuple[float, float]]] = {count: [] for count in PAPERS}
    gradients: dict[int, list[float]] = {count: [] for count in PAPERS}
    for repeat in range(repeats):
        for count, each in data.items():
            model = compiled.get(build(each, ContrastPriors()), "contrast")  # valid until the next call of get
            gradients[count].append(time_gradient(model, points))
            fits[count].append(fit_short(model, SEED + repeat)[:2])
    first = float(np.median(gradients[PAPERS[0]]))
    print(f"\nmedian (range) of {repeats} repeats")
    print(f"{'papers':>13}  {'gradient, us':>16}  ratio  {'short fit, s':>19}  {'steps a draw':>17}")
    for count in PAPERS:
        seconds, steps = (list(found) for found in zip(*fits[count], strict=True))
        print(
            f"{int(data[count]['n'].sum()):>13,}  {format_range(gradients[count], 1e-6, 0):>16}  "
            f"{float(np.median(gradients[count])) / first:>5.2f}  "
            f"{format_range(seconds, 1, 1):>19}  {format_range(steps, 1, 0):>17}"
        )
    print(f"\n{'rows':>13}  {'prepare, s':>21}  {'cells':>7}")
    for rows in ROWS:
        usable = papers.sample(rows, replace=rows > len(papers), random_state=SEED)
        usable = usable.reset_index(drop=True)
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            cells = prepare({"papers": usable}, Choices())
            times.append(time.perf_counter() - start)
        print(f"{rows:>13,}  {format_range(times, 1, 2):>21}  {cells.sizes['cell']:>7,}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
