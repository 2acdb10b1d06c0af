"""Reporting of the hardware gap: ladder, headlines, labels for readers, and published values.

A change in this module causes no refit.
"""

from __future__ import annotations

from math import log

from models.common.claim import Headline, Published
from models.compute_gap.definitions import ANY_INDUSTRY
from models.compute_gap.specifications import GEOMETRIC, RATIOS

# Steps in order, each with the one thing that it changes. The mean behind the published figure is not known.
LADDER = {
    "arithmetic": "definition",
    "quantile": "definition",
    "geometric": "definition",
    "standardised": "composition",
    "main": "measurement",
}
SEPARATE_QUANTITIES: dict[str, tuple[str, str]] = {}
_MEANS = {
    "geometric": "geometric means",
    "median": "medians",
    "quantile": "90 % quantiles",
    "arithmetic": "arithmetic means",
}
LABELS = {
    GEOMETRIC: "hardware at NeurIPS 2021, ratio of geometric means unless another mean is named",
    **{f"neurips_2021_ratio_{name}": f"hardware at NeurIPS 2021, ratio of {words}" for name, words in _MEANS.items()},
    "neurips_2021_more": "P(a paper with industry uses more), NeurIPS 2021",
    "neurips_2021_more_low": "lower bound of P(a paper with industry uses more), NeurIPS 2021",
    "neurips_2021_more_high": "upper bound of P(a paper with industry uses more), NeurIPS 2021",
    "neurips_2021_ratio_sample": "hardware at NeurIPS 2021, ratio of arithmetic means of replicated samples",
    **{f"ratio_{name}": f"hardware, ratio of {words}" for name, words in _MEANS.items()},
    **{f"ratio_{name}_pooled": f"hardware, ratio of {words}, all years" for name, words in _MEANS.items()},
    **{f"slope_{name}": f"ratio of {words}, factor a year" for name, words in _MEANS.items()},
    "more": "P(a paper with industry uses more)",
    "more_pooled": "P(a paper with industry uses more), all years",
    "more_low": "lower bound of P(a paper with industry uses more)",
    "more_high": "upper bound of P(a paper with industry uses more)",
    "ratio_geometric_all_papers": "hardware, ratio of geometric means, with papers that state none",
    "degrees_of_freedom": "degrees of freedom of the residuals",
}

_AT = {"industry": ANY_INDUSTRY}
HEADLINES = tuple(Headline("main", name, _AT, ladder=name == GEOMETRIC) for name in RATIOS)

_SOURCE = "besiroglu2024"
_TOLERANCE = log(1.5)
PUBLISHED = (
    *(Published(name, _AT, value=5.0, tolerance=_TOLERANCE, source=_SOURCE) for name in RATIOS if "ratio" in name),
    # One percentage point on either side of one half, on the log-odds scale.
    Published("neurips_2021_more", _AT, sign=1, source=_SOURCE, rope=log(0.51 / 0.49)),
)
