"""Figures, drawn from plain rows: nothing is computed here, and no posterior is opened."""
