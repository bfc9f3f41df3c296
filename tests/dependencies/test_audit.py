"""Tests of the audit: with a vulnerability service on this machine, and without one."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest

from tests.dependencies import audit
from tests.dependencies.requirements import RUNTIME, locked
from tests.support.servers.gunicorn import free_port

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not find_spec("pip_audit"), reason="`make lint` installs pip-audit"),
]

# https://google.github.io/osv.dev/post-v1-query/
VULNERABILITY = """{"vulns": [{"id": "CVE-2026-1", "affected": [{
    "package": {"name": "django", "ecosystem": "PyPI"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}]
}]}]}"""

# The packages in a report of pip-audit.
UNKNOWN = {"name": "example", "skip_reason": "Dependency not found on PyPI"}
KNOWN = {"name": "django", "version": "5.2", "vulns": []}
VULNERABLE = KNOWN | {"vulns": [{"id": "CVE-2026-1", "fix_versions": []}]}

Server = Callable[[], AbstractContextManager[int]]
"""Runs a server while a context manager is open, and returns its port."""


class Service(ThreadingHTTPServer):
    """Responds as OSV does: with a body for Django, and nothing for other packages."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = status
        self.body = body


class Handler(BaseHTTPRequestHandler):
    """Receives a query about one version of a package."""

    server: Service

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.server.status)
        self.end_headers()
        body = self.server.body if query["package"]["name"] == "django" else "{}"
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def service(status: int, body: str) -> Iterator[int]:
    """Run the service; yield its port."""
    with Service(status, body) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def closed_port() -> Iterator[int]:
    """Yield a port that rejects connections."""
    yield free_port()


@contextmanager
def silent_port() -> Iterator[int]:
    """Yield a port that accepts connections, on which no server ever sends a byte."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def dropping_port() -> Iterator[int]:
    """Yield a port that answers no packet: its accept queue is full, so Linux drops them."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        stack.enter_context(socket.create_connection(address))
        yield address[1]


def options(port: int) -> list[str]:
    """Return the options of pip-audit for a service at this port."""
    url = f"http://127.0.0.1:{port}/v1/query"
    return ["--vulnerability-service", "osv", "--osv-url", url, "--timeout", "1"]


def packages() -> dict[str, str]:
    """Return the versions of the runtime packages for this system."""
    return {
        each.name: str(each.specifier).removeprefix("==")
        for each, _ in locked(RUNTIME)
        if each.marker is None or each.marker.evaluate()
    }


def test_no_vulnerability_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    with service(200, "{}") as port:
        assert audit.main(options(port)) == 0
    assert capsys.readouterr().out == f"Known vulnerabilities: 0 in {len(packages())} packages\n"


def test_vulnerability_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with service(200, VULNERABILITY) as port:
        assert audit.main(options(port)) == 1
    assert capsys.readouterr().out == (
        f"django {packages()['django']}: CVE-2026-1, fixed in 99.1\n"
        f"Known vulnerabilities: 1 in {len(packages())} packages\n"
    )


def test_ignored_vulnerability_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    with service(200, VULNERABILITY) as port:
        assert audit.main([*options(port), "--ignore-vuln", "CVE-2026-1"]) == 0
    assert capsys.readouterr().out == f"Known vulnerabilities: 0 in {len(packages())} packages\n"


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (closed_port, "ConnectionError: "),
        (dropping_port, "Could not connect to OSV's vulnerability feed"),
        (silent_port, "ReadTimeout: "),
        (partial(service, 503, ""), "HTTPError: 503 Server Error: Service Unavailable for url: "),
        (partial(service, 200, "<html>"), "JSONDecodeError: "),  # such as a page of a proxy
    ],
    ids=["refuses", "drops packets", "sends nothing", "status 503", "not JSON"],
)
def test_unavailable_service_skips_the_audit(
    capsys: pytest.CaptureFixture[str], server: Server, reason: str
) -> None:
    with server() as port:
        assert audit.main(options(port)) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"The audit was skipped, because its service is unavailable: {reason}")


def test_default_service_without_network_skips_the_audit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{free_port()}")
    assert audit.main(["--cache-dir", str(tmp_path)]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("The audit was skipped, because its service is unavailable: ProxyError")


def test_slow_service_skips_the_audit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "SECONDS", 2)
    with silent_port() as port:
        assert audit.main([*options(port), "--timeout", "60"]) == 0
    assert capsys.readouterr().out == "The audit was skipped: no result within 2 seconds.\n"


def test_unexpected_response_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with service(200, '{"message": "ok"}') as port:
        assert audit.main(options(port)) == 1
    assert capsys.readouterr().out == ""


def test_requirement_without_hash_exits_with_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("example==1\n")
    with service(200, "{}") as port:
        assert audit.main([*options(port), "--requirement", str(file)]) == 1
    assert "requirement example==1 does not contain a hash" in capsys.readouterr().err


def test_package_that_the_service_does_not_know_is_named() -> None:
    assert audit.evaluate({"dependencies": [UNKNOWN, KNOWN]}) == (
        "Known vulnerabilities: 0 in 1 packages; unknown to the service: example",
        False,
    )
    message, found = audit.evaluate({"dependencies": [UNKNOWN, VULNERABLE]})
    assert (message.splitlines(), found) == (
        [
            "django 5.2: CVE-2026-1, fixed in no version",
            "Known vulnerabilities: 1 in 1 packages; unknown to the service: example",
        ],
        True,
    )


def test_service_that_knows_no_package_skips_the_audit() -> None:
    assert audit.evaluate({"dependencies": [UNKNOWN, UNKNOWN]}) == (
        "The audit was skipped, because its service does not know any package.",
        False,
    )
