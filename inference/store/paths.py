"""Where results are: one object, made once a command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Paths:
    """The folder of results, and what is where in it."""

    out: Path = ROOT / "build"

    @property
    def posteriors(self) -> Path:
        """Good posteriors, one folder a claim."""
        return self.out / "posteriors"

    @property
    def failed(self) -> Path:
        """Fits that the gate kept out, with their reasons."""
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
        """What each claim shows: estimates and chart data, a file a claim."""
        return self.out / "summaries"

    @property
    def extended(self) -> Path:
        """Estimates of the extended specifications, a folder a claim."""
        return self.out / "alternatives"

    @property
    def outputs(self) -> Path:
        """What summaries, figures, estimates and paper were made from."""
        return self.out / "outputs.json"

    @property
    def staging(self) -> Path:
        """Outputs on their way: renamed into place when all of them are whole."""
        return self.out / ".refresh-staging"

    @property
    def lock(self) -> Path:
        """Who is writing here."""
        return self.out / "lock"
