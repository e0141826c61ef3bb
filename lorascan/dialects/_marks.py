"""Reads the tensors that are no weight but say how one acts."""

from dataclasses import replace

from lorascan.core.adapter import VettedFile
from lorascan.core.updates import Update
from lorascan.core.whole_updates import ScaleUpdate
from lorascan.dialects._alpha import read_scalar


def marked(vetted: VettedFile, update: Update) -> Update:
    """(IA)³ with the side that it scales. Raises Refused LS605 where its marker is no finite scalar."""
    if isinstance(update, ScaleUpdate) and update.marker is not None:
        return replace(update, on_input=read_scalar(vetted, update.marker, what="on_input", code="LS605") != 0)
    return update
