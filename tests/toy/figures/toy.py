"""The toy claim's figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from figures.style import save


def draw(charts: Mapping[str, list[dict[str, Any]]], out: Path) -> None:
    """Draw the medians into a folder."""
    figure, axes = plt.subplots()
    axes.plot([row["median"] for row in charts["toy"]], "o")
    save(figure, out, "toy", charts["toy"])
