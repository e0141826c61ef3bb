"""Knows the base models: which one an adapter fits, and how each is loaded."""

from lorascan.bases._family import Family
from lorascan.bases._folder import base_manifest
from lorascan.bases._identify import claimed_family, identify
from lorascan.bases._manifests import families, manifests
from lorascan.bases._resolve import ResolvedBase, locate, manifests_for, resolve_base
from lorascan.dialects import Manifest

__all__ = [
    "Family",
    "Manifest",
    "ResolvedBase",
    "base_manifest",
    "claimed_family",
    "families",
    "identify",
    "locate",
    "manifests",
    "manifests_for",
    "resolve_base",
]
