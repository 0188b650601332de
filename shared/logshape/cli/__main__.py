"""The command line as ``python -m logshape.cli``, where the command is not on the path."""

from logshape.cli import main

main()
