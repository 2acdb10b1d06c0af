"""Settings of NUTS and of the one retry. No heavy imports: fingerprints hold them by value."""

from __future__ import annotations

from dataclasses import dataclass, replace

# Smaller steps follow a ridge that labels hardly tell apart; they mix more slowly along it, so more of them are kept.
RETRY_TARGET_ACCEPT = 0.99
RETRY_DRAWS = 2  # times as many


@dataclass(frozen=True)
class Sampler:
    """NUTS settings. nutpie adapts a diagonal mass matrix while it tunes."""

    draws: int = 2000
    tune: int = 600
    chains: int = 4
    cores: int = 2
    target_accept: float = 0.8

    def make_retry(self) -> Sampler:
        """Return the settings of the one retry; where a model tunes for less, what fails needs the usual."""
        tune = max(self.tune, Sampler.tune)
        return replace(self, target_accept=RETRY_TARGET_ACCEPT, draws=RETRY_DRAWS * self.draws, tune=tune)
