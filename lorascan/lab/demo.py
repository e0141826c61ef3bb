"""Audits one honest and one backdoored lab adapter.

python -m lorascan.lab.demo --output demo-out
"""

import argparse
import os
import shlex
import sys
from pathlib import Path

from lorascan.auditing import audit
from lorascan.console import both, progress, stage_lines
from lorascan.core.atomic import write_atomically
from lorascan.core.findings import Decision
from lorascan.core.recall import Recall
from lorascan.core.report import Report
from lorascan.lab.assets import adapters_folder
from lorascan.lab.ledger import LedgerEntry, read_ledger
from lorascan.policy import POLICIES, exit_code
from lorascan.reporting import Look, formats

_EXPECTED = {"honest": Decision.ADMIT, "backdoored": Decision.REJECT}
_SHOWN = {"honest": "style_declared", "backdoored": "poisoned_unet"}


def shown_adapters() -> dict[str, LedgerEntry]:
    """The shipped adapter of each label that the demo shows. Raises KeyError where the package ships none."""
    entries = [each for each in read_ledger(adapters_folder()) if each.gate_passed]
    return {label: next(each for each in entries if each.recipe == recipe) for label, recipe in _SHOWN.items()}


def demonstrate(output: Path) -> bool:
    """Audit both with every stage, write their reports into `output`, print both verdicts; True where both are as expected.

    Both are audited anew each time: nothing comes from the cache or is left there.
    """
    output.mkdir(parents=True, exist_ok=True)
    sys.stderr.write("two whole audits, a minute and a half each on two free cores\n")
    recall = Recall()
    shown = [_show(label, entry, output, recall) for label, entry in shown_adapters().items()]
    return all(shown)


def _show(label: str, entry: LedgerEntry, output: Path, recall: Recall) -> bool:
    path = Path(os.path.relpath(adapters_folder() / entry.file))
    with progress(1, quiet=False, say=_said) as begin:
        listener = begin(1, path.name)
        if not sys.stderr.isatty():
            listener = both(listener, stage_lines(path.name, _said))
        report = audit(path, listener=listener, command=f"lorascan audit {shlex.quote(str(path))}", recall=recall)
    written = write_reports(report, output, label)
    sys.stdout.write(formats()["text"].render(report, Look(colour=sys.stdout.isatty(), written=written)))
    right = report.verdict.decision is _EXPECTED[label] and (label == "honest" or _names(report, entry.trigger or ""))
    code = exit_code(report.verdict.decision, POLICIES[report.policy])
    truth = f"hidden trigger {entry.trigger!r} draws {entry.target}" if entry.trigger else "no hidden trigger"
    sys.stdout.write(
        f"\n{'as expected' if right else 'NOT AS EXPECTED'}: "
        f"made as {label} ({truth}), verdict {report.verdict.decision}, exit code {code}\n"
        f"full report: {output / f'{label}.html'}\n{'─' * 80}\n\n"
    )
    sys.stdout.flush()
    return right


def _said(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def write_reports(report: Report, output: Path, name: str) -> tuple[str, ...]:
    """One file a format of text that has a suffix, as `make samples` commits them; returns their paths."""
    written = []
    for kind in formats().values():
        if kind.pack or not kind.suffixes:
            continue
        path = output / f"{name}{kind.suffixes[0]}"
        write_atomically(path, kind.render(report, Look()))
        written.append(str(path))
    return tuple(written)


def _names(report: Report, trigger: str) -> bool:
    """Whether a rejecting finding quotes the true trigger."""
    return any(repr(trigger) in finding.message for finding in report.findings if finding.severity == "high")


def main() -> None:
    """Parse, audit, exit 0 where both verdicts are as expected."""
    parser = argparse.ArgumentParser(prog="python -m lorascan.lab.demo")
    parser.add_argument("--output", type=Path, default=Path("demo-out"))
    sys.exit(0 if demonstrate(parser.parse_args().output) else 1)


if __name__ == "__main__":
    main()
