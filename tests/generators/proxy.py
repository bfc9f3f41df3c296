"""Compare responses of the running service with its OpenAPI document, in the proxy Prism.

`make generators` runs this file. The name keeps it out of `make test`.
"""

import json
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import OWNER
from tests.support.factories import TaskFactory
from tests.support.openapi import operations
from tests.support.servers.gunicorn import free_port, listens, serve, wait_until
from todo_project.environment import BASE_DIR

PRISM = Path(__file__).with_name("node_modules") / ".bin" / "prism"

SUCCESS = {"200", "201", "204"}
UNREACHABLE = {"403", "500", "503"}
"""The statuses of a deployment without TLS, of a bug, and of a broken database."""

RESPONSES = [
    (path, method, operation, status)
    for path, method, operation in operations()
    if method != "head"  # Prism would parse the body, which is empty, as JSON
    for status in operation["responses"]
    # The probes accept every request, except for one with an unknown host.
    if status not in UNREACHABLE and (path.startswith("/api/") or status in SUCCESS)
]
HEADERS = {
    "304": {"If-None-Match": "*"},
    "406": {"Accept": "text/html"},
    "412": {"If-Match": '"another"'},
    "415": {"Content-Type": "text/plain"},
    "422": {"Idempotency-Key": "used"},
}
"""The headers that lead to a status."""


@pytest.fixture(scope="module")
def proxy(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Run the service, and Prism before it; return the port of Prism."""
    log = tmp_path_factory.mktemp("log")
    port = free_port()
    with django_db_blocker.unblock(), serve(log / "service") as base_url:
        command = [str(PRISM), "proxy", "openapi.json", base_url, "--port", str(port)]
        with (log / "prism").open("wb") as output:
            process = subprocess.Popen(command, cwd=BASE_DIR, stdout=output)
        try:
            wait_until(lambda: listens(port))
            yield port
        finally:
            process.terminate()
            process.wait()


def send(port: int, method: str, url: str, body: bytes, headers: dict[str, str]) -> Any:
    """Send a request; return the status and the violations of its response."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, url, body, headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    violations = json.loads(response.getheader("sl-violations", "[]"))
    return response.status, [each for each in violations if each["location"][0] == "response"]


def request_for(path: str, method: str, operation: Any, status: str) -> tuple[Any, ...]:
    """Return method, URL, body and headers of a request that leads to this status."""
    task = TaskFactory.create(user_id=OWNER)
    user_id = "a" * 256 if status == "400" else OWNER
    task_id = "0198f5c2-6a1e-4c3a-9d1b-3f1f6c1b2a44" if status == "404" else task.id
    url = path.format(user_id=user_id, task_id=task_id)
    if operation["operationId"] == "deleteTasks":
        url += "?completed=true"
    has_body = "requestBody" in operation
    title = "a" * 64 * 1024 if status == "413" else "Bread"
    fields = {} if path.endswith("complete") and status != "413" else {"title": title}
    body = json.dumps(fields).encode() if has_body else b""
    headers = {"Content-Type": "application/json"} if has_body else {}
    return method.upper(), url, body, headers | HEADERS.get(status, {})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "method", "operation", "status"),
    [
        pytest.param(*response, id=f"{response[2]['operationId']}-{response[3]}")
        for response in RESPONSES
    ],
)
def test_response_violates_nothing(
    proxy: int, path: str, method: str, operation: Any, status: str
) -> None:
    method, url, body, headers = request_for(path, method, operation, status)
    if status == "422":
        assert send(proxy, method, url, b'{"title": "Milk"}', headers) == (201, [])
    assert send(proxy, method, url, body, headers) == (int(status), [])
