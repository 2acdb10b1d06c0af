"""Who makes large-scale machine-learning models: the academic share."""

TABLES = ("models",)
FACTS = ("counts", "vintages")  # tables that the paper shows as they are
MODELS = {"shares": "model", "upper_tail": "upper_tail"}  # each in a module of this package
