"""The gunicorn worker: gthread's, except that it stops listening as soon as it is told to stop.

This module is the only one that depends on the internals of gunicorn's workers.
"""

from gunicorn.workers.gthread import ThreadWorker


class DrainingWorker(ThreadWorker):
    """A threaded worker that finishes accepted connections before it stops.

    gthread's own listens until its last connection has ended, and then resets the connections
    that the kernel queued meanwhile. This one accepts and serves those; later ones are refused,
    so a router can safely try another instance.
    """

    def set_accept_enabled(self, enabled: bool | None) -> None:  # noqa: FBT001
        """Start or stop accepting connections; stop for good when the worker is to stop."""
        stopping = not self.alive  # read once: the signal may arrive at any time
        super().set_accept_enabled(enabled and not stopping)
        while stopping and self.sockets:
            listener = self.sockets.pop()
            accepted = -1
            while accepted != self.nr_conns:
                accepted = self.nr_conns
                self.accept(listener)
            listener.close()
