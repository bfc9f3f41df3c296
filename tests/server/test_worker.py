"""Tests of the worker: it receives requests and sends responses without a thread.

tests/e2e/test_slow_clients.py has those with gunicorn itself and many clients.
"""

import errno
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from http.client import HTTPConnection
from threading import Event
from typing import Any

import pytest
from gunicorn.config import Config

from tests.support.servers.gunicorn import wait_until
from tests.support.servers.worker import (
    TIMEOUT,
    RunningWorker,
    fail,
    read_all,
    running_worker,
)
from todo_project.server import waiting, worker

pytestmark = pytest.mark.once

GET = b"GET /?5 HTTP/1.1\r\nHost: a\r\n\r\n"
LAST_GET = b"GET /?5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
BIG = 8_000_000
"""Bytes of a response that no socket buffer takes at once."""


@pytest.fixture
def server() -> Iterator[RunningWorker]:
    with running_worker() as running:
        yield running


def statuses(response: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d+)", response)


def test_request_in_parts_is_answered(server: RunningWorker) -> None:
    with server.connect() as connection:
        for byte in POST + b"Content-Length: 3\r\n\r\nabc":
            connection.sendall(bytes([byte]))
        response = read_all(connection)
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert response.endswith(b"\r\n\r\nabc")


def test_connection_is_kept_and_pipelined_requests_are_answered(server: RunningWorker) -> None:
    connection = HTTPConnection("127.0.0.1", server.port)
    for _ in range(3):
        connection.request("GET", "/?2")
        assert connection.getresponse().read() == b"xx"
    connection.close()
    assert statuses(server.exchange(GET + GET + LAST_GET)) == [b"200"] * 3


def test_pipelined_request_in_parts_is_answered(server: RunningWorker) -> None:
    with server.connect(GET + LAST_GET[:10]) as connection:
        assert connection.recv(65536).endswith(b"xxxxx")
        connection.sendall(LAST_GET[10:])
        assert statuses(read_all(connection)) == [b"200"]


def test_big_response_is_sent_as_the_client_reads(server: RunningWorker) -> None:
    request = LAST_GET.replace(b"5", b"%d" % BIG)
    with server.connect(request, receive_buffer=4096) as connection:
        assert statuses(server.exchange(LAST_GET)) == [b"200"]
        assert read_all(connection).count(b"x") == BIG


def test_slow_request_is_answered_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RECEIVE_TIMEOUT", 0.1)
    with running_worker() as server:
        assert statuses(server.exchange(POST)) == [b"408"]
        assert server.exchange(b"") == b""


def test_idle_connection_is_closed_after_the_timeout() -> None:
    with running_worker(keepalive=1) as server, server.connect(GET) as connection:
        assert statuses(read_all(connection)) == [b"200"]


def test_unread_response_is_dropped_after_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SEND_TIMEOUT", 0.1)
    request = GET.replace(b"5", b"%d" % BIG)
    with running_worker() as server, server.connect(request, receive_buffer=4096):
        wait_until(lambda: server.worker.nr_conns == 1)
        wait_until(lambda: server.worker.nr_conns == 0)


def test_client_that_does_not_close_is_dropped_after_the_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "LINGER_TIMEOUT", 0.1)
    with running_worker() as server, server.connect(LAST_GET) as connection:
        assert statuses(read_all(connection)) == [b"200"]
        connection.sendall(b"more")
        wait_until(lambda: server.worker.nr_conns == 0)


def test_headers_that_are_too_large_are_answered_431(server: RunningWorker) -> None:
    assert statuses(server.exchange(POST + b"A: " + b"x" * 40_000)) == [b"431"]


