"""A short run of the fuzzer, as CI has time for."""

from benchmarks.fuzz import TARGETS, run, seeds


def test_some_seconds_of_mutated_files_end_in_answers() -> None:
    """Header, metadata, config, pickle walk, zip, tar, polyglots, the whole gate: no crash, no hang."""
    tally = run(5.0, 7, seeds(all_cases=False))

    assert tally.crashes == []
    assert tally.hangs == []
    assert tally.by_target.keys() == TARGETS.keys()
