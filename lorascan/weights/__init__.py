"""Measures updates in float64, and writes them anew; numpy only."""

from lorascan.weights.canonical import canonical, loadable
from lorascan.weights.measure import measure

__all__ = ["canonical", "loadable", "measure"]
