"""Feeds the file gate mutated files for a while and counts what happens.

    python -m benchmarks.fuzz --seconds 600 --out benchmarks/results/fuzz.json

With atheris, where it can be imported, mutations follow the branches that an input reaches; without it they are our own. Targets:
header, metadata, PEFT config, pickle walk, zip, tar, polyglots, the whole gate. Seeds are the small files in tests/hostile/seeds and,
with --corpus, what the corpus builds. A crash is any exception but a refusal; a hang is an input that takes more than 5 seconds of
CPU time. The inputs of both are kept beside the result.
"""

import argparse
import importlib
import importlib.util
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

GUIDE: Any = importlib.import_module("atheris") if importlib.util.find_spec("atheris") else None
with GUIDE.instrument_imports(include=["lorascan.intake"]) if GUIDE else nullcontext():
    from lorascan.core.adapter import FileIdentity
    from lorascan.core.errors import Refused, Unavailable
    from lorascan.core.evidence import Evidence
    from lorascan.detectors import examine
    from lorascan.intake import Received, vet_received
    from lorascan.intake.declarations import read_claims
    from lorascan.intake.header import read_header
    from lorascan.intake.pickles import judge, streams
    from lorascan.intake.polyglots import also_something_else
    from lorascan.intake.tars import read_tar
    from lorascan.intake.zips import member_bytes, read_zip
    from lorascan.settings import Limits

SEEDS = Path(__file__).parent.parent / "tests" / "hostile" / "seeds"
LIMITS = Limits()
HANG = 5.0  # seconds of CPU time
LARGEST = 16_384  # bytes of a seed that is mutated
TOKENS = (
    *(b'"__metadata__"', b'"dtype"', b'"shape"', b'"data_offsets"', b"NaN", b"Infinity", b"-1"),
    *(b"18446744073709551616", b"[" * 64, b"{" * 64),
    *(b'"lora_adapter_metadata"', b'"target_modules"', b"(a+)+$", b"\\\\ud800", b"1e999", b"\xff", b"\0", b"\xed\xa0\x80"),
    *(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x07", b"ustar\x0000", b"\x80\x02", b"cos\nsystem\n"),
    *(b"\x93", b"R", b"r\xff\xff\xff\xff"),
)
Target = Callable[[bytes], object]


def _gate(content: bytes) -> object:
    identity = FileIdentity(name="a.bin" if content[:1] in (b"P", b"\x80") else "a.safetensors", path="a", size=len(content), sha256="")
    vetted = vet_received(Received(identity=identity, content=memoryview(content)), LIMITS)
    return examine(Evidence(facts=(vetted.facts,)))


def _pickle(content: bytes) -> object:
    return [list(judge(each, "")) for each in streams(memoryview(content), limit=50_000)]


def _zip(content: bytes) -> object:
    view = memoryview(content)
    return [bytes(member_bytes(view, each, 4096)) for each in read_zip(view).members[:64]]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


TARGETS: dict[str, Target] = {
    "header": lambda content: read_header(memoryview(content), LIMITS),
    "metadata": lambda content: read_claims({"ss_tag_frequency": _text(content), "modelspec.trigger_phrase": _text(content)}, LIMITS),
    "config": lambda content: read_claims({"lora_adapter_metadata": _text(content)}, LIMITS, ("unet.a.to_q.lora_A.weight",)),
    "pickle": _pickle,
    "zip": _zip,
    "tar": lambda content: read_tar(memoryview(content)),
    "polyglot": lambda content: also_something_else(memoryview(content)),
    "gate": _gate,
}


@dataclass(slots=True)
class Tally:
    """What happened so far; times in seconds, memory in MB."""

    engine: str
    seconds: float = 0.0
    executions: int = 0
    by_target: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    not_judged: int = 0
    crashes: list[dict[str, str]] = field(default_factory=list)
    hangs: list[dict[str, str]] = field(default_factory=list)
    slowest: float = 0.0
    slowest_target: str = ""
    peak_rss_mb: float = 0.0
    seeds: int = 0


def seeds(*, all_cases: bool) -> list[bytes]:
    """The kept seeds, and the small files of the corpus where they are asked for."""
    found = [path.read_bytes() for path in sorted(SEEDS.glob("*")) if path.is_file()]
    if all_cases:
        from tests.hostile.cases import corpus  # noqa: PLC0415 - builds a few hundred files

        found += [content for case in corpus().values() for content in case.files.values() if isinstance(content, bytes)]
    return list(dict.fromkeys(each for each in found if 0 < len(each) <= LARGEST))


def mutated(chance: random.Random, pool: list[bytes]) -> bytes:
    """A seed after one to eight changes: bits, bytes, tokens, numbers, cuts, copies, splices."""
    content = bytearray(chance.choice(pool))
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(content) + 1)
        end = min(len(content), at + chance.choice((1, 2, 4, 8, 64)))
        kind = chance.randrange(8)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            content[at:end] = chance.randbytes(end - at)
        elif kind == 2:
            content[at:end] = chance.choice(TOKENS)
        elif kind == 3:
            content[at:at] = chance.choice(TOKENS)
        elif kind == 4:
            content[at:end] = chance.choice((0, 1, 255, 2**31, 2**32 - 1, 2**63)).to_bytes(8, "little")[: end - at]
        elif kind == 5:
            del content[at:end]
        elif kind == 6:
            content[at:at] = content[at:end] * chance.choice((1, 2, 50))
        else:
            other = chance.choice(pool)
            cut = chance.randrange(len(other))
            content[at:] = other[cut : cut + LARGEST]
    return bytes(content[: 2 * LARGEST])


