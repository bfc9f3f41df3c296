"""Load, from wrk."""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from benchmarks.operations import Request
from benchmarks.servers import Server

SCRIPT = Path(__file__).with_name("requests.lua")
CONNECTIONS = 16
MOST_A_SECOND = 15_000
"""More requests than any contestant answers in a second."""
WRK_IS_MISSING = (
    "wrk is missing; get it with `apt-get install wrk` (Debian, Ubuntu), `brew install wrk` "
    "(macOS), or from https://github.com/wg/wrk."
)
GRACE = 15
"""Seconds beyond its time after which wrk must have ended."""


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw; the percentiles are in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Return the requests a second."""
        return self.requests / self.seconds


def load(
    server: Server, requests: Iterable[Request], *, seconds: int, connections: int = CONNECTIONS
) -> Load:
    """Send the requests in turn, over and over; raise RuntimeError where one fails."""
    with NamedTemporaryFile() as file:
        file.write(b"\0".join(request.wire() for request in requests))
        file.flush()
        # One thread, so that one script hands out each deletion once.
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT)]
        finished = subprocess.run(
            [*command, f"http://127.0.0.1:{server.port}", "--", file.name],
            check=True,
            capture_output=True,
            text=True,
            timeout=seconds + GRACE,
        )
    report = json.loads(finished.stdout.splitlines()[-1])
    refused, broken = report.pop("refused"), report.pop("broken")
    if refused or broken or not report["requests"]:
        raise RuntimeError(f"{server.contestant.name}: {refused} refused, {broken} broken")
    return Load(**report)
