"""Sums of tables, without a multiplier."""

from gelugen.fit.sums.search import fit_tables

__all__ = ["fit_tables"]
