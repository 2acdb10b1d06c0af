"""Build the committed tables from raw files, validate the classifications and describe the result."""
