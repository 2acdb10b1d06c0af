"""Statistical models: a package a claim, and what they share in ``common``."""
