"""Runs regular expressions in a child process that can be killed."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from lorascan.core.errors import Unavailable

CPU_SECONDS = 2
"""What all patterns of one config may take. An honest set takes milliseconds; `re` holds the interpreter lock while it
matches, so that no thread could stop it: the kernel must."""
_WALL_SECONDS = 120.0  # a machine that is this busy has not judged the pattern
_NAMES = 4_000  # matched names; an adapter of one base has at most a few thousand modules
_NAME_LENGTH = 200  # characters; the longest module path of a known base has about 100
_MEMORY = 2**29  # bytes of address space
_TYPICAL = (
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0",
    "up_blocks.3.attentions.2.transformer_blocks.0.ff.net.0.proj",
    "single_transformer_blocks.37.attn.to_q",
    "transformer_blocks.18.attn.add_q_proj",
    "text_model.encoder.layers.11.self_attn.out_proj",
    "mid_block.resnets.1.time_emb_proj",
)
"""Modules that a loader would try, whatever few the file itself names. Each is also tried with an end that fits nothing:
a matcher that backtracks takes longest where it fails."""

_PROGRAM = """
import json, re, sys
try:
    import resource
    cpu, memory = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
except ImportError:
    pass
asked = json.load(sys.stdin)
for pattern in asked["patterns"]:
    compiled = re.compile(pattern)
    for name in asked["tried"]:
        compiled.match(name)
    print(json.dumps([place for place, name in enumerate(asked["names"]) if compiled.match(name)]), flush=True)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """For each pattern that ended, the places of the names that it matches; `stuck` is the first that did not end."""

    places: tuple[tuple[int, ...], ...]
    stuck: int | None = None


def matches(patterns: Sequence[str], names: Sequence[str]) -> Matches:
    """Which names each pattern matches from their beginning, within `CPU_SECONDS` for all of them.

    The patterns must parse. At most 4,000 names of at most 200 characters are matched. Raises Unavailable where the
    child could not be started, or the machine gave it no time within two minutes.
    """
    read = [each[:_NAME_LENGTH] for each in names[:_NAMES]]
    tried = [form for each in (*_TYPICAL, *read[:8]) for form in (each, f"{each}!", f"{each}\n!")]
    question = json.dumps({"patterns": list(patterns), "names": read, "tried": tried})
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, json.dumps([CPU_SECONDS, _MEMORY])]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and program; the patterns go to its stdin
            command, input=question.encode(), capture_output=True, timeout=_WALL_SECONDS, check=False, env={}
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("the patterns of the adapter config were not run", "this machine is too busy: audit again") from error
    except OSError as error:
        raise Unavailable("the patterns of the adapter config were not run", f"no child process: {error.strerror}") from error
    lines = done.stdout.split(b"\n")[:-1]
    places = tuple(tuple(json.loads(line)) for line in lines[: len(patterns)])
    return Matches(places=places, stuck=len(places) if len(places) < len(patterns) else None)
