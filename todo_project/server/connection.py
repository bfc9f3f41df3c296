"""A connection to a client, of which a thread sees only buffers."""

import socket
from contextlib import suppress
from threading import Lock
from typing import Any

from gunicorn.workers.gthread import TConn

from todo_project.server.framing import RequestBuffer, State

RECEIVE_SIZE = 64 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BufferedSocket(socket.socket):
    """A non-blocking socket that looks to gunicorn like a blocking one which never blocks.

    What gunicorn writes is collected until `flush`. When it reads more than the worker has put
    into its parser, it finds the end of the stream.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(fileno=accepted.detach())
        super().settimeout(0)
        self.outgoing = bytearray()

    def setblocking(self, _flag: bool, /) -> None:  # noqa: FBT001
        """Stay non-blocking."""

    def settimeout(self, _value: float | None, /) -> None:
        """Stay non-blocking."""

    def recv(self, *_: Any) -> bytes:
        """Return the end of the stream."""
        return b""

    def sendall(self, data: Any, *_: Any) -> None:
        """Collect the data."""
        self.outgoing += data

    def receive(self) -> bytes | None:
        """Return received bytes, none at the end of the stream, or None if nothing has come."""
        try:
            return super().recv(RECEIVE_SIZE)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def flush(self) -> bool:
        """Send as much of the collected data as the client takes; return whether that was all."""
        with suppress(BlockingIOError):
            while self.outgoing:
                del self.outgoing[: self.send(self.outgoing)]
        return not self.outgoing


class Connection(TConn):
    """A connection, and the request that is arriving on it."""

    sock: BufferedSocket
    parser: Any
    wait: Any = None
    """The `Wait` that the connection is in, or None while a thread has its request."""

    polled_event = 0
    """The event that the poller reports, or 0 for none."""

    def __init__(
        self, cfg: Any, accepted: socket.socket, client: Any, server: Any, max_body_size: int
    ) -> None:
        super().__init__(cfg, BufferedSocket(accepted), client, server)
        self.data_ready = True  # gunicorn need not wait for data
        self.max_body_size = max_body_size
        self.request = RequestBuffer(max_body_size)
        self.held = 0  # bytes, while the connection waits
        self.body_too_large = False
        self.closes = False
        self.handover = Lock()  # held while a thread sends the response and returns the connection
        self.pipelined = b""  # what the client has sent after the request

    def send_continue(self) -> None:
        """Ask for the body if the client waits for that (RFC 9110 §10.1.1)."""
        if self.request.expects_continue:
            self.request.expects_continue = False
            self.sock.sendall(CONTINUE)
            with suppress(OSError):
                self.sock.flush()

    def pass_request(self, state: State) -> None:
        """Put the request into gunicorn's parser."""
        self.init()
        self.parser.mesg = None  # gunicorn has read its body, and need not try again
        self.body_too_large = state is State.BODY_TOO_LARGE
        self.parser.unreader.unread(bytes(self.request.data))
        self.request = RequestBuffer(self.max_body_size)

    def take_pipelined(self) -> bytes:
        """Remove and return what the client has sent after the request."""
        rest: bytes = self.parser.unreader.take_buffered()
        return rest
