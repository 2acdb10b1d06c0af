"""Figures, from stored posteriors only."""
