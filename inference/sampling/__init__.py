"""Fit, check and retry: compiled log densities, NUTS, diagnostics."""
