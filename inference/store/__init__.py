"""What is stored and whether it is current: posteriors, fingerprints, paths, overrides."""
