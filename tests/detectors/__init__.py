"""Each detector: silent on the honest, loud on the bad."""
