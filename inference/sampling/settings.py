"""Settings of NUTS and of the single retry; no heavy imports, because fingerprints hold the settings by value."""

from __future__ import annotations

from dataclasses import dataclass, replace

# The retry takes smaller steps, which follow a ridge along which the labels barely identify the parameters. Chains also
# mix more slowly along such a ridge, so the retry keeps more draws.
RETRY_TARGET_ACCEPT = 0.99
RETRY_DRAWS = 2  # times the number of draws


@dataclass(frozen=True)
class Sampler:
    """NUTS settings. nutpie adapts a diagonal mass matrix during tuning."""

    draws: int = 2000
    tune: int = 600
    chains: int = 4
    cores: int = 2
    target_accept: float = 0.8

    def make_retry(self) -> Sampler:
        """Return the settings of the retry, which tunes for at least the default number of steps."""
        tune = max(self.tune, Sampler.tune)
        return replace(self, target_accept=RETRY_TARGET_ACCEPT, draws=RETRY_DRAWS * self.draws, tune=tune)
