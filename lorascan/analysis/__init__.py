"""Adapters and reports as pandas DataFrames, for notebooks.

import lorascan
from lorascan.analysis import layers_df
layers_df("adapter.safetensors").sort_values("frobenius")
"""

from lorascan.analysis._layers import layers_df, spectra_df
from lorascan.analysis._reports import probes_df, reports_df

__all__ = ["layers_df", "probes_df", "reports_df", "spectra_df"]
