"""The gunicorn worker.

gthread, from which it is derived, gives a thread to a connection before its request has arrived,
and the thread waits for the client. Here the event loop receives requests and sends responses. A
thread gets a request once it is complete, and is free again before the client has read the
response. So slow clients hold memory, within limits, but no thread.
"""

import errno
import selectors
import signal
import socket
import time
from collections import deque
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from todo_project import settings
from todo_project.server.connection import Connection
from todo_project.server.forking import forks
from todo_project.server.framing import State
from todo_project.server.listening import ignore_new_connections
from todo_project.server.rejection import reject, reject_invalid
from todo_project.server.threads import RequestThreads
from todo_project.server.waiting import Wait, WaitingConnections

RECEIVE_TIMEOUT = 20
"""Seconds for a whole request, counted from the connection or from its first byte."""

SEND_TIMEOUT = 30
"""Seconds for the client to read a part of a response."""

LINGER_TIMEOUT = 2
"""Seconds for the client to close, after a response with `Connection: close` (RFC 9112 §9.6)."""

STOP_TIMEOUT = 2
"""Seconds that a stopping worker waits for a request to begin, as gthread does."""

MAX_ACCEPTS = 64
"""Connections that are accepted before other events are handled."""

POLL_TIMEOUT = 1.0
"""Seconds that the event loop waits for an event."""

NOTIFY_INTERVAL = 1.0
"""Seconds between two signs of life; gunicorn kills a worker that gives none for 30 s."""


def make_attributes(cfg: Any) -> None:
    """Make the settings attributes: gunicorn looks them up, by name, 18 times a request."""
    vars(cfg).update({name: setting.get() for name, setting in cfg.settings.items()})


