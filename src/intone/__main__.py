"""`python -m intone`."""

from intone.cli import main

main()
