"""Reading raw files, as they are: nothing is classified here."""
