"""Tests of the Dockerfile: its instructions are replayed, and what they build is run."""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.servers.cluster import Cluster
from tests.support.servers.container import Image
from tests.support.servers.gunicorn import SECONDS, free_port, listens, wait_until
from tests.support.servers.http_client import Client, create_task
from tests.support.servers.platform import STRONG_KEY, procfile
from todo_project.environment import BASE_DIR

HTTPS = {"X-Forwarded-Proto": "https"}

CONTENT = {
    "docs",
    "gunicorn.conf.py",
    "manage.py",
    "pyproject.toml",
    "requirements.txt",
    "staticfiles",
    "tasks",
    "todo_project",
}
"""The files and directories beside the code in the image."""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    root = tmp_path_factory.mktemp("image")
    root.chmod(0o755)
    image = Image(root)
    image.build((BASE_DIR / "Dockerfile").read_text())
    yield image
    shutil.rmtree(root)


def variables(cluster: Cluster, port: int) -> dict[str, str]:
    """Return what an operator sets."""
    return {
        "PORT": str(port),
        "SECRET_KEY": STRONG_KEY,
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": cluster.url,
        "SILENCED_SYSTEM_CHECKS": "todo.W010",
    }


@contextmanager
def container(
    image: Image, environ: dict[str, str], tmpfs: tuple[str, ...], *, read_only: bool
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the command of the image; it must end with success after SIGTERM."""
    command = image.enter(image.command, environ, tmpfs=tmpfs, read_only=read_only)
    process = subprocess.Popen(command)
    try:
        wait_until(lambda: listens(int(environ["PORT"])))
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=SECONDS) == 0
    finally:
        process.kill()


def is_healthy(image: Image, environ: dict[str, str]) -> bool:
    command = image.enter(image.health_check, environ, read_only=True)
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def user_ids(pid: int) -> str:
    [line] = [
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("Uid:")
    ]
    return line


def test_image_contains_only_the_service(image: Image) -> None:
    assert {path.name for path in (image.root / "app").iterdir()} == CONTENT


def test_image_configuration(image: Image) -> None:
    assert image.environment == {
        "PATH": "/venv/bin:/usr/bin:/bin",
        "HOME": "/root",
        "PYTHONUNBUFFERED": "1",
        "HOST": "0.0.0.0",
    }
    assert (image.user, image.port) == ("10001:10001", 8000)


def test_container_serves_as_the_user_of_the_image(image: Image, cluster: Cluster) -> None:
    environ = variables(cluster, free_port())
    with (
        container(image, environ, ("/dev/shm",), read_only=False) as process,
        closing(Client(int(environ["PORT"]))) as client,
    ):
        assert user_ids(process.pid).split() == ["Uid:", *["10001"] * 4]
        assert client.send("GET", "/readyz").status == 200
        page = client.send("GET", "/docs", **HTTPS)
        [script] = re.findall(rb'src="([^"]*/swagger-ui-bundle[^"]*)"', page.body)
        response = client.send("GET", script.decode(), **HTTPS)
        assert response.headers["Cache-Control"] == "max-age=315360000, public, immutable"


@pytest.mark.parametrize(
    ("tmpfs", "extra"),
    [
        (("/dev/shm",), {}),
        (("/tmp",), {}),
        (("/scratch",), {"TMPDIR": "/scratch"}),
    ],
    ids=["shared memory", "tmp", "TMPDIR"],
)
def test_container_with_read_only_root_serves(
    image: Image, cluster: Cluster, tmpfs: tuple[str, ...], extra: dict[str, str]
) -> None:
    environ = variables(cluster, free_port()) | {"METRICS": "true"} | extra
    assert not is_healthy(image, environ)
    with (
        container(image, environ, tmpfs, read_only=True),
        closing(Client(int(environ["PORT"]))) as client,
    ):
        assert is_healthy(image, environ)
        assert create_task(client, "alice").status == 403  # not over HTTPS
        response = client.send("POST", "/api/alice/tasks", {"title": "Buy milk"}, **HTTPS)
        assert response.status == 201
        assert b"http_requests_in_progress 1.0\n" in client.send("GET", "/metrics").body


def test_container_without_writable_directory_exits_with_error(
    image: Image, cluster: Cluster
) -> None:
    environ = variables(cluster, free_port())
    finished = subprocess.run(
        image.enter(image.command, environ, read_only=True),
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert (finished.returncode, finished.stderr) == (
        1,
        "TMPDIR: is not writable, nor is /tmp; set it, or mount a tmpfs at /tmp.\n",
    )


def test_release_command_runs_in_read_only_container(image: Image, cluster: Cluster) -> None:
    command = procfile("release")
    environ = variables(cluster, free_port())
    subprocess.run(image.enter(["/bin/sh", "-c", command], environ, read_only=True), check=True)
