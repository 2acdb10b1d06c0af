"""Stored results and whether they are current: posteriors, fingerprints, paths, overrides."""
