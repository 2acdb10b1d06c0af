"""Venues and eras: names that specifications and models share."""

VENUES = ("NeurIPS", "ICML", "ICLR", "AAAI", "IJCAI")  # read in full text
GROUPS = ("machine learning", "AI")
ERAS = {"2014-18": (2014, 2018), "2019-20": (2019, 2020), "2021-22": (2021, 2022)}
WHOLE = "2014-22"
