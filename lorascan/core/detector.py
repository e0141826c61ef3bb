"""What a detector is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A pure function from evidence to findings of its own rules.

    `needs` lists the fact types it reads: where one was not gathered the detector is listed as not assessed and does
    not run. The module that defines it has a docstring that is the manual of its rules: what it measures, why it
    matters, when it is wrong, source.
    """

    rules: tuple[Rule, ...]
    needs: tuple[type, ...]
    examine: Callable[[Evidence], Iterator[Finding]]
