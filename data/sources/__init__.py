"""Readers of raw files; nothing is classified here."""
