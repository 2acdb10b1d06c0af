"""The linear predictor of access: written once, for the models and for the estimands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EFFECTS = {  # of one stage, and the dims of each
    "sector_year_effect": ("sector", "year"),
    "domain_effect": ("domain",),
    "slope": ("sector",),
    "gap": (),
    "notable_effect": (),
}
CELLS = ("sector_idx", "year_idx", "domain_idx", "compute", "compute_unknown", "notable")


def compute_log_odds(effect: Mapping[str, Any], cell: Mapping[str, Any], sector_year_idx: Any) -> Any:
    """Return the log-odds of one stage, (..., cell).

    Parameters
    ----------
    effect
        Effects by name, tensors or arrays with any leading dims; that of sectors and years is flattened,
        (..., sector times year).
    cell
        Covariates by cell: ``CELLS``.
    sector_year_idx
        Index of each cell in the flattened effects of sectors and years, (cell,).
    """
    unknown = effect["gap"][..., None] * cell["compute_unknown"]
    notable = effect["notable_effect"][..., None] * cell["notable"]
    return (
        effect["sector_year_effect"][..., sector_year_idx]
        + effect["domain_effect"][..., cell["domain_idx"]]
        + effect["slope"][..., cell["sector_idx"]] * cell["compute"]
        + unknown
        + notable
    )
