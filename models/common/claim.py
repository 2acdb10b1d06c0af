"""What every claim declares: its models, its specifications, its headlines and published values.

No heavy imports: ``status`` reads specifications without loading PyMC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import log
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr

type Tables = Mapping[str, pd.DataFrame]
RAW = "raw"  # in place of a model's name: rows are counted, nothing is fitted


@dataclass(frozen=True)
class Model:
    """A generative model of a claim: its functions, and the names of its top-level priors.

    Parameters
    ----------
    prepare
        Tables and choices to the dataset that the model conditions on.
    build
        Dataset and priors to the PyMC model.
    estimands
        Draws (posterior or prior), dataset and choices to the reported quantities, see ``models.common.estimand``.
    test_quantities
        Data (observed or replicated) and dataset to quantities that the likelihood does not fit directly.
    top_level
        The priors that power-scaling scales. Population distributions (a walk's innovations, effects of domains;
        non-centred here, named ``..._raw``) are part of the model, not of the prior; see Kallioinen et al. (2024).
    raw
        The counts behind shares, for the ladder's first step: variables named as estimands, with a dim ``raw`` of
        ``k`` (with the event) and ``n`` (of all); with ``k_reference`` and ``n_reference`` too, behind an odds ratio.
    """

    prepare: Callable[[Tables, Any], xr.Dataset]
    build: Callable[[xr.Dataset, Any], pm.Model]
    estimands: Callable[[xr.Dataset, xr.Dataset, Any], xr.Dataset]
    test_quantities: Callable[[xr.Dataset, xr.Dataset], xr.Dataset]
    top_level: tuple[str, ...]
    raw: Callable[[xr.Dataset], xr.Dataset] | None = None


@dataclass(frozen=True)
class Specification:
    """A named specification: a model, and the choices, priors and settings of NUTS in which it differs from defaults.

    ``title`` says it to a reader in a few words. The model ``RAW`` counts the rows of the specification with the same
    choices. An ``extended`` one is not fitted by ``refresh`` but by ``alternatives``, and its estimates are kept in
    ``paper/published``.
    """

    name: str
    title: str
    kind: Literal["main", "definition", "measurement", "composition", "sampling", "prior", "model"]
    model: str
    choices: Mapping[str, Any] = field(default_factory=dict)
    priors: Mapping[str, Any] = field(default_factory=dict)
    extended: bool = False
    sampler: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """A published value or sign, and the tolerance fixed before fitting.

    ``tolerance`` is on the estimand's own scale: 0.5 log-odds for shares, log(1.5) for ratios. ``sign`` is the claimed
    side of the estimand's reference value, +1 or -1. Where the quantity is another one, ``not_comparable`` says
    which, and no verdict is given; ``not_comparable_in`` names specifications where that is so. ``smallest``:
    below this effect, of a logarithm, a claimed sign is of no interest.
    """

    estimand: str
    coords: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    sign: Literal[-1, 1] | None = None
    tolerance: float | None = None
    source: str = ""
    not_comparable: str | None = None
    not_comparable_in: tuple[str, ...] = ()
    smallest: float = log(1.1)


@dataclass(frozen=True)
class Headline:
    """An estimand that the abstract speaks of; with a ``ladder`` if it was published like for like."""

    spec: str
    estimand: str
    coords: Mapping[str, Any] = field(default_factory=dict)
    ladder: bool = True
