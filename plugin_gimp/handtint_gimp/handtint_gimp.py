#!/usr/bin/env python3
"""The file that GIMP runs: makes the plug-in's own package importable and hands over. Nothing else."""

import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    # GIMP wants the file named as its folder, so with the folder itself on the path `handtint_gimp` would be this file.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    if (here / "_light").is_dir():
        sys.path.insert(0, str(here / "_light"))
    # Last, because every other plug-in's folder lies there too.
    sys.path.append(str(here.parent))

    from handtint_gimp.plugin import main

    main(sys.argv)
