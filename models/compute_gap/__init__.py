"""The hardware gap: the accelerators that teams with and without authors from industry use."""

TABLES = ("chips", "hardware_labels", "models", "papers")
FACTS = ()  # tables that the paper prints unchanged
MODELS = {"setups": "model", "performance": "continuous"}  # model to the module of this package that defines it
