"""Compute terms and academia-only publication."""

TABLES = ("papers",)
FACTS = ()  # tables that the paper shows as they are
MODELS = {"contrast": "model", "topic_year": "topic_year"}  # each in a module of this package
