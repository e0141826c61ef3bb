"""Turns the tensors of one module into its updates: one file an algebra."""

from functools import cache

from lorascan.core.catalogue import members
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, fault

__all__ = ["Algebra", "Ending", "Parts", "algebras", "fault"]


@cache
def algebras() -> dict[str, Algebra]:
    """Module name → algebra, in name order."""
    return members("lorascan.dialects.algebras", "ALGEBRA", Algebra)
