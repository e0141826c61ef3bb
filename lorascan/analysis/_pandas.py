"""Makes tables with pandas, which only this package imports."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lorascan.core.errors import Unavailable

if TYPE_CHECKING:
    import pandas as pd


def frame(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> "pd.DataFrame":
    """The rows as a table that has these columns first, even where there is no row. Raises Unavailable without pandas."""
    try:
        import pandas as pd  # noqa: PLC0415 - heavy, and for notebooks only
    except ImportError as error:
        raise Unavailable("tables need pandas", 'pip install "./lorascan[audit]"') from error
    further = dict.fromkeys(name for row in rows for name in row if name not in columns)
    return pd.DataFrame([dict(row) for row in rows], columns=[*columns, *further])
