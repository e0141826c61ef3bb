"""Opens the locked workers and attaches the adapter inside."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from lorascan.bases import ResolvedBase, families
from lorascan.core.behaviour import IsolationFacts, LoadFacts
from lorascan.core.errors import Refusal, StageFailed, Unavailable
from lorascan.core.progress import Listener, Progress, silent
from lorascan.core.recall import Recall
from lorascan.sandbox import Pending, Session, launch
from lorascan.settings import Settings
from lorascan.worker.bench import Bench
from lorascan.worker.client import PARTNER, RANDOM, SUBJECT, Shape, Worker, stage_failures
from lorascan.worker.lock import backend_of, devices_of, lock_for

PROGRAM = "lorascan.worker.program"
_CHECK_PROMPTS = ("a red circle on a blue background", "a photo of a dog", "", "a house")


@contextmanager
def open_workers(  # noqa: PLR0913 - one argument a fact, all but the first named by their callers
    base: ResolvedBase,
    canonical: bytes,
    settings: Settings,
    listener: Listener = silent,
    recall: Recall | None = None,
    *,
    partner: bytes | None = None,
    random: bytes | None = None,
) -> Iterator[tuple[Bench, tuple[IsolationFacts, ...], LoadFacts]]:
    """Start a reference and an adapted worker, attach the adapter in the latter, and prove what landed.

    `canonical` is the vetted update as our own writer wrote it. Raises Unavailable where no isolation can be had,
    StageFailed where a worker dies, lies or is silent. On leaving, both processes are gone. What `recall` holds of the
    base's answers is not computed again. With a `partner`, written in the same way, both adapters act together, the partner
    attached second, and the bench can ask each of them alone. `random` is an update that never acts beside them.
    """
    _require_libraries()
    beside = {PARTNER: partner, RANDOM: random}
    blobs = {"adapter": canonical, **{name: content for name, content in beside.items() if content is not None}}
    with ExitStack() as stack:
        waiting = [
            stack.enter_context(_launch(base, settings, role="reference", blobs={})),
            stack.enter_context(_launch(base, settings, role="adapted", blobs=blobs)),
        ]
        listener(Progress(label="starting two locked workers", share=0.0))
        reference, adapted = (_ready(stack, pending, role) for pending, role in zip(waiting, ("reference", "adapted"), strict=True))
        reference = replace(reference, recall=recall, computed_by=_computed_by(base, reference.description, settings))
        if partner is not None:
            adapted = replace(adapted, recall=Recall())  # the searches ask the pair the same more than once
        alone = () if partner is None else tuple(replace(adapted, alone=name) for name in (SUBJECT, PARTNER))
        bench = Bench(
            reference=reference,
            adapted=adapted,
            base_folder=base.folder,
            family=base.family,
            alone=alone,
            random=None if random is None else replace(adapted, alone=RANDOM),
        )
        facts = _attach(bench, base, listener)
        isolation = tuple(_isolation(worker) for worker in (reference, adapted))
        yield bench, isolation, facts


def _computed_by(base: ResolvedBase, described: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """All that the base's answers depend on besides the request."""
    return {
        "base": base.sha256,
        "parameters": described["digest"],
        "variant": base.variant,
        "scorer": str(base.scorer.resolve()),
        "device": _device(settings),
        "threads": settings.worker.threads,
        "edge": settings.picture_edge,
    }


def _require_libraries() -> None:
    """Say what to install where the workers could not even start. Nothing is imported for it."""
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise Unavailable(f"{', '.join(missing)} not installed", 'pip install "./lorascan[audit]"')


_LIBRARIES = ("torch", "torchvision", "diffusers", "peft", "transformers", "open_clip", "PIL")


