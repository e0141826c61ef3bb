"""`lorascan doctor`: what this machine can do."""

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lorascan.commands import Command
from lorascan.commands._fitting import fitted
from lorascan.commands._stderr import say

if TYPE_CHECKING:
    from lorascan.commands._payload import Ended

_NOT_EVERY_STAGE = 3
_GIB = 2**30
_INDENT, _DEEPER = 12, 14
"""Columns before what is told: of a heading, and of a line below it."""


class DoctorFormat(StrEnum):
    """How it is told."""

    TEXT = "text"
    JSON = "json"


def doctor(
    *,
    payload: Annotated[
        Path | None,
        typer.Option(help="Run this Python file inside the worker's lock and print what it prints: attack it.", show_default=False),
    ] = None,
    isolation: Annotated[str, typer.Option(help="For --payload: auto, namespaces, process or container.")] = "auto",
    seconds: Annotated[float, typer.Option(help="For --payload: wall seconds until it is ended.", min=0.1, max=3600)] = 60.0,
    output_format: Annotated[DoctorFormat, typer.Option("--format", "-f", help="How to tell it.")] = DoctorFormat.TEXT,
) -> None:
    """Say what isolation this machine really gives, what is missing, and what to install.

    Exits 0 where every stage of an audit can run, else 3. With --payload: 0 where the payload came to its own end, whatever it
    did there and with whatever code (-f json tells it), 3 where it was ended or could not be started.
    """
    if payload is not None:
        raise typer.Exit(_perform(payload, isolation, seconds, output_format))
    from lorascan.commands._machine import machine  # noqa: PLC0415 - the help stays light

    found = machine()
    if output_format is DoctorFormat.JSON:
        typer.echo(json.dumps(found, indent=1, sort_keys=True))
    else:
        typer.echo("\n".join(line for each in _lines(found) for line in fitted(each, _DEEPER if each.startswith("  ") else _INDENT)))
    raise typer.Exit(0 if found["every_stage_can_run"] else _NOT_EVERY_STAGE)


def _perform(payload: Path, isolation: str, seconds: float, output_format: DoctorFormat) -> int:
    from lorascan.commands._payload import performed  # noqa: PLC0415
    from lorascan.core.errors import UsageError  # noqa: PLC0415

    if isolation not in ("auto", "namespaces", "process", "container"):
        message = f"--isolation {isolation}: a payload runs behind a lock only: auto, namespaces, process or container"
        raise UsageError(message)
    ended = performed(payload, isolation, seconds)
    facts = ended.isolation
    held = f"{sum(facts.checks.values())} of {len(facts.checks)} checks held"
    lock = f"{facts.backend}, {held} before the payload began, Landlock ABI {facts.landlock_abi}, user {facts.uid} inside"
    say(f"isolation: {lock}", "info")
    if output_format is DoctorFormat.JSON:
        typer.echo(json.dumps(_shape(ended), indent=1, sort_keys=True))
    else:
        sys.stdout.write(ended.output)
        sys.stdout.flush()
    code = 0 if ended.code is not None else _NOT_EVERY_STAGE
    say(f"payload: {ended.how} after {ended.seconds:.1f} s; exit {code}, {_MEANS[code]}", "info")
    return code


_MEANS = {0: "it ran to its own end, whatever its code", _NOT_EVERY_STAGE: "it was ended"}


def _shape(ended: "Ended") -> dict[str, Any]:
    facts = ended.isolation
    return {
        "schema": "lorascan/payload/v1",
        "output": ended.output,
        "exit_code": ended.code,
        "ended": ended.how,
        "seconds": round(ended.seconds, 3),
        "isolation": {
            "backend": facts.backend,
            "landlock_abi": facts.landlock_abi,
            "filter_sha256": facts.filter_sha256,
            "uid": facts.uid,
            "checks": dict(facts.checks),
            "limits": dict(facts.limits),
        },
    }


def _lines(found: dict[str, Any]) -> Iterator[str]:
    system, device, chosen = found["system"], found["device"], found["isolation"]["chosen"]
    yield f"lorascan {found['version']} on {system['system']} {system['machine']}, Python {system['python']}, user {system['user']}"
    yield ""
    yield f"Isolation   {chosen or 'NONE: the static stages run, the rest is not run, nothing is admitted'}"
    for each in found["isolation"]["backends"]:
        yield from _backend(each)
    yield f"  {'limits':<10}  {_bounds(found['isolation']['control_group'])}"
    yield f"  {'none':<10}  only by --isolation none-at-my-own-risk; refused where CI is set" + (", as it is here" if system["ci"] else "")
    yield ""
    memory = f", {device['memory_bytes'] / _GIB:.0f} GiB of memory" if device["memory_bytes"] else ""
    yield f"Device      cpu: {device['cpus']} cores{memory}"
    cuda = device["cuda"]
    yield f"            cuda: {'; '.join(cuda['missing']) or cuda['driver'] or 'nodes found'} (the GPU path is unverified)"
    bases = [f"{name}  {folder}" for name, folder in found["bases"].items()] or ["none"]
    for number, line in enumerate(bases):
        yield f"{'Bases' if number == 0 else '':<12}{line}"
    lacking = found["extras_missing"]
    yield f"Extras      {'missing: ' + ', '.join(lacking) if lacking else 'all that an audit needs'}"
    for number, line in enumerate(found["remedies"]):
        yield f"{'To do' if number == 0 else '':<12}{line}"


def _bounds(group: dict[str, Any]) -> str:
    """Where the limits of a worker come from."""
    own = "the kernel's limits of a process, and memory watched every 100 ms"
    return f"{own}; a control group below {group['place']}" if group["place"] else f"{own}; no control group: {group['missing']}"


def _backend(tried: dict[str, Any]) -> Iterator[str]:
    asked = "" if tried["automatic"] else " (only by --isolation)"
    if not tried["proved"]:
        yield f"  {tried['name']:<10}  not here{asked}: {tried['reason']}"
        yield f"  {'':<10}  {tried['remedy']}"
        return
    held = f"{sum(tried['checks'].values())} of {len(tried['checks'])} checks held"
    lock = f"{held}, Landlock ABI {tried['landlock_abi']}, user {tried['uid']} inside"
    yield f"  {tried['name']:<10}  proved{asked}: {lock}, {tried['seconds']:.2f} s"


COMMAND = Command(name="doctor", run=doctor)
