"""Download raw data from the servers that publish them."""
