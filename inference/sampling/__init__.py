"""Fitting, checking and retrying: compiled log densities, NUTS and diagnostics."""
