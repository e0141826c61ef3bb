"""Writes the table of detection as Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from lorascan.lab.bench.cells import Told, grid, number, spread
from lorascan.lab.bench.costly_page import costly_sections


def page(told: Told) -> str:
    """`detection.md`, from what `detection.json` holds."""
    parts = (
        _head(told),
        _bar(told),
        _methods(told),
        costly_sections(told),
        _held_out(told),
        _families(told),
        _honest(told),
        _apart(told),
        _recipe(told),
        _rest(told),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _head(told: Told) -> list[str]:
    dev, test = told["adapters"]["dev"], told["adapters"]["test"]
    return [
        "# Detection on the lab's zoo",
        "",
        "Written by `lorascan lab bench --only-table` from the rows beside this page; nobody edits it. Thresholds and baselines saw the",
        f"`dev` split alone ({_made(dev)}); every figure is of the `test` split",
        f"({_made(test)}; {test['audited']} audited),",
        "whose trigger words, targets, styles and seeds are others. An attack that fails its own gate is not counted. The lab is small",
        "and its base draws shapes: what holds here is no promise for a real base.",
        "",
        "**Score of an audit**: of every undeclared word that was tested on held-out pictures, the smallest of its figures over the",
        "thresholds of LS801 (effect over control words', effect over the word's own meaning, unexplained share, share of",
        "probability that moves to another concept, and .05 over its p); the adapter's score is the largest of these, 0 where none was",
        "tested. It is at least 1 exactly where LS801 fires. Intervals are of 95 %: Clopper and Pearson's for shares, a bootstrap of whole",
        "lineages (adapters of one seed are twins) for AUROC.",
        "",
    ]


def _made(counts: Told) -> str:
    return f"{counts['honest']} honest, {counts['backdoored']} backdoored, {counts['failed']} failed attacks"


def _bar(told: Told) -> list[str]:
    rows = ((each["figure"], each["goal"], number(each["value"]), each["note"], each["state"], each["next"] or "–") for each in told["bar"])
    return ["## The goals", "", *grid(("figure", "goal", "measured", "with", "state", "next idea"), rows), ""]


def _methods(told: Told) -> list[str]:
    rows = (
        (
            each["title"],
            spread(each["auroc"]),
            _at(each["at 1 % false alarms"]),
            _at(each["at 5 % false alarms"]),
            f"{number(worst['auroc'])} ({worst['family']})" if (worst := each["worst held-out family"]) else "–",
            spread(each["crossed auroc"]) if each["crossed auroc"] else "not fitted",
        )
        for each in told["methods"]
    )
    heads = ("method", "AUROC", "caught at 1 % false alarms", "at 5 %", "worst held-out family, AUROC", "AUROC, crossed")
    missing = [
        f"Left out of the table: {name}, which {count} adapters are not described for." for name, count in told["not described for"].items()
    ]
    return [
        "## Methods, on the same adapters",
        "",
        *grid(heads, rows),
        "",
        "Baselines see the weights alone and are fitted on `dev`; *crossed* is over both splits, each lineage scored by a fit on all the",
        "others, which is kinder to them. They are written anew from their papers' formulas; none is the authors' own:",
        "",
        *(f"- {each['title']}: {each['source']}." for each in told["methods"]),
        *missing,
        "",
    ]


def _relearnt(told: Told) -> list[str]:
    found = told["held out, thresholds learnt anew"]
    if not found:
        return []
    figures = ("n", "in dev", "rejected", "honest rejected", "honest", "auroc", "ratio", "meaning", "unexplained", "replaced")
    return [
        "## Held-out attack families, thresholds learnt anew",
        "",
        "The audit's thresholds learnt on `dev` by the same rule without any backdoor of the family, then the family and all honest",
        "adapters of `test` judged by them (`python -m benchmarks.held_out`). `rejected` is by the score alone.",
        "",
        *grid(("family", *figures), ((family, *(each[figure] for figure in figures)) for family, each in found.items())),
        "",
    ]


def _held_out(told: Told) -> list[str]:
    names = [each["name"] for each in told["methods"]]
    rows = (
        (each["axis"], each["value"], each["n"], each["in dev"], each["rejected"], *(number(each["auroc"][name]) for name in names))
        for each in told["held out"]
    )
    return [
        *_relearnt(told),
        "## Held out",
        "",
        "AUROC of the `test` backdoors of one kind against all honest ones. Baselines are fitted anew on `dev` without the backdoors of",
        "that kind. So are the audit's thresholds for attack families (above); on the other axes they are frozen, and learnt with such.",
        "",
        *grid(("axis", "value", "n", "in dev", "rejected", *names), rows),
        "",
    ]


_CAUGHT = (
    "rejected",
    "for review",
    "admitted",
    "trigger first",
    "trigger in the first 10",
    "trigger or a word of it in the first 10",
    "exact trigger in a rejecting finding",
    "target named",
)


def _families(told: Told) -> list[str]:
    groups = {**told["families"], "**all**": told["backdoored in all"]}
    return ["## Backdoors", "", *grid(("family", "n", *_CAUGHT), _caught(groups)), ""]


def _caught(groups: Mapping[str, Told]) -> Iterable[Sequence[object]]:
    return ((name, each["n"], *(_share(each[figure]) for figure in _CAUGHT)) for name, each in groups.items())


def _honest(told: Told) -> list[str]:
    groups = {**told["honest"], "**all**": told["honest in all"], "all but undocumented words": told["honest and documented"]}
    rows = ((name, each["n"], _share(each["rejected"]), _share(each["for review"]), each["undecided"]) for name, each in groups.items())
    return [
        "## Honest adapters",
        "",
        *grid(("kind", "n", "rejected", "for review", "undecided"), rows),
        "",
        "An undocumented word is a true activator that its author forgot to name: a review is right, and it counts apart.",
        "",
    ]


def _apart(told: Told) -> list[str]:
    lines = ["## Apart: metadata taken off", ""]
    lines += grid(("copies", "n", *_CAUGHT), _caught({"undeclared": told["undeclared"]})) if told["undeclared"]["n"] else ["None audited."]
    lines += ["", "## Apart: attackers who know the audit", ""]
    if not told["adaptive"]:
        return [*lines, "None audited yet: detection against the success that they keep cannot be told.", ""]
    rows = (
        (name, each["n"], number(each["success kept"]), _share(each["rejected"]), each["for review"], each["admitted"])
        for name, each in told["adaptive"].items()
    )
    return [*lines, *grid(("what the attacker did", "n", "success kept", "rejected", "for review", "admitted"), rows), ""]


def _recipe(told: Told) -> list[str]:
    found = told["recipe only"]
    if found is None:
        return []
    verdict = (
        "It is at chance." if found["at chance"] else "**It is not at chance**: a part of what a baseline tells apart may be the recipe."
    )
    leaks = f" Facts whose own interval leaves one half out: {', '.join(found['leaks'])}." if found["leaks"] else ""
    return [
        "## What the recipe alone tells",
        "",
        f"Logistic regression on recipe facts, fitted on `dev`: AUROC {spread(found['fitted on dev'])}; crossed over both splits:",
        f"{spread(found['crossed'])}.",
        f"{verdict}{leaks}",
        "",
        *grid(("fact alone, both splits", "AUROC"), ((name, spread(each)) for name, each in found["alone"].items())),
        "",
    ]


def _rest(told: Told) -> list[str]:
    cost = told["cost"]
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in cost["wall seconds"].items())
    passes = ", ".join(f"{name} {value:,.0f}" for name, value in cost["forward passes"].items())
    counted = (
        f"Forward passes, median of {cost['counted on']} audits that counted them: {passes}."
        if passes
        else "Forward passes were not counted."
    )
    return [
        "## Cost",
        "",
        f"Wall seconds of a stage, median, on two shared cores, so no timing: {seconds}. {counted}",
        "",
        "## Misses and alarms",
        "",
        *(_told(each, _place(each)) for each in told["misses"]),
        *(_told(each, "honest") for each in told["alarms"]),
        *(["None."] if not told["misses"] and not told["alarms"] else []),
    ]


def _place(miss: Told) -> str:
    return f"trigger at place {miss['place']}" if miss["place"] else "trigger not nominated"


def _told(each: Told, what: str) -> str:
    return f"- `{each['name']}` ({each['decision']}, score {each['score']:.2f}, {what}): {'; '.join(each['why']) or 'nothing found'}"


def _share(found: "Told | int") -> str:
    if isinstance(found, int):
        return str(found)
    if found["value"] is None:
        return "–"
    return f"{round(found['value'] * found['n'])} of {found['n']} [{found['low']:.2f}, {found['high']:.2f}]"


def _at(found: Told) -> str:
    if found["caught"] is None:
        return "–"
    if not found["measurable"]:
        return f"not measurable, n = {found['honest']}; {_share(found['caught'])} at {found['false alarms']} false alarms"
    return _share(found["caught"])
