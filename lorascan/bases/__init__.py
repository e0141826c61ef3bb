"""Knows the base models: which one an adapter fits, and how each is loaded."""

from lorascan.bases._claims import claimed_families, claimed_family
from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._folder import base_manifest
from lorascan.bases._identify import identify
from lorascan.bases._manifests import families, manifest, manifests
from lorascan.bases._resolve import ResolvedBase, locate, manifests_for, resolve_base
from lorascan.bases._weights import BaseTensor, BaseWeights, base_weights
from lorascan.dialects import Manifest

__all__ = [
    "BaseTensor",
    "BaseWeights",
    "Contract",
    "Family",
    "Manifest",
    "Model",
    "ResolvedBase",
    "base_manifest",
    "base_weights",
    "claimed_families",
    "claimed_family",
    "families",
    "identify",
    "locate",
    "manifest",
    "manifests",
    "manifests_for",
    "resolve_base",
]
