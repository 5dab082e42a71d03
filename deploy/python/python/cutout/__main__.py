"""The program ``cutout``: ``python -m cutout``, or the script of that name."""

from __future__ import annotations

import os
import signal
import sys

from ._cutout import main as _main


def main() -> None:
    """Does what ``sys.argv`` says, as the program ``cutout``, and ends with its exit code."""
    # Python's own handler waits for Python to go on.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    script = os.path.abspath(sys.argv[0])
    starts_alone = os.access(script, os.X_OK)
    if not starts_alone and sys.argv[1:2] == ["bench"] and not {"-h", "--help"} & set(sys.argv):
        # It starts itself by the name of one file.
        print("error: python -m cutout cannot measure itself; use the script: cutout bench", file=sys.stderr)
        sys.exit(2)
    sys.exit(_main(["cutout", *sys.argv[1:]], script if starts_alone else None))


if __name__ == "__main__":
    main()
