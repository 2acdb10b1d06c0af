"""The academic share: which team types make large-scale machine-learning models."""

TABLES = ("models",)
FACTS = ("counts", "vintages")  # tables that the paper prints unchanged
MODELS = {"shares": "model", "upper_tail": "upper_tail"}  # model to the module of this package that defines it
