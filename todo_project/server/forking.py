"""The fork of a worker: SIGTERM waits for the worker's handler, the master until it listens."""

import os
import select
import signal

LISTEN_TIMEOUT = 10
"""Seconds that the master waits for a worker to listen."""


class WorkerForks:
    """What the master does around each fork, and the worker once it listens.

    A SIGTERM is not lost: it is blocked until the worker can handle it.

    At a reload gunicorn stops the old workers as soon as it has forked the new ones. With
    `reuse_port` these open their sockets after the fork, and until then no worker might listen.
    """

    def __init__(self) -> None:
        self.ends = (-1, -1)  # of a pipe, which is closed when the worker listens or has ended

    def prepare(self) -> None:
        """Apply to all forks of this process, the master."""
        os.register_at_fork(before=self.before, after_in_parent=self.after_in_parent)

    def before(self) -> None:
        """Block SIGTERM, and open the pipe."""
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        self.ends = os.pipe()

    def after_in_parent(self) -> None:
        """Wait for the worker."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        read_end, write_end = self.ends
        os.close(write_end)
        select.select([read_end], [], [], LISTEN_TIMEOUT)
        os.close(read_end)

    def on_listening(self) -> None:
        """Let the master continue; called by a worker that has a handler for SIGTERM."""
        for end in self.ends:
            os.close(end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


forks = WorkerForks()
