"""Let a command see another file or directory in place of one of the system."""

import os
from pathlib import Path

SCRIPT = 'mount --bind "$0" "$1"; shift; exec "$@"'


def mounted(source: Path, target: str | Path) -> list[str]:
    """Return the start of a command line, whose command sees `source` at the path `target`."""
    options = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *options, "/bin/sh", "-euc", SCRIPT, f"{source}", f"{target}"]
