"""Measures updates in float64, and writes them anew; numpy only."""

from lorascan.weights.canonical import canonical, loadable
from lorascan.weights.measure import GATE_WORK, measure

__all__ = ["GATE_WORK", "canonical", "loadable", "measure"]
