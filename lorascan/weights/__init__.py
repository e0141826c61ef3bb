"""Measures updates in float64; numpy only. `canonical` writes them anew."""

from lorascan.weights.measure import GATE_WORK, measure

__all__ = ["GATE_WORK", "measure"]
