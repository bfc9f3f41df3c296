"""The service behind gunicorn, and the README's session word for word."""

import json
import re
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.server import serve
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.django_db(transaction=True)

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
HEX_ID = r"[0-9a-f]{32}"
CURSOR = r"(?<=cursor=)[\w-]{40}"


def curl(*arguments: str) -> str:
    return subprocess.run(
        ["curl", "-s", *arguments], capture_output=True, text=True, check=True
    ).stdout


def neutral(text: str) -> str:
    """Replace what differs from run to run."""
    for pattern in (UUID, TIMESTAMP, HEX_ID, CURSOR):
        text = re.sub(pattern, "…", text)
    return text


SESSIONS = re.findall(r"```console\n(.*?)```", (BASE_DIR / "README.md").read_text(), re.DOTALL)


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
    path = "/api/alice/tasks"
    with serve(tmp_path / "log") as address:
        sent = ("-H", "Content-Type: application/json", "-d", '{"title": "Buy milk"}')
        created = json.loads(curl(f"{address}{path}", *sent))
    with serve(tmp_path / "log") as address:
        assert json.loads(curl(f"{address}{path}")) == [created]
        assert json.loads(curl(f"{address}/api/mallory/tasks")) == []


def test_each_request_is_one_line_on_stdout(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serve(log) as address:
        curl("-H", "X-Request-ID: first", f"{address}/api/alice/tasks")
        curl("-I", "-H", "X-Request-ID: second", f"{address}/docs")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["request_id"], line["status"]) for line in lines[-2:]] == [
        ("first", 200),
        ("second", 200),
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
    body = tmp_path / "body"
    body.write_bytes(b"x" * 3_000_000)
    with serve(tmp_path / "log") as address:
        for options in ((), ("-H", "Transfer-Encoding: chunked"), ("-H", "Connection: close")):
            sent = ("-H", "Content-Type: application/json", "--data-binary", f"@{body}", *options)
            problem = json.loads(curl(f"{address}/api/alice/tasks", *sent))
            assert problem["type"] == "/problems/content-too-large"
