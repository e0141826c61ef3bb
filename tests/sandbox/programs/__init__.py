"""Programs that tests run inside the lock."""
