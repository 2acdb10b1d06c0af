"""Exposures and periods: names that specifications and models share."""

TERMS = {
    "hardware": "terms_hardware",
    "cost: using": "terms_cost_using",
    "cost: saving": "terms_cost_saving",
    "scale": "terms_scale",
    "parallel": "terms_parallel",
    "FLOP": "terms_flop",
}
# Effects of the second and the third add to that of the first. They concern the number in the largest set-up.
HARDWARE = ("accelerator named", "eight or more named", "number not told")
MANY = 8  # accelerators: one full server
TEN_POINTS = 0.1  # of the share of papers with terms: the unit of the ladder
# By whether the exposure is hardware: the name of the decomposition's last factor, and the periods. The decomposition
# compares the first period with the last.
CHANGE_OF = {
    False: ("compute terms", {"2012-14": (2012, 2014), "2015-17": (2015, 2017), "2018-19": (2018, 2019)}),
    True: ("hardware named", {"2014-16": (2014, 2016), "2017-19": (2017, 2019), "2020-22": (2020, 2022)}),
}
