"""`lorascan audit`: the main job."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lorascan.commands import EXIT_CODES_HELP, Command
from lorascan.commands import _options as options
from lorascan.commands._late_help import LateHelp
from lorascan.commands._stderr import note, say, speak

if TYPE_CHECKING:
    from lorascan.config import Config, Effective
    from lorascan.core.calibration import Calibration
    from lorascan.policy import Rulebook
    from lorascan.settings import Settings
    from lorascan.targets import Selection


def audit(  # noqa: PLR0913 - one parameter an option
    target: options.Targets,
    *,
    policy: options.PolicyChoice = None,
    base: options.Base = None,
    scorer: options.Scorer = None,
    device: options.Device = None,
    isolation: options.Isolation = None,
    declared: options.Declared = None,
    partner: options.Partner = None,
    output_format: options.Printed = None,
    output: options.Output = None,
    template: options.Template = None,
    seed: options.Seed = None,
    budget: options.Budget = None,
    fail_on: options.FailOn = None,
    min_severity: options.MinSeverity = None,
    baseline: options.Baseline = None,
    calibration: options.CalibrationFile = None,
    config: options.ConfigFile = None,
    allow_list: options.AllowList = None,
    block_list: options.BlockList = None,
    max_size: options.MaxSize = None,
    timeout: options.Timeout = None,
    stdin_filename: options.StdinFilename = None,
    cache: options.UseCache = None,
    cache_dir: options.CacheFolder = None,
    images: options.Images = None,
    keep_going: options.KeepGoing = None,
    online: options.Online = False,
    exit_zero: options.ExitZero = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    log_format: options.Log = options.LogFormat.TEXT,
    color: options.Color = None,
) -> None:
    """Vet, measure, load behind a lock, hunt, probe, decide, report."""
    from lorascan.commands._running import audit_all  # noqa: PLC0415 - the help stays light
    from lorascan.commands._shelf import shelf  # noqa: PLC0415
    from lorascan.commands._sinks import file_look, look_of, show, sinks, without_pictures, write  # noqa: PLC0415
    from lorascan.policy import NO_INPUT, exit_code, worst  # noqa: PLC0415

    given = {**locals(), "format": output_format}
    speak(as_json=log_format is options.LogFormat.JSON, verbose=verbose)
    with _selected(target, stdin_filename, max_size, timeout, online=online) as selected, shelf(many=selected.many) as reports:
        found = _effective(given, selected, target)
        rules = _rules(found)
        settings = _with_partner(_settings(found.config).with_budget(rules.policy.budget), partner, selected)
        into = sinks(found.config.format, output or [], many=selected.many, template=template)
        for name in selected.missing:
            say(f"no adapter found at {name}", "error")
        put = reports.put if found.config.images else lambda each: reports.put(without_pictures(each))
        missing = audit_all(selected.targets, _call(settings, rules, found, config, quiet=quiet), put)
        absent = [NO_INPUT] if selected.missing or missing else []
        code = worst([*(exit_code(each, rules.policy) for each in set(reports.decisions)), *absent])
        written, failed = write(reports, into, file_look(found.config.min_severity, whole=verbose), many=selected.many)
        look = look_of(found.config.color, found.config.min_severity, written, whole=verbose)
        if not show(reports, into, look, many=selected.many) or failed:
            code = worst([code, 3])
    raise typer.Exit(0 if exit_zero else code)


@contextmanager
def _selected(
    targets: list[str], stdin_filename: str | None, max_size: str | None, timeout: float | None, *, online: bool
) -> "Iterator[Selection]":
    """What the arguments mean. Raises UsageError where stdin is asked for together with files."""
    from lorascan.commands._limits import size  # noqa: PLC0415
    from lorascan.commands._stdin import from_stdin  # noqa: PLC0415
    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.settings import DEFAULT  # noqa: PLC0415
    from lorascan.targets import Selection, select  # noqa: PLC0415

    if "-" not in targets:
        yield select(targets, online=online)
        return
    if len(targets) > 1:
        message = "- reads stdin and stands alone"
        raise UsageError(message)
    most = size(max_size) if max_size else DEFAULT.limits.file_bytes
    with from_stdin(stdin_filename, most, timeout) as one:
        yield Selection(targets=(one,), missing=(), many=False)


def _effective(given: dict[str, Any], selected: "Selection", targets: list[str]) -> "Effective":
    """The settings in force, told where a config file was passed over."""
    from lorascan.config import Config, effective  # noqa: PLC0415

    names = set(Config.model_fields) - {"waiver"}
    values = {name: value for name, value in given.items() if name in names}
    values["declared"] = tuple(values["declared"]) if values["declared"] else None
    scanned = [each.path for each in selected.targets] + [Path(each) for each in targets if each and each != "-"]
    found = effective(values, file=given["config"], scanned=scanned)
    for each in found.ignored:
        say(f"{each} stands beside what is scanned and is not read; name it with --config if it is yours")
    note(f"config: {found.path or 'none'}")
    return found


def _settings(config: "Config") -> "Settings":
    from lorascan.commands._limits import size  # noqa: PLC0415
    from lorascan.settings import settings_of  # noqa: PLC0415

    return settings_of(
        policy=config.policy,
        base=config.base,
        scorer=config.scorer,
        device=config.device,
        isolation=config.isolation,
        declared=config.declared,
        seed=config.seed,
        budget=config.budget,
        keep_going=config.keep_going,
        limits={"file_bytes": size(config.max_size)} if config.max_size else None,
        timeout_seconds=config.timeout,
    )


def _with_partner(settings: "Settings", partner: Path | None, selected: "Selection") -> "Settings":
    """The settings of a pair. Raises UsageError where the second adapter is no file, or the only target's own bytes."""
    from lorascan.cache import digest_of  # noqa: PLC0415
    from lorascan.core.errors import UsageError  # noqa: PLC0415

    if partner is None:
        return settings
    if not partner.is_file():
        message = f"--with {partner}: no such file; it takes one adapter file"
        raise UsageError(message)
    same = [each for each in selected.targets if each.source is None and _same_size(each.path, partner)]
    same = [each for each in same if digest_of(each.path, settings.limits.file_bytes) == digest_of(partner, settings.limits.file_bytes)]
    if same and not selected.many:
        message = f"--with {partner}: the same bytes as {same[0].path}; a pair is two adapters"
        raise UsageError(message)
    for each in same:
        say(f"{each.path}: the same bytes as --with {partner}, loaded twice")
    return settings.model_copy(update={"partner": partner})