@pytest.mark.parametrize(
    "head", [b"Content-Length: 99999999\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nFFFFFF\r\n"]
)
def test_body_that_is_too_large_is_not_collected(head: bytes) -> None:
    lengths = []

    def record(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        lengths.append((environ["CONTENT_LENGTH"], environ.get("HTTP_TRANSFER_ENCODING")))
        start_response("413 Content Too Large", [("Content-Length", "0")])
        return []

    with running_worker(record) as server:
        response = server.exchange(POST.replace(b"close", b"keep-alive") + head)
    assert statuses(response) == [b"413"]
    assert b"Connection: close\r\n" in response
    assert lengths in ([("99999999", None)], [("65537", None)])


def test_100_continue_is_sent_once(server: RunningWorker) -> None:
    head = POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with server.connect(head) as connection:
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert statuses(read_all(connection)) == [b"200"]


def test_request_that_breaks_off_reaches_the_application_only_with_its_headers(
    server: RunningWorker,
) -> None:
    for data, expected in ((POST, []), (POST + b"Content-Length: 3\r\n\r\nab", [b"200"])):
        with server.connect(data) as connection:
            connection.shutdown(socket.SHUT_WR)
            assert statuses(read_all(connection)) == expected


def test_reset_connection_is_dropped(server: RunningWorker) -> None:
    connection = server.connect(POST)
    wait_until(lambda: server.worker.nr_conns == 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    wait_until(lambda: server.worker.nr_conns == 0)


def test_client_that_leaves_before_its_response_is_dropped(server: RunningWorker) -> None:
    connection = server.connect(GET.replace(b"5", b"%d" % BIG), receive_buffer=4096)
    wait_until(lambda: len(server.worker.sending) == 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    wait_until(lambda: server.worker.nr_conns == 0)


def test_exception_of_the_application_is_logged_without_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running_worker(fail) as server:
        assert statuses(server.exchange(GET)) == [b"500"]
    assert caplog.messages == ["rejected: RuntimeError"]


def test_idle_connection_gives_way_at_the_maximum() -> None:
    with running_worker(worker_connections=3) as server:
        idle = [server.connect(GET) for _ in range(3)]
        assert [statuses(each.recv(65536)) for each in idle] == [[b"200"]] * 3
        assert statuses(server.exchange(LAST_GET)) == [b"200"]
        assert idle[0].recv(65536) == b""
        for each in idle:
            each.close()


class FailingListener:
    """A listening socket whose accept() fails with an error number."""

    def __init__(self, error: int) -> None:
        self.error = error

    def accept(self) -> None:
        raise OSError(self.error, "accept failed")


def in_event_loop(server: RunningWorker, action: Callable[[], Any]) -> Any:
    """Call a function in the thread of the event loop; return its result."""
    future: Future[Any] = Future()
    server.worker.method_queue.defer(lambda: future.set_result(action()))
    return future.result(TIMEOUT)


def idle_connection(server: RunningWorker) -> socket.socket:
    """Return a connection on which the worker waits for the next request."""
    connection = server.connect(GET)
    assert statuses(connection.recv(65536)) == [b"200"]
    wait_until(lambda: server.worker.finished or server.worker.idle)
    in_event_loop(server, server.worker.send_finished)
    return connection


def test_idle_connection_gives_way_without_file_descriptors(server: RunningWorker) -> None:
    with idle_connection(server) as idle:
        full: Any = FailingListener(errno.EMFILE)
        assert in_event_loop(server, lambda: server.worker.accept_one(full)) is True
        assert idle.recv(65536) == b""
        assert in_event_loop(server, lambda: server.worker.accept_one(full)) is False


def test_unexpected_error_of_accept_is_raised(server: RunningWorker) -> None:
    with pytest.raises(OSError, match="accept failed"):
        server.worker.accept_one(FailingListener(errno.EBADF))


def test_event_without_data_is_ignored(server: RunningWorker) -> None:
    with idle_connection(server) as connection:
        [waiting_connection] = server.worker.idle
        in_event_loop(server, lambda: server.worker.on_readable(waiting_connection))
        connection.sendall(LAST_GET)
        assert statuses(read_all(connection)) == [b"200"]


def test_connection_that_cannot_be_shut_down_is_dropped(server: RunningWorker) -> None:
    with idle_connection(server) as connection:
        [waiting_connection] = server.worker.idle

        def close_then_linger() -> None:
            server.worker.waiting.end(waiting_connection)
            waiting_connection.sock.close()
            server.worker.linger(waiting_connection)

        in_event_loop(server, close_then_linger)
        assert connection.recv(65536) == b""
    assert server.worker.nr_conns == 0


def test_many_connections_at_once_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAX_ACCEPTS", 1)
    with running_worker() as server:
        connections = in_event_loop(server, lambda: [server.connect(LAST_GET) for _ in range(3)])
        assert [statuses(read_all(each)) for each in connections] == [[b"200"]] * 3
        for each in connections:
            each.close()


def test_queued_connection_is_accepted_when_the_worker_stops(server: RunningWorker) -> None:
    def connect_and_stop() -> socket.socket:
        server.worker.alive = False
        return server.connect(GET)

    with in_event_loop(server, connect_and_stop) as connection:
        response = read_all(connection)
    assert statuses(response) == [b"200"]
    assert b"Connection: close\r\n" in response


class ListenerWithLateClient:
    """A listening socket to which a client tries to connect just before it is closed."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.error = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.listener, name)

    def close(self) -> None:
        try:
            socket.create_connection(self.listener.getsockname(), timeout=0.1).close()
        except OSError as error:
            self.error = type(error).__name__
        self.listener.close()


def test_late_connection_is_ignored_instead_of_reset() -> None:
    with running_worker() as server:
        listener = ListenerWithLateClient(server.listener)
        in_event_loop(server, lambda: server.worker.sockets.__setitem__(0, listener))
        with server.connect(GET) as established:
            server.worker.handle_exit(None, None)
            assert statuses(read_all(established)) == [b"200"]
    assert listener.error == "TimeoutError"


def test_memory_of_slow_clients_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_HELD", 10_000)
    part = POST + b"Content-Length: 9000\r\n\r\n" + b"x" * 7000
    with running_worker() as server:
        first = server.connect(part)
        wait_until(lambda: server.worker.waiting.held > 7000)
        with server.connect(part + b"x" * 2000) as second, server.connect(part[:50]):
            assert statuses(read_all(second)) == [b"200"]
            with server.connect(part) as third:
                assert first.recv(65536) == b""
                third.sendall(b"x" * 2000)
                assert statuses(read_all(third)) == [b"200"]
        first.close()


def test_stopping_worker_answers_what_has_begun() -> None:
    with running_worker() as server:
        idle, silent = server.connect(GET), server.connect()
        assert statuses(idle.recv(65536)) == [b"200"]
        begun = server.connect(LAST_GET[:10])
        wait_until(lambda: server.worker.nr_conns == 3)
        server.worker.handle_exit(None, None)
        wait_until(lambda: not server.worker.sockets)
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


def test_event_of_a_connection_that_was_dropped_in_the_same_turn_is_ignored(
    server: RunningWorker,
) -> None:
    first, second = server.connect(), server.connect()
    wait_until(lambda: len(server.worker.receiving) == 2)
    wait: dict[Any, float] = server.worker.receiving
    one, two = wait

    def drop_second_then_dispatch_both() -> None:
        server.worker.waiting.end(two)
        server.worker.drop(two)
        for each in (one, two):
            server.worker.waiting.dispatch(each, each.sock)

    server.worker.method_queue.defer(drop_second_then_dispatch_both)
    assert second.recv(65536) == b""
    first.sendall(LAST_GET)
    assert statuses(read_all(first)) == [b"200"]
    for each in (first, second):
        each.close()


def test_request_that_begins_during_the_one_before_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "POLL_TIMEOUT", 10 * TIMEOUT)  # which must not help
    may_respond = Event()

    def respond_when_allowed(_environ: Any, start_response: Any) -> list[bytes]:
        assert may_respond.wait(TIMEOUT)
        start_response("204 No Content", [])
        return []

    with running_worker(respond_when_allowed) as running, running.connect(GET) as client:
        wait_until(lambda: running.worker.nr_conns == 1 and not running.worker.receiving)
        polled = len(running.worker.poller.get_map())
        client.sendall(LAST_GET[:1])
        wait_until(lambda: len(running.worker.poller.get_map()) == polled - 1)
        may_respond.set()
        assert statuses(client.recv(65536)) == [b"204"]
        client.sendall(LAST_GET[1:])
        assert statuses(read_all(client)) == [b"204"]


def test_request_that_comes_as_the_thread_returns_the_connection_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "POLL_TIMEOUT", 10 * TIMEOUT)
    with running_worker() as running, idle_connection(running) as client:

        def return_then_dispatch() -> None:
            [connection] = running.worker.idle
            running.worker.waiting.end(connection)
            running.worker.finished.append(connection)
            client.sendall(LAST_GET)
            running.worker.waiting.dispatch(connection, connection.sock)

        in_event_loop(running, return_then_dispatch)
        assert statuses(read_all(client)) == [b"200"]


def test_settings_of_gunicorn_become_attributes() -> None:
    cfg = Config()
    cfg.set("keepalive", 7)
    before = {name: getattr(cfg, name) for name in cfg.settings}
    worker.make_attributes(cfg)
    assert vars(cfg)["keepalive"] == 7
    assert {name: getattr(cfg, name) for name in cfg.settings} == before
