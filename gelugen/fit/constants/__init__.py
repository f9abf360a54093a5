"""Constants on segments, without a multiplier: equal ones, free ones, the leaves of a binary split."""

from gelugen.fit.constants.equal import fit_constants
from gelugen.fit.constants.steps import fit_dyadic_steps, fit_steps

__all__ = ["fit_constants", "fit_dyadic_steps", "fit_steps"]
