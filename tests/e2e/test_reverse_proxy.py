"""Tests of the service behind the reverse proxies in docs/deployment.md, which terminate TLS."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import Instance, run, wait_until
from tests.support.servers.http_client import Client, Response
from tests.support.servers.load import load
from tests.support.servers.reverse_proxy import (
    CADDY,
    HAPROXY,
    HOST,
    NGINX,
    ReverseProxy,
    Software,
    connections_to,
    reverse_proxy,
)
from tests.support.servers.worker import running_worker
from todo_project.problems.registry import HTTPS_REQUIRED
from todo_project.server.worker import STOP_TIMEOUT

CLIENTS = 16  # twice the number of threads
REPLACEMENTS = 3  # of all workers by a reload, and as many of one worker
WRITES = 500  # after each replacement

JSON = ("--header", "Content-Type: application/json")
MILK = (*JSON, "--data", '{"title": "Buy milk"}')
OUTCOME = ("--write-out", "\n%{http_code} %{method} %{url_effective}")


@pytest.fixture(scope="module")
def service(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with run(
        tmp_path_factory.mktemp("service") / "log",
        DATABASE_URL=cluster.url,
        BEHIND_PROXY="true",
        ALLOWED_HOSTS=HOST,
        HSTS_SECONDS="3600",
        METRICS="true",
    ) as instance:
        yield instance


@pytest.fixture(scope="module", params=[NGINX, HAPROXY, CADDY], ids=lambda each: each.program)
def software(request: pytest.FixtureRequest) -> Software:
    software: Software = request.param
    return software


@pytest.fixture(scope="module")
def proxy(
    software: Software, service: Instance, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReverseProxy]:
    directory = tmp_path_factory.mktemp(software.program)
    with reverse_proxy(software, service.port, directory) as running:
        yield running


@pytest.fixture
def path() -> str:
    """Return the path of the tasks of a user who has none."""
    return f"/api/{uuid4()}/tasks"


class Echo(BaseHTTPRequestHandler):
    """Responds with the headers of the request and the port of the connection, in one line."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps([headers, self.client_address[1]]).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def proxy_of_echo(software: Software, tmp_path: Path) -> Iterator[ReverseProxy]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            with reverse_proxy(software, server.server_port, tmp_path) as running:
                yield running
        finally:
            server.shutdown()
            thread.join()


def stored_tasks(cluster: Cluster, path: str) -> list[tuple[str, str]]:
    with cluster.connect() as connection:
        query = "SELECT id::TEXT, title FROM tasks WHERE user_id = %s ORDER BY 1"
        rows = connection.execute(query, [path.split("/")[2]]).fetchall()
    return [(task_id, title) for task_id, title in rows]


def replace_workers(service: Instance) -> None:
    """Replace all workers by new ones."""
    old = set(service.workers)
    os.kill(service.process.pid, signal.SIGHUP)
    wait_until(lambda: not old & set(service.workers))


def replace_one_worker(service: Instance) -> None:
    """Stop a worker, and wait until gunicorn has started another."""
    old, *_ = service.workers
    os.kill(old, signal.SIGTERM)
    wait_until(lambda: old not in service.workers and len(service.workers) == 2)


def test_each_create_succeeds_once_while_workers_are_replaced(
    cluster: Cluster, service: Instance, proxy: ReverseProxy, path: str
) -> None:
    acknowledged: list[tuple[str, str]] = []

    def create(client: Client, _: int) -> Response:
        key = str(uuid4())
        response = client.send("POST", path, {"title": key}, Host=HOST, Idempotency_Key=key)
        if response.status == 201:
            acknowledged.append((response.json()["id"], key))
        return response

    with load(proxy.https_port, CLIENTS, create, proxy.tls()) as record:
        for _ in range(REPLACEMENTS):
            for replace in (replace_workers, replace_one_worker):
                record.wait_for(WRITES, 201)
                replace(service)
        record.wait_for(WRITES, 201)
    assert record.count() == {201: len(acknowledged)}
    assert stored_tasks(cluster, path) == sorted(acknowledged)


def test_idle_connections_are_closed_before_a_stopping_worker_closes_them(
    service: Instance, proxy: ReverseProxy, path: str
) -> None:
    def read(client: Client, _: int) -> Response:
        return client.send("GET", path, Host=HOST)

    with load(proxy.https_port, CLIENTS, read, proxy.tls()):
        wait_until(lambda: len(connections_to(service.port)) > 1)
    wait_until(lambda: not connections_to(service.port), STOP_TIMEOUT)


def test_connection_to_the_service_is_reused(proxy_of_echo: ReverseProxy) -> None:
    urls = [f"https://{HOST}/"] * 5
    ports = [json.loads(line)[1] for line in proxy_of_echo.curl(*urls).splitlines()]
    assert len(ports) == 5
    assert len(set(ports)) < 5


