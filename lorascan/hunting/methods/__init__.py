"""One file a hunting method."""
