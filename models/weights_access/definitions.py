"""Names that the modules of access to weights share."""

SECTORS = ("academia-only", "collaboration", "industry-only")
INDUSTRY_ONLY = SECTORS[-1]
# From the least to the most open. A model that is served can be used through an interface, or at a host.
CLASSES = ("unreleased", "served", "restricted", "unrestricted")
RECENT = "2023-25"
PERIODS = {"2018-22": (2018, 2022), RECENT: (2023, 2025)}
LARGE = 23.0  # log10 FLOP: a large-scale model of these years
MIDDLE = 22.0  # log10 FLOP, near the median of the models whose compute is known
THOUSANDFOLD = 3.0  # dex: the unit of the slope
STAGES = ("known", "open", "unrestricted", "served")  # of the main model
ORDERED_STAGES = ("known", "access")  # of the ordered model
