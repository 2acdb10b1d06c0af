"""Names that the modules of adoption share."""

NLP = "natural language processing"
ANY_INDUSTRY = "any industry"
INDUSTRY = (ANY_INDUSTRY, "mixed", "industry-only")
RECENT = "2020-22"
RECENT_YEARS = (2020, 2022)
# Of the models that a paper mentions: whether industry released one, and whether anyone could download it.
ORIGINS = ("industry", "open and industry")
# Pre-trained before 2018, or networks for images: a mention is often of the architecture. Word vectors are among them.
OLDER = (
    "word2vec", "GloVe", "fastText", "InferSent", "Skip-Thought", "AlexNet", "VGG", "Inception", "ResNet", "DenseNet",
    "MobileNet", "C3D", "I3D", "VGGish",
)  # fmt: skip
