"""Sources to validated tables of facts. Knows nothing of the models."""
