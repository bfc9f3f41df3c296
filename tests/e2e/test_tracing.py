"""Tests of "Tracing" in docs/operations.md: its commands export what it says to a receiver."""

import json
import os
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.documentation import code_blocks
from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import SECONDS, Instance, free_port, listens, wait_until
from tests.support.servers.http_client import Client
from tests.support.servers.otlp import Receiver, otlp_receiver
from tests.support.servers.platform import STRONG_KEY, environment, start
from todo_project.environment import BASE_DIR
from todo_project.tracing import EXPORTED_ATTRIBUTES

INSTALL, START, ADDITIONAL = code_blocks(BASE_DIR / "docs" / "operations.md", "sh", "Tracing")
INSTRUMENT = START[: START.index("exec")] + ADDITIONAL
"""OpenTelemetry's own command."""

CALLER = "00f067aa0ba902b7"
"""The id of the span of the caller."""

ROUNDS = 5
"""Rounds of requests, each on a new connection: enough that no worker gets all of them."""

USER, TITLE, SEARCH, AGENT = PERSONAL = [
    f"personal-{name}" for name in ("user", "title", "search", "agent")
]
PROBE = {"Host": "10.0.0.1"}
ONE_WORKER = {"WEB_CONCURRENCY": "1"}

Trees = dict[str, list[tuple[str, str, str]]]
"""The spans of each trace: kind, name, and the name of the parent, or its id if it is unknown."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with otlp_receiver() as receiver:
        yield receiver


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@contextmanager
def run(
    script: str, endpoint: str, cluster: Cluster, log: Path, **variables: str
) -> Iterator[Instance]:
    """Run a documented script, by default with two workers, and with the endpoint of a test."""
    documented = "http://127.0.0.1:4318"
    assert script.count(documented) == 1
    config = {
        "PYTHON_DOTENV_DISABLED": "1",
        "SECRET_KEY": STRONG_KEY,
        "BEHIND_PROXY": "false",
        "DATABASE_URL": cluster.url,
        "PORT": str(free_port()),
        "WEB_CONCURRENCY": "2",
        "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "process",  # the receiver wants the process id
    } | variables
    with start("bash", script.replace(documented, endpoint), BASE_DIR, log, **config) as service:
        wait_until(lambda: listens(service.port))
        wait_until(lambda: ready_workers(service) == int(config["WEB_CONCURRENCY"]))
        yield service


def ready_workers(service: Instance) -> int:
    """Return how many workers have started their threads for requests. Requires Linux."""
    return sum(len([*Path(f"/proc/{pid}/task").iterdir()]) > 1 for pid in service.workers)


def stop(service: Instance) -> None:
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=SECONDS) == 0


def trees(receiver: Receiver) -> Trees:
    spans = receiver.spans()
    names = {span.span_id: span.name for span in spans}
    found: Trees = defaultdict(list)
    for span in spans:
        parent = names.get(span.parent_id, span.parent_id)
        found[span.trace_id].append((span.kind, span.name, parent))
    return {trace_id: sorted(found[trace_id]) for trace_id in found}


def pids(receiver: Receiver) -> set[int]:
    return {span.pid for span in receiver.spans()}


def send(service: Instance, method: str, path: str, body: object = None, **headers: str) -> Any:
    """Send a request on a new connection; return the response as JSON, if it has a body."""
    with closing(Client(service.port)) as client:
        response = client.send(method, path, body, **headers)
    assert response.status in {200, 201, 204}
    return response.json() if response.body else None


def send_traced_requests(service: Instance) -> Trees:
    """Send each kind of request as part of a trace; return the spans that are expected."""
    route = "api/<user_id:user_id>/tasks"
    expected: Trees = {}

    def traced(method: str, path: str, template: str, statement: str, body: object = None) -> Any:
        trace_id, name = uuid4().hex, f"{method} {template}"
        expected[trace_id] = [("CLIENT", statement, name), ("SERVER", name, CALLER)]
        return send(service, method, path, body, traceparent=f"00-{trace_id}-{CALLER}-01")

    path = f"/api/{uuid4()}/tasks"
    for _ in range(ROUNDS):
        task = traced("POST", path, route, "INSERT", {"title": "Milk"})
        url, template = f"{path}/{task['id']}", f"{route}/<task_id:task_id>"
        traced("GET", f"{path}?search=milk", route, "SELECT")
        traced("GET", url, template, "SELECT")
        traced("PATCH", url, template, "UPDATE", {"title": "Bread"})
        traced("PATCH", f"{url}/complete", f"{template}/complete", "UPDATE")
        traced("DELETE", url, template, "DELETE")
    return expected


def use(service: Instance, cluster: Cluster) -> None:
    """Send requests with personal data, of which one fails with a message that quotes the row."""
    path = f"/api/{USER}/tasks"
    with closing(Client(service.port)) as client:
        task = client.send("POST", path, {"title": TITLE}, User_Agent=AGENT).json()
        url = f"{path}/{task['id']}"
        assert client.send("GET", f"{path}?search={SEARCH}", User_Agent=AGENT).json() == []
        with cluster.connect() as connection:
            last = "UPDATE tasks SET updated_at = '9998-12-31 23:59:59.999999Z' WHERE id = %s"
            connection.execute(last, [task["id"]])
        assert client.send("PATCH", url, {"completed": True}).status == 500
        assert client.send("DELETE", url).status == 204
    stop(service)


def test_documented_packages_are_those_of_the_tests() -> None:
    command = ["bash", "-euc", INSTALL]
    subprocess.run(command, env=environment(PIP_NO_INDEX="1"), check=True, capture_output=True)


def test_requests_to_both_workers_are_traces_with_one_statement(
    cluster: Cluster, receiver: Receiver, log: Path
) -> None:
    variables = {"OTEL_BSP_SCHEDULE_DELAY": "100"}
    with run(START, receiver.endpoint, cluster, log, **variables) as service:
        expected = send_traced_requests(service)
        wait_until(lambda: len(receiver.spans()) >= 2 * len(expected))
        assert pids(receiver) == set(service.workers)
        stop(service)
    assert trees(receiver) == expected
    logged = [json.loads(line)["traceparent"] for line in service.log.read_text().splitlines()]
    assert logged == [f"00-{trace_id}-{CALLER}-01" for trace_id in expected]


def test_last_spans_are_exported_on_sigterm(
    cluster: Cluster, receiver: Receiver, log: Path
) -> None:
    variables = {"OTEL_BSP_SCHEDULE_DELAY": "600000"}
    with run(START, receiver.endpoint, cluster, log, **variables) as service:
        expected, workers = send_traced_requests(service), set(service.workers)
        assert receiver.bodies == []
        stop(service)
    assert trees(receiver) == expected
    assert pids(receiver) == workers


def test_replaced_workers_export_their_spans(
    cluster: Cluster, receiver: Receiver, log: Path
) -> None:
    with run(START, receiver.endpoint, cluster, log) as service:
        killed = set(service.workers)
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        wait_until(lambda: not killed & set(service.workers))
        wait_until(lambda: ready_workers(service) == 2)
        expected, workers = send_traced_requests(service), set(service.workers)
        stop(service)
    assert trees(receiver) == expected
    assert pids(receiver) == workers


def test_request_without_traceparent_starts_a_trace(
    cluster: Cluster, receiver: Receiver, log: Path
) -> None:
    with run(START, receiver.endpoint, cluster, log, **ONE_WORKER) as service:
        send(service, "GET", f"/api/{uuid4()}/tasks")
        stop(service)
    name = "GET api/<user_id:user_id>/tasks"
    assert [*trees(receiver).values()] == [[("CLIENT", "SELECT", name), ("SERVER", name, "")]]


def test_probes_accept_any_host_and_excluded_url_is_not_traced(
    cluster: Cluster, receiver: Receiver, log: Path
) -> None:
    with run(START, receiver.endpoint, cluster, log, **ONE_WORKER) as service:
        assert send(service, "GET", "/healthz", **PROBE) == {"status": "ok"}
        assert send(service, "GET", "/readyz", **PROBE) == {"status": "ok"}
        stop(service)
    requests = [span.name for span in receiver.spans() if span.kind == "SERVER"]
    assert requests == ["GET readyz"]


def test_no_personal_data_is_exported(cluster: Cluster, receiver: Receiver, log: Path) -> None:
    with run(START, receiver.endpoint, cluster, log, **ONE_WORKER) as service:
        use(service, cluster)
    exported = b"".join(receiver.bodies)
    assert [each for each in PERSONAL if each.encode() in exported] == []
    exported_names = {
        name
        for span in receiver.spans()
        for attributes in (span.attributes, *span.events)
        for name in attributes
    }
    assert exported_names == EXPORTED_ATTRIBUTES


def test_opentelemetry_instrument_exports_personal_data(
    cluster: Cluster, receiver: Receiver, log: Path
) -> None:
    with run(INSTRUMENT, receiver.endpoint, cluster, log, **ONE_WORKER) as service:
        use(service, cluster)
    exported = b"".join(receiver.bodies)
    assert [each for each in PERSONAL if each.encode() in exported] == PERSONAL
    addresses = [
        span.attributes["net.peer.ip"] for span in receiver.spans() if span.kind == "SERVER"
    ]
    assert addresses == ["127.0.0.1"] * 4


def test_opentelemetry_instrument_rejects_probes_by_ip_address(
    cluster: Cluster, receiver: Receiver, log: Path
) -> None:
    with (
        run(INSTRUMENT, receiver.endpoint, cluster, log, **ONE_WORKER) as service,
        closing(Client(service.port)) as client,
    ):
        assert client.send("GET", "/healthz", **PROBE).status == 400


def test_endpoint_that_does_not_respond_fails_no_request(cluster: Cluster, log: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    variables = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with run(START, endpoint, cluster, log, **ONE_WORKER, **variables) as service:
        for _ in range(2):
            send(service, "GET", f"/api/{uuid4()}/tasks")
            wait_until(lambda: bool(service.reports()))
        stop(service)
    loggers = {report["logger"] for report in service.reports()}
    assert loggers == {"opentelemetry.exporter.otlp.proto.http.trace_exporter"}
