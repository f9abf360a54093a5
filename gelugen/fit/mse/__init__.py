"""The least mean square error of a given number of segments."""

from gelugen.fit.mse.search import fit_mse

__all__ = ["fit_mse"]
