"""The embedded test bed: a small base, its zoo."""
