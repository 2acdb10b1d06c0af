"""Paths of results, in one object that each command makes once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# How often each verdict comes out, by refits to simulated data: ``inference.summaries.power`` reads it.
POWER = ROOT / "paper" / "published" / "power.csv"


@dataclass(frozen=True)
class Paths:
    """The folder of results and the files in it."""

    out: Path = ROOT / "build"

    @property
    def posteriors(self) -> Path:
        """Posteriors that passed the gate, one folder per claim."""
        return self.out / "posteriors"

    @property
    def failed(self) -> Path:
        """Fits that failed the gate, with the reasons."""
        return self.out / "failed"

    @property
    def figures(self) -> Path:
        """Figures, as PDF and PNG, and their data as CSV."""
        return self.out / "figures"

    @property
    def estimates(self) -> Path:
        """Every reported number."""
        return self.out / "estimates.json"

    @property
    def paper(self) -> Path:
        """The paper."""
        return self.out / "paper.pdf"

    @property
    def summaries(self) -> Path:
        """Estimates and chart data, one file per claim."""
        return self.out / "summaries"

    @property
    def extended(self) -> Path:
        """Estimates of the extended specifications, one folder per claim."""
        return self.out / "alternatives"

    @property
    def outputs(self) -> Path:
        """The dependencies that summaries, figures, estimates and paper were made from."""
        return self.out / "outputs.json"

    @property
    def staging(self) -> Path:
        """Outputs being written; they are renamed into place once all are complete."""
        return self.out / ".refresh-staging"

    @property
    def fetched(self) -> Path:
        """Vintages of Epoch's models that ``data fetch epoch`` downloaded, and their record."""
        return self.out / "raw" / "epoch"

    @property
    def lock(self) -> Path:
        """The lock file, with the id of the process that writes here."""
        return self.out / "lock"
