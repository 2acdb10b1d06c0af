"""Code shared by the claims: declarations, estimands, cells, exclusions and building blocks of PyMC models."""
