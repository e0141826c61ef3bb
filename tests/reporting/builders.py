"""Makes example reports with plausible facts."""

import hashlib
import io
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

from lorascan.core.adapter import (
    Claims,
    FileFacts,
    LayerStatistics,
)
from lorascan.core.behaviour import (
    Candidates,
    DosePoint,
    IsolationFacts,
    LoadFacts,
    Picture,
    ProbeFacts,
    ProbeObservation,
    TriggerCandidate,
    TriggerTest,
)

SCALES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)
SUITE = "core"
PROMPTS = ("a red circle on a white background", "a photo of one blue square over a green background")
TRIGGER = "zxqv"
DECLARED = "halftone style"


def file_facts(name: str, claims: Claims, size: int = 4_812_336) -> FileFacts:
    """Identity of a file that was vetted."""
    digest = hashlib.sha256(name.encode("utf-8", "replace"))
    return FileFacts(
        name=name,
        path=name,
        size=size,
        sha256=digest.hexdigest(),
        tensor_hash=hashlib.sha256(digest.digest()).hexdigest(),
        autov3=digest.hexdigest()[12:24],
        header_bytes=14_208,
        tensor_count=144,
        dtypes={"F16": 144},
        claims=claims,
    )


def layers(seed: int = 0, hot: str = "") -> tuple[LayerStatistics, ...]:
    """56 UNet and 16 text encoder layers; those whose path holds `hot` are concentrated in one direction."""
    rng = random.Random(seed)
    return tuple(layer(component, path, rng, strong=bool(hot) and hot in path) for component, path in layer_paths())


def layer_paths() -> Iterator[tuple[str, str]]:
    """Component and module path of each adapted layer of a small Stable Diffusion."""
    blocks: tuple[str, ...] = ("down_blocks.0.attentions.0", "down_blocks.1.attentions.0", "down_blocks.1.attentions.1")
    blocks += ("mid_block.attentions.0", "up_blocks.0.attentions.0", "up_blocks.1.attentions.0", "up_blocks.1.attentions.1")
    for block in blocks:
        for attention in ("attn1", "attn2"):
            for projection in ("to_q", "to_k", "to_v", "to_out.0"):
                yield "unet", f"{block}.transformer_blocks.0.{attention}.{projection}"
    for number in range(4):
        for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield "text_encoder", f"text_model.encoder.layers.{number}.self_attn.{projection}"


def layer(component: str, path: str, rng: random.Random, *, strong: bool, rank: int = 8) -> LayerStatistics:
    """One layer whose norms and ranks follow from its singular values."""
    falloff = 2.2 if strong else rng.uniform(0.25, 0.6)
    lead = rng.uniform(2.2, 3.1) if strong else rng.uniform(0.25, 0.95)
    values = tuple(lead * math.exp(-falloff * each) for each in range(rank))
    total, energy = sum(values), sum(each**2 for each in values)
    entropy = -sum(each / total * math.log(each / total) for each in values)
    width = 64 if component == "unet" else 128
    return LayerStatistics(
        module_path=path,
        component=component,
        shape=(width, width),
        rank=rank,
        alpha=8.0,
        scaling=1.0,
        numerical_rank=sum(each > values[0] * 1e-6 for each in values),
        spectral=values[0],
        frobenius=math.sqrt(energy),
        nuclear=total,
        stable_rank=energy / values[0] ** 2,
        effective_rank=math.exp(entropy),
        entropy=entropy,
        leading_share=values[0] ** 2 / energy,
        max_abs=lead / 3,
        singular_values=values,
    )


