"""`lorascan compare`: two adapters side by side."""

import json
import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lorascan.commands import Command
from lorascan.commands.inspect import inspected, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lorascan.inspecting import Inspection, Row

_MOST_LINES = 200


class CompareFormat(StrEnum):
    """How the comparison is written."""

    TEXT = "text"
    JSON = "json"


def compare(
    first: Annotated[Path, typer.Argument(help="An adapter.", show_default=False)],
    second: Annotated[Path, typer.Argument(help="Another one.", show_default=False)],
    *,
    output_format: Annotated[CompareFormat, typer.Option("--format", "-f", help="How to write it.")] = CompareFormat.TEXT,
    base: Annotated[str | None, typer.Option(help="The base whose module names are used; see audit.", show_default=False)] = None,
) -> None:
    """Show two adapters side by side: which modules each changes, how strongly, and in how like a direction.

    The cosine is that of the two ΔW as vectors: 1 the same, 0 unrelated, -1 opposite; for plain low-rank updates only.
    """
    one, two = inspected(first, base, command="compare"), inspected(second, base, command="compare")
    shape = _shape(one, two)
    if output_format is CompareFormat.JSON:
        write((json.dumps(shape, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n").encode(), None)
    else:
        write(("\n".join(_lines(shape)) + "\n").encode(), None)


def _shape(one: "Inspection", two: "Inspection") -> dict[str, object]:
    found = [{_place(row): row for row in each.rows} for each in (one, two)]
    both = [place for place in found[0] if place in found[1]]
    modules = [_pair(one, two, found[0][place], found[1][place]) for place in both]
    return {
        "schema": "lorascan/comparison/v1",
        "together": _together(modules),
        "files": [_file(one), _file(two)],
        "only_first": [".".join(each[:2]) for each in found[0] if each not in found[1]],
        "only_second": [".".join(each[:2]) for each in found[1] if each not in found[0]],
        "modules": modules,
    }


def _together(modules: "Sequence[dict[str, Any]]") -> dict[str, float | int | None]:
    """Cosine and strength of two adapters over the modules where both could be compared, each adapter's ΔW taken as one vector.

    The inner product of two such vectors is the sum of the modules' own: cosine times both norms.
    """
    sides = [(each["cosine"], *each["frobenius"]) for each in modules if each["cosine"] is not None and None not in each["frobenius"]]
    first, second = (math.sqrt(math.fsum(side[at] ** 2 for side in sides)) for at in (1, 2))
    inner = math.fsum(cosine * one * two for cosine, one, two in sides)
    defined = first > 0.0 and second > 0.0
    return {
        "compared": len(sides),
        "cosine": max(-1.0, min(1.0, inner / first / second)) if defined else None,
        "strength_ratio": second / first if defined else None,
    }


def _place(row: "Row") -> tuple[str, str, str]:
    return row.update.component, row.update.module_path, row.update.parameter


def _file(found: "Inspection") -> dict[str, object]:
    return {
        "name": found.vetted.facts.name,
        "sha256": found.vetted.facts.sha256,
        "tensor_hash": found.vetted.facts.tensor_hash,
        "family": found.base.family,
        "candidates": list(found.base.candidates),
        "dialects": list(found.adapter.facts.dialects),
        "updates": len(found.rows),
    }


def _pair(one: "Inspection", two: "Inspection", first: "Row", second: "Row") -> dict[str, object]:
    from lorascan.weights.likeness import cosine  # noqa: PLC0415 - numpy

    measured = first.layer is not None and second.layer is not None
    alike = cosine((first.update, one.vetted.content), (second.update, two.vetted.content)) if measured else None
    return {
        "component": first.update.component,
        "module_path": first.update.module_path,
        "parameter": first.update.parameter,
        "kinds": [first.update.name, second.update.name],
        "ranks": [first.update.rank, second.update.rank],
        "frobenius": [row.layer.frobenius if row.layer else None for row in (first, second)],
        "spectral": [row.layer.spectral if row.layer else None for row in (first, second)],
        "cosine": alike,
    }


_ALIKE = ((0.99, "the same direction"), (0.7, "much alike"), (0.2, "partly alike"), (-0.2, "unrelated"), (-2.0, "opposed"))
"""Least cosine and what it is called: vectors of so many entries are at ±0.02 by chance."""


def _summary(shape: dict[str, Any]) -> str:
    """What a reader wants to know first, in one line."""
    first, second = shape["files"]
    if first["tensor_hash"] == second["tensor_hash"]:
        return "The same tensors, bit for bit."
    together, both = shape["together"], len(shape["modules"])
    if not both:
        return "No module in common: nothing to compare."
    alone = len(shape["only_first"]) + len(shape["only_second"])
    told = f"{both:,} module{'s' if both > 1 else ''} in common, {alone:,} in one of them alone"
    if together["cosine"] is None:
        return f"{told}; no direction can be compared."
    kind = next(words for least, words in _ALIKE if together["cosine"] >= least)
    return f"{kind.capitalize()} (cosine {together['cosine']:+.3f}); {_strength(together['strength_ratio'])}; {told}."


def _strength(ratio: float) -> str:
    told = f"{ratio:.3g}"
    return "both are as strong" if told == "1" else f"the second is {told}× as strong"


def _lines(shape: dict[str, object]) -> list[str]:
    from lorascan.core.text import visible  # noqa: PLC0415

    files, modules = shape["files"], shape["modules"]
    if not isinstance(files, list) or not isinstance(modules, list):
        raise TypeError
    lines = [_summary(shape), ""]
    lines += [
        f"{visible(str(each['name']), 80)}  {each['family'] or 'base not certain'}  "
        f"{', '.join(each['dialects'])}  {each['updates']:,} updates"
        for each in files
    ]
    for key, words in (("only_first", "only the first changes"), ("only_second", "only the second changes")):
        names = shape[key]
        if isinstance(names, list) and names:
            lines.append(f"{words} {len(names):,} modules, such as {visible(names[0], 120)}")
    lines += ["", "frobenius           cosine  module"]
    for each in modules[:_MOST_LINES]:
        norms = "  ".join("-" if value is None else f"{value:<8.4g}" for value in each["frobenius"])
        alike = "-" if each["cosine"] is None else f"{each['cosine']:+.3f}"
        lines.append(f"{norms:<18}  {alike:>6}  {visible(each['component'] + '.' + each['module_path'], 110)}")
    if len(modules) > _MOST_LINES:
        lines.append(f"… and {len(modules) - _MOST_LINES:,} more: -f json lists them all")
    return lines


COMMAND = Command(name="compare", run=compare)
