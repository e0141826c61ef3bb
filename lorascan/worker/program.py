"""What runs inside the lock: one base, perhaps one adapter."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lorascan.bases import families
from lorascan.sandbox.serve import Program, Reply, Request
from lorascan.worker import attach, inversion, primitives, scorer
from lorascan.worker.client import PARTNER, RANDOM, SUBJECT
from lorascan.worker.pipeline import Base, load_base, parameter_digest


@dataclass(slots=True, kw_only=True)
class Session:
    """The state of one worker process: its base, its scorer where it has one, and the digest before any load.

    `dose`: the scale now in force, the adapter of a pair that acts alone ("": all that are attached), and the components whose
    updates act alone ("": all); None without any.
    """

    base: Base
    scorer: scorer.Scorer | None
    digest: str
    dose: tuple[float, str, str] | None = field(default=None)
    attached: tuple[str, ...] = ()


def prepare(arguments: Mapping[str, Any]) -> Program:
    """Import everything, load the trusted base (and the scorer); no adapter byte has been seen yet."""
    torch.set_num_threads(int(arguments["threads"]))
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    for module in ("peft", "diffusers.loaders.lora_pipeline", "diffusers.loaders.peft"):
        importlib.import_module(module)
    folder = Path(arguments["base"])
    family = families()[str(arguments["family"])]
    base = load_base(folder, family, device=str(arguments["device"]), variant=arguments.get("variant"), edge=arguments.get("edge"))
    clip = arguments.get("scorer")
    session = Session(base=base, scorer=scorer.load_scorer(Path(clip)) if clip else None, digest=parameter_digest(base))
    _warm_up(session)
    if arguments.get("gradients"):
        _warm_up_gradients(session)
    return Program(operations=_operations(session))


def _warm_up(session: Session) -> None:
    """Make every lazy import and every lazy allocation happen before the second filter closes."""
    ids = primitives.tokenise(session.base, [""])
    primitives.render(session.base, [""], [0], steps=1, guidance=2.0, batch=1, progress=lambda _: None)
    if session.base.contract.states != "none":
        primitives.encode(session.base, ids, np.zeros((1, 1), np.int32), 1, lambda _: None)
    if session.scorer is not None:
        scorer.embed_texts(session.scorer, ["a"])


def _warm_up_gradients(session: Session) -> None:
    """The same of a step uphill, in workers that will be asked for one."""
    ids, side = primitives.tokenise(session.base, ["a"]), _LEAST_SIDE
    cells = side * side * int(session.base.pipeline.unet.config.out_channels)
    climb = inversion.Climb(
        ids=ids,
        plain=ids[0],
        slot=1,
        timesteps=(0.5,),
        common=np.zeros((1, cells), np.float32),
        explained=np.zeros((1, 1, cells), np.float32),
        floors=np.ones(1, np.float32),
        seed=0,
        side=side,
        steps=1,
        batch=1,
    )
    inversion.invert(session.base, climb, 1, lambda _: None, lambda _: None)


_LEAST_SIDE = 8
"""Latent cells: a UNet halves them at most three times."""


def _operations(session: Session) -> dict[str, Any]:
    return {
        "describe": lambda request: _describe(session, request),
        "attach": lambda request: _attach(session, request),
        "digest": lambda _: Reply(result={"digest": parameter_digest(session.base)}),
        "detach": lambda request: _detach(session, request),
        "tokenise": lambda request: _tokenise(session, request),
        "encode": lambda request: _encode(session, request),
        "predict": lambda request: _predict(session, request),
        "invert": lambda request: _invert(session, request),
        "render": lambda request: _render(session, request),
        "embed_images": lambda request: _embed_images(session, request),
        "embed_texts": lambda request: _embed_texts(session, request),
    }


def _describe(session: Session, _: Request) -> Reply:
    pipeline, family = session.base.pipeline, session.base.family
    picture = primitives.render(session.base, [""], [0], steps=1, guidance=1.0, batch=1, progress=lambda _: None)
    return Reply(
        result={
            "pipeline_class": type(pipeline).__name__,
            "device": str(session.base.device),
            "digest": session.digest,
            **primitives.grid(session.base, picture.shape[1]),
            "height": int(picture.shape[1]),
            "width": int(picture.shape[2]),
            "steps": family.steps,
            "guidance": family.guidance,
            "embedding": 0 if session.scorer is None else len(scorer.embed_texts(session.scorer, ["a"])[0]),
            "versions": {name: importlib.import_module(name).__version__ for name in ("torch", "diffusers", "peft", "transformers")},
        }
    )


def _attach(session: Session, request: Request) -> Reply:
    expected, missing = attach.attach(session.base, attach.canonical_tensors(request.sealed["adapter"]))
    session.attached = (SUBJECT,)
    if PARTNER in request.sealed:
        more, others = attach.attach(session.base, attach.canonical_tensors(request.sealed[PARTNER]), PARTNER)
        missing += [f"{PARTNER}: {name}" for name in others] if more else [f"{PARTNER}: nothing to attach"]
        expected += max(more, 1)
        session.attached = (SUBJECT, PARTNER)
    if RANDOM in request.sealed:
        _, others = attach.attach(session.base, attach.canonical_tensors(request.sealed[RANDOM]), RANDOM)
        missing += [f"{RANDOM}: {name}" for name in others]
    attach.set_scale(session.base, 1.0, session.attached)
    session.dose = (1.0, "", "")
    return Reply(result={"expected": expected, "unapplied": missing[:20], "unapplied_count": len(missing)})


def _detach(session: Session, _: Request) -> Reply:
    attach.detach(session.base)
    session.dose = None
    return Reply(result={"digest": parameter_digest(session.base)})


def _dose(session: Session, request: Request) -> None:
    asked = request.arguments
    dose = float(asked.get("scale", 1.0)), str(asked.get("alone", "")), str(asked.get("part", ""))
    if session.dose is not None and session.dose != dose:
        scale, alone, part = dose
        components = part.split("+") if part else ()
        attach.set_scale(session.base, scale, (alone,) if alone else session.attached, components)
        session.dose = dose


def _array(request: Request, index: int, dtype: str, shape: list[int]) -> Any:  # noqa: ANN401 - numpy array of a run-time dtype
    return np.frombuffer(request.blobs[index], dtype=dtype).reshape(shape)


def _tokenise(session: Session, request: Request) -> Reply:
    return Reply(result={}, blobs=(primitives.tokenise(session.base, request.arguments["texts"]).tobytes(),))


def _encode(session: Session, request: Request) -> Reply:
    _dose(session, request)
    ids = _array(request, 0, "<i4", request.arguments["ids"])
    positions = _array(request, 1, "<i4", request.arguments["positions"])
    states = primitives.encode(session.base, ids, positions, int(request.arguments["batch"]), request.progress)
    return Reply(result={}, blobs=(states.astype("<f4").tobytes(),))


def _predict(session: Session, request: Request) -> Reply:
    _dose(session, request)
    asked = request.arguments
    predicted = primitives.predict(
        session.base,
        _array(request, 0, "<i4", asked["ids"]),
        timestep=float(asked["timestep"]),
        seed=int(asked["seed"]),
        side=int(asked["side"]),
        batch=int(asked["batch"]),
        progress=request.progress,
    )
    return Reply(result={}, blobs=(predicted.astype("<f4").tobytes(),))


def _invert(session: Session, request: Request) -> Reply:
    asked = request.arguments
    times, rank, cells = asked["span"]
    climb = inversion.Climb(
        ids=_array(request, 0, "<i4", asked["ids"]),
        plain=_array(request, 1, "<i4", asked["ids"][1:]),
        slot=int(asked["slot"]),
        timesteps=tuple(float(each) for each in asked["timesteps"]),
        common=_array(request, 2, "<f4", [times, cells]),
        explained=_array(request, 3, "<f4", [times, rank, cells]),
        floors=_array(request, 4, "<f4", [times]),
        seed=int(asked["seed"]),
        side=int(asked["side"]),
        steps=int(asked["steps"]),
        batch=int(asked["batch"]),
    )

    def dose(scale: float) -> None:
        attach.set_scale(session.base, scale, session.attached)

    found = inversion.invert(session.base, climb, int(asked["nearest"]), dose, request.progress)
    session.dose = (1.0, "", "")
    return Reply(result={}, blobs=(found.astype("<i4").tobytes(),))


def _render(session: Session, request: Request) -> Reply:
    _dose(session, request)
    asked = request.arguments
    pictures = primitives.render(
        session.base,
        asked["prompts"],
        asked["seeds"],
        steps=int(asked["steps"]),
        guidance=float(asked["guidance"]),
        batch=int(asked["batch"]),
        progress=request.progress,
    )
    return Reply(result={}, blobs=(pictures.tobytes(),))


def _scorer(session: Session) -> scorer.Scorer:
    if session.scorer is None:
        message = "this worker has no scorer"
        raise ValueError(message)
    return session.scorer


def _embed_images(session: Session, request: Request) -> Reply:
    pictures = _array(request, 0, "u1", request.arguments["shape"])
    return Reply(result={}, blobs=(scorer.embed_images(_scorer(session), pictures).astype("<f4").tobytes(),))


def _embed_texts(session: Session, request: Request) -> Reply:
    return Reply(result={}, blobs=(scorer.embed_texts(_scorer(session), request.arguments["texts"]).astype("<f4").tobytes(),))
