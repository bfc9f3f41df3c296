"""Whom the service believes about the scheme and the path of a request."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import Instance, run


@pytest.fixture
def routed(cluster: Cluster, tmp_path: Path) -> Iterator[Instance]:
    with run(tmp_path / "log", DATABASE_URL=cluster.url, BEHIND_PROXY="true") as instance:
        yield instance


def get(service: Instance, path: str, **headers: str) -> HTTPResponse:
    with closing(HTTPConnection("127.0.0.1", service.port)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse()


HTTPS = {"X-Forwarded-Proto": "https"}


def test_a_router_is_believed_about_the_scheme(routed: Instance) -> None:
    redirect = get(routed, "/docs")
    assert (redirect.status, redirect.headers["Location"][:8]) == (301, "https://")
    page = get(routed, "/docs", **HTTPS)
    assert (page.status, "Strict-Transport-Security" in page.headers) == (200, True)


def test_a_client_is_not(service: Instance) -> None:
    page = get(service, "/docs", **HTTPS)
    assert (page.status, "Strict-Transport-Security" in page.headers) == (200, False)


def test_nobody_is_believed_about_the_path(service: Instance, routed: Instance) -> None:
    for instance in (service, routed):
        assert get(instance, "/elsewhere/healthz", SCRIPT_NAME="/elsewhere", **HTTPS).status == 404
