"""What it costs to take one function for another: errors over reals, changed codes between formats, refits."""

from gelugen.compare.approximations import Approximation, approximation, defaults, refitted, split_names
from gelugen.compare.codes import Change
from gelugen.compare.comparison import Comparison, Row, compare
from gelugen.compare.fitting import CRITERIA, FORMS, TARGETS, Refit, refit
from gelugen.compare.metrics import Metrics, measure
from gelugen.compare.points import Points, all_codes, grid

__all__ = [
    "CRITERIA",
    "FORMS",
    "TARGETS",
    "Approximation",
    "Change",
    "Comparison",
    "Metrics",
    "Points",
    "Refit",
    "Row",
    "all_codes",
    "approximation",
    "compare",
    "defaults",
    "grid",
    "measure",
    "refit",
    "refitted",
    "split_names",
]
