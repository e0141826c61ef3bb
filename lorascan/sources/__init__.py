"""Brings files from elsewhere, when the caller allows it."""

from lorascan.sources._address import PREFIX, HubFile, address_of, is_address
from lorascan.sources._hub import NotThere, OnHub, located

__all__ = ["PREFIX", "HubFile", "NotThere", "OnHub", "address_of", "is_address", "located"]
