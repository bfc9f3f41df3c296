"""The gunicorn worker: an event loop that serves connections, and threads for requests."""

import errno
import os
import resource
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from itertools import chain
from queue import SimpleQueue
from threading import Lock, Thread
from types import SimpleNamespace
from typing import Any

from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker

from todo_project.server.balance import Share
from todo_project.server.connection import LARGE, Connection, Job, Phase
from todo_project.server.environ import request_environ
from todo_project.server.response import Response

RECEIVE_TIMEOUT = 20
"""Seconds for a whole request, counted from the connection or from its first byte."""

QUEUE_TIMEOUT = 10
"""Seconds that a request waits for a thread."""

SEND_TIMEOUT = 30
"""Seconds for the client to read a part of a response."""

LINGER_TIMEOUT = 2
"""Seconds for the client to close, after a response with `Connection: close`."""

STOP_TIMEOUT = 2
"""Seconds that a stopping worker waits for a request to begin, as gthread does."""

POLL_TIMEOUT = 1.0
"""Seconds that the event loop waits for an event, and between two signs of life."""

EXPIRY_INTERVAL = 0.1
"""Seconds between two checks of the deadlines, at least."""

MAX_HELD = 64 * 1024 * 1024
"""Bytes of large responses that clients have not read yet."""

RESERVED_FILES = 40
"""File descriptors of a worker that are no connections to clients or to the database."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def unblock_stop_signals() -> None:
    """Handle the signals that have come during the fork, and all later ones."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


os.register_at_fork(after_in_parent=unblock_stop_signals)


