"""Every knob of an audit, with its unit and default."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lorascan.core.errors import UsageError


class Strict(BaseModel):
    """Frozen; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(Strict):
    """What a file may cost before it is refused. Bytes, counts."""

    file_bytes: int = Field(8 * 2**30, description="largest adapter file read")
    header_bytes: int = Field(25 * 2**20, description="largest safetensors header parsed")
    padding_bytes: int = Field(2**20, description="header padding above this is reported")
    tensors: int = Field(20_000, description="more tensors than this are refused")
    dimension: int = Field(2**31, description="a dimension at or above this is refused")
    json_depth: int = Field(32, description="deepest nesting of any JSON read")
    rank: int = Field(4096, description="largest LoRA rank accepted")


class WorkerLimits(Strict):
    """What the locked worker may use. Bytes, seconds."""

    memory_bytes: int = 12 * 2**30
    start_seconds: float = 240.0
    idle_seconds: float = 300.0
    wall_seconds: float = 1800.0
    threads: int = Field(1, description="torch threads in each worker: one makes pictures repeatable bit for bit")


class Budget(Strict):
    """How much is searched and drawn. Counts; a pair is one prompt with one noise seed."""

    seconds: float | None = Field(None, gt=0, le=1e7, description="wall seconds of the hunt in which a method may begin; None = no end")
    contexts: int = Field(8, ge=1, description="prompts in which the hunt searches")
    refined_contexts: int = Field(3, ge=1, description="of these, prompts in which the denoiser sweep's best are scored again")
    sweep_tokens: int = Field(8192, description="larger vocabularies are narrowed before they are denoised")
    narrowed_tokens: int = Field(512, description="tokens that are left by each way of narrowing")
    captions: int = Field(0, ge=0, le=100_000, description="captions of several words that are tried together; 0 = none")
    completed: int = Field(0, ge=0, description="nominated words that are completed to everyday phrases")
    directions: int = Field(0, ge=0, description="directions of text into which keys and values are inverted; 0 = none")
    scales: tuple[float, ...] = Field((), description="further scales at which suspected words are searched")
    part_tokens: int = Field(0, ge=0, description="words looked at again where only one part of the adapter is loaded; 0 = no such load")
    soft_tokens: int = Field(0, ge=0, le=1024, description="seeds from which an embedding is followed by gradient; 0 = none")
    nominated: int = Field(14, description="hunt candidates that reach pictures")
    select_pairs: int = 4
    confirmed: int = Field(5, description="candidates tested on held-out pairs")
    confirm_pairs: int = 14
    looks: tuple[int, ...] = Field(
        (), description="of these, how many are drawn before words that are settled are left out; () = all at once"
    )
    controls: int = Field(8, description="control words: the null of every test")
    declared: int = Field(3, description="declared words tested")
    dosed: int = Field(2, description="candidates drawn at every scale")
    dose_pairs: int = 8
    random_update: bool = Field(default=False, description="whether doses are drawn with a random update as large as the adapter too")
    pictured: int = Field(3, description="pairs shown in the report for each dosed text")
    targets: int = Field(0, ge=0, description="candidates whose target is named without pictures; an audit has pictures for that")

    @property
    def label(self) -> str:
        """What a report calls it: default, thorough, so many seconds, or a choice of the caller's own."""
        known = next((name for name, each in BUDGETS.items() if each == self.model_copy(update={"seconds": None, "targets": 0})), "custom")
        return known if self.seconds is None else f"{known}, {self.seconds:g} s to hunt"


BUDGETS = {
    "default": Budget(),
    "thorough": Budget(
        contexts=16,
        refined_contexts=9,
        narrowed_tokens=2048,
        captions=2000,
        completed=8,
        directions=24,
        scales=(-0.5, 0.5, 1.5, 2.0),
        part_tokens=24,
        soft_tokens=16,
        nominated=28,
        select_pairs=8,
        confirmed=8,
        confirm_pairs=28,
        looks=(8, 14),
        controls=12,
        declared=6,
        dosed=4,
        dose_pairs=14,
        random_update=True,
    ),
}
"""By name. Thresholds are learnt on audits at the default; the thorough one looks at some three times as much."""


def budget_named(text: str) -> Budget:
    """default, thorough, or a number of seconds for the hunt. Raises UsageError."""
    if text in BUDGETS:
        return BUDGETS[text]
    if text == "quick":
        message = "there is no budget 'quick' yet: nothing confirms a trigger without pictures; give the hunt seconds instead"
        raise UsageError(message)
    try:
        return Budget(seconds=float(text))
    except ValueError as error:  # no number, or none that makes sense
        message = f"unknown budget {text!r}; known are {', '.join(BUDGETS)}, and a number of seconds above 0"
        raise UsageError(message) from error


class Settings(Strict):
    """One audit's settings; the command line fills them in."""

    policy: str = Field("ci", description="static, ci, strict, research, or the path of a policy file")
    base: str | None = Field(None, description='"lab", a diffusers folder, or a name in the local hub cache')
    device: Literal["auto", "cpu", "cuda"] = "auto"
    picture_edge: int | None = Field(None, ge=16, le=4096, description="edge of the probes' pictures in pixels; None = the base's own")
    isolation: Literal["auto", "namespaces", "process", "container", "none-at-my-own-risk"] = "auto"
    declared: tuple[str, ...] = Field((), description="trigger words declared outside the file, such as on its model page")
    seed: int = Field(0, ge=0, lt=2**63, description="seed of every random choice of the audit")
    keep_going: bool = Field(default=False, description="run the dynamic stages on a file that is already rejected")
    allowed: frozenset[str] = Field(frozenset(), description="SHA-256 digests whose findings are set aside, but for the container's")
    blocked: frozenset[str] = Field(frozenset(), description="SHA-256 digests that are rejected")
    timeout_seconds: float | None = Field(None, gt=0, le=1e7, description="wall seconds for one file; then its audit is undecided")
    scorer: Path | None = Field(None, description="open_clip folder that scores pictures; None = the family's own")
    partner: Path | None = Field(None, description="a second adapter that is loaded together with the first")
    limits: Limits = Limits()
    budget: Budget = Field(Budget(), description="default, thorough, seconds for the hunt, or single counts; unset = the policy's own")
    worker: WorkerLimits = WorkerLimits()

    @field_validator("budget", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return budget_named(str(value)) if isinstance(value, str | int | float) else value

    def with_budget(self, name: str) -> "Settings":
        """These settings with the budget of that name, unless the caller chose one."""
        return self if "budget" in self.model_fields_set else self.model_copy(update={"budget": budget_named(name)})


DEFAULT = Settings()


def settings_of(**values: object) -> Settings:
    """Settings from plain values; None means the default. Raises UsageError that names the bad field."""
    try:
        return Settings.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = f"{field}: {first['msg'].removeprefix('Value error, ')}"
        raise UsageError(message) from error
