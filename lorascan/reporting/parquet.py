"""Writes findings as Parquet."""

from collections.abc import Sequence
from importlib.util import find_spec

from lorascan.core.errors import Unavailable, UsageError
from lorascan.core.report import Report
from lorascan.reporting import Format, Look
from lorascan.reporting._tables import COLUMNS, rows


def _pack(reports: Sequence[Report]) -> bytes:
    """The table of the CSV format, typed. Raises Unavailable without pyarrow."""
    if find_spec("pyarrow") is None:
        raise Unavailable("parquet needs pyarrow", 'pip install "lorascan[audit]"')
    import pyarrow as pa  # noqa: PLC0415 - only this format pays for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = [(name, pa.int64() if name == "size" else pa.string()) for name in COLUMNS]
    table = pa.Table.from_pylist([dict(row) for row in rows(reports)], schema=pa.schema(columns))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def _render(_: Report, __: Look) -> str:
    message = "parquet is no text: say where it goes with -o"
    raise UsageError(message)


FORMAT = Format(name="parquet", suffixes=(".parquet",), render=_render, pack=_pack)
