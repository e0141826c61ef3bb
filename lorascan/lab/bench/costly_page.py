"""Writes the costly methods' sections of the page."""

from collections.abc import Sequence

from lorascan.lab.bench.cells import Told, grid, number, spread


def costly_sections(told: Told) -> list[str]:
    """What asks the denoiser, on a fixed subset; nothing where the rows were not made."""
    found = told.get("costly")
    if not found:
        return []
    adapters = found["adapters"]
    count = adapters["honest"] + adapters["backdoored"]
    methods = [{"title": "lorascan audit", "fitted on": 0, **found["ours"]}, *found["methods"]]
    rows = (
        (each["title"], each["n"], spread(each["auroc"]) if each["auroc"] else "–", *_spent(each), each["fitted on"] or "not fitted")
        for each in methods
    )
    return [
        f"## Costly methods, on {count} adapters of a fixed subset",
        "",
        f"{adapters['honest']} honest and {adapters['backdoored']} backdoored adapters of `test`, chosen by the rule of",
        "`benchmarks/costly.toml` before any of these ran (`python -m benchmarks.costly`). No method knows the trigger. All but the audit",
        "get the same number of denoiser passes (a latent through base or adapted denoiser; a backward pass counts as two); the audit",
        "takes its own. The baselines' seconds are of CPU, without what the base alone answers more than once in a run; the audit's are",
        "of the clock, of all its stages.",
        "",
        *grid(("method", "n", "AUROC", "denoiser passes, median", "seconds, median", "fitted on, of dev"), rows),
        "",
        *(f"- {each['title']}: {each['source']}." for each in found["methods"]),
        "",
        *_given(found["given the trigger"]),
    ]


def _given(methods: Sequence[Told]) -> list[str]:
    """Methods that are given the prompts, half of which hold the trigger."""
    if not methods:
        return []
    rows = (
        (
            each["title"],
            f"{each['prompts']} of {each['n']}",
            spread(each["auroc"]),
            number(each["mean of adapters"]),
            f"{each['passes a prompt']:.0f}" if each["passes a prompt"] is not None else "–",
            _spent(each)[1],
        )
        for each in methods
    )
    return [
        "## With the trigger given, by prompt",
        "",
        "Prompts with the trigger against prompts without, on the backdoored adapters of the same subset: an easier question, as somebody",
        "has to type the trigger first. A half of the prompts without it has an innocent word, or an accented letter, in its place. *One",
        "threshold* is over the prompts of all adapters, its interval a bootstrap of lineages; *each its own* is the mean of the adapters'",
        "AUROCs.",
        "",
        *grid(
            ("method", "prompts, adapters", "AUROC, one threshold", "each its own", "denoiser passes a prompt", "CPU seconds an adapter"),
            rows,
        ),
        "",
        *(f"- {each['title']}: {each['source']}." for each in methods),
        "",
    ]


def _spent(each: Told) -> tuple[str, str]:
    """Denoiser passes and seconds, medians."""
    passes, seconds = each["passes"], each["seconds"]
    return "–" if passes is None else f"{passes:,.0f}", "–" if seconds is None else f"{seconds:.0f}"
