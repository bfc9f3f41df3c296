"""A connection to a client, which a greenlet of the event loop serves from start to end.

gunicorn's parser reads from a socket, and blocks while nothing has arrived. In a greenlet it
blocks nobody: where it would wait, the event loop goes on with other connections, and continues
the parser when data has come. So the parser alone decides where a request ends, and does not
notice whether the bytes have arrived at once or one by one.
"""

import select
import socket
import sys
from collections import deque
from http import HTTPStatus
from io import BytesIO
from selectors import EVENT_READ, EVENT_WRITE
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from greenlet import greenlet
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import LimitRequestHeaders, NoMoreData
from gunicorn.http.parser import RequestParser
from gunicorn.util import write_error

from todo_project.server.environ import connection_environ

if TYPE_CHECKING:
    from todo_project.server.worker import BufferingWorker

RECEIVE_SIZE = 8 * 1024
"""Bytes that are received at once. gunicorn copies what is left of them for each chunk."""

MAX_HEAD_SIZE = 32 * 1024
"""Bytes of the request line and all headers. More is a 431."""

CHUNK_OVERHEAD = 4
"""How many times its limit a body may take on the connection, with its chunk lines."""

LARGE = 64 * 1024
"""Bytes of a response from which on its memory is limited, and it is not copied."""

HALF_CLOSE_GRACE = 0.1
"""Seconds in the queue after which a client that has closed its side counts as gone.

It might only have said that it sends no more (RFC 9112 §9.6), but such clients are rare.
"""


class DeadlineError(Exception):
    """The client has taken too long."""


class BodyError(Exception):
    """The body cannot be passed on; `args` has the status for it."""


