"""The service behind gunicorn, and the README's session word for word."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.support.client import TASKS
from tests.support.servers.gunicorn import serve
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"Content-Type": "application/json"}
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
HEX_ID = r"[0-9a-f]{32}"
CURSOR = r"(?<=cursor=)[\w-]{40}"


def fetch(
    address: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
) -> Any:
    """POST the body, or GET without one; return the JSON of the answer."""
    client = HTTPConnection(address.removeprefix("http://"), timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(client):
        with suppress(BrokenPipeError, ConnectionResetError):  # answered before it was all sent
            client.request("GET" if body is None else "POST", path, body, JSON | named)
        return json.loads(client.getresponse().read())


def neutral(text: str) -> str:
    """Replace what differs from run to run."""
    for pattern in (UUID, TIMESTAMP, HEX_ID, CURSOR):
        text = re.sub(pattern, "…", text)
    return text


SESSIONS = re.findall(r"```console\n(.*?)```", (BASE_DIR / "README.md").read_text(), re.DOTALL)


@pytest.mark.skipif(not which("curl"), reason="the README's sessions call curl")
@pytest.mark.parametrize("session", SESSIONS, ids=["basics", "robust"])
def test_the_readmes_sessions_are_true(tmp_path: Path, session: str) -> None:
    steps = re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
    with serve(tmp_path / "log") as address:
        script = "\necho; echo ---\n".join(command for command, _ in steps)
        shown = subprocess.run(
            ["bash", "-euc", script.replace("http://127.0.0.1:8000", address)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert [neutral(each).strip() for each in shown.split("\n---\n")] == [
        neutral(output).strip() for _, output in steps
    ]


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    with serve(tmp_path / "log") as address:
        created = fetch(address, TASKS, b'{"title": "Buy milk"}')
    with serve(tmp_path / "log") as address:
        assert fetch(address, TASKS) == [created]
        assert fetch(address, "/api/mallory/tasks") == []


def test_each_request_is_one_line_on_stdout(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serve(log) as address:
        fetch(address, TASKS, x_request_id="first")
        fetch(address, "/nowhere", x_request_id="second")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["request_id"], line["status"]) for line in lines[-2:]] == [
        ("first", 200),
        ("second", 404),
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_connection_serves_many_requests(tmp_path: Path, method: str) -> None:
    with serve(tmp_path / "log") as address:
        client = HTTPConnection(address.removeprefix("http://"), timeout=10)
        for path, status in (("/api/a/tasks", 200), ("/nowhere", 404), ("/api/a/tasks", 200)):
            client.request(method, path)
            response = client.getresponse()
            assert (response.status, response.will_close) == (status, False)
            length = int(response.headers["Content-Length"])
            assert len(response.read()) == (length if method == "GET" else 0)
        client.close()


def test_a_body_of_3_mb_is_refused_with_an_answer(tmp_path: Path) -> None:
    body = b"x" * 3_000_000
    with serve(tmp_path / "log") as address:
        for problem in (
            fetch(address, TASKS, body),
            fetch(address, TASKS, body, connection="close"),
            fetch(address, TASKS, iter([body])),  # of no known length, so it is chunked
        ):
            assert problem["type"] == "/problems/content-too-large"
