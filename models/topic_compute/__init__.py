"""Compute terms and academia-only publication."""

TABLES = ("papers",)
FACTS = ()  # tables that the paper prints unchanged
MODELS = {"contrast": "model", "topic_year": "topic_year"}  # model to the module of this package that defines it
