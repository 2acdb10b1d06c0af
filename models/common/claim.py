"""Declarations of a claim: models, specifications, headlines and published values.

This module has no heavy imports: ``status`` reads specifications without loading PyMC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr

type Tables = Mapping[str, pd.DataFrame]
PROJECT_PAPERS = "project_papers"  # the project's table of papers, in a run on a table from OpenAlex
RAW = "raw"  # stands for a model's name where rows are counted and nothing is fitted


@dataclass(frozen=True)
class Model:
    """A generative model of a claim: its functions and the names of its top-level priors.

    Parameters
    ----------
    prepare
        Turns tables and choices into the dataset that the model conditions on.
    build
        Turns the dataset and priors into the PyMC model.
    estimands
        Computes the reported quantities from draws (posterior or prior), dataset and choices; see
        ``models.common.estimand``.
    test_quantities
        Computes, from data (observed or replicated) and dataset, quantities that the likelihood does not fit directly.
    top_level
        The parameters whose priors power-scaling scales. Population distributions (innovations of a walk, effects of
        domains) are part of the model, not of the prior; here they are non-centred and named ``..._raw``. See
        Kallioinen et al. (2024).
    raw
        Computes the counts for the first step of the ladder: variables named as the estimands, with a dim ``raw``. A
        share has ``k`` (rows with the event) and ``n`` (all rows). A comparison also has ``k_reference`` and
        ``n_reference``; the attribute ``measure`` of its variable is ``ratio`` or ``odds ratio`` (the default).
    """

    prepare: Callable[[Tables, Any], xr.Dataset]
    build: Callable[[xr.Dataset, Any], pm.Model]
    estimands: Callable[[xr.Dataset, xr.Dataset, Any], xr.Dataset]
    test_quantities: Callable[[xr.Dataset, xr.Dataset], xr.Dataset]
    top_level: tuple[str, ...]
    raw: Callable[[xr.Dataset], xr.Dataset] | None = None


@dataclass(frozen=True)
class Specification:
    """A named specification: a model, with the choices, priors and NUTS settings that differ from the defaults.

    ``title`` describes it to readers in a few words. With the model ``RAW``, rows are counted and nothing is fitted:
    the rows of the specification with the same choices. The command ``alternatives``, not ``refresh``, fits an
    ``extended`` specification, and its estimates are kept in ``paper/published``. A specification with ``user_only``
    exists only in runs on a user's table, and fits the project's own table for comparison.

    Three fields say, before it is fitted, what a specification means for the robustness of a headline.
    ``compared_with`` names the main fit whose question it answers. ``role`` is ``main`` for such a fit, ``defensible``
    for an analysis that a reader may prefer to it, ``bound`` for an extreme that nobody expects, ``step`` for a step of
    the ladder that is nothing else, and ``separate`` for an answer to another question. ``same_quantity`` names the
    headline estimands that are the same quantity as in the main fit; the others are not compared. ``checked`` stores
    predictive checks, as every main fit has them.
    """

    name: str
    title: str
    kind: Literal["main", "definition", "measurement", "composition", "sampling", "prior", "model", "source"]
    model: str
    choices: Mapping[str, Any] = field(default_factory=dict)
    priors: Mapping[str, Any] = field(default_factory=dict)
    extended: bool = False
    user_only: bool = False
    role: Literal["main", "defensible", "bound", "step", "separate"] = "separate"
    compared_with: str = "main"
    same_quantity: tuple[str, ...] = ()
    checked: bool = False
    sampler: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """A published value or sign of an estimand, with a tolerance fixed before fitting.

    ``tolerance`` is on the scale of the estimand: 0.5 log-odds for shares, log(1.5) for ratios. ``sign`` is the claimed
    side of the estimand's reference value: +1 above, -1 below; of an event (a probability without draws of a number),
    +1 claims that it is true. If the published quantity differs from the estimand, ``not_comparable`` says how, and no
    verdict is given. ``not_comparable_in`` names specifications for which no verdict is given. ``rope`` is the
    half-width of the region of practical equivalence (ROPE) around no difference, on the scale of the estimand:
    log(1.1) for ratios and log-odds, 0.01 for differences in probability (``None``: by the unit).
    """

    estimand: str
    coords: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    sign: Literal[-1, 1] | None = None
    tolerance: float | None = None
    source: str = ""
    not_comparable: str | None = None
    not_comparable_in: tuple[str, ...] = ()
    rope: float | None = None


@dataclass(frozen=True)
class Headline:
    """An estimand that the abstract reports; it has a ``ladder`` if it is the published quantity."""

    spec: str
    estimand: str
    coords: Mapping[str, Any] = field(default_factory=dict)
    ladder: bool = True
