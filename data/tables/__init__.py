"""Schemas of the tables, and loading with validation."""
