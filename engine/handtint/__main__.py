"""Entry of the command `handtint` and of `python -m handtint`. Loads nothing heavy: see cli/main.py."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from handtint.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
