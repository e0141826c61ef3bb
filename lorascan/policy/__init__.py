"""Judges findings: policies, lists, waivers, baselines.

    rules = Rulebook(policy=policy_named("ci"))
    findings, verdict, gate = judge(evidence, findings, limits, rules)

Only here is anything compared with what a caller lets pass. Nothing inside an adapter has a say in it.
"""

from lorascan.policy._baseline import Baseline, read_baseline
from lorascan.policy._deciding import EXIT_CODES, INTERRUPTED, NO_INPUT, USAGE_ERROR, Known, decide, exit_code, known, may_be_loaded, worst
from lorascan.policy._policies import NEVER_SET_ASIDE, POLICIES, Policy, first_problem, policy_named
from lorascan.policy._rulebook import Rulebook, judge, marked
from lorascan.policy._waivers import Waiver

__all__ = [
    "EXIT_CODES",
    "INTERRUPTED",
    "NEVER_SET_ASIDE",
    "NO_INPUT",
    "POLICIES",
    "USAGE_ERROR",
    "Baseline",
    "Known",
    "Policy",
    "Rulebook",
    "Waiver",
    "decide",
    "exit_code",
    "first_problem",
    "judge",
    "known",
    "marked",
    "may_be_loaded",
    "policy_named",
    "read_baseline",
    "worst",
]
