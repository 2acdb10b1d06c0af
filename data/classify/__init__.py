"""The one place that classifies: sectors for models, ``paper_row`` and what it calls for papers."""
