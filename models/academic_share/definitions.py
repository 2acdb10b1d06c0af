"""Periods of the academic share, by names that models and reporting share."""

EARLY, LATE = "2010-14", "2020-22"
PERIODS = {"2010-12": (2010, 2012), EARLY: (2010, 2014), "2015-19": (2015, 2019), LATE: (2020, 2022)}
PERIODS["2023-25"] = (2023, 2025)  # only in the latest vintage
# Of the draws of unknown team types. It is fixed, so that equal posteriors give equal estimates whatever their seed.
IMPUTATION_SEED = 2023
