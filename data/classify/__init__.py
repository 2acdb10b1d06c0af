"""All classification: ``sectors`` for models; ``paper_row`` and the modules it calls for papers."""