class Phase(dict["Connection", float]):
    """The connections in a phase of their life, with their deadlines, the next one first."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def expire(self) -> None:
        """Raise `DeadlineError` in the greenlets of the connections whose deadline has passed."""
        now = monotonic()
        while (connection := next(iter(self), None)) and self[connection] <= now:
            connection.enter(None)
            connection.greenlet.throw(DeadlineError)


class Job:
    """A request in the queue. Either a thread begins it, or the event loop refuses it."""

    def __init__(self, connection: "Connection", request: Any) -> None:
        self.connection = connection
        self.request = request
        self.queued_at = monotonic()
        self.keep_alive = False  # whether the connection can be kept, after the response
        self._unclaimed = Lock()

    def claim(self) -> bool:
        """Return True to the first caller, and False to all others."""
        return self._unclaimed.acquire(blocking=False)


class Connection:
    """A connection, which gunicorn takes for its socket: `recv` waits, `sendall` collects.

    Its greenlet waits for the client, or for the thread that has its request. It runs in the event
    loop's thread; the other thread only collects the response and sends what the client takes.
    """

    def __init__(
        self, worker: "BufferingWorker", accepted: socket.socket, client: Any, server: Any
    ) -> None:
        accepted.setblocking(False)  # noqa: FBT003
        self.sock = accepted
        self.client = client
        self.worker = worker
        self.environ = connection_environ(worker.cfg, client, server)
        as_socket: Any = self
        self.parser: Any = RequestParser(worker.cfg, as_socket, client)
        self.received = 0  # bytes of the request
        self.in_body = False  # whether the head has been received
        self.outgoing: deque[Any] = deque()  # bytes, the first ones perhaps a memoryview
        self.lock = Lock()  # held by the thread that sends the response
        self.reserved = 0  # bytes of a large response, while the client reads it
        self.phase: Phase | None = None
        self.polled_event = 0  # 0 for none
        self.is_waiting = False  # for that event
        self.greenlet = greenlet(self.run)
        self.event_loop: Any = self.greenlet.parent

    def run(self) -> None:
        """Serve the connection until its end."""
        try:
            self.enter(self.worker.receiving)
            while self.serve_request():
                self.enter(self.worker.idle)
            self.linger()
        except (DeadlineError, OSError):
            pass
        finally:
            self.worker.close(self)

    def serve_request(self) -> bool:
        """Receive a request and send its response; return whether there may be another."""
        try:
            request, refused = self.receive_request()
        except (StopIteration, NoMoreData):  # the client has ended the connection
            return False
        except DeadlineError:
            if not self.received:
                raise
            self.worker.log_rejected(HTTPStatus.REQUEST_TIMEOUT.phrase)
            as_socket: Any = self
            write_error(as_socket, 408, "Request Timeout", HTTPStatus.REQUEST_TIMEOUT.description)
            keep_alive = False
        except Exception as error:
            self.worker.handle_error(None, self, self.client, error)
            keep_alive = False
        else:
            keep_alive = self.respond(request, refused)
        self.send()
        return keep_alive

    def receive_request(self) -> tuple[Any, HTTPStatus | None]:
        """Return the next request, and the status with which to refuse it, if any.

        Raises what gunicorn's parser raises: StopIteration or NoMoreData at the end of the stream,
        and an exception for `handle_error` if the request is not valid.
        """
        self.received = self.buffered  # sent with the one before
        self.in_body = False
        if self.received:
            self.enter(self.worker.receiving)
        request = next(self.parser)
        self.in_body = True
        try:
            body = self.receive_body(request)
        except BodyError as error:
            request.force_close()
            request.body = BytesIO()
            return request, error.args[0]
        if isinstance(request.body.reader, ChunkedReader):
            request.headers = [each for each in request.headers if each[0] != "TRANSFER-ENCODING"]
            request.headers.append(("CONTENT-LENGTH", str(len(body))))
        request.body = BytesIO(body)
        return request, None

    def receive_body(self, request: Any) -> bytes:
        """Return the body, of which gunicorn's reader knows the end, or raise `BodyError`."""
        limit = self.worker.max_body_size
        # For a chunked body; gunicorn checks only lines that arrive in pieces. `recv` limits all.
        request.body.reader.limit_chunk_size_line = sys.maxsize
        # Otherwise gunicorn would send it together with the response.
        expects_continue, request._expected_100_continue = request._expected_100_continue, False
        if request.must_close:  # gunicorn's sign of a coding beside chunked, as gzip
            raise BodyError(HTTPStatus.BAD_REQUEST)
        length = getattr(request.body.reader, "length", 1)  # unknown if it is chunked
        if length > limit:
            raise BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if expects_continue:
            self.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.flush()
        body: bytes = request.body.read(limit + 1) if length else b""
        if len(body) > limit:
            raise BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return body

    def recv(self, *_: Any) -> bytes:
        """Wait for data, and return it, or none at the end of the stream."""
        limit = MAX_HEAD_SIZE + (self.worker.max_body_size * CHUNK_OVERHEAD if self.in_body else 0)
        if self.received >= limit:
            if self.in_body:
                raise BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            raise LimitRequestHeaders(f"limit request headers of {MAX_HEAD_SIZE} bytes")
        # Not past the limit: otherwise it would depend on how the bytes arrive.
        data = self.receive(min(RECEIVE_SIZE, limit - self.received))
        if not data and self.in_body:
            raise BodyError(HTTPStatus.BAD_REQUEST)
        self.received += len(data)
        # An empty line between requests does not begin one (RFC 9112 §2.2).
        if self.phase is self.worker.idle and data.strip(b"\r\n"):
            self.enter(self.worker.receiving)
        return data

    def receive(self, size: int = RECEIVE_SIZE) -> bytes:
        """Wait for data, and return it, or none if the client has ended the connection."""
        while True:
            self.wait(EVENT_READ)
            try:
                return self.sock.recv(size)
            except BlockingIOError:
                continue
            except ConnectionError:
                return b""

    def respond(self, request: Any, refused: HTTPStatus | None) -> bool:
        """Let a thread handle the request; return whether the connection can be kept.

        A request that is refused, or whose path is among the `inline_paths`, needs no thread.
        """
        if refused or request.path in self.worker.inline_paths:
            return self.worker.respond(self, request, refused)
        job = Job(self, request)
        self.worker.queue.put(job)
        self.enter(self.worker.queued)
        try:
            self.event_loop.switch()
        except DeadlineError:
            self.give_up(job)
        return job.keep_alive

    def give_up(self, job: Job) -> None:
        """Refuse a request that no thread has begun in time; wait for the others."""
        if job.claim():
            refused = HTTPStatus.SERVICE_UNAVAILABLE
            job.keep_alive = self.worker.respond(self, job.request, refused)
        else:
            self.event_loop.switch()

    def has_client(self, waited: float) -> bool:
        """Return whether the client still waits for its response, after these seconds."""
        if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):  # a reset
            return False
        if waited < HALF_CLOSE_GRACE:
            return True
        poller = select.poll()
        poller.register(self.sock, getattr(select, "POLLRDHUP", 0))  # which only Linux has
        return not poller.poll(0)

    def gettimeout(self) -> float:
        """Return 0 seconds: `sendall` does not block."""
        return 0.0

    def sendall(self, data: bytes) -> None:
        """Collect a part of the response."""
        if self.outgoing and len(self.outgoing[-1]) + len(data) <= LARGE:
            self.outgoing[-1] += data
        else:
            self.outgoing.append(data)

    @property
    def buffered(self) -> int:
        """The number of bytes that have been received and not parsed."""
        return int(self.parser.unreader.buf.getbuffer().nbytes)

    @property
    def has_more(self) -> bool:
        """Whether there is something to do without an event."""
        return bool(self.outgoing or self.buffered)

    @property
    def unsent(self) -> int:
        """The number of bytes that are collected."""
        return sum(map(len, self.outgoing))

    def flush(self) -> None:
        """Send as much as the client takes."""
        while self.outgoing:
            data = self.outgoing[0]
            try:
                sent = self.sock.send(data)
            except BlockingIOError:
                return
            if sent == len(data):
                self.outgoing.popleft()
            else:
                self.outgoing[0] = memoryview(data)[sent:]

    def send(self) -> None:
        """Send what is left of the response. Progress extends the deadline."""
        self.flush()
        while self.outgoing:
            self.enter(self.worker.sending)
            self.wait(EVENT_WRITE)
            self.flush()
        self.worker.release(self)

    def linger(self) -> None:
        """Close this side, and wait for the client to close the other.

        If both were closed while data arrives, the client would get a reset, and might lose the
        response (RFC 9112 §9.6).
        """
        self.sock.shutdown(socket.SHUT_WR)
        self.enter(self.worker.lingering)
        while self.receive():
            pass

    def enter(self, phase: Phase | None) -> None:
        """Begin a phase, and its deadline."""
        if self.phase is not None:
            del self.phase[self]
        if phase is not None:
            phase[self] = monotonic() + phase.seconds
        self.phase = phase

    def wait(self, event: int) -> None:
        """Wait in the event loop; raise `DeadlineError` at the deadline of the phase."""
        self.poll(event)
        self.is_waiting = True
        try:
            self.event_loop.switch()
        finally:
            self.is_waiting = False

    def poll(self, event: int) -> None:
        """Let the poller report this event; with 0, none.

        The connection stays in the poller while a thread has its request: most clients wait for
        the response, and to leave and enter the poller for each request takes longer.
        """
        if event == self.polled_event:
            return
        if self.polled_event:
            self.polled_event = 0
            self.worker.poller.unregister(self.sock)
        if event:
            self.worker.poller.register(self.sock, event, self.on_event)
        self.polled_event = event

    def on_event(self, _sock: object) -> None:
        """Continue the greenlet, or ignore further events until it waits again."""
        if self.lock.locked() and not self.reserved:
            with self.lock:  # for a short response it takes less time to wait
                pass
            self.worker.resume()
        if self.is_waiting:
            self.greenlet.switch()
        else:
            self.poll(0)
            self.worker.resume()  # if it has finished in the meantime
