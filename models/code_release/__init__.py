"""Code release by teams with authors from industry, and without."""

TABLES = ("code_labels", "coder_labels", "institutions", "models", "papers")
FACTS = ()  # tables that the paper shows as they are
MODELS = {
    "release": "model",
    "measurements": "measurements",
    "authors": "authors",
    "training_code": "training_code",
}  # each in a module of this package
