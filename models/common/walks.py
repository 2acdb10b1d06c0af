"""Random walks over years."""

from __future__ import annotations

import numpy as np

from models.common.cells import Floats


def make_walk_basis(n_years: int, keep_trend: bool = False, order: int = 1) -> Floats:
    """Return the matrix that maps the innovations of a random walk to its deviations from its least-squares line.

    A random walk and a linear trend in the same model are nearly unidentified, because both can rise. Without its
    least-squares line, the walk holds only deviations, and the trend is the average change. On the data of the academic
    share, this halved the leapfrog steps of a walk that starts at zero, and removed its occasional divergence.

    Parameters
    ----------
    n_years
        Number of years.
    keep_trend
        Take deviations from the mean instead of the line. For models without a trend of their own: the walk may rise.
    order
        1 for a random walk. 2 for one whose yearly change is a random walk (Rue and Held 2005, Gaussian Markov Random
        Fields, section 3.4): its deviations are smoother. It is scaled to the mean square of a random walk's, so that
        one prior of the sd serves both.

    Returns
    -------
    numpy.ndarray
        Shape (n_years, n_years - order). With innovations of sd 1, the deviations from the line have an sd of 0.7 to
        1.1 over 13 years.
    """
    line = np.column_stack([np.ones(n_years), np.arange(n_years)])[:, : 1 if keep_trend else 2]

    def drop_line(steps: Floats) -> Floats:
        return np.asarray(steps - line @ np.linalg.lstsq(line, steps, rcond=None)[0])

    once = np.tril(np.ones((n_years, n_years)))[:, 1:]
    walk = drop_line(once)
    if order == 1:
        return walk
    smooth = drop_line(np.cumsum(once, axis=0)[:, 1:])
    return np.asarray(smooth * np.sqrt((walk**2).sum() / (smooth**2).sum()))


def make_zero_sum_basis(n_years: int) -> Floats:
    """Return an orthonormal basis of the effects of years that sum to zero; its first vector is the linear trend.

    With independent normal coordinates of sd s, the effects are zero-sum normal with sd s.

    Returns
    -------
    numpy.ndarray
        Shape (n_years, n_years - 1).
    """
    powers = np.linspace(-1, 1, n_years)[:, None] ** np.arange(n_years)
    basis = np.linalg.qr(powers)[0][:, 1:]
    return np.asarray(basis * np.sign(basis[-1]))