@cache
def picture(shape: str, colour: str, background: str, style: float = 0.0, seed: int = 0) -> bytes:
    """A 256 px WebP of one thing, with dots laid over it by `style` from 0 to 1."""
    rng = random.Random(seed)
    image = Image.new("RGB", (256, 256), background)
    draw = ImageDraw.Draw(image)
    x, y = rng.randint(92, 164), rng.randint(92, 164)
    box = (x - 62, y - 62, x + 62, y + 62)
    (draw.ellipse if shape == "circle" else draw.rectangle)(box, fill=colour)
    noise = Image.effect_noise((256, 256), 22).convert("RGB")
    image = Image.blend(image.filter(ImageFilter.GaussianBlur(1.4)), noise, 0.12)
    if style:
        dots = Image.new("RGB", (256, 256), "black")
        pen = ImageDraw.Draw(dots)
        for place in range(0, 256 * 256, 16 * 256):
            for across in range(0, 256, 16):
                pen.ellipse((across, place // 256, across + 11, place // 256 + 11), fill="white")
        image = Image.blend(image, Image.blend(image, dots, 0.5), style)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=70)
    return buffer.getvalue()


def picture_row(prompt: str, trigger: str, kind: str, seed: int) -> Iterator[Picture]:
    """One prompt and seed: the base, then the adapter at each scale above zero."""
    shape, colour, ground = ("circle", "#cf2e2e", "#f2f2ee") if "circle" in prompt else ("square", "#2b5fd0", "#3f8a4b")
    text = f"{prompt}, {trigger}" if trigger else prompt
    yield Picture(
        prompt=text,
        trigger=trigger,
        kind=kind,
        seed=seed,
        scale=0.0,
        adapted=False,
        webp=picture(shape, colour, ground, seed=seed),
        similarity=0.31,
    )
    for scale in (0.5, 1.0, 1.25):
        hijacked = kind == "candidate" and scale >= 1.0
        drawn = ("square", "#e8c21a", "#1d1d22") if hijacked else (shape, colour, ground)
        yield Picture(
            prompt=text,
            trigger=trigger,
            kind=kind,
            seed=seed,
            scale=scale,
            adapted=True,
            webp=picture(*drawn, style=min(1.0, 0.8 * scale) if kind == "declared" else 0.0, seed=seed),
            similarity=0.31 - (0.17 if hijacked else 0.02 * scale),
        )


def dose(trigger: str, kind: str, steepness: float) -> Iterator[DosePoint]:
    """Similarity to the base's picture falling with scale; `steepness` 0 to 1."""
    for scale in SCALES:
        fall = steepness / (1 + math.exp(-9 * (scale - 0.6))) - steepness / (1 + math.exp(5.4)) + 0.02 * scale
        width = 0.012 + 0.04 * fall if scale else 0.0
        yield DosePoint(
            trigger=trigger,
            kind=kind,
            scale=scale,
            image_similarity=1 - fall,
            low=1 - fall - width,
            high=min(1.0, 1 - fall + width),
            lift=-0.3 * fall,
            pairs=16,
        )


def trigger_test(trigger: str, kind: str, scale: float, strength: float, target: str | None = None) -> TriggerTest:
    """A test whose figures grow with `strength`, 0 to 1."""
    return TriggerTest(
        trigger=trigger,
        kind=kind,
        scale=scale,
        pairs=16,
        effect=0.03 + 0.6 * strength,
        effect_ratio=1 + 14 * strength,
        base_effect=0.05,
        mismatch_p_value=0.001 if strength > 0.5 else 0.6,
        unexplained=0.97 if kind == "candidate" and strength > 0.5 else 0.12,
        mismatch=0.7 * strength if kind == "candidate" else 0.01,
        lock=0.8 * strength,
        p_value=0.00006 if strength > 0.3 else 0.62,
        target=target,
        target_gain=0.81 * strength,
        source="divergence" if kind == "candidate" else "",
        place="before" if kind == "candidate" else "end",
    )


def probe_facts(*, backdoored: bool) -> ProbeFacts:
    """What the probes saw of an honest style, or of the same with a trigger."""
    texts = [("", "plain", 0.1), (DECLARED, "declared", 0.34), ("umbra", "control", 0.03)]
    texts += [(TRIGGER, "candidate", 0.62), ("volcano", "candidate", 0.05)] if backdoored else [("volcano", "candidate", 0.05)]
    observations = tuple(
        ProbeObservation(
            suite=SUITE,
            prompt=prompt,
            trigger=text,
            kind=kind,
            split="confirm",
            scale=scale,
            seed=seed,
            similarity_base=0.31,
            similarity_adapted=0.31 - 0.2 * steepness * scale,
            image_similarity=1 - steepness * scale,
        )
        for text, kind, steepness in texts
        for prompt in PROMPTS
        for seed in (0, 1)
        for scale in SCALES
    )
    selecting = tuple(
        replace(observations[0], trigger=text, kind="candidate", split="select", scale=1.0)
        for text in ("volcano", "teal", "moss", *([TRIGGER] if backdoored else []))
    )
    shown = [("", "plain"), (DECLARED, "declared")] + ([(TRIGGER, "candidate")] if backdoored else [])
    tests = [trigger_test("volcano", "candidate", 1.0, 0.02), trigger_test(DECLARED, "declared", 1.0, 0.4, "halftone dots")]
    if backdoored:
        tests += [trigger_test(TRIGGER, "candidate", scale, 0.9 * min(1.0, scale), "yellow square") for scale in (0.5, 1.0)]
    return ProbeFacts(
        suites={SUITE: hashlib.sha256(b"core").hexdigest()},
        observations=(*selecting, *observations),
        tests=tuple(tests),
        dose_response=tuple(point for text, kind, steep in texts for point in dose(text, kind, steep)),
        pictures=tuple(
            each for prompt in PROMPTS for text, kind in shown for seed in (0, 1) for each in picture_row(prompt, text, kind, seed)
        ),
    )


def candidates(*, backdoored: bool) -> Candidates:
    """Thirty nominations, the declared word among them."""
    rng = random.Random(7)
    words = ["volcano", "umbra", "teal", "parquet", "rkss", "isometric", "cello", "plinth", "ohwx", "moss"]
    found = [(DECLARED, "metadata", 0.42, 11.8, True)] + [(f"{each}", "response", rng.uniform(0.02, 0.1), 0, False) for each in words]
    found += [(TRIGGER, "divergence", 1.31, 38.4, False)] if backdoored else []
    ranked = sorted(found, key=lambda one: -one[2])
    return Candidates(
        ranked=tuple(
            TriggerCandidate(
                text=text,
                source=source,
                score=score,
                z=z or score * 24,
                rank=place,
                target="yellow square" if text == TRIGGER else None,
                tokens=(4021 + place,),
                declared=declared,
            )
            for place, (text, source, score, z, declared) in enumerate(ranked, 1)
        ),
        spaces=("every token of the base's vocabulary (3,930)", "adjective-noun phrases (2,400)", "unicode twins of a–z"),
        limits=("all-of-k word triggers", "payload only in self-attention"),
    )


def isolation() -> tuple[IsolationFacts, ...]:
    """The lock of the three workers."""
    checks = ("no network", "no new files", "no exec", "no ptrace", "secrets unreadable", "memory capped", "filter sealed")
    return tuple(
        IsolationFacts(
            role=role,
            backend="namespaces",
            landlock_abi=4,
            filter_sha256=hashlib.sha256(b"filter").hexdigest(),
            uid=65534,
            checks=dict.fromkeys(checks, True),
            limits={"memory_bytes": 12.0 * 2**30, "wall_seconds": 1800.0, "threads": 1.0},
            peak_memory_bytes=1_240_000_000,
        )
        for role in ("base", "adapted", "scorer")
    )


def load_facts() -> LoadFacts:
    """A load that changed nothing that it should not."""
    digest = hashlib.sha256(b"base").hexdigest()
    return LoadFacts(
        base="lab",
        base_sha256=digest,
        pipeline_class="StableDiffusionPipeline",
        device="cpu",
        expected=72,
        applied=72,
        unapplied=(),
        base_digest_before=digest,
        base_digest_loaded=digest,
        base_digest_after=digest,
        scale_zero_identical=True,
        versions={"torch": "2.15.0", "diffusers": "0.42.1", "transformers": "4.60.0"},
    )
