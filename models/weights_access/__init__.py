"""Access to the weights of models, by sector, year and training compute."""

TABLES = ("access_labels", "models")
FACTS = ()  # tables that the paper prints unchanged
MODELS = {"access": "model", "ordered": "ordered"}  # model to the module of this package that defines it
