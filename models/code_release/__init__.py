"""Code release by teams with authors from industry, and by teams without."""

TABLES = ("code_labels", "coder_labels", "institutions", "models", "papers")
FACTS = ()  # tables that the paper prints unchanged
MODELS = {
    "release": "model",
    "measurements": "measurements",
    "authors": "authors",
    "training_code": "training_code",
}  # model to the module of this package that defines it