def test_length_with_many_zeros_does_not_hide_a_request(tmp_path: Path) -> None:
    """HAProxy passes the zeros on, and the body after the head, on a connection it reuses."""
    requests: list[tuple[str, str]] = []

    def echo_path(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path != "/healthz":  # of the proxy
            requests.append((path, environ["REMOTE_PORT"]))
        start_response("200 OK", [("Content-Length", str(len(path)))])
        return [path.encode()]

    hidden = f"GET /hidden HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
    head = f"POST /body HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(hidden):025}\r\n\r\n"
    with (
        running_worker(echo_path) as server,
        reverse_proxy(HAPROXY, server.port, tmp_path) as proxy,
        closing(Client(proxy.https_port, proxy.tls())) as other,
        socket.create_connection(("127.0.0.1", proxy.https_port)) as plain,
        proxy.tls().wrap_socket(plain, server_hostname=HOST) as client,
    ):
        for _ in range(3):
            assert other.send("GET", "/other", Host=HOST).body == b"/other"
            client.sendall(head.encode())
            wait_until(lambda: any(each.in_body for each in server.worker.receiving))
            client.sendall(hidden.encode())
            response = HTTPResponse(client)
            response.begin()
            assert response.read() == b"/body"
    assert [path for path, _ in requests] == ["/other", "/body"] * 3
    assert len({port for _, port in requests}) < len(requests)


def test_headers_that_a_client_may_forge_are_replaced(proxy_of_echo: ReverseProxy) -> None:
    forged = {"X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.1"}
    passed = {"X-Request-ID": "id", "Idempotency-Key": "key", "If-Match": '"tag"'}
    headers = [
        argument
        for name, value in (forged | passed).items()
        for argument in ("--header", f"{name}: {value}")
    ]
    received, _ = json.loads(proxy_of_echo.curl(*headers, f"https://{HOST}/"))
    assert received == received | {
        "host": HOST,
        "x-forwarded-proto": "https",
        "x-forwarded-for": "127.0.0.1",
        **{name.lower(): value for name, value in passed.items()},
    }


def test_post_over_https_returns_201_with_hsts(proxy: ReverseProxy, path: str) -> None:
    response = proxy.curl("--include", *MILK, f"https://{HOST}{path}")
    head, _, body = response.replace("\r", "").partition("\n\n")
    status, *headers = head.lower().split("\n")
    assert status.split()[1] == "201"
    assert [each for each in headers if each.startswith("strict-transport-security")] == [
        "strict-transport-security: max-age=3600"
    ]
    assert json.loads(body)["title"] == "Buy milk"


def test_body_that_is_too_large_returns_the_problem(proxy: ReverseProxy, path: str) -> None:
    body = json.dumps({"title": "a", "description": "x" * 70_000})
    problem = proxy.curl("--http1.1", *JSON, "--data", body, f"https://{HOST}{path}")
    assert json.loads(problem)["type"] == "/problems/content-too-large"


def test_post_over_plain_http_is_rejected_or_repeated_over_https(
    cluster: Cluster, software: Software, proxy: ReverseProxy, path: str
) -> None:
    """Unless it is told the method, curl sends a GET after a 301, as browsers do."""
    forged = ("--header", "X-Forwarded-Proto: https")
    *output, outcome = proxy.curl(
        "--location", *forged, *MILK, *OUTCOME, f"http://{HOST}{path}"
    ).splitlines()
    response = json.loads(output[-1])
    if software is CADDY:
        assert outcome == f"201 POST https://{HOST}{path}"
        assert stored_tasks(cluster, path) == [(response["id"], "Buy milk")]
    else:
        assert outcome == f"403 POST http://{HOST}{path}"
        assert response["type"] == HTTPS_REQUIRED.uri
        assert stored_tasks(cluster, path) == []


def test_page_over_plain_http_is_redirected_to_https(
    software: Software, proxy: ReverseProxy
) -> None:
    *_, outcome = proxy.curl(*OUTCOME, f"http://{HOST}/docs").splitlines()
    redirect = 308 if software is CADDY else 301
    assert outcome == f"{redirect} GET http://{HOST}/docs"
    *_, outcome = proxy.curl("--location", *OUTCOME, f"http://{HOST}/docs").splitlines()
    assert outcome == f"200 GET https://{HOST}/docs"


def test_metrics_are_served_only_without_the_proxy(service: Instance, proxy: ReverseProxy) -> None:
    with closing(Client(service.port)) as client:
        assert client.send("GET", "/metrics").status == 200
    *_, outcome = proxy.curl(*OUTCOME, f"https://{HOST}/metrics").splitlines()
    assert outcome == f"404 GET https://{HOST}/metrics"
