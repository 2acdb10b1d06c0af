"""What claims share: declarations, estimands, cells, exclusions, pieces of PyMC models."""
