"""Tests of the worker: it receives requests and sends responses without a thread.

tests/e2e/test_slow_clients.py has those with gunicorn itself and many clients.
"""

import errno
import re
import resource
import signal
import socket
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from http.client import HTTPConnection
from threading import Event, Lock
from typing import Any

import pytest
from gunicorn.config import Config

from tests.support.servers.gunicorn import wait_until
from tests.support.servers.worker import (
    TIMEOUT,
    RunningWorker,
    Worker,
    read_all,
    running_worker,
)
from todo_project.server import connection, worker
from todo_project.server.environ import connection_environ

pytestmark = pytest.mark.once

GET = b"GET /?5 HTTP/1.1\r\nHost: a\r\n\r\n"
LAST_GET = b"GET /?5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
BIG = 8_000_000
"""Bytes of a response that no socket buffer takes at once."""

GET_BIG = GET.replace(b"5", b"%d" % BIG)


@pytest.fixture
def server() -> Iterator[RunningWorker]:
    with running_worker() as running:
        yield running


def statuses(response: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d+)", response)


def reset(client: socket.socket) -> None:
    """Close a connection with a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


class Gate:
    """An application whose responses wait until the gate is open."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.refused: list[Any] = []
        self.is_open = Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.calls.append(environ["PATH_INFO"])
        self.refused.append(environ["gunicorn.refused"])
        if not environ["gunicorn.refused"] and environ["PATH_INFO"] != "/healthz":
            assert self.is_open.wait(TIMEOUT)
        start_response("204 No Content", [])
        return []


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.is_open.set()


# Requests


def test_connection_is_kept_and_pipelined_requests_are_answered(server: RunningWorker) -> None:
    client = HTTPConnection("127.0.0.1", server.port)
    for _ in range(3):
        client.request("GET", "/?2")
        assert client.getresponse().read() == b"xx"
    client.close()
    assert statuses(server.exchange(GET + GET + LAST_GET)) == [b"200"] * 3


def test_pipelined_request_in_parts_is_answered(server: RunningWorker) -> None:
    with server.connect(GET + LAST_GET[:10]) as client:
        assert client.recv(65536).endswith(b"xxxxx")
        client.sendall(LAST_GET[10:])
        assert statuses(read_all(client)) == [b"200"]


@pytest.mark.parametrize("connection", [b"close", b"Close", b"close, x", b"x , close"])
def test_connection_is_closed_if_the_client_asks_for_it(
    server: RunningWorker, connection: bytes
) -> None:
    response = server.exchange(LAST_GET.replace(b"close", connection) + GET)
    assert statuses(response) == [b"200"]
    assert b"\r\nConnection: close\r\n" in response


def test_empty_line_does_not_begin_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RECEIVE_TIMEOUT", 0.2)
    with running_worker() as server, server.connect(GET) as client:
        assert statuses(client.recv(65536)) == [b"200"]
        client.sendall(b"\r\n")
        wait_until(lambda: [each.received for each in server.worker.idle] == [2])
        with server.connect(POST) as slow:  # whose deadline is later
            assert statuses(read_all(slow)) == [b"408"]
        client.sendall(LAST_GET)
        assert statuses(read_all(client)) == [b"200"]


def test_slow_request_is_answered_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RECEIVE_TIMEOUT", 0.1)
    with running_worker() as server:
        assert statuses(server.exchange(POST)) == [b"408"]
        assert statuses(server.exchange(GET + POST)) == [b"200", b"408"]
        assert server.exchange(b"") == b""
    assert server.worker.rejected == ["Request Timeout"] * 2


def test_idle_connection_is_closed_after_the_timeout() -> None:
    with running_worker(keepalive=1) as server, server.connect(GET) as client:
        assert statuses(read_all(client)) == [b"200"]


def test_headers_over_32_kib_are_answered_431(server: RunningWorker) -> None:
    lines = b"".join(b"A: %b\r\n" % (b"x" * 8000) for _ in range(4))
    fits = connection.MAX_HEAD_SIZE - len(POST + lines) - len(b"B: \r\n\r\n")
    for size, status in ((fits, b"200"), (fits + 1, b"431"), (fits + 90_000, b"431")):
        request = POST + lines + b"B: " + b"x" * size + b"\r\n\r\n"
        assert statuses(server.exchange(request)) == [status]
        with server.connect(request[:5]) as client:
            wait_until(lambda: [each.received for each in server.worker.receiving] == [5])
            client.sendall(request[5:])
            assert statuses(read_all(client)) == [status]


def test_target_that_is_too_long_is_answered_414(server: RunningWorker) -> None:
    for size in (5_000, 50_000):
        assert statuses(server.exchange(b"GET /" + b"x" * size)) == [b"414"]


