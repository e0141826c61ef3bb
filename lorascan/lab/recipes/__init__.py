"""One file a family of adapters, each with a RECIPE."""