class BufferingWorker(ThreadWorker):
    """A gthread worker in which the event loop waits for clients, and not the threads.

    A connection either has its request in a thread, or waits: `receiving` a request, `idle` until
    the next request, `sending` a response, or `lingering` until the client closes.
    """

    def init_process(self) -> None:
        """Start the worker.

        Until gunicorn sets the signal handlers of a worker, those of the master are in force, and
        a worker that is told to stop would not notice.
        """
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "alive", False))
        forks.on_listening()
        make_attributes(self.cfg)
        super().init_process()

    def run(self) -> None:
        """Serve until the worker is told to stop; then finish what has begun."""
        self.notified_at = -NOTIFY_INTERVAL
        self.finished: deque[Connection] = deque()
        self.waiting = WaitingConnections(self.poller, self.drop, self.send_finished)
        self.receiving = Wait(RECEIVE_TIMEOUT, self.on_readable, self.on_slow_request)
        self.idle = Wait(self.cfg.keepalive, self.on_readable, self.drop)
        self.sending = Wait(SEND_TIMEOUT, self.on_writable, self.drop, selectors.EVENT_WRITE)
        self.lingering = Wait(LINGER_TIMEOUT, self.on_leftover, self.drop)
        queue: Any = self.method_queue
        self.poller.register(queue, selectors.EVENT_READ, queue.run_callbacks)
        self.set_accept_enabled(True)
        while self.alive and self.is_parent_alive():
            self.handle_events(POLL_TIMEOUT)
        self.stop_listening()
        self.shorten_idle_waits()
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while self.nr_conns > 0 and time.monotonic() < deadline:
            self.handle_events(timeout=0.1)
        self.tpool.shutdown()
        self.poller.close()
        queue.close()

    def handle_events(self, timeout: float) -> None:
        """Handle the next events, then the deadlines that have passed."""
        if time.monotonic() - self.notified_at >= NOTIFY_INTERVAL:
            self.notified_at = time.monotonic()
            self.notify()
        events = self.poller.select(timeout)
        self.send_finished()
        for key, _ in events:
            key.data(key.fileobj)
        self.waiting.expire(self.receiving, self.idle, self.sending, self.lingering)

    def stop_listening(self) -> None:
        """Accept the connections that the kernel has queued; later ones are not connected.

        gthread closes its sockets at the very end, and so resets what is queued until then. A
        client or router can safely try a connection again that was not established.
        """
        self.set_accept_enabled(False)
        while self.sockets:
            listener = self.sockets.pop()
            ignore_new_connections(listener)
            while self.accept_one(listener):
                pass
            listener.close()

    def shorten_idle_waits(self) -> None:
        """Wait for the first byte of a request no longer than STOP_TIMEOUT."""
        self.idle.timeout = STOP_TIMEOUT
        for connection in [*self.idle, *self.receiving]:
            if not connection.request.data:
                self.waiting.end(connection)
                self.waiting.start(connection, self.idle)

    def accept(self, listener: socket.socket) -> None:
        """Accept the queued connections."""
        for _ in range(MAX_ACCEPTS):
            if not self.accept_one(listener):
                return

    def accept_one(self, listener: socket.socket) -> bool:
        """Accept a connection; return whether there was one.

        At the maximum an idle connection gives way, or else the one that has waited longest.
        """
        by_value = (self.idle, self.lingering, self.receiving, self.sending)
        try:
            accepted, client = listener.accept()
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE}:
                return self.waiting.drop_oldest(*by_value)
            if error.errno in {errno.EAGAIN, errno.ECONNABORTED}:
                return False
            raise
        if self.nr_conns >= self.worker_connections:
            self.waiting.drop_oldest(*by_value)
        self.nr_conns += 1
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        connection = Connection(self.cfg, accepted, client, listener.getsockname(), limit)
        self.waiting.start(connection, self.receiving)
        return True

    def drop(self, connection: Connection) -> None:
        """Close a connection that does not wait."""
        self.nr_conns -= 1
        self.waiting.poll(connection, 0)
        connection.close()

    def on_readable(self, connection: Connection) -> None:
        """Receive a part of a request."""
        data = connection.sock.receive()
        if data:
            self.receive(connection, data)
        elif data is not None:
            self.waiting.end(connection)
            self.on_end_of_stream(connection)

    def receive(self, connection: Connection, data: bytes) -> None:
        """Add data to the request of a waiting connection; pass it on once it is complete."""
        state = connection.request.append(data)
        if state is State.INCOMPLETE:
            if connection.wait is self.idle:
                self.waiting.end(connection)
                self.waiting.start(connection, self.receiving)
            else:
                self.waiting.hold(connection, len(data))
            connection.send_continue()
            return
        self.waiting.end(connection)
        if state is State.HEAD_TOO_LARGE:
            self.reject(connection, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            connection.pass_request(state)
            self.enqueue_req(connection)

    def on_end_of_stream(self, connection: Connection) -> None:
        """Let the application reject a body that is too short; drop the connection otherwise."""
        if connection.request.has_head:
            connection.closes = True
            connection.pass_request(State.COMPLETE)
            self.enqueue_req(connection)
        else:
            self.drop(connection)

    def on_slow_request(self, connection: Connection) -> None:
        """Reject a request that has not arrived in time."""
        if connection.request.data:
            self.reject(connection, HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.drop(connection)

    def reject(self, connection: Connection, status: HTTPStatus) -> None:
        """Respond without the application, and close the connection."""
        reject(connection.sock, status)
        connection.closes = True
        self.send(connection)

    def get_thread_pool(self) -> Any:
        """Start the threads."""
        return RequestThreads(self.cfg.threads, self.process)

    def enqueue_req(self, conn: Any) -> None:
        """Pass a request to the threads."""
        self.tpool.submit(conn)

    def process(self, connection: Connection) -> None:
        """Handle a request in a thread, and send what the client takes of the response at once."""
        keep_alive = False
        with suppress(Exception, SystemExit):  # an application that ends its thread
            keep_alive = self.handle(connection)
        connection.closes = connection.closes or not keep_alive
        connection.pipelined = b"" if connection.closes else connection.take_pipelined()
        complete = False
        with connection.handover:
            with suppress(OSError):
                complete = connection.sock.flush()
            self.finished.append(connection)
            is_polled = connection.polled_event
        # Unless there is more to do for the connection, its next request wakes the event loop.
        if not complete or connection.closes or connection.pipelined or not is_polled:
            self.method_queue.defer(self.send_finished)

    def send_finished(self) -> None:
        """Take back the connections whose requests the threads have handled."""
        while self.finished:
            self.send(self.finished.popleft())

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Call the application with a body that is complete, or too large to be collected."""
        req._expected_100_continue = False  # `Connection.send_continue` has replied
        if conn.body_too_large:
            # The application rejects it by its length, which a chunked body has not.
            headers = dict(req.headers)
            headers.pop("TRANSFER-ENCODING", None)
            headers.setdefault("CONTENT-LENGTH", str(conn.max_body_size + 1))
            req.headers = [*headers.items()]
        if conn.closes or conn.body_too_large:
            req.force_close()
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Respond to a request that gunicorn cannot parse."""
        reject_invalid(self.cfg, req, client, addr, exc)

    def send(self, connection: Connection) -> None:
        """Send what is left of the response of a connection that does not wait."""
        try:
            complete = connection.sock.flush()
        except OSError:
            self.drop(connection)
            return
        if complete:
            self.on_response_sent(connection)
        else:
            self.waiting.start(connection, self.sending)

    def on_writable(self, connection: Connection) -> None:
        """Send more of the response. Progress extends the deadline."""
        self.waiting.end(connection)
        self.send(connection)

    def on_response_sent(self, connection: Connection) -> None:
        """Wait for the next request, a part of which may have arrived; or close."""
        if connection.closes:
            self.linger(connection)
            return
        self.waiting.start(connection, self.idle)
        if connection.pipelined:
            self.receive(connection, connection.pipelined)

    def linger(self, connection: Connection) -> None:
        """Close this side, and wait for the client to close the other.

        Closing both while data arrives would reset the connection, and the client might lose the
        response (RFC 9112 §9.6).
        """
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop(connection)
        else:
            self.waiting.start(connection, self.lingering)

    def on_leftover(self, connection: Connection) -> None:
        """Discard what the client still sends."""
        if connection.sock.receive() == b"":
            self.waiting.end(connection)
            self.drop(connection)
