"""Estimands of access to weights: shares that are open, by sector, year and compute, and shares that are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit

from models.common.cells import Floats
from models.common.estimand import difference, fitted, ratio, ratio_from_log, rows, share
from models.weights_access.choices import Choices
from models.weights_access.definitions import (
    CLASSES,
    LARGE,
    MIDDLE,
    PERIODS,
    RECENT,
    SECTORS,
    STAGES,
    THOUSANDFOLD,
)
from models.weights_access.linear_predictor import CELLS, EFFECTS, compute_log_odds

CHUNK = 200  # draws at a time
Probabilities = dict[str, Floats]  # by stage: (draw, cell)


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute shares of models by access, by draw.

    Shares are averages over the models of a sector and year (or period). A model of unknown access counts with the
    probability of a known one that is alike, its log-odds shifted by ``choices.unknown_shift``.

    Returns
    -------
    xarray.Dataset
        With dims chain, draw, ``sector``, and ``year`` or ``period``:

        - ``open``, ``unrestricted``, ``served``, ``known``: shares of models whose weights are open, open without
          restriction, served only, and whose access is known; also ``..._by_year``;
        - ``open_low``, ``open_high``: bounds, if no model of unknown access is open, or all are; also ``..._by_year``;
        - ``open_difference``, ``open_ratio`` (period): industry-only less, and over, academia-only models;
        - ``open_ratio_same_models`` (period): so over the same models, all of the period, with sector alone changed;
        - ``open_large``: P(open) of models with 10^23 FLOP or more, in the last period, if every sector has some;
        - ``open_change_thousandfold`` and ``odds_ratio_thousandfold``: change of P(open), and of its odds, with a
          thousandfold compute, over the sector's models whose compute is known;
        - ``label_error``: probability that a label of open or not is wrong.

        ``access_by_year`` (sector, year, access) is for figures. Variables of kind ``rows`` count models.
    """
    coords = {"chain": draws["chain"].to_numpy(), "draw": draws["draw"].to_numpy()}
    groups = list_groups(dataset)
    cell = {name: dataset[name].to_numpy() for name in CELLS}
    effects, cut = _take_effects(draws)
    n_draws = len(effects["gap"])
    n, known = (dataset[name].to_numpy().astype(float) for name in ("n", "known"))
    recent = n * groups["period"][:, list(PERIODS).index(RECENT)].any(axis=0)
    found: dict[str, list[Floats]] = {}
    for start in range(0, n_draws, CHUNK):
        part = {name: value[start : start + CHUNK] for name, value in effects.items()}
        cuts = None if cut is None else cut[start : start + CHUNK]
        p = compute_stages(part, cuts, cell)
        values = {
            **_average_shares(p, groups, choices, n, known),
            "same": np.stack([_replace_sector(part, cuts, cell, k, recent) for k in range(len(SECTORS))], axis=1),
            "change": np.stack([_shift_compute(part, cuts, cell, k, n) for k in range(len(SECTORS))], axis=1),
        }
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    joined = {name: np.concatenate(value).reshape(*(len(c) for c in coords.values()), *value[0].shape[1:])
              for name, value in found.items()}  # fmt: skip
    return xr.Dataset(_name_estimands(joined, draws, dataset, groups, coords, choices))


def _take_effects(draws: xr.Dataset) -> tuple[dict[str, Floats], Floats | None]:
    """Return the effects, (draw, stage, ...), sectors and years flattened, and the cut points of the ordered model."""

    def take(name: str, dims: tuple[str, ...]) -> Floats:
        values = draws[name].transpose("chain", "draw", *dims).to_numpy()
        return np.asarray(values.reshape(-1, *values.shape[2:]))

    effects = {name: take(name, ("stage", *dims)) for name, dims in EFFECTS.items()}
    table = effects["sector_year_effect"]
    effects["sector_year_effect"] = table.reshape(*table.shape[:2], -1)
    if "cut" not in draws:
        return effects, None
    cut = draws["cut"].transpose("chain", "draw", ...).to_numpy()
    later = cut.reshape(-1, cut.shape[-1])
    return effects, np.concatenate([np.zeros((len(later), 1)), later], axis=1)  # the first cut point is 0


