"""Anybody's table: which function it holds, at which scales, in which order, and what is wrong with it."""

from gelugen.audit.judging import audit
from gelugen.audit.reading import KINDS, Table, read_table
from gelugen.audit.verdict import Audit, Claim, Finding
from gelugen.audit.views import ORDERS

__all__ = ["KINDS", "ORDERS", "Audit", "Claim", "Finding", "Table", "audit", "read_table"]
