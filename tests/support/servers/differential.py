"""The same bytes for two workers, in the same pieces, and what comes of them.

The pieces are cut on the side of the server: its `recv` returns what the client has sent in pieces
of the sizes that the test has chosen. So they do not depend on when the server happens to run.
"""

import json
import re
import socket
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector
from time import monotonic
from typing import Any

from tests.support.servers.worker import RunningWorker, running_worker

TIMEOUT = 30
"""Seconds until all answers have been given."""

MAX_SENDS = 100
"""In how many pieces a client sends its message at most."""

HEAD = re.compile(rb"HTTP/1\.(\d) (\d{3}) [^\r\n]+\r\n((?:[!-9;-~]+: [^\r\n]*\r\n)*)\r\n")
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)(?=\r\n)")
CHUNK_SIZE = re.compile(rb"([0-9A-F]+)\r\n")
DATE = re.compile(rb"(?m)^Date: .*\r\n")


ENVIRON = (
    *("REQUEST_METHOD", "RAW_URI", "PATH_INFO", "QUERY_STRING", "SERVER_PROTOCOL"),
    *("SCRIPT_NAME", "wsgi.url_scheme", "wsgi.input_terminated"),
)


@dataclass(frozen=True)
class Answer:
    """A response without its date, or an interim one."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status, 100 for an interim response."""
        return int(self.head[9:12])

    @property
    def is_error_page(self) -> bool:
        """Whether it comes from gunicorn, and not from the application."""
        return b"\r\nContent-Type: text/html\r\n" in self.head

    @property
    def without_text(self) -> "Answer":
        """The answer without what gunicorn's error pages say."""
        return Answer(LENGTH.sub(b"", self.head), b"") if self.is_error_page else self


@dataclass(frozen=True)
class Call:
    """A request that the application has received, and what it could read of its body."""

    request: dict[str, Any]
    body: bytes | None = None
    error: Exception | None = None
    refused: int | None = None


@dataclass
class Outcome:
    """What a connection has got, and what the application has executed for it."""

    received: bytes = b""
    is_closed: bool = False
    calls: list[Call] = field(default_factory=list)

    @property
    def answers(self) -> list[Answer]:
        """The responses."""
        return list(parse_answers(self.received))


def parse_answers(data: bytes) -> Iterator[Answer]:
    """Return the responses in this stream; raise ValueError at anything else."""
    while data:
        match = HEAD.match(data)
        if not match:
            raise ValueError(f"no response: {data[:200]!r}")
        head, data = DATE.sub(b"", match[0]), data[match.end() :]
        if head.startswith(b"HTTP/1.1 100 ") or b"\r\nX-Method: HEAD\r\n" in head:
            body = b""
        elif length := LENGTH.search(head):
            end = int(length[1])
            body, data = data[:end], data[end:]
            if len(body) < end:
                raise ValueError(f"incomplete response: {head!r}{body!r}")
        elif b"\r\nTransfer-Encoding: chunked\r\n" in head:
            body, data = decode_chunks(data)
        else:
            body, data = data, b""
        yield Answer(head, body)


def decode_chunks(data: bytes) -> tuple[bytes, bytes]:
    """Return a chunked body, and what follows it."""
    body = b""
    while match := CHUNK_SIZE.match(data):
        start, end = match.end(), match.end() + int(match[1], 16)
        body += data[start:end]
        if data[end : end + 2] != b"\r\n":
            break
        data = data[end + 2 :]
        if start == end:
            return body, data
    raise ValueError(f"incomplete chunks: {data!r}")


