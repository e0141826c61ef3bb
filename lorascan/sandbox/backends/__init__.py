"""One file a sandbox backend."""