def _same_size(one: Path, other: Path) -> bool:
    """Told first, since it costs nothing."""
    return one.is_file() and one.stat().st_size == other.stat().st_size


def _rules(found: "Effective") -> "Rulebook":
    """How findings are judged. Raises UsageError."""
    from lorascan.commands._known_rules import demand_known  # noqa: PLC0415
    from lorascan.commands._limits import digests  # noqa: PLC0415
    from lorascan.policy import Rulebook, policy_named, read_baseline  # noqa: PLC0415

    config = found.config
    policy = policy_named(config.policy)
    demand_known({f"the policy {policy.name}": policy.rules, "a waiver": [each.rule for each in config.waiver]})
    return Rulebook(
        policy=policy.failing_from(config.fail_on) if config.fail_on else policy,
        allowed=digests(config.allow_list),
        blocked=digests(config.block_list),
        waivers=config.waiver,
        baseline=read_baseline(config.baseline) if config.baseline else None,
        calibration=_calibration(config.calibration) if config.calibration else None,
        fail_on=str(config.fail_on or ""),
        config=str(found.path or ""),
    )


def _calibration(path: Path) -> "Calibration":
    from lorascan.calibration import read_calibration  # noqa: PLC0415

    return read_calibration(path)


def _call(settings: "Settings", rules: "Rulebook", found: "Effective", named: Path | None, *, quiet: bool) -> Any:  # noqa: ANN401 - imported late
    from lorascan.cache import Cache, default_folder  # noqa: PLC0415
    from lorascan.commands._repeated import options_from_elsewhere  # noqa: PLC0415
    from lorascan.commands._running import Call  # noqa: PLC0415

    config = found.config
    cache = Cache(config.cache_dir or default_folder()) if config.cache else None
    if cache is not None and (trouble := cache.trouble()):
        say(f"no results are kept in {cache.folder}: {trouble}")
        cache = None
    return Call(settings=settings, rules=rules, cache=cache, quiet=quiet, elsewhere=options_from_elsewhere(found, named))


COMMAND = Command(name="audit", run=audit, epilog=EXIT_CODES_HELP, shape=LateHelp)
