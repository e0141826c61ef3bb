"""Programs that measure lorascan; their results are committed."""
