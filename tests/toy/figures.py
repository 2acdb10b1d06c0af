"""The toy claim's figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from figures.style import save


def draw(trees: Any, estimates: list[dict[str, Any]], out: Path) -> None:
    figure, axes = plt.subplots()
    axes.plot([row["median"] for row in estimates], "o")
    save(figure, out, "toy", [{"spec": row["spec"], "median": row["median"]} for row in estimates])
