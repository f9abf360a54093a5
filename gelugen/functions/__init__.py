"""The catalogue of functions, in ball arithmetic, and users' own ones.

Ball arithmetic (Arb, through python-flint) encloses every value, so that a rounding is proven. To add a function is to
add one entry to ``gelus.py``, ``sigmoids.py`` or ``rectifiers.py``.
"""

from gelugen.functions.catalogue import ALIASES, CATALOGUE, get_function
from gelugen.functions.entries import Entry
from gelugen.functions.function import Fold, Function, Line, Parts
from gelugen.functions.parameters import Parameter, parse_number
from gelugen.functions.user import ball_function, float_function, load

__all__ = [
    "ALIASES",
    "CATALOGUE",
    "Entry",
    "Fold",
    "Function",
    "Line",
    "Parameter",
    "Parts",
    "ball_function",
    "float_function",
    "get_function",
    "load",
    "parse_number",
]
