"""Fit, gate, store, summarise and write: the same machinery for every claim."""
