"""Reads the tensors of a vetted file as updates of a base: one file a dialect."""

from lorascan.dialects._dialect import Dialect
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place
from lorascan.dialects._read import dialects, read_adapter
from lorascan.dialects._reasons import UNREAD_DIALECTS, Reason

__all__ = ["UNREAD_DIALECTS", "Dialect", "Manifest", "Place", "Reason", "dialects", "read_adapter"]
