"""The benchmark of detection: from audited lab adapters to one table.

`lorascan lab bench` makes what the zoo lacks, audits what has no row, describes weights for the baselines, and writes
`detection.json` and `detection.md` from the rows alone, so that anybody can make the table again without the weights.
"""
