"""Build validated tables of facts from the sources; independent of the models."""
