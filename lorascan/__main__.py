"""`python -m lorascan`."""

from lorascan.cli import main

main()
