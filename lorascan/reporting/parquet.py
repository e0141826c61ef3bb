"""Writes findings as Parquet."""

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import islice

from lorascan.core.errors import Unavailable, UsageError
from lorascan.core.report import Report
from lorascan.reporting import Format, Look
from lorascan.reporting._tables import COLUMNS, rows

_ROWS_AT_ONCE = 4_096
"""That are held together, and stand in one group of the file."""


def _pack(reports: Sequence[Report]) -> bytes:
    """The table of the CSV format, typed. Raises Unavailable without pyarrow."""
    if find_spec("pyarrow") is None:
        raise Unavailable("parquet needs pyarrow", 'pip install "./lorascan[audit]"')
    import pyarrow as pa  # noqa: PLC0415 - only this format pays for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    schema = pa.schema([(name, pa.int64() if name == "size" else pa.string()) for name in COLUMNS])
    sink, every = pa.BufferOutputStream(), rows(reports)
    with pq.ParquetWriter(sink, schema) as writer:
        while some := [dict(row) for row in islice(every, _ROWS_AT_ONCE)]:
            writer.write_table(pa.Table.from_pylist(some, schema=schema))
    return bytes(sink.getvalue().to_pybytes())


def _render(_: Report, __: Look) -> str:
    message = "parquet is no text: say where it goes with -o"
    raise UsageError(message)


FORMAT = Format(name="parquet", suffixes=(".parquet",), render=_render, pack=_pack)
