"""Names that the modules of the hardware gap share."""

VENUES = ("AAAI", "ICLR", "ICML", "IJCAI", "NeurIPS")  # read in full text, to 2022
PUBLISHED_AT = "NeurIPS 2021"
# Numbers of chips, rounded to the nearest power of two on the log scale. More than eight need more than one machine.
ORDINARY = (1, 2, 4, 8)
LARGE = (16, 32, 64, 128, 256, 512, 1024, 2048)  # a larger number counts as 2,048
CLASSES = ("one", "several", "many")  # one chip, two to eight, more
MORE = "more"
NUMBERS = ("1", "2", "4", "8", MORE)
ANY_INDUSTRY = "any industry"
SIDES = ("academia-only", ANY_INDUSTRY)
INDUSTRY = (ANY_INDUSTRY, "mixed", "industry-only")  # each against academia-only
QUANTILE = 0.9
LARGEST = (0, 1, 2, 5)  # numbers of largest papers left out of an arithmetic mean
BIN_WIDTH, FIRST_BIN, N_BINS = 0.25, 11.75, 28  # dex, log10 FLOP/s: bins of the distribution that a figure shows