class Echo:
    """An application that responds with the request, and keeps what it has executed."""

    def __init__(self) -> None:
        self.calls: dict[int, list[Call]] = defaultdict(list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        calls = self.calls[int(environ["REMOTE_PORT"])]
        request = {
            name: value
            for name, value in environ.items()
            if name in ENVIRON or name.startswith(("HTTP_", "CONTENT_"))
        }
        if refused := environ.get("gunicorn.refused"):
            calls.append(Call(request, refused=refused))
            start_response(f"{refused:d} Refused", [("Content-Length", "0")])
            return []
        try:
            content = environ["wsgi.input"].read()
        except Exception as error:
            calls.append(Call(request, error=error))
            raise
        calls.append(Call(request, content))
        body = to_json(request, content)
        headers = [("Content-Type", "application/json"), ("X-Method", request["REQUEST_METHOD"])]
        if environ["QUERY_STRING"] != "stream" or request["SERVER_PROTOCOL"] != "HTTP/1.1":
            headers.append(("Content-Length", str(len(body))))
        start_response("200 OK", headers)
        return [] if request["REQUEST_METHOD"] == "HEAD" else [body]


def to_json(request: dict[str, Any], content: bytes) -> bytes:
    """Return the body of the response to a request."""
    return json.dumps(request | {"body": content.decode("latin-1")}, sort_keys=True).encode()


class CuttingSocket(socket.socket):
    """A connection whose `recv` returns pieces of given sizes, and then whatever is there."""

    pieces: list[int] | None = None
    plans: dict[Any, list[int]]

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return at most what is left of the next piece."""
        if self.pieces is None:
            self.pieces = self.plans.pop(self.getpeername(), [])
            self.pieces.reverse()
        if not self.pieces:
            return super().recv(size, flags)
        data = super().recv(min(size, self.pieces[-1]), flags)
        self.pieces[-1] -= len(data)
        if not self.pieces[-1]:
            self.pieces.pop()
        return data


class CuttingListener(socket.socket):
    """A listening socket whose connections have pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.bind(("127.0.0.1", 0))
        self.listen(1000)
        self.plans: dict[Any, list[int]] = {}

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        accepted, address = super().accept()
        cutting = CuttingSocket(fileno=accepted.detach())
        cutting.plans = self.plans
        return cutting, address


class Server:
    """A worker with the application, and connections to it."""

    def __init__(self, running: RunningWorker, listener: CuttingListener, echo: Echo) -> None:
        self.running = running
        self.listener = listener
        self.echo = echo

    def send(self, data: bytes, pieces: Sequence[int], *, ends: bool) -> "Connection":
        """Open a connection, and send the data, which the worker receives in these pieces.

        If they are few, they are also sent in pieces. Unless the data ends the connection by
        itself, the side of the client is closed then.
        """
        client = self.running.connect()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.listener.plans[client.getsockname()] = list(pieces)
        with suppress(OSError):  # after an error; the worker has closed the connection
            for size in pieces if len(pieces) < MAX_SENDS else ():
                client.sendall(data[:size])
                data = data[size:]
            client.sendall(data)
            if not ends:
                client.shutdown(socket.SHUT_WR)
        client.setblocking(False)  # noqa: FBT003
        return Connection(self, client)


class Connection:
    """The side of the client."""

    def __init__(self, server: Server, client: socket.socket) -> None:
        self.server = server
        self.client = client
        self.port: int = client.getsockname()[1]
        self.outcome = Outcome()

    def receive(self) -> None:
        """Receive what has come."""
        try:
            data = self.client.recv(65536)
        except ConnectionError:
            data = b""
        self.outcome.received += data
        self.outcome.is_closed = not data

    def close(self) -> None:
        """Close the connection, and take what the application has executed for it."""
        self.client.close()
        self.outcome.calls = self.server.echo.calls.pop(self.port, [])


def finish(connections: Iterable[Connection]) -> None:
    """Receive all answers."""
    deadline = monotonic() + TIMEOUT
    with DefaultSelector() as selector:
        for each in connections:
            selector.register(each.client, EVENT_READ, each)
        while selector.get_map() and monotonic() < deadline:
            for key, _ in selector.select(1):
                key.data.receive()
                if key.data.outcome.is_closed:
                    selector.unregister(key.fileobj)
                    key.data.close()  # at once: gthread waits for it, and serves nobody meanwhile
        for key in list(selector.get_map().values()):
            key.data.close()


@contextmanager
def running_server(worker_class: Any) -> Iterator[Server]:
    """Run a worker with the application."""
    echo, listener = Echo(), CuttingListener()
    with running_worker(echo, worker_class=worker_class, listener=listener) as running:
        yield Server(running, listener, echo)
