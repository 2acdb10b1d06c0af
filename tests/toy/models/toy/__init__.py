"""The mean of ten numbers: a toy claim."""

TABLES = ("models",)
FACTS = ()  # tables that the paper shows as they are
MODELS = {"mean": "model"}  # each in a module of this package