@pytest.mark.parametrize(
    "data",
    [
        POST + b"Transfer-Encoding: gzip\r\n\r\n",
        POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        POST + b"Content-Length: +3\r\n\r\n",
        CHUNKED + b"x\r\n",
        b"GET /\n",
    ],
)
def test_invalid_request_is_answered_400_at_once(server: RunningWorker, data: bytes) -> None:
    assert statuses(server.exchange(data)) == [b"400"]
    assert [each.startswith("Invalid") for each in server.worker.rejected] == [True]


# Bodies


def test_100_continue_is_sent_once(server: RunningWorker) -> None:
    head = POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with server.connect(head) as client:
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert statuses(read_all(client)) == [b"200"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ((b"HTTP/1.1", b"HTTP/1.0"), b"HTTP/1.0 200"),
        ((b"100-continue", b"200-ok"), b"HTTP/1.1 417"),
        ((b"Content-Length: 3", b"Content-Length: 99999999"), b"HTTP/1.1 200"),
    ],
)
def test_100_continue_is_not_sent(
    server: RunningWorker, change: tuple[bytes, bytes], status: bytes
) -> None:
    request = POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
    assert server.exchange(request.replace(*change)).startswith(status)


def record_bodies(bodies: list[Any]) -> Callable[..., list[bytes]]:
    def record(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        names = ("gunicorn.refused", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING")
        bodies.append((*map(environ.get, names), environ["wsgi.input"].read()))
        start_response("200 OK", [("Content-Length", "0")])
        return []

    return record


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (POST + b"Content-Length: 3\r\n\r\nabc", (None, "3", None, b"abc")),
        (POST + b"Content-Length: 0003\r\n\r\nabc", (None, "0003", None, b"abc")),
        (CHUNKED + b"1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n", (None, "3", None, b"abc")),
        (CHUNKED + b"0\r\nA: b\r\n\r\n", (None, "0", None, b"")),
        (POST + b"Content-Length: 65537\r\n\r\nabc", (413, "65537", None, b"")),
        (CHUNKED + b"10001\r\n" + b"x" * 65_537, (413, None, "chunked", b"")),
        (
            POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            (400, None, "gzip, chunked", b""),
        ),
        (CHUNKED + b"1;%b\r\na\r\n" % (b"x" * 8000) * 40, (413, None, "chunked", b"")),
    ],
)
def test_body_is_passed_on_with_its_length_or_refused(
    data: bytes, expected: tuple[Any, ...]
) -> None:
    bodies: list[Any] = []
    with running_worker(record_bodies(bodies)) as server:
        response = server.exchange(data.replace(b"Connection: close", b"A: b") + LAST_GET)
    assert bodies[0] == expected
    closes = b"\r\nConnection: close\r\n" in response.partition(b"\r\n\r\n")[0]
    assert closes == bool(expected[0])


@pytest.mark.parametrize("position", [1, 8_190, 8_191])
def test_chunk_line_may_arrive_in_pieces(server: RunningWorker, position: int) -> None:
    body = b"1;" + b"a" * 12_000 + b"\r\na\r\n0\r\n\r\n"
    sent = len(CHUNKED) + position
    with server.connect(CHUNKED + body[:position]) as client:
        wait_until(lambda: [each.received for each in server.worker.receiving] == [sent])
        client.sendall(body[position:])
        assert statuses(read_all(client)) == [b"200"]


@pytest.mark.parametrize(
    "data", [POST + b"Content-Length: 3\r\n\r\nab", CHUNKED + b"3\r\nabc\r\n", CHUNKED + b"0\r\n"]
)
def test_body_that_breaks_off_is_refused(data: bytes) -> None:
    bodies: list[Any] = []
    with running_worker(record_bodies(bodies)) as server, server.connect(data) as client:
        client.shutdown(socket.SHUT_WR)
        assert statuses(read_all(client)) == [b"200"]
    assert [(refused, body) for refused, *_, body in bodies] == [(400, b"")]


def test_head_that_breaks_off_is_not_answered(server: RunningWorker) -> None:
    with server.connect(POST) as client:
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b""


# Responses


def test_big_response_is_sent_as_the_client_reads(server: RunningWorker) -> None:
    with server.connect(GET_BIG + LAST_GET, receive_buffer=4096) as client:
        assert statuses(server.exchange(LAST_GET)) == [b"200"]
        response = read_all(client)
    assert statuses(response) == [b"200"] * 2
    assert response.count(b"x") == BIG + 5


