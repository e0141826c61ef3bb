"""The nouns that every other package speaks in."""
