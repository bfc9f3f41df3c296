"""Replays of the deployments that docs/deployment.md describes, with what each platform sets."""

import re
import signal
import subprocess
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import SECONDS, Instance, free_port, listens, wait_until
from tests.support.servers.http_client import Client
from tests.support.servers.platform import (
    STRONG_KEY,
    build,
    checkout,
    environment,
    procfile,
    start,
)
from todo_project.environment import BASE_DIR

USER, SEARCH = "personal-user-id", "personal-search"
HOST = "todo.example.com"
PROXY = {"Host": HOST, "X-Forwarded-Proto": "https"}
"""What the router of a platform sends."""

DEPLOYMENT = (BASE_DIR / "docs" / "deployment.md").read_text()

HEROKU = {
    # https://github.com/heroku/heroku-buildpack-python: bin/compile, vendor/WEB_CONCURRENCY.sh
    "DYNO": "web.1",
    "DYNO_RAM": "512",
    "FORWARDED_ALLOW_IPS": "*",
    "GUNICORN_CMD_ARGS": "--access-logfile -",
    "LANG": "en_US.UTF-8",
    "PYTHONUNBUFFERED": "true",
    "WEB_CONCURRENCY": "2",
    "WEB_CONCURRENCY_SET_BY": "heroku/python",
    "HEROKU_APP_DEFAULT_DOMAIN_NAME": HOST,
}
RENDER = {
    # https://render.com/docs/environment-variables
    "PORT": "10000",
    "GUNICORN_CMD_ARGS": "--preload --access-logfile - --bind=0.0.0.0:10000",
    "RENDER": "true",
    "RENDER_EXTERNAL_HOSTNAME": HOST,
    "WEB_CONCURRENCY": "1",
}
RAILWAY = {"RAILWAY_PUBLIC_DOMAIN": HOST}  # https://docs.railway.com/reference/variables


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(checkout(tmp_path_factory.mktemp("app")))


@pytest.fixture
def config(cluster: Cluster) -> dict[str, str]:
    """Return what docs/deployment.md requires an operator to set."""
    return {
        "SECRET_KEY": STRONG_KEY,
        "DATABASE_URL": cluster.url,
        "SILENCED_SYSTEM_CHECKS": "todo.W010",
    }


def documented(platform: str, field: str) -> str:
    """Return a field of the table of a platform in docs/deployment.md."""
    [section] = re.findall(rf"^## {platform}\n(.*?)(?=^## )", DEPLOYMENT, re.DOTALL | re.MULTILINE)
    [command] = re.findall(rf"^\| {field} \| `(.+)` \|$", section, re.MULTILINE)
    return str(command)


def execute(shell: str, command: str, directory: Path, **variables: str) -> None:
    environ = environment(**variables)
    subprocess.run([shell, "-c", command], cwd=directory, env=environ, check=True)


def use(service: Instance) -> None:
    """Send requests with personal data, of which one fails; check the pages."""
    with closing(Client(service.port)) as client:
        assert client.send("GET", "/healthz", Host="healthcheck").status == 200
        path = f"/api/{USER}-{uuid4()}/tasks"
        assert client.send("POST", path, {"title": SEARCH}, **PROXY).status == 201
        found = client.send("GET", f"{path}?search={SEARCH}", **PROXY)
        assert [task["title"] for task in found.json()] == [SEARCH]
        assert client.send("GET", f"{path}?{SEARCH}=1", **PROXY).status == 400
        page = client.send("GET", "/docs", **PROXY)
        [script] = re.findall(rb'src="([^"]+/swagger-ui-bundle\.[0-9a-f]{12}\.js)"', page.body)
        assert client.send("GET", script.decode(), **PROXY).status == 200


def assert_stops_without_personal_data(service: Instance) -> None:
    """Send SIGTERM to the process that the platform has started; assert that all have ended."""
    workers = service.workers
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=SECONDS) == 0
    assert not listens(service.port)
    assert [worker for worker in workers if Path(f"/proc/{worker}").exists()] == []
    for printed in (service.log.read_text(), service.errors.read_text()):
        assert USER not in printed
        assert SEARCH not in printed
    assert '"route":"/api/{user_id}/tasks"' in service.log.read_text()


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_heroku(built: Path, config: dict[str, str], tmp_path: Path, shell: str) -> None:
    config |= HEROKU | {"PYTHONPATH": str(built)}
    for _ in range(2):  # a second release changes nothing
        execute(shell, procfile("release"), built, **config | {"DYNO": "release.1"})
    port = str(free_port())
    with start(shell, procfile("web"), built, tmp_path / "log", PORT=port, **config) as service:
        wait_until(lambda: len(service.workers) == 2)
        use(service)
        assert_stops_without_personal_data(service)
    assert f"http://0.0.0.0:{port}/docs" in service.errors.read_text()


def test_render(config: dict[str, str], tmp_path: Path) -> None:
    config |= RENDER
    directory = tmp_path / "src"
    directory.mkdir()
    install, _, collect = documented("Render", "build command").partition(" && ")
    assert install == "pip install -r requirements.txt"
    execute("bash", collect, checkout(directory), **config)
    execute("bash", documented("Render", "pre-deploy command"), directory, **config)
    command = documented("Render", "start command")
    with start("bash", command, directory, tmp_path / "log", **config) as service:
        use(service)
        assert_stops_without_personal_data(service)


def test_railway(built: Path, config: dict[str, str], tmp_path: Path) -> None:
    """Railway builds the Dockerfile: `test_container.py` replays the build and its command."""
    config |= RAILWAY
    execute("sh", documented("Railway", "pre-deploy command"), built, **config)
    port = str(free_port())
    command = "exec python -m todo_project"
    variables = {"PORT": port, "HOST": "0.0.0.0", **config}
    with start("sh", command, built, tmp_path / "log", **variables) as service:
        use(service)
        assert_stops_without_personal_data(service)


@pytest.mark.parametrize(
    "arguments",
    [
        "--access-logfile - --access-logformat '%(r)s %(U)s %(q)s %(f)s' --log-level debug",
        "--log-level debug --error-logfile - --capture-output",
        "--log-syslog --statsd-host 127.0.0.1:1 --log-level debug",
    ],
)
def test_no_arguments_of_gunicorn_print_personal_data(
    built: Path, config: dict[str, str], tmp_path: Path, arguments: str
) -> None:
    config |= {"ALLOWED_HOSTS": HOST, "GUNICORN_CMD_ARGS": arguments, "PORT": str(free_port())}
    with start("dash", procfile("web"), built, tmp_path / "log", **config) as service:
        use(service)
        assert_stops_without_personal_data(service)
