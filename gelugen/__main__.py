"""``python -m gelugen``."""

import sys

from gelugen.cli import main

if __name__ == "__main__":
    sys.exit(main())
