"""The start of gunicorn, and of the development server."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.support.processes import run_python
from tests.support.servers.gunicorn import GUNICORN, SECONDS, free_port, wait_until
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

START_COMMAND = [sys.executable, "-m", "todo_project"]
"""The command of the Procfile."""

LOADED = """
import sys, todo_project.wsgi
from django.core.management import call_command
print("tasks.api.views" in sys.modules)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project that a test may edit."""
    for name in ("docs", "tasks", "todo_project"):
        shutil.copytree(BASE_DIR / name, tmp_path / name)
    for name in ("manage.py", "gunicorn.conf.py", "pyproject.toml"):
        shutil.copy(BASE_DIR / name, tmp_path / name)
    return tmp_path


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
        [GUNICORN],
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


def health(port: int, host: str = "127.0.0.1") -> bytes:
    """Return the body of `/healthz`, or nothing while the server is not ready."""
    with suppress(OSError, HTTPException), closing(HTTPConnection(host, port)) as client:
        client.request("GET", "/healthz")
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


def dry_run(target: str) -> str:
    """Return the commands of a make target."""
    command = ["make", "--dry-run", "--no-print-directory", target]
    finished = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=True)
    return finished.stdout


@pytest.mark.parametrize("workers", ["", "1"])
def test_service_starts_with_empty_or_valid_number_of_workers(project: Path, workers: str) -> None:
    port = free_port()
    process = subprocess.Popen(
        START_COMMAND,
        cwd=project,
        env=environment(project, port) | {"WEB_CONCURRENCY": workers},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: health(port) == b'{"status":"ok"}')
    finally:
        process.terminate()
    assert process.wait(timeout=SECONDS) == 0


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("WEB_CONCURRENCY", "two", "is out of range; set it to an integer from 1 to 64."),
        (
            "HOST",
            "999.1.1.1",
            "is not an address of this machine; set it to 127.0.0.1 or 0.0.0.0, for example.",
        ),
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


def test_service_listens_on_ipv6(project: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        START_COMMAND,
        cwd=project,
        env=environment(project, port) | {"HOST": "::1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: health(port, "::1") == b'{"status":"ok"}')
    finally:
        process.terminate()
    assert process.wait(timeout=SECONDS) == 0


def test_start_command_validates_the_settings_before_gunicorn_reads_them() -> None:
    finished = subprocess.run(
        START_COMMAND,
        cwd=BASE_DIR,
        env=os.environ | {"WEB_CONCURRENCY": "", "HOST": "999.1.1.1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1].startswith("HOST: '999.1.1.1' is not an address")