def compute_stages(effects: Mapping[str, Floats], cut: Floats | None, cell: Mapping[str, Any]) -> Probabilities:
    """Compute the probability of each stage, given that a model reaches it: (draw, cell) by ``STAGES``.

    Parameters
    ----------
    effects
        (draw, stage, ...), as the model names them, with sectors and years flattened.
    cut
        (draw, cut) of the ordered model, whose stages are known and access; None in the main model.
    cell
        Covariates by cell.
    """
    n_years = effects["sector_year_effect"].shape[-1] // len(SECTORS)
    idx = cell["sector_idx"] * n_years + cell["year_idx"]
    n_stages = effects["gap"].shape[1]
    log_odds = [compute_log_odds({name: value[:, i] for name, value in effects.items()}, cell, idx)
                for i in range(n_stages)]  # fmt: skip
    if cut is None:
        return {name: np.asarray(expit(value)) for name, value in zip(STAGES, log_odds, strict=True)}
    above = [np.asarray(expit(log_odds[1] - cut[:, i, None])) for i in range(3)]
    return {
        "known": np.asarray(expit(log_odds[0])),
        "open": above[1],
        "unrestricted": above[2] / above[1],
        "served": (above[0] - above[1]) / (1 - above[1]),
    }


def predict_open(is_open: Floats, n: Floats, known: Floats, choices: Choices) -> Floats:
    """Return the expected share of open models by cell, (draw, cell), with those of unknown access.

    The log-odds of these are shifted, or they are left out.
    """
    if choices.unknown == "left out" or not choices.unknown_shift:
        return is_open
    shifted = is_open / (is_open + (1 - is_open) * np.exp(-choices.unknown_shift))
    return np.asarray((known * is_open + (n - known) * shifted) / n)


def list_groups(dataset: xr.Dataset) -> dict[str, Any]:
    """List the cells of each sector and year, (sector, year, cell), of each period, and the large ones of the last."""
    sector, year = (dataset[f"{name}_idx"].to_numpy() for name in ("sector", "year"))
    years = dataset["year"].to_numpy()[year]
    of_sector = sector == np.arange(len(SECTORS))[:, None]
    by_year = np.array([of_sector & (year == i) for i in range(dataset.sizes["year"])])
    by_period = np.array([of_sector & (years >= first) & (years <= last) for first, last in PERIODS.values()])
    compute = dataset["compute"].to_numpy() * THOUSANDFOLD + MIDDLE
    is_large = (compute >= LARGE) & (dataset["compute_unknown"].to_numpy() == 0)
    large = by_period[[list(PERIODS).index(RECENT)]] & is_large
    return {name: inside.transpose(1, 0, 2) for name, inside in
            {"year": by_year, "period": by_period, "large": large}.items()}  # fmt: skip


def _average_shares(
    p: Probabilities, groups: Mapping[str, Any], choices: Choices, n: Floats, known: Floats
) -> dict[str, Floats]:
    """Average each class over groups: (draw, sector, year or period) by name."""
    is_open = predict_open(p["open"], n, known, choices)
    shares = {
        "open": is_open,
        "unrestricted": is_open * p["unrestricted"],
        "served": (1 - is_open) * p["served"],
        "known": p["known"],
        "open_known": p["open"] * known / n,
    }
    out = {}
    for by, inside in groups.items():
        for name, values in shares.items():
            alone = choices.unknown == "left out" and name in ("open", "unrestricted", "served")
            counted = inside * (known if alone else n)
            weight = counted / np.maximum(counted.sum(axis=-1, keepdims=True), 1)
            flat = values @ weight.reshape(-1, weight.shape[-1]).T
            out[f"{name}_{by}"] = flat.reshape(len(values), *weight.shape[:2])
    return out


def _replace_sector(
    effects: Mapping[str, Floats], cut: Floats | None, cell: Mapping[str, Any], k: int, weight: Floats
) -> Floats:
    """Average P(open) over models, by their weights, as if each were by sector k: (draw,)."""
    inside = weight > 0
    moved = {name: value[inside] for name, value in cell.items()}
    moved["sector_idx"] = np.full(int(inside.sum()), k)
    return np.asarray(compute_stages(effects, cut, moved)["open"] @ weight[inside] / max(weight.sum(), 1))


def _shift_compute(
    effects: Mapping[str, Floats], cut: Floats | None, cell: Mapping[str, Any], k: int, n: Floats
) -> Floats:
    """Average the change of P(open) with a thousandfold compute, centred on each model of sector k: (draw,)."""
    inside = (cell["sector_idx"] == k) & (cell["compute_unknown"] == 0)
    both = []
    for step in (-0.5, 0.5):
        moved = {name: value[inside] for name, value in cell.items()}
        moved["compute"] = moved["compute"] + step
        both.append(compute_stages(effects, cut, moved)["open"] @ n[inside] / max(n[inside].sum(), 1))
    return np.asarray(both[1] - both[0])


