"""Tests of the headers of a proxy: when they determine the scheme or the path of a request."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.support.client import TASKS
from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import Instance, run

HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def service_behind_proxy(cluster: Cluster, tmp_path: Path) -> Iterator[Instance]:
    with run(tmp_path / "log", DATABASE_URL=cluster.url, BEHIND_PROXY="true") as instance:
        yield instance


def get(service: Instance, path: str, **headers: str) -> HTTPResponse:
    with closing(HTTPConnection("127.0.0.1", service.port)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse()


def test_proxy_determines_scheme(service_behind_proxy: Instance) -> None:
    redirect = get(service_behind_proxy, "/docs")
    assert (redirect.status, redirect.headers["Location"][:8]) == (301, "https://")
    assert get(service_behind_proxy, TASKS).status == 403
    assert get(service_behind_proxy, TASKS, **HTTPS).status == 200
    page = get(service_behind_proxy, "/docs", **HTTPS)
    assert (page.status, "Strict-Transport-Security" in page.headers) == (200, True)


def test_client_without_proxy_does_not_determine_scheme(service: Instance) -> None:
    page = get(service, "/docs", **HTTPS)
    assert (page.status, "Strict-Transport-Security" in page.headers) == (200, False)


def test_script_name_header_is_ignored(service: Instance, service_behind_proxy: Instance) -> None:
    for instance in (service, service_behind_proxy):
        response = get(instance, "/prefix/healthz", SCRIPT_NAME="/prefix", **HTTPS)
        assert response.status == 404
