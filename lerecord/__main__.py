"""`python -m lerecord` is the `lerecord` command."""

from lerecord.cli import main

main()
