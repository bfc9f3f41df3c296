"""A worker in a thread, with an application that echoes the body, and raw connections to it."""

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from selectors import DefaultSelector
from threading import Thread
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from todo_project.server.worker import BufferingWorker, unblock_stop_signals

TIMEOUT = 10
"""Seconds to wait for the worker."""


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Respond with the body, or with as many bytes as the query says."""
    size = int(environ["QUERY_STRING"] or 0)
    body = b"x" * size if size else environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def fail(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Raise an exception, as no application should."""
    raise RuntimeError("a secret")


class Worker(BufferingWorker):
    """A worker that collects what it would log about rejected requests."""

    inline_paths = frozenset(["/healthz"])

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.rejected: list[str] = []

    def log_rejected(self, reason: str) -> None:
        """Collect the reason, and log it."""
        super().log_rejected(reason)
        self.rejected.append(reason)


class RunningWorker:
    """A worker whose event loop runs in a thread."""

    def __init__(
        self,
        application: Any,
        worker_class: type[ThreadWorker] = Worker,
        listener: socket.socket | None = None,
        **settings: Any,
    ) -> None:
        cfg = Config()
        for name, value in {"threads": 2, "graceful_timeout": 2, **settings}.items():
            cfg.set(name, value)
        self.listener = listener or socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0)
        self.port: int = self.listener.getsockname()[1]
        unused: Any = None
        sockets: Any = [self.listener]
        self.worker: Any = worker_class(1, os.getppid(), sockets, unused, 30, cfg, Logger(cfg))
        unblock_stop_signals()  # which the worker has blocked, as if it was forked next
        self.worker.wsgi = application
        self.worker.tpool = self.worker.get_thread_pool()
        self.worker.poller = DefaultSelector()
        self.worker.method_queue.init()
        self.thread = Thread(target=self.worker.run)
        self.thread.start()

    def stop(self) -> None:
        """Stop the worker as SIGTERM does, and wait until it has ended."""
        self.worker.handle_exit(None, None)
        self.worker.method_queue.defer(lambda: None)  # wake the event loop, as the signal does
        self.thread.join(TIMEOUT)
        assert not self.thread.is_alive()
        self.worker.tmp.close()

    def connect(self, data: bytes = b"", receive_buffer: int = 0) -> socket.socket:
        """Open a connection, and send data."""
        connection = socket.socket()
        connection.settimeout(TIMEOUT)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            connection.connect(("127.0.0.1", self.port))
        except OSError:
            connection.close()
            raise
        connection.sendall(data)
        return connection

    def exchange(self, data: bytes) -> bytes:
        """Send data on a new connection; return all that is sent back until it is closed."""
        with self.connect(data) as connection:
            return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Return what is sent until the connection is closed."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def running_worker(application: Any = echo, **settings: Any) -> Iterator[RunningWorker]:
    """Run a worker, by default `Worker`, with these settings of gunicorn."""
    running = RunningWorker(application, **settings)
    try:
        yield running
    finally:
        running.stop()
