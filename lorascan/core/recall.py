"""Remembers what the base alone answered, for the next adapter."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

LIMIT_BYTES = 512 * 1024 * 1024


class Shelf(Protocol):
    """Where answers outlive the process."""

    def get(self, key: bytes) -> tuple[bytes, ...] | None:
        """The blobs kept under a key, or None."""

    def keep(self, key: bytes, blobs: Sequence[bytes]) -> None:
        """Keep these blobs, if it can be."""


class Recall:
    """Answers of a worker that never sees an adapter, by base, operation, arguments and blobs; lost with the process.

    The base is the same for every adapter of a run, its answers depend on nothing else: what one audit asked need
    not be computed for the next. Once `limit_bytes` are held nothing more is taken in. What is on the `shelf` is remembered
    too, and what is learnt is put there.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES, shelf: Shelf | None = None) -> None:
        """Hold nothing yet."""
        self._limit, self._shelf = limit_bytes, shelf
        self._bytes = 0
        self._held: dict[bytes, tuple[bytes, ...]] = {}

    def get(self, key: bytes) -> tuple[bytes, ...] | None:
        """The blobs kept under a key of `key_of`, or None."""
        held = self._held.get(key)
        if held is None and self._shelf is not None:
            held = self._shelf.get(key)
            if held is not None:
                self._hold(key, held)
        return held

    def keep(self, key: bytes, blobs: Sequence[bytes]) -> None:
        """Hold these blobs, if there is room."""
        self._hold(key, blobs)
        if self._shelf is not None:
            self._shelf.keep(key, blobs)

    def _hold(self, key: bytes, blobs: Sequence[bytes]) -> None:
        size = sum(map(len, blobs))
        if key not in self._held and self._bytes + size <= self._limit:
            self._held[key] = tuple(bytes(blob) for blob in blobs)
            self._bytes += size


def key_of(base: Mapping[str, Any], operation: str, arguments: Mapping[str, Any], blobs: Sequence[bytes]) -> bytes:
    """SHA-256 over all that an answer depends on; `base` says which files, device and threads compute it."""
    digest = hashlib.sha256(json.dumps([base, operation, arguments, [len(blob) for blob in blobs]], sort_keys=True).encode())
    for blob in blobs:
        digest.update(blob)
    return digest.digest()
