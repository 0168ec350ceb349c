"""`python -m prismrec` is `prismrec`."""

from prismrec.cli.main import main

main()
