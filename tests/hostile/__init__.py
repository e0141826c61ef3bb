"""Builders of bad files."""
