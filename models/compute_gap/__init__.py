"""The hardware gap: the accelerators that teams with and without authors from industry use."""

TABLES = ("hardware_labels", "papers")
FACTS = ()  # tables that the paper prints unchanged
MODELS = {"setups": "model"}  # model to the module of this package that defines it
