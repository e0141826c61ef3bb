"""Finds bad numbers and the largest one from tensors' bits."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascan.core.adapter import BadNumber, TensorSpan
from lorascan.core.threads import AtOnce, threads
from lorascan.weights.decode import FORMATS, Format, raw, to_float64, unit

_CHUNK = 2**20
"""Entries looked at in one piece when bad ones are counted."""
_TOGETHER = 2**20
"""Bytes of small tensors looked at in one call: a second-level cache holds them for the second look."""

_THREADS, _LARGE = 2, 2**26
"""Threads that look, and bytes of a file from which one alone takes longer than they take to start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Largest |entry| of a tensor (0 for an empty one, NaN where an entry is not finite), and what is not finite."""

    max_abs: float
    bad: BadNumber | None


def survey(content: memoryview, span: TensorSpan) -> Survey:
    """Exact, from the integer codes: of two finite numbers of one sign the larger has the larger code.

    The span's dtype must be one of `FORMATS`.
    """
    return survey_each(content, (span,))[span.name]


def survey_each(content: memoryview, spans: Sequence[TensorSpan]) -> dict[str, Survey]:
    """By name, in the order given, the survey of every tensor whose dtype is one of `FORMATS`.

    Neighbours of one dtype are looked at in one call: adapters are made of many small tensors.
    """
    found: dict[str, Survey] = {}
    known: dict[str, list[TensorSpan]] = {}
    for span in spans:
        if span.dtype not in FORMATS:
            continue
        if span.start == span.stop:
            found[span.name] = Survey(max_abs=0.0, bad=None)
        else:
            known.setdefault(span.dtype, []).append(span)
    runs = [(run, dtype) for dtype, alike in known.items() for run in _runs(sorted(alike, key=lambda each: each.start))]
    count = min(_THREADS, os.cpu_count() or 1) if len(content) >= _LARGE else 1
    with threads(count) if count > 1 else AtOnce() as pool:
        for each in pool.map(lambda job: tuple(_surveyed(content, *job)), runs):
            found.update(each)
    return {span.name: found[span.name] for span in spans if span.dtype in FORMATS}


def _runs(ordered: Sequence[TensorSpan]) -> Iterator[list[TensorSpan]]:
    """Tensors that lie without a gap, at most `_TOGETHER` bytes but at least one tensor at a time."""
    run: list[TensorSpan] = []
    for span in ordered:
        if run and (run[-1].stop != span.start or span.stop - run[0].start > _TOGETHER):
            yield run
            run = []
        run.append(span)
    if run:
        yield run


def _surveyed(content: memoryview, run: Sequence[TensorSpan], dtype: str) -> Iterator[tuple[str, Survey]]:
    form = FORMATS[dtype]
    codes = np.frombuffer(content[run[0].start : run[-1].stop], dtype=form.signed)
    starts = [(span.start - run[0].start) // codes.itemsize for span in run]
    largest = _largest(codes, starts, form)
    sound = largest < form.first_bad
    stored = np.where(sound, largest, 0).astype(form.unsigned).view(form.signed)
    sizes = to_float64(stored, dtype) * unit(dtype)
    for span, is_sound, size in zip(run, sound.tolist(), sizes.tolist(), strict=True):
        if is_sound:
            yield span.name, Survey(max_abs=size, bad=None)
        else:
            unsigned = raw(content, span).reshape(-1).view(form.unsigned)
            yield span.name, Survey(max_abs=float("nan"), bad=_count(span.name, unsigned, form.sign, form.first_bad))


def _largest(codes: NDArray[np.signedinteger], starts: Sequence[int], form: Format) -> NDArray[np.unsignedinteger]:
    """The largest code without its sign in each part: the signed maximum covers positive codes, the unsigned one negative."""
    positive = np.maximum(np.maximum.reduceat(codes, starts), 0).astype(form.unsigned)
    any_sign = np.maximum.reduceat(codes.view(form.unsigned), starts)
    sign = any_sign.dtype.type(form.sign)
    found: NDArray[np.unsignedinteger] = np.maximum(positive, np.where(any_sign >= sign, any_sign - sign, 0))
    return found


def _count(name: str, codes: NDArray[np.unsignedinteger], sign: int, first_bad: int) -> BadNumber:
    count, first = 0, -1
    for start in range(0, codes.size, _CHUNK):
        chunk = codes[start : start + _CHUNK]
        bad = np.flatnonzero((chunk & codes.dtype.type(sign - 1)) >= codes.dtype.type(first_bad))
        if bad.size and first < 0:
            first = start + int(bad[0])
        count += int(bad.size)
    return BadNumber(tensor=name, count=count, first_index=first)
