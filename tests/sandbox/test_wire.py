"""Frames against everything malformed."""

import os
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.sandbox import wire
from lorascan.sandbox.answers import Answer, Greeting
from lorascan.sandbox.wire import Assembler, Frame, Kind, Malformed

FRAMES = st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=300)), max_size=6)


def anything(_kind: Kind, _length: int) -> None:
    return None


def written(frames: Any) -> bytes:
    return b"".join(wire.head(kind, len(body)) + body for kind, body in frames)


@given(FRAMES, st.lists(st.integers(1, 40)))
def test_frames_come_out_as_they_went_in_however_they_are_cut(frames: Any, cuts: list[int]) -> None:
    stream = written(frames)
    assembler = Assembler(anything)

    found, rest = [], stream
    for cut in [*cuts, len(stream)]:
        found += list(assembler.feed(rest[:cut]))
        rest = rest[cut:]

    assert found == [Frame(kind, body) for kind, body in frames]
    assert assembler.wanted == wire.HEADER.size


@given(FRAMES)
def test_whoever_reads_only_what_is_wanted_never_reads_into_the_next_frame(frames: Any) -> None:
    stream, assembler, found = written(frames), Assembler(anything), []

    while stream:
        portion, stream = stream[: assembler.wanted], stream[assembler.wanted :]
        for frame in assembler.feed(portion):
            found.append(frame)
            break  # a caller that turns away at once

    assert found == [Frame(kind, body) for kind, body in frames]


@given(st.binary(min_size=wire.HEADER.size, max_size=400))
def test_any_bytes_give_frames_or_malformed_and_nothing_else(noise: bytes) -> None:
    try:
        frames = list(Assembler(anything).feed(noise))
    except Malformed:
        return

    assert all(isinstance(frame, Frame) for frame in frames)


@pytest.mark.parametrize(
    "head",
    [
        b"PICK" + struct.pack("<IQ", 1, 0),
        wire.MAGIC + struct.pack("<IQ", 0, 0),
        wire.MAGIC + struct.pack("<IQ", 7, 0),
        wire.MAGIC + struct.pack("<IQ", 2**32 - 1, 0),
        wire.MAGIC[::-1] + struct.pack("<IQ", 1, 0),
    ],
)
def test_a_head_that_is_none_is_malformed(head: bytes) -> None:
    with pytest.raises(Malformed):
        list(Assembler(anything).feed(head))


def test_a_huge_length_is_judged_before_a_byte_of_the_body_is_kept() -> None:
    assembler = Assembler(Answer((), 10).judge)

    with pytest.raises(Malformed, match="RESULT"):
        list(assembler.feed(wire.head(Kind.RESULT, 2**63)))


@pytest.mark.parametrize(
    ("sizes", "frames"),
    [
        ((), [(Kind.BLOB, 0)]),
        ((8,), [(Kind.BLOB, 7)]),
        ((8,), [(Kind.BLOB, 9)]),
        ((8, 4), [(Kind.BLOB, 4)]),
        ((8,), [(Kind.RESULT, 2)]),
        ((8,), [(Kind.BLOB, 8), (Kind.BLOB, 8)]),
        ((), [(Kind.RESULT, wire.MAX_RESULT + 1)]),
        ((), [(Kind.ERROR, wire.MAX_ERROR + 1)]),
        ((), [(Kind.PROGRESS, wire.MAX_PROGRESS + 1)]),
        ((), [(Kind.HELLO, 2)]),
        ((), [(Kind.READY, 2)]),
        ((), [(Kind.CALL, 2)]),
        ((), [(Kind.PROGRESS, 8)] * 4),
    ],
)
def test_an_answer_of_another_form_than_asked_for_is_malformed(sizes: tuple[int, ...], frames: Any) -> None:
    judge = Answer(sizes, 3).judge

    with pytest.raises(Malformed):
        all(judge(kind, length) is None for kind, length in frames)


def test_an_answer_as_asked_for_passes() -> None:
    judge = Answer((8, 0), 5).judge

    for kind, length in ((Kind.PROGRESS, 8), (Kind.BLOB, 8), (Kind.BLOB, 0), (Kind.PROGRESS, 256), (Kind.RESULT, 65536)):
        judge(kind, length)


def test_a_start_hears_one_greeting_or_an_error() -> None:
    judge = Greeting(Kind.HELLO).judge

    judge(Kind.HELLO, wire.MAX_HELLO)
    judge(Kind.ERROR, wire.MAX_ERROR)
    for kind, length in ((Kind.HELLO, wire.MAX_HELLO + 1), (Kind.READY, 2), (Kind.BLOB, 0), (Kind.RESULT, 2)):
        with pytest.raises(Malformed):
            judge(kind, length)


@pytest.mark.parametrize("body", [b"", b"1234567", struct.pack("<d", float("nan")), struct.pack("<d", 1.5), struct.pack("<d", -0.1)])
def test_progress_that_is_no_share_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        wire.read_progress(body)


def test_progress_carries_a_share_and_as_much_text_as_fits() -> None:
    share, text = wire.read_progress(wire.progress_body(0.25, "x" * 1000))

    assert share == 0.25
    assert text == "x" * (wire.MAX_PROGRESS - 8)


def test_a_pipe_carries_a_frame_larger_than_itself_and_then_its_end() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        wire.send(writing, Kind.BLOB, bytes(300_000))
        os._exit(0)
    os.close(writing)

    assert wire.receive(reading) == Frame(Kind.BLOB, bytes(300_000))
    assert wire.receive(reading) is None
    os.waitpid(child, 0)
    os.close(reading)


def test_a_pipe_that_ends_within_a_frame_is_no_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, wire.head(Kind.BLOB, 10) + b"123")
    os.close(writing)

    with pytest.raises(EOFError):
        wire.receive(reading)
    os.close(reading)
