"""What lorascan promises, as sentences."""