def execute(name: str, content: bytes, tally: Tally) -> None:
    """One input through one target."""
    began = time.process_time()
    tally.executions += 1
    tally.by_target[name] = tally.by_target.get(name, 0) + 1
    try:
        TARGETS[name](content)
    except Refused:
        tally.refused += 1
    except Unavailable:  # the machine gave the child that matches patterns no time: no verdict, which is no admit
        tally.not_judged += 1
    except Exception as error:  # noqa: BLE001 - a crash is what is looked for
        tally.crashes.append({"target": name, "error": f"{type(error).__name__}: {error}"[:300], "input": keep(content)})
    taken = time.process_time() - began
    if taken > tally.slowest:
        tally.slowest, tally.slowest_target = round(taken, 3), name
    if taken > HANG:
        tally.hangs.append({"target": name, "seconds": f"{taken:.1f}", "input": keep(content)})


def keep(content: bytes) -> str:
    """Write the input down; returns its name."""
    folder = Path(__file__).parent / "results" / "fuzz-inputs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / sha256(content).hexdigest()[:16]
    path.write_bytes(content)
    return path.name


def run(seconds: float, seed: int, pool: list[bytes]) -> Tally:
    """Our own mutations, for so long."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    tally, names = Tally(engine="own mutations", seeds=len(pool)), list(TARGETS)
    began = time.perf_counter()
    for content in pool:
        for name in names:
            if time.perf_counter() - began < seconds:
                execute(name, content, tally)
    while time.perf_counter() - began < seconds:
        execute(chance.choice(names), mutated(chance, pool), tally)
    return closed(tally, began)


def run_guided(seconds: float, seed: int, pool: list[bytes], finish: Callable[[Tally], int]) -> None:
    """The same targets under atheris, which does not come back: `finish` writes the result and gives the exit code.

    The first byte of an input chooses the target.
    """
    names = list(TARGETS)
    tally = Tally(engine="atheris", seeds=len(pool))
    corpus = Path(tempfile.mkdtemp(prefix="lorascan-fuzz-"))
    for number, content in enumerate(pool):
        for kind in range(len(names)):
            (corpus / f"{number}-{kind}").write_bytes(bytes([kind]) + content)
    began = time.perf_counter()

    def once(content: bytes) -> None:
        if time.perf_counter() - began > seconds:
            os._exit(finish(closed(tally, began)))
        if content:
            execute(names[content[0] % len(names)], content[1:], tally)

    GUIDE.Setup(
        [
            sys.argv[0],
            f"-seed={seed}",
            f"-max_len={2 * LARGEST}",
            "-rss_limit_mb=0",
            "-verbosity=0",
            f"-artifact_prefix={corpus}/",
            str(corpus),
        ],
        once,
    )
    GUIDE.Fuzz()


def closed(tally: Tally, began: float) -> Tally:
    """The tally with its last figures."""
    tally.seconds = round(time.perf_counter() - began, 1)
    tally.peak_rss_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    return tally


def main() -> None:
    """Parse, run, write; exit 1 after a crash or a hang."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", action="store_true", help="also mutate the files of the test corpus")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()

    def finish(tally: Tally) -> int:
        text = json.dumps({**asdict(tally), "python": sys.version.split()[0]}, indent=2, sort_keys=True) + "\n"
        if given.out:
            given.out.write_text(text, encoding="utf-8")
        print(text, flush=True)
        return 1 if tally.crashes or tally.hangs else 0

    pool = seeds(all_cases=given.corpus)
    if GUIDE:
        run_guided(given.seconds, given.seed, pool, finish)
    sys.exit(finish(run(given.seconds, given.seed, pool)))


if __name__ == "__main__":
    main()
