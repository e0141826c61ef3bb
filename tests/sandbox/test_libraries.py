"""The real libraries import and work under the lock, with the same numbers."""

import random
import struct
from dataclasses import replace
from typing import Any

import pytest

from lorascan.sandbox import Lock, start
from tests.sandbox.conftest import usable

PROGRAM = "tests.sandbox.programs.tiny_unet"
LOCK = replace(Lock(), memory_bytes=4 * 2**30, start_seconds=300, idle_seconds=120, wall_seconds=600)


def floats(seed: str, count: int) -> bytes:
    return struct.pack(f"<{count}f", *(random.Random(f"{seed} {n}").uniform(-1, 1) for n in range(count)))


def steps(isolation: str) -> tuple[bytes, Any, bytes]:
    with start(PROGRAM, LOCK, isolation=isolation, blobs={"adapter": floats("adapter", 4096)}) as session:
        latents = floats("latents", 256)
        plain = session.call("step", {}, blobs=[latents], reply_sizes=[1024]).blobs[0]
        attached = session.call("attach", {}).result["tensors"]
        adapted = session.call("step", {}, blobs=[latents], reply_sizes=[1024]).blobs[0]
        return plain, attached, adapted


def test_a_denoising_step_with_a_lora_is_bit_identical_with_and_without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    free = steps("none")

    assert free[1] > 0
    assert free[0] != free[2]
    assert all(steps(name) == free for name in usable())