class SilentLogger:
    """A gunicorn log that drops everything."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_, **__: None


class BufferingWorker(ThreadWorker):
    """A worker in which the event loop waits for clients, and not the threads.

    The phases of a connection limit how long it waits: `receiving` a request, `queued` until a
    thread is free, `sending` a response, `idle` until the next request, `lingering` until the
    client closes.
    """

    max_body_size = 64 * 1024
    """The largest body of a request, in bytes."""

    inline_paths: frozenset[str] = frozenset()
    """Paths whose requests are handled in the event loop. They must not wait for anything."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Block the signals to stop, as the fork is next.

        Until `init_signals` the worker has the handlers of the master, and would lose a signal.
        """
        super().__init__(*args, **options)
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)

    def init_signals(self) -> None:
        """Handle signals."""
        super().init_signals()
        unblock_stop_signals()

    def on_tick(self) -> None:
        """Do nothing; called once a second, so that a subclass can measure the queue."""

    def get_thread_pool(self) -> Any:
        """Start the threads."""
        self.queue: SimpleQueue[Job | None] = SimpleQueue()
        for _ in range(self.cfg.threads):
            Thread(target=self.work, daemon=True).start()
        return self

    def shutdown(self, *, wait: bool = False) -> None:
        """End each thread once it is free."""
        for _ in range(self.cfg.threads):
            self.queue.put(None)

    def run(self) -> None:
        """Serve until the worker is told to stop; then finish what has begun."""
        vars(self.cfg).update({name: each.get() for name, each in self.cfg.settings.items()})
        self.observed_at = self.expired_at = 0.0
        self.share = Share(self.age)
        self.resumable: deque[Connection] = deque()
        self.held = 0
        self.held_lock = Lock()
        self.receiving = Phase(RECEIVE_TIMEOUT)
        self.queued = Phase(QUEUE_TIMEOUT)
        self.sending = Phase(SEND_TIMEOUT)
        self.idle = Phase(self.cfg.keepalive)
        self.lingering = Phase(LINGER_TIMEOUT)
        self.limit_connections()
        queue: Any = self.method_queue
        self.poller.register(queue, selectors.EVENT_READ, queue.run_callbacks)
        while self.alive:
            self.set_accept_enabled(self.has_room())
            self.handle_events(POLL_TIMEOUT)
        self.stop_listening()
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while self.nr_conns > 0 and time.monotonic() < deadline:
            self.handle_events(timeout=0.1)
        self.shutdown()
        self.poller.close()
        self.method_queue.close()

    def handle_events(self, timeout: float) -> None:
        """Handle the next events, then the deadlines that have passed."""
        events = self.poller.select(timeout)
        self.resume()
        for key, _ in events:
            key.data(key.fileobj)
        self.resume()
        now = time.monotonic()
        if now - self.observed_at >= POLL_TIMEOUT:
            self.observed_at = now
            if not self.is_parent_alive():
                self.alive = False
            self.notify()
            self.share.update(self.nr_conns)
            self.on_tick()
        if now - self.expired_at >= EXPIRY_INTERVAL:
            self.expired_at = now
            for phase in (self.receiving, self.queued, self.sending, self.idle, self.lingering):
                phase.expire()

    def limit_connections(self) -> None:
        """Keep file descriptors for the database, and raise the soft limit if that is too low."""
        reserved = RESERVED_FILES + 2 * self.cfg.threads
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = reserved + self.worker_connections
        if soft != resource.RLIM_INFINITY and soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            self.worker_connections = max(1, min(self.worker_connections, soft - reserved))

    def has_room(self) -> bool:
        """Return whether a connection can be accepted, if need be in place of another.

        One whose request has been received is never dropped: new ones wait instead.
        """
        return self.nr_conns < self.worker_connections or any(self.droppable())

    def droppable(self) -> Iterable[Connection]:
        """Return the connections without a whole request: idle ones first, then the oldest."""
        return chain(self.idle, self.lingering, self.receiving)

    def drop_oldest(self) -> None:
        """Drop one of these connections, if there is one."""
        if connection := next(iter(self.droppable()), None):
            connection.greenlet.throw()

    def accept(self, listener: Any) -> None:
        """Accept a connection, unless another worker has fewer."""
        if self.share.takes_next():
            self.accept_one(listener)

    def accept_one(self, listener: Any) -> bool:
        """Accept a connection; return whether there was one."""
        try:
            accepted, client = listener.accept()
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE}:
                self.drop_oldest()
                time.sleep(0.01)  # if there is none, the listener stays readable
            elif error.errno not in {errno.EAGAIN, errno.ECONNABORTED}:
                raise
            return False
        if self.nr_conns >= self.worker_connections:
            self.drop_oldest()
        self.nr_conns += 1
        self.share.update(self.nr_conns)
        self.resumable.append(Connection(self, accepted, client, listener.getsockname()))
        return True

    def close(self, connection: Connection) -> None:
        """Close a connection whose greenlet ends."""
        connection.poll(0)
        connection.enter(None)
        self.release(connection)
        connection.sock.close()
        self.nr_conns -= 1
        self.share.update(self.nr_conns)

    def stop_listening(self) -> None:
        """Accept no more, and wait for the next request no longer than `STOP_TIMEOUT`.

        What the kernel has queued is accepted: with the last worker of an instance that stops, it
        would be reset.
        """
        for listener in self.sockets:
            while self.has_room() and self.accept_one(listener):
                pass
        self.set_accept_enabled(False)
        self.share.end()
        for listener in self.sockets:
            listener.close()
        self.resume()
        self.idle.seconds = STOP_TIMEOUT
        for connection in [*self.idle, *(each for each in self.receiving if not each.received)]:
            connection.enter(self.idle)

    def work(self) -> None:
        """Handle requests until `shutdown`, in a thread."""
        while job := self.queue.get():
            if not job.claim():
                continue
            connection = job.connection
            if connection.has_client(time.monotonic() - job.queued_at):
                with suppress(BaseException):  # such as SystemExit of the application
                    job.keep_alive = self.respond(connection, job.request)
            with connection.lock:
                # First, as the event loop may get the next request before this thread goes on.
                self.resumable.append(connection)
                with suppress(OSError):  # the event loop gets it, too
                    connection.flush()
                is_sent = job.keep_alive and not connection.has_more
            # After the lock, as the event loop passes over the connection until then.
            if not (is_sent and connection.polled_event):
                self.method_queue.defer(self.resume)

    def resume(self) -> None:
        """Continue with the connections that are new, or whose requests the threads have handled.

        A thread wakes the event loop only if there is more to do for the connection. Otherwise the
        next request wakes it.
        """
        for _ in range(len(self.resumable)):
            connection = self.resumable.popleft()
            if connection.lock.locked():
                self.resumable.append(connection)
            else:
                connection.greenlet.switch()

    def respond(
        self, connection: Connection, request: Any, refused: HTTPStatus | None = None
    ) -> bool:
        """Collect the response of the application; return whether the connection can be kept."""
        try:
            keep_alive = self.call_application(connection, request, refused)
        except Exception as error:
            connection.outgoing.clear()
            self.handle_error(request, connection, connection.client, error)
            return False
        if not (refused or self.reserve(connection)):
            connection.outgoing.clear()
            return self.respond(connection, request, HTTPStatus.SERVICE_UNAVAILABLE)
        return keep_alive

    def call_application(
        self, connection: Connection, request: Any, refused: HTTPStatus | None
    ) -> bool:
        """Do what gthread's `handle_request` does, without its hooks and its access log."""
        response = Response(request)
        environ = request_environ(connection.environ, request)
        environ["gunicorn.refused"] = refused
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        response.must_close |= not self.alive or not self.cfg.keepalive
        application: Any = self.wsgi
        parts = application(environ, response.start)
        try:
            encoded = response.encode(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        for part in encoded:
            connection.sendall(part)
        return not response.must_close

    def reserve(self, connection: Connection) -> bool:
        """Count the memory of a large response; return whether there is enough for it."""
        size = connection.unsent
        if size <= LARGE:
            return True
        with self.held_lock:
            if self.held and self.held + size > MAX_HELD:
                return False
            self.held += size
        connection.reserved = size
        return True

    def release(self, connection: Connection) -> None:
        """Release the memory that is reserved for the response of the connection."""
        if connection.reserved:
            with self.held_lock:
                self.held -= connection.reserved
            connection.reserved = 0

    def log_rejected(self, reason: str) -> None:
        """Log that a request was not passed to the application, or that this failed.

        gunicorn would log the request line or a header, which can contain anything.
        """
        self.log.warning("rejected: %s", reason)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Respond as gunicorn does, but log only the kind of the error."""
        self.log_rejected(type(exc).__name__)
        silent: Any = SimpleNamespace(cfg=self.cfg, log=SilentLogger())
        Worker.handle_error(silent, req, client, addr, exc)
