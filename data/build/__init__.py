"""Raw files to the committed tables, with their provenance; how well they do, and what they hold."""
