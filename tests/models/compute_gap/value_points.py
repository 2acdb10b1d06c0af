"""Points of a model on the sampler's scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from inference.sampling.compiled import INTERPRETED


def make_value_point(model: pm.Model, point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the point on the sampler's scale."""
    out = {}
    for variable in model.free_RVs:
        value, transform = model.rvs_to_values[variable], model.rvs_to_transforms[variable]
        raw = point[variable.name]
        if transform is not None:
            raw = transform.forward(pt.as_tensor(raw), *variable.owner.inputs).eval(mode=INTERPRETED)
        out[value.name] = np.asarray(raw)
    return out
