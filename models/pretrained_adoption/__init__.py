"""Adoption of pre-trained models: papers that mention one in title or abstract."""

TABLES = ("mention_labels", "papers", "pretrained_models")
FACTS = ()  # tables that the paper prints unchanged
MODELS = {"mentions": "model"}  # model to the module of this package that defines it
