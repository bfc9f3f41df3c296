"""The threads of a worker. Each handles one request at a time.

An executor of concurrent.futures makes a future for each request, with a lock and a condition,
of which nothing is needed here but a queue.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from todo_project.server.connection import Connection


class RequestThreads:
    """A fixed number of threads that take connections with a complete request from a queue."""

    def __init__(self, count: int, handle: Callable[[Connection], None]) -> None:
        self.queue: SimpleQueue[Connection | None] = SimpleQueue()
        self.handle = handle
        self.threads = [Thread(target=self.run, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def submit(self, connection: Connection) -> None:
        """Let the next free thread handle the request."""
        self.queue.put(connection)

    def run(self) -> None:
        """Handle requests until `shutdown`, in a thread."""
        while connection := self.queue.get():
            self.handle(connection)

    def shutdown(self) -> None:
        """End each thread once it is free."""
        for _ in self.threads:
            self.queue.put(None)