def _name_estimands(
    found: Mapping[str, Floats],
    draws: xr.Dataset,
    dataset: xr.Dataset,
    groups: Mapping[str, Any],
    coords: Mapping[str, Any],
    choices: Choices,
) -> dict[str, Any]:
    """Name the estimands, with their bounds and the counts of models on which they are based.

    Years and periods without a model of every sector, or without a known one where the others are left out, have none.
    """
    labels = {"year": dataset["year"].to_numpy().tolist(), "period": list(PERIODS), "large": [RECENT]}
    models, known = (dataset[name].to_numpy() for name in ("n", "known"))
    averaged = known if choices.unknown == "left out" else models
    out: dict[str, Any] = {}
    for by, suffix in (("year", "_by_year"), ("period", "")):
        n, inside = f"n{suffix}" if suffix else "n_period", groups[by]
        of = {"sector": list(SECTORS), by: labels[by]}
        counts = xr.DataArray(inside @ models, of, ("sector", by))
        kept = {by: counts[by].to_numpy()[(inside @ averaged).min(axis=0) > 0].tolist()}
        at = {name: xr.DataArray(found[f"{name}_{by}"], {**coords, **of}, (*coords, "sector", by)).sel(kept)
              for name in ("open", "unrestricted", "served", "known", "open_known")}  # fmt: skip
        share_unknown = xr.DataArray(inside @ (models - known), of, ("sector", by)).sel(kept) / counts.sel(kept)
        out[n] = rows(counts.sel(kept), "models")
        out |= {f"{name}{suffix}": share(at[name], n) for name in ("open", "unrestricted", "served", "known")}
        out[f"open_low{suffix}"] = share(at["open_known"], n)
        out[f"open_high{suffix}"] = share(at["open_known"] + share_unknown, n)
        if by == "year":
            out["access_by_year"] = fitted(_list_classes(at))
        else:
            out |= _compare_sectors(at["open"], found["same"], counts.sel(kept))
    out |= _compare_computes(found["change"], draws, dataset, coords)
    n_large = groups["large"] @ models
    if (groups["large"] @ averaged).all():
        of = {"sector": list(SECTORS), "recent": [RECENT]}
        out["n_large"] = rows(xr.DataArray(n_large, of, ("sector", "recent")), "models")
        out["open_large"] = share(xr.DataArray(found["open_large"], {**coords, **of}, (*coords, *of)), "n_large")
    if "error" in draws:
        out["label_error"] = share(draws["error"], "n_compared")
        out["n_compared"] = rows(dataset["compared"], "models")
    return out


def _list_classes(at: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """List the share of each class of access by sector and year, (..., access)."""
    is_open, unrestricted, served = at["open"], at["unrestricted"], at["served"]
    parts = [1 - is_open - served, served, is_open - unrestricted, unrestricted]
    return xr.concat(parts, "access").assign_coords(access=list(CLASSES))


def _compare_sectors(is_open: xr.DataArray, same: Floats, counts: xr.DataArray) -> dict[str, Any]:
    """Compare industry-only with academia-only models, by period, and over the same models of the last period."""
    first, last = SECTORS[0], SECTORS[-1]
    pair = [is_open.sel(sector=sector, drop=True) for sector in (last, first)]
    n = counts.sel(sector=[first, last]).sum("sector")
    out = {
        "open_difference": difference(pair[0] - pair[1], "n_two"),
        "open_ratio": ratio(pair[0] / pair[1], "n_two"),
        "n_two": rows(n, "models"),
    }
    if RECENT in is_open["period"].to_numpy():
        of_all = xr.DataArray((same[..., -1] / same[..., 0])[..., None], dims=("chain", "draw", "recent"))
        out["open_ratio_same_models"] = ratio(of_all.assign_coords(recent=[RECENT]), "n_same")
        out["n_same"] = rows(counts.sel(period=[RECENT]).sum("sector").rename(period="recent"), "models")
    return out


def _compare_computes(
    change: Floats, draws: xr.Dataset, dataset: xr.Dataset, coords: Mapping[str, Any]
) -> dict[str, Any]:
    """Compute the change of P(open), and of its odds, with a thousandfold compute: (..., sector)."""
    known = dataset["compute_unknown"].to_numpy() == 0
    n = np.bincount(dataset["sector_idx"].to_numpy()[known], dataset["n"].to_numpy()[known], len(SECTORS)).astype(int)
    stage = "open" if "open" in draws["slope"]["stage"].to_numpy() else "access"
    slope = draws["slope"].sel(stage=stage, drop=True)
    values = xr.DataArray(change, {**coords, "sector": list(SECTORS)}, (*coords, "sector"))
    return {
        "open_change_thousandfold": difference(values, "n_compute"),
        "odds_ratio_thousandfold": ratio_from_log(slope, "n_compute"),
        "n_compute": rows(xr.DataArray(n, {"sector": list(SECTORS)}, ("sector",)), "models"),
    }
