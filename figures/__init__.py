"""Figures, drawn from plain rows. Nothing is computed here, and no posterior is read."""
