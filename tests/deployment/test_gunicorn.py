"""The start of gunicorn, and of the development server."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.support.documentation import CONTRIBUTING, code_blocks
from tests.support.errors import TIME
from tests.support.processes import run_python
from tests.support.servers.gunicorn import GUNICORN, SECONDS, free_port, wait_until
from tests.support.servers.load import load
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

START_COMMAND = [sys.executable, "-m", "todo_project"]
"""The command of the Procfile."""

PASS_SOCKET = """
import os, sys

_, descriptor, *program = sys.argv
os.dup2(int(descriptor), 3)
os.execve(program[0], program, os.environ | {"LISTEN_PID": str(os.getpid())})
"""
"""What systemd does: it passes sockets as the descriptors from 3 on (sd_listen_fds(3))."""

PROCESS_LINE = re.compile(rf"{TIME.pattern} \[\d+\] \[(INFO|WARN)")

UNTRUSTED_HEADERS = [
    "SCRIPT_NAME: /elsewhere\r\n",
    "X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n",
]
"""Headers that gunicorn would reject, if it evaluated them."""

LOADED = """
import sys, todo_project.wsgi
from django.core.management import call_command
print("tasks.api.views" in sys.modules)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project, in a directory with a space, that a test may edit."""
    directory = tmp_path / "a project"
    for name in ("docs", "tasks", "todo_project"):
        shutil.copytree(BASE_DIR / name, directory / name)
    for name in (".env.example", "manage.py", "gunicorn.conf.py", "pyproject.toml"):
        shutil.copy(BASE_DIR / name, directory / name)
    return directory


def environment(project: Path, port: int) -> dict[str, str]:
    url = f"sqlite:///{project}/db.sqlite3"
    variables = {"DEBUG": "true", "DATABASE_URL": url, "PORT": str(port), "PYTHONPATH": ""}
    return os.environ | variables


def test_views_are_imported_before_the_fork() -> None:
    assert run_python("-c", LOADED) == "True\n"


def test_import_error_in_a_view_stops_the_start(project: Path) -> None:
    views = project / "tasks" / "api" / "views.py"
    views.write_text(views.read_text() + "import missing_module\n")
    finished = subprocess.run(
        GUNICORN,
        cwd=project,
        env=environment(project, free_port()),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert finished.returncode == 1
    assert "No module named 'missing_module'" in finished.stderr


@contextmanager
def development_server(project: Path, port: int, log: Path) -> Iterator[None]:
    """Run the command of `make dev`, with its log in a file."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", str(port)],
            cwd=project,
            env=environment(project, port) | {"LOG_LEVEL": "DEBUG"},
            stdout=subprocess.DEVNULL,
            stderr=output,
            start_new_session=True,  # the reloader starts a child process
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=SECONDS)


def test_documented_commands_set_a_checkout_up_without_make(project: Path) -> None:
    [create, install, *configure, serve] = next(
        block.splitlines()
        for block in code_blocks(CONTRIBUTING, "sh")
        if block.startswith("python3 -m venv")
    )
    assert create == "python3 -m venv .venv"
    assert install.removeprefix(".venv/bin/python -m pip install --requirement ") == (
        "requirements-dev.txt"
    )
    (project / ".venv").symlink_to(Path(sys.prefix))  # what these two commands create
    admin = ".venv/bin/python manage.py createsuperuser"
    assert admin in CONTRIBUTING.read_text()
    options = "--no-input --username=admin --email=admin@example.com"
    script = "\n".join(["set -e", *configure, f"{admin} {options}"])
    environ = {"PATH": os.environ["PATH"], "DJANGO_SUPERUSER_PASSWORD": "password"}
    subprocess.run(["sh", "-c", script], cwd=project, env=environ, check=True)
    port = free_port()
    command = f"exec {serve} --noreload {port}"
    process = subprocess.Popen(["sh", "-c", command], cwd=project, env=environ)
    try:
        wait_until(lambda: health(port) == b'{"status":"ok"}')
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def test_manage_without_django_names_the_python_to_use() -> None:
    message = (
        f"Django is not installed for {sys.executable}. In a checkout, run: .venv/bin/python "
        'manage.py (see "Set up" in CONTRIBUTING.md).'
    )
    finished = subprocess.run(
        [sys.executable, "-S", "manage.py", "migrate"],  # without site-packages
        cwd=BASE_DIR,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stderr.splitlines()) == (1, [message])


def health(port: int, host: str = "127.0.0.1", path: str = "/healthz") -> bytes:
    """Return the body of `/healthz`, or nothing while the server is not ready."""
    with suppress(OSError, HTTPException), closing(HTTPConnection(host, port)) as client:
        client.request("GET", path)
        return client.getresponse().read()
    return b""


def test_make_dev_reloads_an_edited_module(project: Path, tmp_path: Path) -> None:
    assert "manage.py runserver" in dry_run("dev")
    port, log = free_port(), tmp_path / "log"
    module = project / "todo_project" / "health.py"
    with development_server(project, port, log):
        # A change before the reloader has seen the file goes unnoticed.
        wait_until(lambda: f"File {module} first seen" in log.read_text())
        wait_until(lambda: health(port) == b'{"status":"ok"}')
        module.write_text(module.read_text().replace('"ok"', '"edited"'))
        wait_until(lambda: health(port) == b'{"status":"edited"}')
        # With DEBUG, and LOG_LEVEL=DEBUG, too.
        assert b"database-unavailable" in health(port, path="/api/personal/tasks?search=personal")
        assert b"<title>" in health(port, path="/admin/?personal__regex=personal")
        lines = [json.loads(line) for line in log.read_text().splitlines() if line[0] == "{"]
    assert "no such table: tasks" in "".join(
        each["message"] for each in lines if "message" in each
    )
    assert "personal" not in log.read_text()


