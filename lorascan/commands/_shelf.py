"""Keeps the reports of one call, in memory that does not grow with them."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import BinaryIO, final, overload

from lorascan.cache import packed, unpacked
from lorascan.core.findings import Decision
from lorascan.core.report import Report


@final
class Shelf(Sequence[Report]):
    """Reports in the order they were made; `decisions` are at hand, each report is read back when it is looked at."""

    def __init__(self, file: BinaryIO | None = None) -> None:
        """Use a file that only this object writes; without one, and where it is full, reports stay in memory."""
        self.decisions: list[Decision] = []
        self._file = file
        self._held: list[Report | tuple[int, int]] = []
        self._end = 0

    def put(self, report: Report) -> None:
        """Put a report behind the others."""
        self.decisions.append(report.verdict.decision)
        self._held.append(report if self._file is None else self._written(report, self._file.fileno()))

    def _written(self, report: Report, descriptor: int) -> Report | tuple[int, int]:
        """Where the report begins and its length in bytes; the report itself where the disk takes no more."""
        raw, done = json.dumps(packed(report)).encode("ascii"), 0
        try:
            while done < len(raw):
                done += os.pwrite(descriptor, raw[done:], self._end + done)
        except OSError:
            return report
        start, self._end = self._end, self._end + len(raw)
        return start, len(raw)

    def __len__(self) -> int:
        """How many reports there are."""
        return len(self._held)

    @overload
    def __getitem__(self, place: int) -> Report: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Report]: ...

    def __getitem__(self, place: int | slice) -> Report | Sequence[Report]:
        """The report at a place, read back."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        held = self._held[place]
        if isinstance(held, Report) or self._file is None:
            assert isinstance(held, Report), "without a file every report is held"
            return held
        start, length = held
        return unpacked(json.loads(os.pread(self._file.fileno(), length, start)))


@contextmanager
def shelf(*, many: bool) -> Iterator[Shelf]:
    """An empty shelf; for `many` reports with a file without a name, which goes with the process however that ends."""
    if not many:
        yield Shelf()
        return
    with ExitStack() as stack:
        file = None
        with suppress(OSError):  # no folder for temporary files takes one
            file = stack.enter_context(tempfile.TemporaryFile())
        yield Shelf(file)