@contextmanager
def _launch(base: ResolvedBase, settings: Settings, *, role: str, blobs: Mapping[str, bytes]) -> Iterator[Pending]:
    limits = settings.worker
    read = (base.folder.resolve(), base.scorer.resolve())
    lock = lock_for(limits, read, devices_of(settings))
    arguments = {
        "base": str(read[0]),
        "family": base.family,
        "variant": base.variant,
        "scorer": str(read[1]) if role == "reference" else None,
        "device": _device(settings),
        "threads": limits.threads,
        "edge": settings.picture_edge,
        **({"gradients": True} if role == "adapted" and _inverted(base, settings) else {}),
    }
    with (
        stage_failures(role),
        launch(PROGRAM, lock, blobs=blobs, arguments=arguments, isolation=backend_of(settings)) as pending,
    ):
        yield pending


def _inverted(base: ResolvedBase, settings: Settings) -> bool:
    """Whether the hunt may ask for gradients: only then is their code warmed up before the lock closes."""
    contract = families()[base.family].contract
    return bool(settings.budget.soft_tokens) and contract is not None and contract.states == "cross-attention"


def _device(settings: Settings) -> str:
    return "cuda" if settings.device == "cuda" else "cpu"


def _ready(stack: ExitStack, pending: Pending, role: str) -> Worker:
    with stage_failures(role):
        session: Session = stack.enter_context(pending.ready())
        described = session.call("describe", {}).result
    return Worker(role=role, session=session, shape=_shape(described, role), description=described)


def _shape(described: Mapping[str, Any], role: str) -> Shape:
    """The worker's own account of its arrays, typed and bounded: it sizes every later answer."""
    whole = ("context", "text_width", "channels", "side", "height", "width", "steps", "embedding")
    for name in whole:
        value = described.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
            raise StageFailed(Refusal(code="LS904", message=f"the {role} worker describes itself wrongly", where=name))
    return Shape(guidance=float(described["guidance"]), **{name: int(described[name]) for name in whole})


_LARGEST = 1 << 14


def _attach(bench: Bench, base: ResolvedBase, listener: Listener) -> LoadFacts:
    """Attach, compare scale 0 with the reference bit for bit, and report."""
    seeds = list(range(len(_CHECK_PROMPTS)))
    listener(Progress(label="attaching the adapter", share=0.5))
    landed = _typed_landing(bench.adapted)
    loaded, unloaded = (str(bench.adapted.ask(operation)["digest"]) for operation in ("digest", "detach"))
    _typed_landing(bench.adapted)
    plain, undosed = bench.apart(
        lambda: bench.reference.render(_CHECK_PROMPTS, seeds),
        lambda: bench.adapted.render(_CHECK_PROMPTS, seeds, scale=0.0),
    )
    described = bench.adapted.description
    return LoadFacts(
        base=base.folder.name if base.family != "lab" else "lab",
        base_sha256=base.sha256,
        pipeline_class=str(described["pipeline_class"]),
        device=str(described["device"]),
        expected=landed["expected"],
        applied=landed["expected"] - landed["unapplied_count"],
        unapplied=tuple(landed["unapplied"]),
        base_digest_before=str(bench.reference.description["digest"]),
        base_digest_loaded=loaded,
        base_digest_after=unloaded,
        scale_zero_identical=bool(np.array_equal(plain, undosed)),
        versions={str(name): str(version) for name, version in described["versions"].items()},
    )


def _typed_landing(worker: Worker) -> dict[str, Any]:
    landed = worker.ask("attach")
    expected, count, names = (landed.get(key) for key in ("expected", "unapplied_count", "unapplied"))
    if not (isinstance(expected, int) and isinstance(count, int) and isinstance(names, list) and 0 <= count <= expected):
        raise StageFailed(Refusal(code="LS904", message="the adapted worker answered the load wrongly", where="attach"))
    return {"expected": expected, "unapplied_count": count, "unapplied": [str(name) for name in names[:20]]}


def _isolation(worker: Worker) -> IsolationFacts:
    facts = worker.session.facts
    return IsolationFacts(
        role=worker.role,
        backend=facts.backend,
        landlock_abi=facts.landlock_abi,
        filter_sha256=facts.filter_sha256,
        uid=facts.uid,
        checks=dict(facts.checks),
        limits=dict(facts.limits),
    )
