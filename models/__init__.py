"""Statistical models: one package per claim, and the code that they share in ``common``."""