def dry_run(target: str) -> str:
    """Return the commands of a make target."""
    command = ["make", "--dry-run", "--no-print-directory", target]
    finished = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=True)
    return finished.stdout


@pytest.mark.parametrize(("workers", "host"), [("", "127.0.0.1"), ("1", "::1")])
def test_service_starts_with_number_of_workers_and_host(
    project: Path, workers: str, host: str
) -> None:
    port = free_port()
    process = subprocess.Popen(
        START_COMMAND,
        cwd=project,
        env=environment(project, port) | {"WEB_CONCURRENCY": workers, "HOST": host},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: health(port, host) == b'{"status":"ok"}')
    finally:
        process.terminate()
    assert process.wait(timeout=SECONDS) == 0


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("WEB_CONCURRENCY", "two", "is not an integer; set it to an integer from 1 to 64."),
        ("PORT", "99999", "is out of range; set it to an integer from 1 to 65535."),
    ],
)
def test_invalid_setting_stops_the_start_with_one_line(
    project: Path, name: str, value: str, reason: str
) -> None:
    finished = subprocess.run(
        START_COMMAND,
        cwd=project,
        env=environment(project, free_port()) | {name: value},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    error = f"{name}: {value!r} {reason}\n"
    assert (finished.returncode, finished.stdout, finished.stderr) == (1, "", error)


def test_unknown_class_stops_the_start(project: Path) -> None:
    finished = subprocess.run(
        START_COMMAND,
        cwd=project,
        env=environment(project, free_port()) | {"API_PERMISSION_CLASSES": "auth.OwnPath"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert finished.returncode == 1
    assert "Could not import 'auth.OwnPath'" in finished.stderr


def start(project: Path, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    """Start gunicorn in a process group of its own."""
    return subprocess.Popen(
        [*(options.pop("command", None) or GUNICORN), *arguments],
        cwd=project,
        env=environment(project, free_port()) | options.pop("variables", {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        **options,
    )


def request_line(client: socket.socket, headers: str = "") -> bytes:
    """Send a request over a connection; return the status line of the response."""
    with client:
        client.sendall(f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        return client.recv(65536).partition(b"\r\n")[0]


def until_listening(process: "subprocess.Popen[str]") -> str:
    """Return the address in gunicorn's log."""
    assert process.stderr
    for line in process.stderr:
        if address := re.search(r"Listening at: (.+) \(", line):
            return address[1]
    raise AssertionError("It has not started.")


def finish(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    """Send a signal to the process group; return the exit code, and what gunicorn writes."""
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=SECONDS)
    return process.returncode, errors


def test_service_listens_on_a_unix_socket(project: Path) -> None:
    path = project / "socket"
    process = start(project, "--bind", f"unix:{path}")
    assert until_listening(process) == f"unix:{path}"
    for headers in ("", *UNTRUSTED_HEADERS):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        assert request_line(client, headers) == b"HTTP/1.1 200 OK"
    code, _ = finish(process, signal.SIGTERM)
    assert (code, path.exists()) == (0, False)


def test_service_listens_on_a_socket_of_systemd(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        process = start(
            project,
            command=[sys.executable, "-c", PASS_SOCKET, str(listener.fileno()), *GUNICORN],
            pass_fds=[listener.fileno()],
            variables={"LISTEN_FDS": "1"},
        )
        assert until_listening(process) == f"http://{host}:{port}"
        assert request_line(socket.create_connection((host, port))) == b"HTTP/1.1 200 OK"
        assert finish(process, signal.SIGTERM)[0] == 0
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux has abstract sockets.")
def test_service_listens_on_an_abstract_socket_of_systemd(project: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{project}")
        listener.listen()
        process = start(
            project,
            command=[sys.executable, "-c", PASS_SOCKET, str(listener.fileno()), *GUNICORN],
            pass_fds=[listener.fileno()],
            variables={"LISTEN_FDS": "1"},
        )
        until_listening(process)
        client = socket.socket(socket.AF_UNIX)
        client.connect(f"\0{project}")
        assert request_line(client) == b"HTTP/1.1 200 OK"
        assert finish(process, signal.SIGTERM)[0] == 0


@pytest.mark.parametrize(
    ("number", "clients"),
    [(signal.SIGINT, 0), (signal.SIGINT, 8), (signal.SIGQUIT, 8), (signal.SIGTERM, 8)],
)
def test_signal_stops_all_processes_without_a_traceback(
    project: Path, number: signal.Signals, clients: int
) -> None:
    process = start(project)
    port = int(until_listening(process).rpartition(":")[2])
    with ExitStack() as stack:
        if clients:
            client_load = load(port, clients, lambda client, _: client.send("GET", "/nowhere"))
            record = stack.enter_context(client_load)
            record.wait_for(50, 404)
        code, errors = finish(process, number)
    assert code == 0
    lines = [line for line in errors.splitlines() if not line.startswith("{")]
    assert [line for line in lines if not PROCESS_LINE.match(line)] == []
    assert lines[-1].endswith("[INFO] Shutting down: Master")


def test_interrupted_make_run_shows_no_traceback(project: Path) -> None:
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(BASE_DIR / name, project / name)
    (project / ".venv").symlink_to(Path(sys.prefix))
    installed = {"command": ["make", "--old-file=.venv/runs", "run"]}
    process = start(project, **installed)
    until_listening(process)
    code, errors = finish(process, signal.SIGINT)
    assert code == -signal.SIGINT
    assert "Traceback" not in errors
    assert errors.splitlines()[-1].endswith("[Makefile:18: run] Interrupt")
