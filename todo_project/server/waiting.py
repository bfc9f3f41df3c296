"""Connections that wait for their client: in the poller, each with a deadline, within limits."""

import selectors
import time
from collections.abc import Callable
from functools import partial
from itertools import chain

from todo_project.server.connection import Connection

MAX_HELD = 64 * 1024 * 1024
"""Bytes of incomplete requests and of unsent responses that a worker keeps."""

Handler = Callable[[Connection], None]


class Wait(dict[Connection, float]):
    """The connections that wait for the same event, with their deadlines, the next one first."""

    def __init__(
        self,
        timeout: float,
        on_event: Handler,
        on_timeout: Handler,
        event: int = selectors.EVENT_READ,
    ) -> None:
        super().__init__()
        self.timeout = timeout  # seconds
        self.on_event = on_event
        self.on_timeout = on_timeout
        self.event = event


class WaitingConnections:
    """All connections that wait; `drop` closes one that does not wait any more.

    A connection stays in the poller while a thread has its request: most clients wait for the
    response, and to leave and enter the poller for each request takes longer. If data comes
    nevertheless, the connection leaves the poller until it waits again.

    `take_back` lets each connection wait whose response a thread has sent in the meantime.
    """

    def __init__(
        self, poller: selectors.BaseSelector, drop: Handler, take_back: Callable[[], None]
    ) -> None:
        self.poller = poller
        self.drop = drop
        self.take_back = take_back
        self.held = 0

    def start(self, connection: Connection, wait: Wait) -> None:
        """Wait for the client, until the deadline."""
        wait[connection] = time.monotonic() + wait.timeout
        connection.wait = wait
        self.poll(connection, wait.event)
        self.hold(connection, len(connection.request.data) + len(connection.sock.outgoing))

    def poll(self, connection: Connection, event: int) -> None:
        """Let the poller report this event of the connection; with 0, none."""
        if event == connection.polled_event:
            return
        if connection.polled_event:
            self.poller.unregister(connection.sock)
        if event:
            self.poller.register(connection.sock, event, partial(self.dispatch, connection))
        connection.polled_event = event

    def dispatch(self, connection: Connection, _sock: object) -> None:
        """Handle an event, unless the handler of an event before it has ended the wait."""
        if connection.wait is None:
            with connection.handover:
                self.take_back()
                if connection.wait is None:
                    self.poll(connection, 0)
                    return
        connection.wait.on_event(connection)

    def end(self, connection: Connection) -> None:
        """Stop waiting for the client."""
        del connection.wait[connection]
        connection.wait = None
        self.held -= connection.held
        connection.held = 0

    def hold(self, connection: Connection, size: int) -> None:
        """Add bytes to those that the connection holds; over the limit, drop the slowest."""
        self.held += size
        connection.held += size
        while self.held > MAX_HELD and connection.wait and self.drop_oldest(connection.wait):
            pass

    def drop_oldest(self, *waits: Wait) -> bool:
        """Drop the connection that has waited longest; return whether there was one."""
        for connection in chain.from_iterable(waits):
            self.end(connection)
            self.drop(connection)
            return True
        return False

    def expire(self, *waits: Wait) -> None:
        """End each wait whose deadline has passed."""
        now = time.monotonic()
        for wait in waits:
            while (connection := next(iter(wait), None)) and wait[connection] <= now:
                self.end(connection)
                wait.on_timeout(connection)