def test_unread_response_is_dropped_after_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SEND_TIMEOUT", 0.1)
    with running_worker() as server, server.connect(GET_BIG, receive_buffer=4096):
        wait_until(lambda: server.worker.nr_conns == 1)
        wait_until(lambda: server.worker.nr_conns == 0)
        assert server.worker.held == 0


def test_client_that_leaves_before_its_response_is_dropped(server: RunningWorker) -> None:
    client = server.connect(GET_BIG, receive_buffer=4096)
    wait_until(lambda: len(server.worker.sending) == 1)
    reset(client)
    wait_until(lambda: server.worker.nr_conns == 0)
    assert server.worker.held == 0


def test_client_that_does_not_close_is_dropped_after_the_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "LINGER_TIMEOUT", 0.1)
    with running_worker() as server, server.connect(LAST_GET) as client:
        assert statuses(read_all(client)) == [b"200"]
        client.sendall(b"more")
        wait_until(lambda: server.worker.nr_conns == 0)


def test_response_for_which_there_is_no_memory_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those that are being sent are never dropped, whatever they take."""
    monkeypatch.setattr(worker, "MAX_HELD", BIG // 2)
    refused = []

    def respond(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        refused.append(environ["gunicorn.refused"])
        size = 5 if environ["gunicorn.refused"] else int(environ["QUERY_STRING"])
        start_response("200 OK", [("Content-Length", str(size))])
        return [b"x" * size]

    with running_worker(respond) as server, server.connect(GET_BIG, receive_buffer=4096) as first:
        wait_until(lambda: server.worker.held > BIG)
        second = server.exchange(GET_BIG.replace(b"Host: a", b"Host: a\r\nConnection: close"))
        assert second.endswith(b"\r\n\r\nxxxxx")
        assert statuses(server.exchange(LAST_GET)) == [b"200"]
        first.sendall(LAST_GET)
        assert read_all(first).count(b"x") == BIG + 5
    assert refused == [None, None, 503, None, None]


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, CancelledError])
def test_failure_of_the_application_shows_nothing(error: type[BaseException]) -> None:
    def start_and_fail(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a secret"
        raise error("another secret")

    with running_worker(start_and_fail) as server:
        answers = [server.exchange(GET) for _ in range(3)]  # more than there are threads
    if error is RuntimeError:
        assert [statuses(each) for each in answers] == [[b"500"]] * 3
        assert server.worker.rejected == ["RuntimeError"] * 3
    else:
        assert answers == [b""] * 3
    assert b"secret" not in b"".join(answers)


@pytest.mark.parametrize("declared", ["4", "5", "6"])
def test_length_of_a_response_is_that_of_its_body(declared: str) -> None:
    def respond(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [("content-length", declared), ("X-Other", "1")])
        write(b"xx")
        return [b"xxx"]

    with running_worker(respond) as server:
        responses = server.exchange(GET + LAST_GET)
    assert statuses(responses) == [b"200"] * 2
    assert responses.count(b"\r\nX-Other: 1\r\nContent-Length: 5\r\n\r\nxxxxx") == 2
    assert declared == "5" or b"length: " + declared.encode() not in responses.lower()


def test_worker_stops_after_the_maximum_of_requests() -> None:
    with running_worker(max_requests=2) as server:
        response = server.exchange(GET * 3)
        assert statuses(response) == [b"200"] * 2
        assert response.count(b"\r\nConnection: close\r\n") == 1
        wait_until(lambda: not server.worker.alive)


# The queue


def test_path_that_is_handled_inline_waits_for_no_thread(gate: Gate) -> None:
    with running_worker(gate) as server, ExitStack() as stack:
        for _ in range(5):  # more than there are threads
            stack.enter_context(server.connect(GET))
        wait_until(lambda: gate.calls == ["/", "/"])
        assert statuses(server.exchange(LAST_GET.replace(b"/?5", b"/healthz"))) == [b"204"]
        assert gate.calls == ["/", "/", "/healthz"]


def test_request_that_is_not_begun_in_time_is_refused(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(worker, "QUEUE_TIMEOUT", 0.2)
    with running_worker(gate) as server, ExitStack() as stack:
        begun = [stack.enter_context(server.connect(LAST_GET)) for _ in range(2)]
        wait_until(lambda: gate.calls == ["/", "/"])
        assert statuses(server.exchange(LAST_GET)) == [b"204"]
        assert gate.refused == [None, None, 503]
        gate.is_open.set()
        assert [statuses(read_all(each)) for each in begun] == [[b"204"]] * 2
        assert statuses(server.exchange(LAST_GET)) == [b"204"]
    assert gate.refused == [None, None, 503, None]


@pytest.mark.parametrize("leave", [reset, socket.socket.close])
@pytest.mark.parametrize("pipelined", [b"", GET])
def test_request_whose_client_has_left_is_not_begun(
    monkeypatch: pytest.MonkeyPatch, gate: Gate, leave: Any, pipelined: bytes
) -> None:
    monkeypatch.setattr(connection, "HALF_CLOSE_GRACE", 0)
    with running_worker(gate) as server, ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(server.connect(GET))
        wait_until(lambda: len(gate.calls) == 2)
        for _ in range(9):
            leave(server.connect(GET.replace(b"/?5", b"/left") + pipelined))
        wait_until(lambda: server.worker.queue.qsize() == 9)
        stays = stack.enter_context(server.connect(LAST_GET.replace(b"/?5", b"/stays")))
        wait_until(lambda: server.worker.queue.qsize() == 10)
        gate.is_open.set()
        assert statuses(read_all(stays)) == [b"204"]
        wait_until(lambda: server.worker.nr_conns == 0)
    assert gate.calls == ["/", "/", "/stays"]


def test_client_that_has_only_closed_its_side_is_answered(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(connection, "HALF_CLOSE_GRACE", TIMEOUT)
    with running_worker(gate) as server, ExitStack() as stack:
        clients = [stack.enter_context(server.connect(GET)) for _ in range(5)]
        for each in clients:
            each.shutdown(socket.SHUT_WR)
        wait_until(lambda: server.worker.queue.qsize() == 3)
        gate.is_open.set()
        assert [statuses(read_all(each)) for each in clients] == [[b"204"]] * 5


def test_request_that_begins_during_the_one_before_is_answered(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(worker, "POLL_TIMEOUT", 10 * TIMEOUT)  # which must not help
    with running_worker(gate) as running, running.connect(GET) as client:
        wait_until(lambda: gate.calls == ["/"])
        polled = len(running.worker.poller.get_map())
        client.sendall(LAST_GET[:1])
        wait_until(lambda: len(running.worker.poller.get_map()) == polled - 1)
        gate.is_open.set()
        assert statuses(client.recv(65536)) == [b"204"]
        client.sendall(LAST_GET[1:])
        assert statuses(read_all(client)) == [b"204"]


# Connections


def in_event_loop(server: RunningWorker, action: Callable[[], Any]) -> Any:
    """Call a function in the thread of the event loop; return its result."""
    future: Future[Any] = Future()
    server.worker.method_queue.defer(lambda: future.set_result(action()))
    return future.result(TIMEOUT)


def idle_connection(server: RunningWorker) -> socket.socket:
    """Return a connection on which the worker waits for the next request."""
    client = server.connect(GET)
    assert statuses(client.recv(65536)) == [b"200"]
    wait_until(lambda: in_event_loop(server, server.worker.resume) or server.worker.idle)
    return client


def test_reset_connection_is_dropped(server: RunningWorker) -> None:
    client = server.connect(POST)
    wait_until(lambda: server.worker.nr_conns == 1)
    reset(client)
    wait_until(lambda: server.worker.nr_conns == 0)


def test_idle_connection_gives_way_at_the_maximum() -> None:
    with running_worker(worker_connections=3) as server:
        idle = [server.connect(GET) for _ in range(3)]
        assert [statuses(each.recv(65536)) for each in idle] == [[b"200"]] * 3
        assert statuses(server.exchange(LAST_GET)) == [b"200"]
        assert idle[0].recv(65536) == b""
        for each in idle:
            each.close()


def test_connection_with_a_request_does_not_give_way(gate: Gate) -> None:
    with running_worker(gate, worker_connections=2, threads=1) as server, ExitStack() as stack:
        clients = [stack.enter_context(server.connect(LAST_GET)) for _ in range(2)]
        wait_until(lambda: len(server.worker.queued) == 2)
        third = stack.enter_context(server.connect(LAST_GET))
        gate.is_open.set()
        assert [statuses(read_all(each)) for each in (*clients, third)] == [[b"204"]] * 3


class FailingListener:
    """A listening socket whose accept() fails with an error number."""

    def __init__(self, error: int) -> None:
        self.error = error

    def accept(self) -> None:
        raise OSError(self.error, "accept failed")


def test_idle_connection_gives_way_without_file_descriptors(server: RunningWorker) -> None:
    with idle_connection(server) as idle:
        full: Any = FailingListener(errno.EMFILE)
        assert in_event_loop(server, lambda: server.worker.accept_one(full)) is False
        assert idle.recv(65536) == b""
        assert in_event_loop(server, lambda: server.worker.accept_one(full)) is False


def test_unexpected_error_of_accept_is_raised(server: RunningWorker) -> None:
    with pytest.raises(OSError, match="accept failed"):
        server.worker.accept_one(FailingListener(errno.EBADF))


@pytest.mark.parametrize(
    ("limits", "expected", "connections"),
    [
        ((64, 64), (64, 64), 20),
        ((30, 30), (30, 30), 1),
        ((64, 200), (144, 200), 100),
        ((64, resource.RLIM_INFINITY), (144, resource.RLIM_INFINITY), 100),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None, 100),
        ((500, 900), None, 100),
    ],
)
def test_connections_leave_file_descriptors_for_the_database(
    monkeypatch: pytest.MonkeyPatch,
    limits: tuple[int, int],
    expected: tuple[int, int] | None,
    connections: int,
) -> None:
    changes = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: changes.append(limit))
    with running_worker(worker_connections=100) as server:
        assert statuses(server.exchange(LAST_GET)) == [b"200"]
        assert server.worker.worker_connections == connections
    assert changes == ([expected] if expected else [])


# The end


def test_queued_connection_is_accepted_when_the_worker_stops(server: RunningWorker) -> None:
    def connect_and_stop() -> socket.socket:
        server.worker.alive = False
        return server.connect(GET)

    with in_event_loop(server, connect_and_stop) as client:
        response = read_all(client)
    assert statuses(response) == [b"200"]
    assert b"Connection: close\r\n" in response


def test_stopping_worker_answers_what_has_begun() -> None:
    with running_worker() as server:
        idle, silent = server.connect(GET), server.connect()
        assert statuses(idle.recv(65536)) == [b"200"]
        begun = server.connect(LAST_GET[:10])
        wait_until(lambda: server.worker.nr_conns == 3)
        server.worker.handle_exit(None, None)
        wait_until(lambda: server.listener.fileno() < 0)
        begun.sendall(LAST_GET[10:])
        assert statuses(read_all(begun)) == [b"200"]
        idle.sendall(GET)
        response = read_all(idle)
        assert statuses(response) == [b"200"]
        assert b"Connection: close\r\n" in response
        assert silent.recv(65536) == b""
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        for each in (idle, silent, begun):
            each.close()


@pytest.mark.parametrize("is_parent_alive", [True, False])
def test_worker_ends_with_its_parent_or_a_stop_during_the_check(*, is_parent_alive: bool) -> None:
    class Stopped(Worker):
        def is_parent_alive(self) -> bool:
            if is_parent_alive:
                self.handle_exit(signal.SIGTERM, None)
            return is_parent_alive

    with running_worker(worker_class=Stopped) as server:
        server.thread.join(5)
        assert not server.thread.is_alive()


def test_part_that_is_text_is_an_error() -> None:
    def application(_: dict[str, Any], start_response: Any) -> Iterable[Any]:
        start_response("200 OK", [])
        return ["a" * 100_000]

    with running_worker(application) as server:
        for _ in range(2):
            with server.connect(LAST_GET) as client:
                assert statuses(read_all(client)) == [b"500"]


@pytest.mark.parametrize(
    ("client", "server", "addresses"),
    [
        (("::1", 7, 0, 0), ("::1", 80, 0, 0), ("::1", "7", "::1", "80")),
        (None, ("127.0.0.1", 8000), ("", "", "127.0.0.1", "8000")),
        ("", "/run/todo", ("", "", "/run/todo", "80")),
        ("", b"\0todo", ("", "", "\0todo", "80")),
    ],
)
def test_environ_has_the_addresses(client: Any, server: Any, addresses: tuple[str, ...]) -> None:
    environ = connection_environ(Config(), client, server)
    names = ("REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT")
    assert tuple(environ[name] for name in names) == addresses


class SendingLock:
    """The lock of a connection whose thread still sends, until the event loop waits for it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def locked(self) -> bool:
        return True

    def __enter__(self) -> None:
        self.connection.lock = Lock()

    def __exit__(self, *_: object) -> None:
        pass


def test_next_request_may_come_before_the_thread_has_finished_the_last() -> None:
    with running_worker() as server, idle_connection(server) as client:
        [connection] = server.worker.idle
        connection.lock = SendingLock(connection)
        server.worker.resumable.append(connection)
        client.sendall(LAST_GET)
        assert statuses(read_all(client)) == [b"200"]
        assert not isinstance(connection.lock, SendingLock)


def test_event_without_data_is_ignored() -> None:
    with running_worker() as server, idle_connection(server) as client:
        [connection] = server.worker.idle
        in_event_loop(server, lambda: connection.on_event(client))
        client.sendall(LAST_GET)
        assert statuses(read_all(client)) == [b"200"]
