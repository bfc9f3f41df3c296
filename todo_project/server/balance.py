"""How the workers share new connections: who has fewest accepts the next.

They share the listening sockets, so the kernel wakes all of them for each connection. Without
more, the one that runs first takes it: of 16 connections that are opened one after the other, one
of two workers took 11 to 14 on average, and often all.
"""

import mmap
import time

SLOTS = 64

MAX_TURNS = 10
"""How often a worker leaves a connection to others. They might be busy, or have been stopped."""

PAUSE = 0.0002
"""Seconds that it leaves them each time."""

SIGN_OF_LIFE = 3
"""Seconds after which a worker that has given no sign of life no longer counts."""

_memory = memoryview(mmap.mmap(-1, 2 * SLOTS * 8)).cast("q")
"""For each worker its connections and the second of its last sign of life; shared by fork."""

_connections, _seen = _memory[:SLOTS], _memory[SLOTS:]


class Share:
    """The connections of this worker among those of all."""

    def __init__(self, age: int) -> None:
        self.slot = age % SLOTS
        self.turns = 0

    def update(self, connections: int) -> None:
        """Tell the other workers how many connections this one has."""
        _connections[self.slot] = connections
        _seen[self.slot] = int(time.monotonic())

    def end(self) -> None:
        """Take no part any more."""
        _seen[self.slot] = 0

    def takes_next(self) -> bool:
        """Return whether this worker should accept the next connection."""
        own, now = _connections[self.slot], time.monotonic()
        if self.turns < MAX_TURNS and any(
            connections < own
            for connections, seen in zip(_connections, _seen, strict=True)
            if seen > now - SIGN_OF_LIFE
        ):
            self.turns += 1
            time.sleep(PAUSE)
            return False
        self.turns = 0
        return True
